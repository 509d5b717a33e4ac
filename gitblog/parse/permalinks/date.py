"""Jekyll's default: the date, and a file name that ends in `.html`."""

from __future__ import annotations

PATTERN = "/:categories/:year/:month/:day/:slug.html"
