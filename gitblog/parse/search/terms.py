"""A text becomes terms: what the index holds and what a question is compared with.

Both databases get the terms made here and make none of their own, so that they find the same posts.
A term is a word without case and accents, cut to its stem where the site's language has a stemmer.
Scripts that are written without spaces become pairs of neighbouring characters.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from functools import cache, lru_cache
from importlib import import_module
from importlib.metadata import version
from itertools import chain
from typing import Final, Protocol

# Raised by hand with every change of this module that changes a term.
TERMS_VERSION: Final = 1
SEPARATOR: Final = "\ue000"
"""Stands between terms that do not follow each other; of private use, so that no word holds it."""
# A hash or an encoded picture is nothing that people look for.
_LONGEST_TERM: Final = 40
# PostgreSQL takes 1 MiB of terms with their places, which are up to twice as long as the terms and blanks alone.
MAX_TERM_BYTES: Final = 256 * 1024
# A stem takes 30 µs, and a thousand posts hold some 40,000 different words.
_CACHED_WORDS: Final = 2**16

_UNSPACED = (
    # Thai, Lao, Myanmar, Khmer
    "\u0e01-\u0e3a\u0e40-\u0e4e\u0e81-\u0ebd\u0ec0-\u0ecd\u1000-\u103f\u1050-\u109d\u1780-\u17d3\u17d7\u17dc-\u17dd"
    # Hangul: written with spaces, but what follows a noun is written to it
    "\u1100-\u11ff\u3131-\u318e\uac00-\ud7a3"
    # Kana, Bopomofo and Han, halfwidth Kana
    "\u3005-\u3007\u3041-\u3096\u3099-\u309a\u309d-\u309f\u30a1-\u30fa\u30fc-\u30ff\u3105-\u312f\u31a0-\u31bf\u31f0-\u31ff"
    "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff66-\uff9f\U00020000-\U0003ffff"
)
# Marks that stand inside words but are no letters, the soft hyphen and the joiners among them.
_MARKS = (
    "\u00ad\u0300-\u036f\u0483-\u0487\u0591-\u05bd\u05bf\u05c1-\u05c2\u05c4-\u05c5\u05c7\u0610-\u061a\u064b-\u065f\u0670"
    "\u06d6-\u06dc\u06df-\u06e4\u06e7-\u06e8\u06ea-\u06ed\u0900-\u0963\u0980-\u0dff\u200c\u200d"
)
_LETTER = f"[^\\W_{_UNSPACED}]"
WORD: Final = re.compile(f"[{_UNSPACED}]+|{_LETTER}+(?:[{_MARKS}]+{_LETTER}*)*")
_UNSPACED_RUN: Final = re.compile(f"[{_UNSPACED}]+")
# Accents of Latin and Greek, and the stress that Cyrillic text may show; but й is a letter of its own.
_ACCENTS: Final = re.compile("(?<![\u0400-\u052f])[\u0300-\u036f]+|[\u0300\u0301]")
_FOLDED: Final = str.maketrans(
    {"ø": "o", "ł": "l", "đ": "d", "æ": "ae", "œ": "oe", "ı": "i", "ё": "е"}
    # Points of Hebrew and Arabic, the lengthening stroke, the soft hyphen and the joiners are not typed by who seeks.
    | dict.fromkeys([0x00AD, 0x0640, 0x0670, 0x200C, 0x200D, *range(0x0591, 0x05C8), *range(0x064B, 0x0660)])
)
_STEMMERS: Final = {
    "ar": "arabic", "ca": "catalan", "cs": "czech", "da": "danish", "de": "german", "el": "greek", "en": "english",
    "eo": "esperanto", "es": "spanish", "et": "estonian", "eu": "basque", "fa": "persian", "fi": "finnish",
    "fr": "french", "ga": "irish", "hi": "hindi", "hu": "hungarian", "hy": "armenian", "id": "indonesian",
    "it": "italian", "lt": "lithuanian", "nb": "norwegian", "ne": "nepali", "nl": "dutch", "nn": "norwegian",
    "no": "norwegian", "pl": "polish", "pt": "portuguese", "ro": "romanian", "ru": "russian", "sr": "serbian",
    "st": "sesotho", "sv": "swedish", "ta": "tamil", "tr": "turkish", "yi": "yiddish",
}  # fmt: skip


def fingerprint(language: str) -> str:
    """Give a hash of everything but the text that shapes its terms; only the language's stemmer counts."""
    stemmer = _STEMMERS.get(_main(language), "")
    facts = [TERMS_VERSION, stemmer, version("snowballstemmer") if stemmer else "", unicodedata.unidata_version]
    return hashlib.sha256("\n".join(map(str, facts)).encode()).hexdigest()


