"""The vocabulary of gitblog: frozen values that the parts hand to each other.

Every word here is used with one meaning everywhere; docs/glossary.md explains them for people.
Nothing in this module does work, reads a file or asks the clock.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

ABSENT = ""
"""Stands for "no path" or "no blob" on one side of a `Change`."""


UNUSABLE = "\x1f"
"""Ends what can be shown of a path that cannot be used, where the index files a problem under it."""


class Kind(StrEnum):
    """What a document is: a dated post or a page."""

    POST = "post"
    PAGE = "page"


class Severity(StrEnum):
    """How bad a `Problem` is: an error holds something back, a warning does not."""

    ERROR = "error"
    WARNING = "warning"


class Hold(StrEnum):
    """Why the author holds a document back, whatever the clock says."""

    DRAFT = "draft"
    UNPUBLISHED = "unpublished"


# --- what the author is told -------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Problem:
    """A complaint addressed to the author: where, why (`reason`, a stable word), and what to do (`hint`).

    `line` and `column` count from 1 in the file as the author sees it; 0 means "the file as a whole".
    """

    path: str
    line: int
    column: int
    reason: str
    message: str
    hint: str = ""
    severity: Severity = Severity.ERROR

    def __str__(self) -> str:
        """Give the line that every report shows: `path:line:column: reason: message`."""
        text = f"{self.path}:{self.line}:{self.column}: {self.reason}: {self.message}"
        return f"{text} ({self.hint})" if self.hint else text


# --- the site --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Author:
    """A person who writes; `url` may be empty, `description` is a sentence for the author's page."""

    name: str
    url: str = ""
    description: str = ""


@dataclass(frozen=True, slots=True)
class MenuItem:
    """One entry of the site's menu; `url` is site-relative ("/about/") or absolute."""

    title: str
    url: str


@dataclass(frozen=True, slots=True)
class Look:
    """What an author sets of the theme: addresses are site-relative or absolute, "" where nothing is set.

    `accent` names one of the theme's colours. `image` stands for whatever has no picture of its own.
    """

    accent: str = ""
    logo: str = ""
    image: str = ""
    css: str = ""


@dataclass(frozen=True, slots=True)
class Addressing:
    """One way of giving addresses to documents: what must be equal for all addresses to stay.

    `layout` is "" where each file is recognised by where it lies.
    `base_path` is "" or "/b" (no trailing slash).
    """

    layout: str = ""
    permalink: str = "/:year/:month/:slug/"
    timezone: str = "UTC"
    base_path: str = ""


@dataclass(frozen=True, slots=True)
class SiteConfig:
    """What the author sets in the content repository; every field has the documented default.

    `home` is "posts", or the address of the page that is shown at the site's top.
    """

    title: str = "A blog"
    tagline: str = ""
    description: str = ""
    url: str = ""
    language: str = "en"
    markdown: str = "gfm"
    posts_per_page: int = 10
    authors: tuple[Author, ...] = ()
    menu: tuple[MenuItem, ...] = ()
    footer: str = ""
    id_authority: str = ""
    addressing: Addressing = Addressing()
    home: str = "posts"
    social: tuple[MenuItem, ...] = ()
    license: str = ""
    license_url: str = ""
    look: Look = Look()


@dataclass(frozen=True, slots=True)
class Regime:
    """An addressing with the span of commit orders in which it was in force.

    `start` is "" for "from the beginning"; `end` is None while it is in force. The span is half open.
    """

    addressing: Addressing
    start: str
    end: str | None


# --- git ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Commit:
    """A commit as git's log tells it; `date` is the committer date in seconds since 1970."""

    id: str
    parents: tuple[str, ...]
    date: int


@dataclass(frozen=True, slots=True)
class OrderedCommit:
    """A commit with its place in the order of the whole history (see `history.order`)."""

    id: str
    date: int
    order: str


@dataclass(frozen=True, slots=True)
class Change:
    """A file of a parent became a file of the commit; `ABSENT` stands for a missing side."""

    commit: str
    path: str
    blob: str
    old_path: str
    old_blob: str


@dataclass(frozen=True, slots=True)
class TreeEntry:
    """A regular file of a revision's tree; `size` is in bytes, -1 where git was not asked for it."""

    path: str
    blob_id: str
    size: int = -1


@dataclass(frozen=True, slots=True)
class SourceFile:
    """The bytes of a path at a revision. `path` is relative to the site's root, with "/"."""

    path: str
    blob_id: str
    data: bytes


@dataclass(frozen=True, slots=True)
class PushEvent:
    """A verified push. `repository` is the forge's address of it, `refs` maps full ref names to new commit ids."""

    provider: str
    delivery_id: str
    repository: str
    refs: Mapping[str, str]


