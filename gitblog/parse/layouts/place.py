"""What a layout answers about one path, and how file names are taken apart. The same for every layout."""

from __future__ import annotations

import re
from dataclasses import dataclass

from gitblog.model import Kind
from gitblog.parse.slugs import slug_from_name

_DATED_NAME = re.compile(r"(\d{4}-\d{2}-\d{2})[-_ ]+(\S.*)", re.ASCII)


@dataclass(frozen=True, slots=True)
class Place:
    """What the path of a document says about it.

    `name` is the file's (or its bundle's folder's) name without date and extension, `date` the one before it
    ("" for none). `section` is the folder below the layout's own. `bundle` is the folder whose other files
    belong to the document. `pattern` is "" where the site's permalink decides. `tags` are those that the
    folder gives.
    """

    kind: Kind
    name: str
    slug: str
    section: str = ""
    bundle: str = ""
    date: str = ""
    pattern: str = ""
    draft: bool = False
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Name:
    """A file's name: with (`full`) and without (`name`) the date before it."""

    full: str
    name: str
    date: str

    @property
    def slug(self) -> str:
        """The slug that the name without its date gives."""
        return slug_from_name(self.name)


def take_apart(stem: str) -> Name:
    """Take a name without extension apart: `2024-01-05-x` is "x" with a date."""
    match = _DATED_NAME.fullmatch(stem)
    if match is None or not _is_calendar_date(match[1]):
        return Name(stem, stem, "")
    return Name(stem, match[2], match[1])


def split_path(path: str) -> tuple[str, str]:
    """Give folder ("" for none) and name without extension."""
    folder, _, file_name = path.rpartition("/")
    return folder, file_name.rpartition(".")[0]


def is_readme(stem: str) -> bool:
    """Say whether this is the file that forges show beside a folder, for people who read the repository."""
    return stem.lower() == "readme"


def has_underscore(path: str) -> bool:
    """Say whether a part of the path starts with "_": the author's way to put files aside."""
    return path.startswith("_") or "/_" in path


def _is_calendar_date(written: str) -> bool:
    year, month, day = (int(part) for part in written.split("-"))
    leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    longest = (31, 29 if leap else 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
    return 1970 <= year <= 2200 and 1 <= month <= 12 and 1 <= day <= longest[month - 1]
