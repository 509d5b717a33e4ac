"""gitblog's own layout: `posts/`, `pages/`, `drafts/`; Markdown elsewhere is ignored.

`posts/x.md` is a post; `posts/x/index.md` too, and then the folder's other files belong to it. Sub-folders
are sections. `2024-01-05-x.md` has the slug "x", and the date counts where front matter gives none. Pages
have the address `/:slug/`, `pages/index.md` that of the home page. Whatever is in `drafts/` is held. README
files and names that start with "_" are ignored.
"""

from __future__ import annotations

from gitblog.model import Addressing, Kind
from gitblog.parse.layouts.place import Place, has_underscore, is_readme, split_path, take_apart

FOLDERS = ("posts/", "pages/", "drafts/")
PAGE_PATTERN = "/:slug/"


def place(path: str, addressing: Addressing) -> Place | None:
    """Give what a document's path says, None where the layout ignores it."""
    top, _, below = path.partition("/")
    if f"{top}/" not in FOLDERS or not below or has_underscore(path):
        return None
    folder, stem = split_path(below)
    if is_readme(stem):
        return None
    kind = Kind.PAGE if top == "pages" else Kind.POST
    pattern = PAGE_PATTERN if kind is Kind.PAGE else ""
    draft = top == "drafts"
    if stem.lower() != "index":
        name = take_apart(stem)
        return Place(kind, name.name, name.slug, folder, "", name.date, pattern, draft)
    if not folder:
        return Place(kind, "index", "index", pattern="/") if kind is Kind.PAGE else None
    section, _, own = folder.rpartition("/")
    name = take_apart(own)
    return Place(kind, name.name, name.slug, section, f"{top}/{folder}", name.date, pattern, draft)
