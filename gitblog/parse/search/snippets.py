"""The part of a text that shows why it was found, with the words that were looked for marked."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from gitblog.model import SearchQuery
from gitblog.parse.search.terms import WORD, is_unspaced, word_terms

SNIPPET_CHARACTERS: Final = 220
# What lies beyond is found, but not shown: a book must not be read for each of ten results.
_READ_CHARACTERS: Final = 200_000
_HITS: Final = 500
# How far from its edge a snippet may be cut to keep a word whole.
_SLACK: Final = 24


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a text, marked where it is what was looked for."""

    text: str
    marked: bool = False


@dataclass(frozen=True, slots=True)
class Marker:
    """The terms that a question looks for: whole ones, and beginnings."""

    whole: frozenset[str]
    beginnings: tuple[str, ...]
    language: str

    def hits(self, text: str) -> Iterator[tuple[int, int, str]]:
        """Give start, end and term of each word of a text that was looked for."""
        for match in WORD.finditer(text):
            terms, start = word_terms(match[0], self.language), match.start()
            if is_unspaced(match[0]) and len(terms) == len(match[0]):
                for place, term in enumerate(terms):
                    if self._wants(term):
                        # The beginning of a pair is one character, a whole pair two.
                        width = len(term) if term in self.whole else 1
                        yield start + place, start + place + width, term
            elif wanted := next((term for term in terms if self._wants(term)), ""):
                yield start, match.end(), wanted

    def _wants(self, term: str) -> bool:
        return term in self.whole or (bool(self.beginnings) and term.startswith(self.beginnings))


def marker_of(query: SearchQuery, language: str) -> Marker:
    """Give what marks the terms of a question's wanted words."""
    phrases = [phrase for alternatives in query.wanted for phrase in alternatives]
    ends = {phrase.terms[-1] for phrase in phrases if phrase.open_ended}
    whole = {term for phrase in phrases for term in (phrase.terms[:-1] if phrase.open_ended else phrase.terms)}
    return Marker(frozenset(whole), tuple(sorted(ends)), language)


def marked(text: str, marker: Marker) -> tuple[Piece, ...]:
    """Give a whole (short) text with its hits marked."""
    return tuple(_cut(text, 0, len(text), _spans(marker.hits(text))))


def snippet(text: str, marker: Marker) -> tuple[Piece, ...]:
    """Give about two lines of a text around the most different hits, its beginning where there are none."""
    hits: list[tuple[int, int, str]] = []
    for hit in marker.hits(text[:_READ_CHARACTERS]):
        hits.append(hit)
        if len(hits) == _HITS:
            break
    start = max(0, _best(hits) - SNIPPET_CHARACTERS // 4) if hits else 0
    end = min(len(text), start + SNIPPET_CHARACTERS)
    start, end = _whole_words(text, max(0, min(start, end - SNIPPET_CHARACTERS)), end)
    pieces = list(_cut(text, start, end, _spans(hits)))
    return (*([Piece("… ")] if start else []), *pieces, *([Piece(" …")] if end < len(text) else []))


def _best(hits: list[tuple[int, int, str]]) -> int:
    """Give the start of the first hit from which on the most different terms stand together."""
    best, found = hits[0][0], 0
    last = 0
    counts: dict[str, int] = {}
    for start, _, term in hits:
        while last < len(hits) and hits[last][1] <= start + SNIPPET_CHARACTERS * 3 // 4:
            counts[hits[last][2]] = counts.get(hits[last][2], 0) + 1
            last += 1
        if len(counts) > found:
            best, found = start, len(counts)
        if counts.get(term, 0) > 1:
            counts[term] -= 1
        else:
            counts.pop(term, None)
    return best


def _whole_words(text: str, start: int, end: int) -> tuple[int, int]:
    if start:
        blank = text.find(" ", start, start + _SLACK)
        start = blank + 1 if blank >= 0 else start
    if end < len(text):
        blank = text.rfind(" ", end - _SLACK, end)
        end = blank if blank > start else end
    return start, end


def _spans(hits: Iterable[tuple[int, int, str]]) -> Iterator[tuple[int, int]]:
    """Join hits that touch or overlap, as the pairs of a run without spaces do."""
    begun: tuple[int, int] | None = None
    for start, end, _ in hits:
        if begun and start <= begun[1]:
            begun = begun[0], max(begun[1], end)
        else:
            if begun:
                yield begun
            begun = start, end
    if begun:
        yield begun


def _cut(text: str, start: int, end: int, spans: Iterable[tuple[int, int]]) -> Iterator[Piece]:
    place = start
    for first, last in spans:
        if last <= start or first >= end:
            continue
        if max(first, place) > place:
            yield Piece(text[place:first])
        yield Piece(text[max(first, place) : min(last, end)], marked=True)
        place = min(last, end)
    if place < end:
        yield Piece(text[place:end])
