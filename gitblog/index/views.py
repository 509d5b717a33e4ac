"""What the index answers with: frozen values for pages, feeds and status.

Addresses are decoded text with the base path ("/b/2026/11/käse/"); whoever puts one into a page quotes it.
HTML holds link tokens (see `render.html`) until `web` builds the page. Times are seconds since 1970, UTC.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from gitblog.model import Heading, Kind, Problem, SyncReport


@dataclass(frozen=True, slots=True)
class Era:
    """A publication, and the span of time (half open, seconds since 1970) in which nothing of it appears or expires."""

    publication: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Tag:
    """A tag, category, series or author of a document; `slug` is its part of an address."""

    name: str
    slug: str


@dataclass(frozen=True, slots=True)
class TagCount:
    """A tag, category, series or author with the number of its visible posts."""

    name: str
    slug: str
    posts: int


@dataclass(frozen=True, slots=True)
class Listed:
    """A visible document as a listing or feed shows it."""

    path: str
    address: str
    kind: Kind
    title: str
    published: int
    updated: int
    authors: tuple[str, ...]
    description: str
    excerpt: str
    tags: tuple[Tag, ...]
    feed_name: str
    word_count: int


@dataclass(frozen=True, slots=True)
class Found:
    """A visible document that a search found; `text` is all of its text, for a snippet."""

    listed: Listed
    text: str


@dataclass(frozen=True, slots=True)
class Neighbour:
    """Another document that a page leads to."""

    address: str
    title: str


@dataclass(frozen=True, slots=True)
class Series:
    """The series of a post: its parts from the first on (no more than a page can show), and which of them this is."""

    tag: Tag
    parts: tuple[Neighbour, ...]
    number: int


@dataclass(frozen=True, slots=True)
class Article:
    """A visible post or page, whole.

    `related` are posts that share its rarer tags, `mentions` documents that link to it.
    """

    listed: Listed
    html: str
    outline: tuple[Heading, ...]
    categories: tuple[Tag, ...]
    language: str
    image: str
    canonical_url: str
    noindex: bool
    previous: Neighbour | None
    next: Neighbour | None
    series: Series | None = None
    related: tuple[Neighbour, ...] = ()
    mentions: tuple[Neighbour, ...] = ()


@dataclass(frozen=True, slots=True)
class ServedFile:
    """A file that may be served now; its bytes are asked for by `blob_id`."""

    path: str
    blob_id: str
    size: int


@dataclass(frozen=True, slots=True)
class Redirect:
    """The address moved for good to `address`."""

    address: str


@dataclass(frozen=True, slots=True)
class Gone:
    """What was at the address is not in the site any more; `since` is the date of the commit that took it away.

    It is in seconds since 1970, None where that commit is not known.
    """

    since: int | None = None


@dataclass(frozen=True, slots=True)
class Dated:
    """A post in the archive: only what the archive shows."""

    address: str
    title: str
    published: int


@dataclass(frozen=True, slots=True)
class SourceListing:
    """One line of `gitblog list`: a source file, and whether it is published."""

    source_path: str
    kind: Kind
    status: str
    reason: str | None
    url: str | None
    title: str
    date: str | None
    updated: str | None
    tags: tuple[str, ...]
    categories: tuple[str, ...]
    aliases: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Status:
    """What is live, since when, and what is wrong; `url` is the public address that the author set."""

    revision: str
    branch: str
    url: str
    publication: str
    publications: int
    published_at: int
    problems: tuple[Problem, ...]
    reports: tuple[SyncReport, ...]
    counts: Mapping[str, int]
