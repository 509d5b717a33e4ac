"""The rows that hang on paths: a pure function of their history, their blobs at the tip, and the configuration."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from math import floor

from gitblog.history.addresses import former_addresses, is_hidden, rank_of
from gitblog.history.lineages import Trace, Version
from gitblog.index import codec
from gitblog.index.rows import (
    ALWAYS,
    NEVER,
    AddressRow,
    DocumentRow,
    LinkRow,
    PathRows,
    ProblemRow,
    SearchRow,
    TagRow,
)
from gitblog.model import Addressing, Document, Kind, OrderedCommit, Problem, RenderedDocument, SourceFile
from gitblog.parse.documents import address, aliases, parse_document
from gitblog.parse.layouts import find_place
from gitblog.parse.slugs import slug_from_text
from gitblog.sync.heads import MAX_DOCUMENT_BYTES, ReadBlobs, VersionHeads
from gitblog.sync.rendering import Renderer
from gitblog.sync.search import search_row
from gitblog.sync.site import Configured

Bodies = Callable[[Collection[str]], Mapping[tuple[str, str], RenderedDocument]]

HELD_BROKEN = "broken"
HELD_IGNORED = "ignored"
# Documents whose bytes are held in memory at once while they are rendered.
_RENDERED_TOGETHER = 64


@dataclass(frozen=True, slots=True)
class Indexing:
    """All that the rows of a group of paths follow from."""

    history: Trace
    commits: Mapping[str, OrderedCommit]
    live: Mapping[str, str]
    heads: VersionHeads
    configured: Configured

    @property
    def addressing(self) -> Addressing:
        """The addressing in force."""
        return self.configured.config.addressing

    def shown(self, version: Version) -> Version | None:
        """Give the version whose text stands for this one: itself, else its last good one, else None."""
        good = self.history.stood_for(version, lambda each: self.heads.is_good(each, self.addressing))
        return good[0] if good else None


def document_rows(indexing: Indexing, read: ReadBlobs, bodies: Bodies, renderer: Renderer) -> PathRows:
    """Compute every row of the documents of a closed group of paths."""
    rendered = _render_all(indexing, read, bodies, renderer)
    documents: list[DocumentRow] = []
    addresses: list[AddressRow] = []
    links: list[LinkRow] = []
    tags: list[TagRow] = []
    problems: list[ProblemRow] = []
    searches: list[SearchRow] = []
    for path, blob in sorted(indexing.live.items()):
        version = Version(path, blob)
        shown = indexing.shown(version)
        body = rendered.get(shown) if shown else None
        row = _document_row(indexing, version, shown, body)
        documents.append(row)
        problems.extend(_problem_rows(indexing, version, body))
        if shown is None or body is None:
            continue
        document = indexing.heads.document(shown, indexing.addressing)
        links.extend(
            LinkRow(path, number, link.target, link.fragment, link.line) for number, link in enumerate(body.links)
        )
        tags.extend(_tag_rows(path, document))
        searches.extend(search_row(row, document, indexing.configured.config.language))
        addresses.extend(
            AddressRow(alias, "alias", path, path, "", row.rank)
            for alias in dict.fromkeys(aliases(document, indexing.addressing))
        )
    addresses.extend(_former_rows(indexing))
    found = PathRows(tuple(documents), tuple(addresses), tuple(links), tuple(tags), tuple(problems))
    return replace(found, searches=tuple(searches))


def problem_rows(
    source: str, problems: Iterable[Problem], stage: str = "parse", start: int = 0
) -> Iterator[ProblemRow]:
    """Number one file's problems from `start` on."""
    for number, each in enumerate(problems, start):
        yield ProblemRow(
            source, number, stage, each.line, each.column, each.reason, each.message, each.hint, each.severity.value
        )


def _render_all(
    indexing: Indexing, read: ReadBlobs, bodies: Bodies, renderer: Renderer
) -> dict[Version, RenderedDocument]:
    """Render what is shown, taking over stored bodies; a version that cannot be rendered makes way for another."""
    rendered: dict[Version, RenderedDocument] = {}
    waiting = [Version(path, blob) for path, blob in sorted(indexing.live.items())]
    while waiting:
        wanted = {shown for version in waiting if (shown := indexing.shown(version))} - rendered.keys()
        for batch in _cut(sorted(wanted), _RENDERED_TOGETHER * 8):
            held = bodies({version.path for version in batch})
            rendered.update((version, held[version]) for version in batch if version in held)
        fresh = sorted(wanted - rendered.keys())
        failed = set()
        for version, result in zip(fresh, renderer.render(_tasks(indexing, fresh, read)), strict=True):
            if isinstance(result, Problem):
                indexing.heads.mark_unrenderable(version, result)
                failed.add(version)
            else:
                rendered[version] = result
        waiting = waiting if failed else []
    return rendered


