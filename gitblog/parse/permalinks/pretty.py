"""Jekyll's style of that name: a folder for each part of the date."""

from __future__ import annotations

PATTERN = "/:categories/:year/:month/:day/:slug/"
