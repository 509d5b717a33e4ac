"""Rows as frozen values: what a sync computes for each table, and the whole of one publication.

The field names are the column names, so that a row and its table cannot drift apart unseen.
"""

from __future__ import annotations

from dataclasses import dataclass

from gitblog.model import Addressing, Change, Fingerprints, OrderedCommit, Regime, SiteConfig

ALWAYS = -(2**62)
"""`visible_from` of what no date holds back."""
UNUSABLE_DOCUMENT = "document path"
"""The stage of a problem whose file would be a document if its path could be used."""
NEVER = 2**62
"""`visible_until` of what never expires."""


@dataclass(frozen=True, slots=True)
class DocumentRow:
    """A live file with a document's extension, held ones too. `hold` is "" where nothing holds it but the clock."""

    path: str
    kind: str
    lineage: str
    feed_name: str
    rank: str
    blob: str
    shown: str = ""
    hold: str = ""
    visible_from: int = ALWAYS
    visible_until: int = NEVER
    address: str = ""
    bundle: str = ""
    title: str = ""
    published: int = 0
    updated: int = 0
    authors: str = "[]"
    description: str = ""
    image: str = ""
    language: str = ""
    canonical_url: str = ""
    noindex: bool = False
    unlisted: bool = False
    html: str = ""
    excerpt: str = ""
    text: str = ""
    outline: str = "[]"
    word_count: int = 0


@dataclass(frozen=True, slots=True)
class AddressRow:
    """An alias or a former address; `target` is a live path, or "" where nothing is left. `ended` is an order."""

    address: str
    kind: str
    source: str
    target: str
    ended: str
    rank: str


@dataclass(frozen=True, slots=True)
class LinkRow:
    """The `position`-th reference of a document."""

    source: str
    position: int
    target: str
    fragment: str
    line: int


@dataclass(frozen=True, slots=True)
class TagRow:
    """The `position`-th tag, category, series or author of a document; `kind` says which."""

    source: str
    position: int
    kind: str
    name: str
    slug: str


@dataclass(frozen=True, slots=True)
class SearchRow:
    """The terms of a document that readers may find, now or when its time comes.

    The parts go from great weight to small. `number` stands for the path where a full-text index can only name numbers.
    """

    path: str
    number: int
    title: str
    headings: str
    tags: str
    body: str


@dataclass(frozen=True, slots=True)
class ProblemRow:
    """The `position`-th complaint about one file by itself.

    `stage` is "parse", "refusal" or "render"; for a path that cannot be used "path", or `UNUSABLE_DOCUMENT`.
    """

    source: str
    position: int
    stage: str
    line: int
    column: int
    reason: str
    message: str
    hint: str
    severity: str


@dataclass(frozen=True, slots=True)
class FileRow:
    """A file that could be served; whether it is served is asked at request time. `size` is in bytes."""

    path: str
    blob: str
    size: int


@dataclass(frozen=True, slots=True)
class PathRows:
    """All rows that hang on a set of paths."""

    documents: tuple[DocumentRow, ...] = ()
    addresses: tuple[AddressRow, ...] = ()
    links: tuple[LinkRow, ...] = ()
    tags: tuple[TagRow, ...] = ()
    problems: tuple[ProblemRow, ...] = ()
    files: tuple[FileRow, ...] = ()
    searches: tuple[SearchRow, ...] = ()


@dataclass(frozen=True, slots=True)
class SiteRow:
    """The site as a sync leaves it, but for what each publish makes anew.

    `files` counts the regular files below the site's root, whatever they are.
    """

    revision: str
    branch: str
    files: int
    fingerprints: Fingerprints
    configuration_blob: str
    configuration: SiteConfig
    regimes: tuple[Regime, ...]

    @property
    def addressing(self) -> Addressing:
        """The addressing in force."""
        return self.configuration.addressing


@dataclass(frozen=True, slots=True)
class Update:
    """What one publish writes.

    `scope` holds the paths whose rows are given whole in `rows`; None means every path, and then `commits` and
    `changes` are the whole log too. Otherwise they are what is added, and `removed_commits` what goes.
    `warnings` are for the operator.
    """

    site: SiteRow
    scope: frozenset[str] | None
    rows: PathRows
    commits: tuple[OrderedCommit, ...]
    changes: tuple[Change, ...]
    removed_commits: frozenset[str] = frozenset()
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PublishedSite:
    """The site's row as it is stored, with its publication."""

    site: SiteRow
    publication: str
    publications: int
    published_at: int