def _tasks(indexing: Indexing, versions: list[Version], read: ReadBlobs) -> Iterator[tuple[Document, str]]:
    engine = indexing.configured.config.markdown
    for batch in _cut(versions, _RENDERED_TOGETHER):
        data = dict(read({version.blob for version in batch}, MAX_DOCUMENT_BYTES))
        for version in batch:
            parsed = parse_document(
                SourceFile(version.path, version.blob, data[version.blob] or b""), indexing.addressing
            )
            if parsed is None or parsed.document is None:
                raise RuntimeError(f"{version} was good when its head was read")
            yield parsed.document, engine


def _cut(versions: list[Version], size: int) -> Iterator[list[Version]]:
    for start in range(0, len(versions), size):
        yield versions[start : start + size]


def _document_row(
    indexing: Indexing, version: Version, shown: Version | None, body: RenderedDocument | None
) -> DocumentRow:
    lineage = indexing.history.lineages[version]
    place = find_place(version.path, indexing.addressing)
    row = DocumentRow(
        path=version.path,
        kind=Kind.PAGE.value,
        # Also of what never parsed: its folder's files are not somebody else's to show.
        bundle=place.bundle if place else "",
        lineage=lineage.name,
        feed_name=lineage.name if version.path == lineage.heir else version.path,
        rank=rank_of(lineage, version.path),
        blob=version.blob,
        hold=HELD_IGNORED if indexing.heads.is_good(version, indexing.addressing) is None else HELD_BROKEN,
    )
    if shown is None or body is None:
        return row
    document = indexing.heads.document(shown, indexing.addressing)
    began = lineage.begun[0].date
    hidden = is_hidden(indexing.history, version, shown, document, indexing.heads)
    published = _seconds(document.date) if document.date else began
    return replace(
        _with_body(row, document, body),
        shown=shown.blob,
        hold=(document.hold.value if document.hold else HELD_BROKEN) if hidden else "",
        visible_from=_seconds(document.date) if document.date else ALWAYS,
        visible_until=_seconds(document.expires) if document.expires else NEVER,
        address=address(document, indexing.addressing, datetime.fromtimestamp(began, UTC)),
        published=published,
        updated=_updated(indexing, shown, document, published),
    )


def _with_body(row: DocumentRow, document: Document, body: RenderedDocument) -> DocumentRow:
    return replace(
        row,
        kind=document.kind.value,
        bundle=document.bundle,
        title=document.title,
        authors=codec.dump(document.authors),
        description=document.description,
        image=document.image,
        language=document.language,
        canonical_url=document.canonical_url,
        noindex=document.noindex,
        unlisted=document.unlisted,
        html=body.html,
        excerpt=body.excerpt,
        text=body.text,
        outline=codec.dump_outline(body.outline),
        word_count=body.word_count,
    )


def _updated(indexing: Indexing, shown: Version, document: Document, published: int) -> int:
    """Tell when a post last changed: what its author says, else when git first had these bytes in this lineage."""
    if document.updated:
        return max(_seconds(document.updated), published)
    lineage = indexing.history.lineages[shown]
    starts = [indexing.history.spans[each].start for each in lineage.versions if each.blob == shown.blob]
    first = indexing.commits[min(starts).partition(" ")[2]]
    return max(first.date, published)


def _problem_rows(indexing: Indexing, version: Version, body: RenderedDocument | None) -> list[ProblemRow]:
    path = version.path
    parsed = list(problem_rows(path, indexing.heads.problems(version, indexing.addressing)))
    refusal = indexing.heads.unrenderable(version)
    refused = list(problem_rows(path, (refusal,) if refusal else (), "refusal", len(parsed)))
    before = [*parsed, *refused]
    return [*before, *problem_rows(path, body.problems if body else (), "render", len(before))]


def _tag_rows(path: str, document: Document) -> list[TagRow]:
    kinds = {
        "tag": document.tags,
        "category": document.categories,
        "series": (document.series,) if document.series else (),
        "author": document.authors,
    }
    named = [(kind, name) for kind, names in kinds.items() for name in names]
    return [TagRow(path, number, kind, name, slug_from_text(name) or name) for number, (kind, name) in enumerate(named)]


def _seconds(date: datetime) -> int:
    return floor(date.timestamp())


def _former_rows(indexing: Indexing) -> Iterator[AddressRow]:
    for each in former_addresses(indexing.history, indexing.configured.regimes, indexing.heads, address):
        yield AddressRow(each.address, "former", each.source, each.target, each.ended, each.rank)
