"""What of a document a search finds: its terms, a pure function of its row, its labels and the site's language."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

from gitblog.index.rows import DocumentRow, SearchRow
from gitblog.model import Document
from gitblog.parse.search.terms import MAX_TERM_BYTES, terms_of
from gitblog.render.texts import heading_texts

# A title, the headings or the tags of one document; the rest of the room is the text's.
_PART_BYTES = MAX_TERM_BYTES // 16


def search_row(row: DocumentRow, document: Document, language: str) -> Iterator[SearchRow]:
    """Give the row of a document that a search may find, now or when its time comes; none for any other.

    What the author holds back or does not list has no terms, so that nothing of it can shape an answer.
    """
    if row.hold or row.unlisted or row.noindex:
        return
    yield SearchRow(
        path=row.path,
        number=_number(row.path),
        title=terms_of([row.title], language, _PART_BYTES),
        headings=terms_of(heading_texts(row.html), language, _PART_BYTES),
        tags=terms_of([*document.tags, *document.categories], language, _PART_BYTES),
        body=terms_of([row.description, row.text], language, MAX_TERM_BYTES - 3 * _PART_BYTES),
    )


def _number(path: str) -> int:
    """Give a number for a path, the same everywhere: 63 bits of its hash, which 200,000 paths do not share."""
    return int.from_bytes(hashlib.sha256(path.encode()).digest()[:8]) >> 1
