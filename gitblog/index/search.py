"""Which documents a question finds, all of them ranked: one statement, whatever the number of matches.

The same terms and the same conditions on both databases give the same matches; how far one match is better than
another is each database's own judgement, with the same weights. Ties are in the order of listings.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

from sqlalchemy import (
    CTE,
    ColumnElement,
    Connection,
    Select,
    and_,
    cast,
    column,
    exists,
    false,
    func,
    literal,
    literal_column,
    not_,
    or_,
    select,
    table,
    true,
)
from sqlalchemy.dialects.postgresql import ARRAY, REAL, TSQUERY

from gitblog.index import tables
from gitblog.index.resolution import holds_its_address, is_visible
from gitblog.index.terms import PARTS, lexeme, vectors
from gitblog.model import Kind, Label, Phrase, SearchQuery

_document = tables.document.c
_search = tables.search.c
_tag = tables.tag.c

# Title, headings, tags, body. PostgreSQL wants the smallest first, and none above 1.
_WEIGHTS: Final = (10.0, 5.0, 3.0, 1.0)
# postgresql.org/docs/current/textsearch-controls.html: 1 divides by 1 + the logarithm of the length.
_BY_LENGTH: Final = 1
_LABEL_KINDS: Final = {"tag": ("tag", "category"), "author": ("author",)}

Alternatives = tuple[Phrase, ...]


def find(
    connection: Connection, query: SearchQuery, now: int, *, offset: int, limit: int
) -> tuple[int, tuple[str, ...]]:
    """Give the number of visible documents that a question finds, and the paths of some, best first.

    The number is 0 too where `offset` lies past the last one.
    """
    found = _found(connection, query.wanted) if query.wanted else None
    asked = select(_document.path, func.count().over().label("matches")).where(*_conditions(connection, query, now))
    order: list[ColumnElement[Any]] = [_document.published.desc(), _document.path]
    if found is not None:
        asked = asked.join_from(found, tables.document, _document.path == found.c.path)
        order.insert(0, found.c.rank.desc())
    rows = connection.execute(asked.order_by(*order).offset(offset).limit(limit)).all()
    return (int(rows[0].matches) if rows else 0), tuple(row.path for row in rows)


def _conditions(connection: Connection, query: SearchQuery, now: int) -> Iterator[ColumnElement[bool]]:
    """Give all that a document must be beside holding the wanted words."""
    yield is_visible(tables.document, now)
    yield holds_its_address(now)
    yield _document.unlisted.is_(False)
    yield _document.noindex.is_(False)
    if query.unwanted:
        yield _document.path.not_in(select(_found(connection, (sum(query.unwanted, ()),), ranked=False).c.path))
    for label in query.labels:
        yield not_(_labelled(label)) if label.excluded else _labelled(label)
    if query.after is not None or query.before is not None:
        # A page has no date of its own.
        yield _document.kind == Kind.POST.value
        yield _document.published >= query.after if query.after is not None else true()
        yield _document.published < query.before if query.before is not None else true()


def _labelled(label: Label) -> ColumnElement[bool]:
    own = and_(_tag.source == _document.path, _tag.kind.in_(_LABEL_KINDS[label.kind]))
    if label.kind == "author":
        # A word of the name is enough.
        return exists().where(own, (literal("-") + _tag.slug + "-").contains(f"-{label.slug}-", autoescape=True))
    return exists().where(own, _tag.slug == label.slug)


def _found(connection: Connection, wanted: Sequence[Alternatives], *, ranked: bool = True) -> CTE:
    """Give path and rank (the larger the better) of every document that holds one alternative of each."""
    made = (
        _found_by_vector(wanted, ranked) if connection.dialect.name == "postgresql" else _found_by_fts5(wanted, ranked)
    )
    # Without it the planner may move the ranking to where it is made again and again, or cannot be made at all.
    return made.cte("found" if ranked else "refused").prefix_with("MATERIALIZED")


def _found_by_fts5(wanted: Sequence[Alternatives], ranked: bool) -> Any:
    # FTS5 calls the hidden column that is asked like the table.
    index: ColumnElement[Any] = literal_column("search_index")
    rows = table("search_index", column("rowid"))
    # FTS5's judgement is the better the smaller it is.
    rank = -func.bm25(index, *_WEIGHTS) if ranked else literal(0.0)
    question = " AND ".join(f"({' OR '.join(map(_fts5_phrase, alternatives))})" for alternatives in wanted)
    hits = (
        select(rows.c.rowid.label("number"), rank.label("rank"))
        .where(index.op("MATCH")(question))
        .cte("hits" if ranked else "refused_hits")
        .prefix_with("MATERIALIZED")
    )
    return select(_search.path, hits.c.rank).join_from(hits, tables.search, _search.number == hits.c.number)


def _fts5_phrase(phrase: Phrase) -> str:
    # A term holds letters and digits alone, so nothing in it can end the quotes.
    return f'"{" ".join(phrase.terms)}"{" *" if phrase.open_ended else ""}'


def _found_by_vector(wanted: Sequence[Alternatives], ranked: bool) -> Select[Any]:
    """Ask PostgreSQL for the terms, and the stored text for their order.

    A vector forgets where a frequent term of a long text stands; the text does not.
    """
    question = cast(
        " & ".join(f"({' | '.join(map(_vector_phrase, alternatives))})" for alternatives in wanted), TSQUERY
    )
    weights = cast([weight / max(_WEIGHTS) for weight in reversed(_WEIGHTS)], ARRAY(REAL))
    rank = func.ts_rank(weights, vectors.c.vector, question, _BY_LENGTH) if ranked else literal(0.0)
    asked = select(vectors.c.path, rank.label("rank")).where(vectors.c.vector.op("@@")(question))
    ordered = [alternatives for alternatives in wanted if any(len(phrase.terms) > 1 for phrase in alternatives)]
    if not ordered:
        return asked
    texts = asked.join_from(vectors, tables.search, _search.path == vectors.c.path)
    return texts.where(*map(_in_order, ordered))


def _vector_phrase(phrase: Phrase) -> str:
    terms = [lexeme(term) for term in phrase.terms]
    return " & ".join([*terms[:-1], f"{terms[-1]}:*" if phrase.open_ended else terms[-1]])


def _in_order(alternatives: Alternatives) -> ColumnElement[bool]:
    return or_(false(), *(_part_holds(part, phrase) for part in PARTS for phrase in alternatives))


def _part_holds(part: str, phrase: Phrase) -> ColumnElement[bool]:
    sought = f" {' '.join(phrase.terms)}{'' if phrase.open_ended else ' '}"
    return func.strpos(literal(" ") + _search[part] + " ", sought) > 0