# --- documents ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class FrontMatter:
    """The raw fields at the head of a file, and where its body starts.

    `lines` maps each top-level key, as the author wrote it, to its line in the file.
    `body_line` is the line in the file on which `body` starts. `problems` holds warnings only.
    """

    format: str
    fields: Mapping[str, object]
    lines: Mapping[str, int]
    body: str
    body_line: int
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True)
class Document:
    """A parsed post or page, its body not yet HTML.

    `date`, `updated` and `expires` are aware, or None where the author gave none.
    `permalink` is the author's own address ("" where the pattern decides).
    `name` is the file's name without folder, date and extension; `slug` is what addresses use.
    `section` is the folder below the layout's own folder ("" at its top).
    `bundle` is the folder whose other files belong to this document ("" for none).
    `markup` names the engine ("" for the site's). `toc` asks for a table of contents or for none (None: as usual).
    """

    path: str
    kind: Kind
    title: str
    slug: str
    name: str
    section: str
    bundle: str
    body: str
    body_line: int
    date: datetime | None = None
    updated: datetime | None = None
    expires: datetime | None = None
    hold: Hold | None = None
    permalink: str = ""
    pattern: str = ""
    aliases: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    series: str = ""
    authors: tuple[str, ...] = ()
    description: str = ""
    image: str = ""
    language: str = ""
    noindex: bool = False
    unlisted: bool = False
    canonical_url: str = ""
    markup: str = ""
    toc: bool | None = None


@dataclass(frozen=True, slots=True)
class Parsed:
    """What parsing one file gave: a document, or None where an error holds the file back."""

    document: Document | None
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True)
class Heading:
    """An entry of a table of contents."""

    level: int
    id: str
    text: str


@dataclass(frozen=True, slots=True)
class Link:
    """A reference from a document to something in the same site.

    `target` is a path under the site's root ("posts/b.md", "posts/a/cat.png"), or an address where it starts
    with "/". `line` is where the author wrote it (0 where unknown).
    """

    target: str
    fragment: str
    line: int


@dataclass(frozen=True, slots=True)
class RenderedDocument:
    """A document as HTML with neutral link tokens (see `render.html`), and what was found in it.

    `outline` is the table of contents, empty where none is shown.
    """

    html: str
    excerpt: str
    text: str
    outline: tuple[Heading, ...] = ()
    links: tuple[Link, ...] = ()
    word_count: int = 0
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True)
class Fingerprints:
    """Hashes of what shapes a publication; a difference says what must be computed again.

    `log`: what shapes git's log itself. `address`: what shapes addresses. `render`: what shapes bodies.
    `search`: what shapes the terms of a text.
    """

    log: str
    address: str
    render: str
    search: str = ""


@dataclass(frozen=True, slots=True)
class SyncReport:
    """What one sync did, or why it failed; `started_at` is in seconds since 1970, `seconds` its duration.

    `outcome` is "published", "unchanged", "behind" (the remote shows less than what is live, and may only lag) or
    "failed"; `message` then says why, `reason` in a word. `warnings` are sentences for the operator,
    `problems` the first lines for the author. `looked_at` is when a later look found that nothing had changed.
    """

    from_revision: str
    to_revision: str
    started_at: float
    seconds: float
    outcome: str
    counts: Mapping[str, int] = field(default_factory=dict)
    message: str = ""
    warnings: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()
    reason: str = ""
    looked_at: float = 0.0


# --- search ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Phrase:
    """Terms that stand one after the other; of the last one only the beginning is asked for where `open_ended`."""

    terms: tuple[str, ...]
    open_ended: bool = False


@dataclass(frozen=True, slots=True)
class Label:
    """A tag or category (`kind` "tag"), or a word of an author's name ("author"), as part of an address is written."""

    kind: str
    slug: str
    excluded: bool = False


@dataclass(frozen=True, slots=True)
class SearchQuery:
    """A reader's question. Each of `wanted` and none of `unwanted` is in the text, by any of its phrases.

    A post is dated at or after `after`, and earlier than `before` (seconds since 1970; None: whenever).
    `complaints` are sentences for the reader about what was left out of the question.
    """

    wanted: tuple[tuple[Phrase, ...], ...] = ()
    unwanted: tuple[tuple[Phrase, ...], ...] = ()
    labels: tuple[Label, ...] = ()
    after: int | None = None
    before: int | None = None
    complaints: tuple[str, ...] = ()

    @property
    def asks_nothing(self) -> bool:
        """Tell whether there is nothing to look for."""
        return not (self.wanted or self.unwanted or self.labels) and self.after is None and self.before is None
