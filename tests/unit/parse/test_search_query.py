"""What a reader types becomes a question; no input is a wrong one."""

from __future__ import annotations

import random
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from gitblog.errors import QueryError
from gitblog.model import Label, Phrase, SearchQuery
from gitblog.parse.search.query import MAX_CHARACTERS, MAX_TERMS, parse_query

UTC_ZONE = ZoneInfo("UTC")


def at(year: int, month: int = 1, day: int = 1) -> int:
    """Give the first second of a day in UTC."""
    return int(datetime(year, month, day, tzinfo=UTC).timestamp())


def words(*phrases: tuple[str, ...]) -> tuple[tuple[Phrase, ...], ...]:
    """Give what asks for each of these phrases as they stand."""
    return tuple((Phrase(terms),) for terms in phrases)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", SearchQuery()),
        ("running Café", SearchQuery(wanted=words(("run",), ("cafe",)))),
        ('"quick brown" fox', SearchQuery(wanted=words(("quick", "brown"), ("fox",)))),
        ("“quick brown”", SearchQuery(wanted=words(("quick", "brown")))),
        ('"quick brown', SearchQuery(wanted=words(("quick", "brown")))),
        ('quick -fox -"two words"', SearchQuery(words(("quick",)), words(("fox",), ("two", "word")))),
        ("--fox", SearchQuery(unwanted=words(("fox",)))),
        ("node.js foo_bar", SearchQuery(wanted=words(("node", "js"), ("foo", "bar")))),
        ("fox fox", SearchQuery(wanted=words(("fox",)))),
        ("or AND NEAR(a)", SearchQuery(wanted=words(("or",), ("and",), ("near", "a")))),
        ("title:fox", SearchQuery(wanted=words(("titl", "fox")))),
        ("photography*", SearchQuery(wanted=((Phrase(("photography",), True), Phrase(("photographi",))),))),
        ("fox*", SearchQuery(wanted=((Phrase(("fox",), True),),))),
        ("f*", SearchQuery(wanted=words(("f",)))),
        ('"a fo*"', SearchQuery(wanted=((Phrase(("a", "fo"), True),),))),
        ("全文検索", SearchQuery(wanted=words(("全文", "文検", "検索")))),
        ("検", SearchQuery(wanted=((Phrase(("検",), True),),))),
        ("東京2024", SearchQuery(wanted=words(("東京", "京", "2024")))),
        ("2024年", SearchQuery(wanted=((Phrase(("2024", "年"), True),),))),
        ("tag:Git TAG:'x' -tag:\"Machine learning\"", SearchQuery(
            labels=(Label("tag", "git"), Label("tag", "x"), Label("tag", "machine-learning", True)))),
        ("author:Ada -author:bob", SearchQuery(labels=(Label("author", "ada"), Label("author", "bob", True)))),
        ("after:2024 before:2025-06", SearchQuery(after=at(2024), before=at(2025, 6))),
        ("after:2024-05-17 after:2023", SearchQuery(after=at(2024, 5, 17))),
        ("-after:2024", SearchQuery(before=at(2024))),
        ("before:2024*", SearchQuery(before=at(2024))),
    ],
)  # fmt: skip
def test_a_question_is_read(text: str, expected: SearchQuery) -> None:
    """Words and phrases are wanted or not, names narrow, dates begin with their first instant."""
    assert parse_query(text, "en", UTC_ZONE) == expected


def test_a_date_begins_in_the_zone_of_the_site() -> None:
    """A day of Tokyo begins nine hours before one of UTC."""
    assert parse_query("after:2024-05-17", "en", ZoneInfo("Asia/Tokyo")).after == at(2024, 5, 17) - 9 * 3600


@pytest.mark.parametrize("value", ["soon", "2024-13", "2024-02-30", "0000", "20240517", "2024-", "1-1", "-"])
def test_a_date_that_is_none_is_named(value: str) -> None:
    """The rest of the question stays, and the reader is told how a date is written."""
    query = parse_query(f"fox after:{value}", "en", UTC_ZONE)

    assert query.wanted == words(("fox",))
    assert query.after is None
    assert query.complaints == (f"{value!r} is no date: write after:2024, after:2024-05 or after:2024-05-17.",)


@pytest.mark.parametrize("text", ['- "" * tag: -author: " : ()', "\0\0", "🎉 …", '"""""', "tag:", "-", "  \u3000 "])
def test_signs_alone_ask_for_nothing(text: str) -> None:
    """A name without a value and a sign without a word are left out."""
    assert parse_query(text, "en", UTC_ZONE).asks_nothing


def test_a_long_question_is_refused() -> None:
    """The greatest length and the greatest number of words still pass."""
    assert parse_query("x" * MAX_CHARACTERS, "en", UTC_ZONE).wanted
    assert parse_query(" ".join(f"w{n}" for n in range(MAX_TERMS)), "en", UTC_ZONE).wanted
    with pytest.raises(QueryError, match="longer than 500 characters") as long:
        parse_query("x" * (MAX_CHARACTERS + 1), "en", UTC_ZONE)
    with pytest.raises(QueryError, match="more than 32 words") as many:
        parse_query(" ".join(f"w{n}" for n in range(MAX_TERMS + 1)), "en", UTC_ZONE)

    assert (long.value.reason, many.value.reason) == ("query-too-long", "query-too-many-words")


def test_names_count_among_the_words() -> None:
    """Each costs a condition of the statement."""
    with pytest.raises(QueryError, match="more than 32 words"):
        parse_query(" ".join(f"tag:{n}" for n in range(MAX_TERMS + 1)), "en", UTC_ZONE)


def test_no_input_raises_anything_else() -> None:
    """Terms that come out hold nothing that a database could read as its own."""
    dice = random.Random(1)
    alphabet = "ab \"-*:()'\\&|!<>^~\0\t\n検é%_" + "\u200d\u0301"
    for _ in range(3000):
        text = "".join(dice.choices(alphabet, k=dice.randrange(60)))
        try:
            query = parse_query(text, "en", UTC_ZONE)
        except QueryError:
            continue
        for phrase in (phrase for each in (*query.wanted, *query.unwanted) for phrase in each):
            assert all(phrase.terms), text
            assert not set("".join(phrase.terms)) & set("\"-*:()'\\&|!<>^~\0\t\n %_"), text