def terms_of(texts: Iterable[str], language: str, max_bytes: int = MAX_TERM_BYTES) -> str:
    """Give the terms of texts in their order with a blank between, `SEPARATOR` between two texts.

    What lies beyond `max_bytes` is left out; no term is cut by that.
    """
    language = _main(language)
    parts = (" ".join(_terms(text, language)) for text in texts)
    whole = f" {SEPARATOR} ".join(part for part in parts if part)
    if len(whole) * 4 <= max_bytes or len(data := whole.encode()) <= max_bytes:
        return whole
    return data[: max_bytes + 1].decode(errors="ignore").rpartition(" ")[0]


def word_terms(word: str, language: str) -> tuple[str, ...]:
    """Give the terms of a match of `WORD`; the last one of a run without spaces is its last character alone."""
    return _word_terms(word, _main(language))


def pieces(word: str) -> tuple[str, ...]:
    """Give what a match of `WORD` is without case and accents: one piece, or several where a sign stands for them."""
    folded = unicodedata.normalize("NFKC", word).casefold()
    if not folded.isascii():
        folded = unicodedata.normalize("NFD", folded.translate(_FOLDED))
        folded = unicodedata.normalize("NFC", _ACCENTS.sub("", folded))
    return tuple(WORD.findall(folded))


def is_unspaced(piece: str) -> bool:
    """Tell whether a piece is of a script that is written without spaces."""
    return _UNSPACED_RUN.fullmatch(piece) is not None


def pairs(run: str) -> Iterator[str]:
    """Give the pairs of neighbouring characters of a run."""
    return (run[place : place + 2] for place in range(len(run) - 1))


def stem(piece: str, language: str) -> str:
    """Give the stem of a folded word, or the word itself where the language has no stemmer or it is no word of one."""
    return _stem(piece[:_LONGEST_TERM], _main(language))


def _terms(text: str, language: str) -> Iterator[str]:
    return chain.from_iterable(_word_terms(word, language) for word in WORD.findall(text))


@lru_cache(maxsize=_CACHED_WORDS)
def _stem(piece: str, language: str) -> str:
    make = _stemmer(language)
    # Names with digits in them are no words of a language, and there are very many.
    if make is None or not piece.isalpha():
        return piece
    # A stemmer keeps the word it works on in itself, so each word gets one of its own.
    return (make().stemWord(piece) or piece)[:_LONGEST_TERM]


@lru_cache(maxsize=_CACHED_WORDS)
def _word_terms(word: str, language: str) -> tuple[str, ...]:
    found: list[str] = []
    for piece in pieces(word):
        if is_unspaced(piece):
            # One term for each character's place: with the last one alone, the beginning of a pair finds any.
            found += [*pairs(piece), piece[-1]]
        else:
            found.append(_stem(piece[:_LONGEST_TERM], language))
    return tuple(found)


def _main(language: str) -> str:
    return language.partition("-")[0].lower()


class _Stemmer(Protocol):
    """What every stemmer is."""

    def stemWord(self, word: str) -> str:
        """Give the stem of a word."""


@cache
def _stemmer(language: str) -> Callable[[], _Stemmer] | None:
    name = _STEMMERS.get(language)
    if name is None:
        return None
    # One module of dozens, and always the one in Python: `snowballstemmer` itself may choose another program's.
    make: Callable[[], _Stemmer] = getattr(import_module(f"snowballstemmer.{name}_stemmer"), f"{name.title()}Stemmer")
    return make
