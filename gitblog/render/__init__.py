"""Document to RenderedDocument: markup, one HTML pass, sanitising last. Pure; author input never raises.

What it returns holds link tokens instead of addresses inside the site; `fill_links` puts the addresses in.
"""

from __future__ import annotations

from gitblog.render.documents import fingerprint, render_document
from gitblog.render.links import fill_links, link_targets
from gitblog.render.markup import ENGINES, Engine

__all__ = ["ENGINES", "Engine", "fill_links", "fingerprint", "link_targets", "render_document"]
