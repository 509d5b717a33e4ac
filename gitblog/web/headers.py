"""The headers that every answer carries, whatever answered.

No policy here allows inline script or style: the theme needs neither, and an author's markup gets neither.
"""

from __future__ import annotations

from typing import Final

REVISION: Final = "X-Gitblog-Revision"

# Pictures, sound and film may come from other hosts over https, because posts link to them; code may not.
PAGE_POLICY: Final = (
    "default-src 'none'; script-src 'self'; img-src 'self' https: data:; media-src 'self' https:; style-src 'self'; "
    "connect-src 'self'; font-src 'self'; manifest-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)

# For the author's files that a browser would run as a document of this origin (SVG, HTML, XML).
# `sandbox` takes scripts, forms and the origin from them; styles and pictures of the site still work.
SANDBOX_POLICY: Final = (
    "sandbox; default-src 'none'; img-src 'self' data:; style-src 'self'; font-src 'self'; "
    "media-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'"
)

REVALIDATE: Final = "public, max-age=0, must-revalidate"
IMMUTABLE: Final = "public, max-age=31536000, immutable"
VARY: Final = ("Vary", "Accept-Encoding")
NO_STORE: Final = "no-store"

# For caches that the operator runs in front (RFC 9213; Fastly reads the older name). A page that is read often is
# at most a second behind a push; one that nobody asked for in ten seconds is asked for anew. REVALIDATE cannot say
# that: `must-revalidate` forbids what is stale, and browsers should go on asking. After a push a purge of the one
# key (Fastly's name for it, and Cloudflare's) shows everything at once.
_EDGE = "max-age=1, stale-while-revalidate=10, stale-if-error=86400"
_EDGE_KEY = "gitblog"
SHARED: Final[tuple[tuple[str, str], ...]] = (
    ("CDN-Cache-Control", _EDGE),
    ("Surrogate-Control", _EDGE),
    ("Surrogate-Key", _EDGE_KEY),
    ("Cache-Tag", _EDGE_KEY),
)

SECURITY: Final[tuple[tuple[str, str], ...]] = (
    ("Content-Security-Policy", PAGE_POLICY),
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "strict-origin-when-cross-origin"),
    ("Cross-Origin-Opener-Policy", "same-origin"),
)

# Added where an answer does not say otherwise: one that says nothing about caching is stored by nobody.
DEFAULTS: Final = (*SECURITY, ("Cache-Control", NO_STORE))
