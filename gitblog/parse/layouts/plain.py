"""Any folder of Markdown, as people keep notes: every document is a post at the address of its path.

`topic/My Note.md` is at `/topic/my-note/` and has the tag "topic"; a folder's `index.md` is at the folder's
address. The names of folders and files become slugs: lower case, "-" for white space, composed Unicode; "_"
and "." stay. README, LICENSE, CONTRIBUTING, CHANGELOG and CODE_OF_CONDUCT are about the repository and
ignored, and so are names that start with "_". A date before a file's name counts as the post's date and stays
in its address.
"""

from __future__ import annotations

from gitblog.model import Addressing, Kind
from gitblog.parse.layouts.place import Place, has_underscore, is_readme, split_path, take_apart
from gitblog.parse.slugs import slug_from_name

PATTERN = "/:path/"
_ABOUT_THE_REPOSITORY = frozenset({"license", "contributing", "changelog", "code_of_conduct"})


def place(path: str, addressing: Addressing) -> Place | None:
    """Give what a document's path says, None where the layout ignores it.

    Where the site names this layout its own `permalink` decides (the configuration's default for it is
    `/:path/`).
    """
    folder, stem = split_path(path)
    if has_underscore(path) or is_readme(stem) or stem.lower() in _ABOUT_THE_REPOSITORY:
        return None
    pattern = "" if addressing.layout == "plain" else PATTERN
    tags = (folder.partition("/")[0],) if folder else ()
    if stem.lower() != "index":
        name = take_apart(stem)
        slug = slug_from_name(name.full)
        return Place(Kind.POST, name.name, slug, folder, date=name.date, pattern=pattern, tags=tags)
    if not folder:
        return Place(Kind.POST, "index", "index", pattern="/")
    section, _, own = folder.rpartition("/")
    return Place(Kind.POST, own, slug_from_name(own), section, pattern=pattern, tags=tags)
