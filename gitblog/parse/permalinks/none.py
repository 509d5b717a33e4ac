"""Jekyll's style of that name: no date."""

from __future__ import annotations

PATTERN = "/:categories/:slug.html"
