"""What a reader types becomes a question to the index: words, "phrases", -word, begin*, tag: author: before: after:.

Only terms reach a database, never an operator of its own language: no input is a wrong query.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from gitblog.errors import QueryError
from gitblog.model import Label, Phrase, SearchQuery
from gitblog.parse.search.terms import WORD, is_unspaced, pairs, pieces, stem, word_terms
from gitblog.parse.slugs import slug_from_text

MAX_CHARACTERS: Final = 500
# What a statement costs grows with its terms.
MAX_TERMS: Final = 32
# A beginning of one letter is every other word.
_SHORTEST_BEGINNING: Final = 2

# Quotes as telephones and word processors write them; and PostgreSQL takes no NUL, not even in a name.
_PLAIN: Final = str.maketrans(dict.fromkeys("“”„‟«»＂「」『』", '"') | {"\0": " "})
_PART: Final = re.compile(
    r'(-?)(?:(tag|author|before|after):(?=\S|$))?(?:"([^"]*)(?:"|$)|([^\s"]\S*)|$)', re.IGNORECASE
)
_BARE: Final = re.compile(r"(?i)-?(?:tag|author|before|after):(?=\s)")
_DATE: Final = re.compile(r"([0-9]{4})(?:-([0-9]{1,2})(?:-([0-9]{1,2}))?)?")
_OPPOSITE: Final = {"before": "after", "after": "before"}


@dataclass(slots=True)
class _Draft:
    """A question while it is read."""

    wanted: list[tuple[Phrase, ...]] = field(default_factory=list)
    unwanted: list[tuple[Phrase, ...]] = field(default_factory=list)
    labels: list[Label] = field(default_factory=list)
    dates: dict[str, list[int]] = field(default_factory=lambda: {"before": [], "after": []})
    complaints: list[str] = field(default_factory=list)


def parse_query(text: str, language: str, zone: ZoneInfo) -> SearchQuery:
    """Read a question; what is not understood is looked for as it stands, or named in `complaints`.

    Raises `QueryError` where it is longer than 500 characters or holds more than 32 words.
    """
    if len(text) > MAX_CHARACTERS:
        message = f"The question is longer than {MAX_CHARACTERS} characters. Ask with fewer words."
        raise QueryError(message, reason="query-too-long")
    draft = _Draft()
    for excluded, name, value in _parts(text.translate(_PLAIN)):
        if name in _OPPOSITE:
            _add_date(draft, _OPPOSITE[name] if excluded else name, value, zone)
        elif name:
            if slug := slug_from_text(value) or value.strip():
                draft.labels.append(Label(name, slug, excluded=excluded))
        elif alternatives := _alternatives(value, language):
            (draft.unwanted if excluded else draft.wanted).append(alternatives)
    return _finished(draft)


def _parts(text: str) -> Iterator[tuple[bool, str, str]]:
    """Cut a question: excluded or not, the name before a colon ("" for none), and the text."""
    for minus, name, quoted, bare in _PART.findall(_BARE.sub(" ", text)):
        if value := quoted or bare:
            yield bool(minus), name.lower(), value


def _finished(draft: _Draft) -> SearchQuery:
    phrases = [phrase for alternatives in (*draft.wanted, *draft.unwanted) for phrase in alternatives]
    if sum(len(phrase.terms) for phrase in phrases) + len(draft.labels) > MAX_TERMS:
        message = f"The question holds more than {MAX_TERMS} words. Ask with fewer."
        raise QueryError(message, reason="query-too-many-words")
    return SearchQuery(
        wanted=tuple(dict.fromkeys(draft.wanted)),
        unwanted=tuple(dict.fromkeys(draft.unwanted)),
        labels=tuple(dict.fromkeys(draft.labels)),
        after=max(draft.dates["after"], default=None),
        before=min(draft.dates["before"], default=None),
        complaints=tuple(draft.complaints),
    )


def _alternatives(text: str, language: str) -> tuple[Phrase, ...]:
    """Give the phrases of which one must be there; several only where the beginning of a word is asked for."""
    found = [piece for word in WORD.findall(text) for piece in pieces(word)]
    if not found:
        return ()
    *before, last = found
    head = tuple(term for piece in before for term in word_terms(piece, language))
    if is_unspaced(last):
        # The last character begins whatever follows it in the text.
        return (Phrase((*head, *pairs(last))) if len(last) > 1 else Phrase((*head, last), open_ended=True),)
    stemmed = Phrase((*head, stem(last, language)))
    if not text.rstrip().endswith("*") or len(last) < _SHORTEST_BEGINNING:
        return (stemmed,)
    beginning = Phrase((*head, last), open_ended=True)
    return (beginning,) if stemmed.terms == beginning.terms else (beginning, stemmed)


def _add_date(draft: _Draft, name: str, value: str, zone: ZoneInfo) -> None:
    """Note the first instant of a year, month or day of the site's time zone."""
    match = _DATE.fullmatch(value.rstrip("*"))
    try:
        year, month, day = (int(part or 1) for part in match.groups()) if match else (0, 0, 0)
        draft.dates[name].append(int(datetime(year, month, day, tzinfo=zone).timestamp()))
    except (ValueError, OverflowError):
        draft.complaints.append(f"{value[:40]!r} is no date: write {name}:2024, {name}:2024-05 or {name}:2024-05-17.")
