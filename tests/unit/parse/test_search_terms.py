"""A text becomes the terms that both databases are given."""

from __future__ import annotations

import pytest

from gitblog.parse.search import terms
from gitblog.parse.search.terms import SEPARATOR, WORD, fingerprint, stem, terms_of


@pytest.mark.parametrize(
    ("text", "language", "expected"),
    [
        ("Café's naïve façade; don't", "en", "cafe s naiv facad don t"),
        ("e\u0301tat \u00c9TAT", "en", "etat etat"),
        ("Straße ÆØ Łódź", "pl", "strass aeo lodz"),
        ("häuser Haus", "de", "haus haus"),
        ("running runs", "en-GB", "run run"),
        ("running runs", "xx", "running runs"),
        ("красный ёлка", "ru", "красн елк"),
        ("foo_bar x-y 1.5", "en", "foo bar x y 1 5"),
        ("全文検索", "ja", "全文 文検 検索 索"),
        ("東京2024年", "ja", "東京 京 2024 年"),
        ("검색을", "ko", "검색 색을 을"),
        ("ｶﾞ Ａｂｃ", "ja", "ガ abc"),
        ("กรุง", "th", "กร รุ ุง ง"),
        ("שָׁלוֹם شَمْس", "xx", "שלום شمس"),
        ("soft\u00adhyphen", "xx", "softhyphen"),
        ("हिन्दी", "xx", "हिन्दी"),
        ("🎉 – \0 \ufffd '\"*", "en", ""),
        ("x" * 5000, "xx", "x" * 40),
    ],
)
def test_a_text_becomes_terms(text: str, language: str, expected: str) -> None:
    """Case, accents and points are folded, words cut to their stems, unspaced scripts to pairs."""
    assert terms_of([text], language) == expected


def test_two_texts_do_not_follow_each_other() -> None:
    """A phrase must not begin in one heading and end in the next; an empty one takes no place."""
    assert terms_of(["a b", "", "c"], "xx") == f"a b {SEPARATOR} c"
    assert WORD.findall(SEPARATOR) == []


@pytest.mark.parametrize("limit", range(1, 24))
def test_what_lies_beyond_the_limit_is_left_out_whole(limit: int) -> None:
    """No term is cut in the middle, in none of its bytes."""
    whole = terms_of(["abcd фgh 全文"], "xx").split()
    cut = terms_of(["abcd фgh 全文"], "xx", limit)

    assert len(cut.encode()) <= limit
    assert cut.split() == whole[: len(cut.split())]
    assert len(" ".join(whole[: len(cut.split()) + 1]).encode()) > limit or cut.split() == whole


def test_terms_are_terms_of_themselves() -> None:
    """What the index holds is found by itself: a folded piece is folded no further."""
    for language in sorted(terms._STEMMERS):
        for word in WORD.findall("Größe naïve Été йод running 全文 ﬁnal"):
            for piece in terms.pieces(word):
                assert terms.pieces(piece) == (piece,), (language, piece)
                assert stem(piece, language)


def test_the_fingerprint_names_the_stemmer_and_not_the_region() -> None:
    """British and American terms are equal, German ones are not."""
    assert fingerprint("en-GB") == fingerprint("en")
    assert fingerprint("de") != fingerprint("en")
    assert fingerprint("ja") == fingerprint("xx")
