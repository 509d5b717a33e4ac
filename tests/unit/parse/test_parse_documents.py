"""Files to documents: the fifteen odd posts, titles, dates, visibility, limits."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gitblog.model import Addressing, Document, Hold, Parsed, Severity, SourceFile
from gitblog.parse import address, aliases, holding_lines, parse_document

NATIVE = Addressing(layout="native")


def parse(data: str | bytes, path: str = "posts/a.md", addressing: Addressing = NATIVE) -> Parsed:
    raw = data.encode() if isinstance(data, str) else data
    parsed = parse_document(SourceFile(path, "0" * 40, raw), addressing)

    assert parsed is not None
    return parsed


def document_of(data: str | bytes, path: str = "posts/a.md", addressing: Addressing = NATIVE) -> Document:
    document = parse(data, path, addressing).document

    assert document is not None
    return document


def yaml(*lines: str) -> str:
    return "---\n" + "\n".join(lines) + "\n---\nbody\n"


HELD_BACK = [
    (
        "unclosed-quote",
        yaml('title: "abc', "tags: x"),
        "posts/a.md:2:8: front-matter: a quote is opened here and never closed (close it)",
    ),
    (
        "never-closed",
        "---\ntitle: x\n\nbody\n",
        "posts/a.md:1:1: front-matter: the front matter is never closed (put a line `---` after its last key)",
    ),
    (
        "date",
        yaml("title: x", "date: yesterday"),
        "posts/a.md:3:1: date: `date`: `yesterday` is not a date (write it as 2024-01-05 or 2024-01-05T10:00:00+01:00)",
    ),
    (
        "tab",
        yaml("title: x", "tags:", "\t- a"),
        "posts/a.md:4:1: front-matter: a tab indents this line (indent with spaces)",
    ),
    (
        "merge-conflict",
        yaml("title: x") + "<<<<<<< HEAD\nmine\n=======\nyours\n>>>>>>> theirs\n",
        "posts/a.md:5:1: conflict: the markers of an unfinished merge stand here"
        " (choose one side, and remove the marker lines)",
    ),
]
PUBLISHED = [
    (
        "colon",
        yaml("title: Foo: bar"),
        "Foo: bar",
        "posts/a.md:2:8: colon: the value of `title` holds a colon and is not quoted; it was taken as written"
        ' (write title: "Foo: bar")',
    ),
    ("no-title", "---\ntags: a\n---\n# From the heading\n", "From the heading", None),
    (
        "latin-1",
        b"---\ntitle: caf\xe9\n---\n",
        "café",
        "posts/a.md:2:11: encoding: the file is not UTF-8 here; it was read as Windows-1252 (save it as UTF-8)",
    ),
    (
        "duplicate-key",
        yaml("title: one", "title: two"),
        "two",
        "posts/a.md:3:1: duplicate-key: the key `title` is written twice; the last one counts (remove one of the two)",
    ),
    ("future", yaml("title: x", "date: 2199-01-01"), "x", None),
    (
        "quoted-draft",
        yaml("title: x", 'draft: "yes"'),
        "x",
        "posts/a.md:3:1: quoted: `draft` is text in quotes; it was read as true (write true without quotes)",
    ),
    ("bom", "\ufeff" + yaml("title: x"), "x", None),
    ("no-front-matter", "# Hello #\n\ntext\n", "Hello", None),
    ("neither-title-nor-heading", "just text\n", "A", None),
    ("dead-link", yaml("title: x") + "[gone](gone.md)\n", "x", None),
]


@pytest.mark.parametrize(("data", "message"), [row[1:] for row in HELD_BACK], ids=[row[0] for row in HELD_BACK])
def test_an_odd_post_is_held_with_one_message(data: str, message: str) -> None:
    """The author reads what is wrong, at which line and column of the file, and what to do."""
    parsed = parse(data)

    assert parsed.document is None
    assert [str(problem) for problem in parsed.problems] == [message]
    assert parsed.problems[0].severity is Severity.ERROR


@pytest.mark.parametrize(
    ("data", "title", "message"), [row[1:] for row in PUBLISHED], ids=[row[0] for row in PUBLISHED]
)
def test_an_odd_post_is_a_document(data: str | bytes, title: str, message: str | None) -> None:
    """What can be understood is published; what the author should mend is a warning."""
    parsed = parse(data)

    assert parsed.document is not None
    assert parsed.document.title == title
    assert [str(problem) for problem in parsed.problems] == ([message] if message else [])
    assert all(problem.severity is Severity.WARNING for problem in parsed.problems)


@pytest.mark.parametrize("title", ["No", "1.10", "0123", "2024-01-01", "null", "12:30", "0x1F", "yes", ".nan"])
def test_a_title_stays_as_written(title: str) -> None:
    """Every scalar is text until its key says otherwise."""
    assert document_of(yaml(f"title: {title}")).title == title


def test_a_title_over_the_limit_is_an_error() -> None:
    """300 characters fit, 301 do not."""
    assert document_of(yaml("title: " + "x" * 300)).title == "x" * 300
    assert [problem.reason for problem in parse(yaml("title: " + "x" * 301)).problems] == ["title"]


def test_a_heading_that_became_the_title_leaves_the_body_and_keeps_lines() -> None:
    """Lines of the body stay those of the file, wherever the heading stood."""
    first = document_of("\n# Title\n\ntext\n")
    later = document_of("intro\n\n# Title\ntext\n")
    code = document_of("```sh\n# comment\n```\n")

    assert (first.title, first.body, first.body_line) == ("Title", "\ntext\n", 3)
    assert (later.title, later.body, later.body_line) == ("Title", "intro\n\n\ntext\n", 1)
    assert (code.title, code.body) == ("A", "```sh\n# comment\n```\n")


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("2024-01-05", "2024-01-05T00:00:00+01:00"),
        ("2024-1-5", "2024-01-05T00:00:00+01:00"),
        ("2024-07-05 10:00", "2024-07-05T10:00:00+02:00"),
        ("2024-01-05 10:00:30 +0530", "2024-01-05T10:00:30+05:30"),
        ("2024-01-05T10:00:00Z", "2024-01-05T10:00:00+00:00"),
        ("2024-01-05T10:00:00.123-08:00", "2024-01-05T10:00:00-08:00"),
    ],
)
def test_dates_are_read_in_the_sites_time_zone(written: str, expected: str) -> None:
    """A date without an offset gets the site's, with summer time; all three formats agree."""
    berlin = Addressing(layout="native", timezone="Europe/Berlin")
    found = [
        document_of(yaml("title: x", f"date: {written}"), addressing=berlin).date,
        document_of(f'+++\ntitle = "x"\ndate = "{written}"\n+++\n', addressing=berlin).date,
        document_of(f'{{"title": "x", "date": "{written}"}}\n', addressing=berlin).date,
    ]

    assert [date.isoformat() if date else None for date in found] == [expected] * 3


def test_dates_of_toml_are_dates() -> None:
    """TOML has dates of its own, with and without time and offset."""
    for written in ("2024-01-05", "2024-01-05T00:00:00", "2024-01-05T00:00:00Z", "2024-01-05 00:00:00.5"):
        date = document_of(f'+++\ntitle = "x"\ndate = {written}\n+++\n').date

        assert date == datetime(2024, 1, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    "written",
    [
        "2024-02-30",
        "0000-01-01",
        "2024-01-05T10:00:00+99:99",
        "9999-12-31T23:59:59-14:00",
        "infinity",
        "1969-12-31",
        "2201-01-01",
        "20240105",
        "[2024]",
        "2024-01-05 25:00",
    ],
)
def test_what_is_no_date_holds_the_post(written: str) -> None:
    """A wrong date is never today's date."""
    parsed = parse(yaml("title: x", f"date: {written}"))

    assert parsed.document is None
    assert [problem.reason for problem in parsed.problems] == ["date"]


def test_a_date_in_the_file_name_counts_where_front_matter_has_none() -> None:
    """As in Jekyll; and it leaves the slug."""
    from_name = document_of("x", "posts/2024-01-05-trip.md")
    from_key = document_of(yaml("date: 2023-02-03"), "posts/2024-01-05-trip.md")
    no_date = document_of("x", "posts/2024-13-05-trip.md")

    assert (from_name.slug, from_name.date) == ("trip", datetime(2024, 1, 5, tzinfo=UTC))
    assert (from_key.slug, from_key.date) == ("trip", datetime(2023, 2, 3, tzinfo=UTC))
    assert (no_date.slug, no_date.date) == ("2024-13-05-trip", None)


HOLDS = [
    *[(f"draft: {word}", Hold.DRAFT, []) for word in ("true", "yes", "ON", "1", "True")],
    *[(f"draft: {word}", None, []) for word in ("false", "no", "Off", "0")],
    *[(f"draft: {word}", Hold.DRAFT, ["visibility"]) for word in ("maybe", "yse", "", "[a]", "{a: b}")],
    ("published: false", Hold.UNPUBLISHED, []),
    ("published: true", None, []),
    ("published: 2024-01-05", None, []),
    ("published: soon", Hold.UNPUBLISHED, ["visibility"]),
    ("status: draft", Hold.DRAFT, []),
    ("status: skip", Hold.UNPUBLISHED, []),
    ("status: hidden", None, []),
    ("status: published", None, []),
    ("status: publsihed", Hold.UNPUBLISHED, ["visibility"]),
    ("expires: soon", Hold.UNPUBLISHED, ["visibility"]),
    ("expires: 2024-01-05", None, []),
    ("expires:", None, []),
    ("expiryDate: never", Hold.UNPUBLISHED, ["visibility"]),
    ("Draft: true", Hold.DRAFT, []),
    ("\u00a0draft: true", Hold.DRAFT, []),
    ("draft: false\nDraft: true", Hold.DRAFT, []),
    ("draft: false\nstatus: draft", Hold.DRAFT, []),
]


@pytest.mark.parametrize(("line", "hold", "reasons"), HOLDS, ids=[row[0] for row in HOLDS])
def test_visibility_fails_closed(line: str, hold: Hold | None, reasons: list[str]) -> None:
    """What is not understood holds the post, and is an error; of several keys the strictest counts."""
    parsed = parse(yaml("title: x", line))

    assert parsed.document is not None
    assert parsed.document.hold == hold
    assert [problem.reason for problem in parsed.problems] == reasons


def test_the_drafts_folder_holds_whatever_front_matter_says() -> None:
    """Moving the file is what publishes it."""
    assert document_of(yaml("draft: false"), "drafts/a.md").hold is Hold.DRAFT


def test_a_byte_order_mark_inside_front_matter_hides_no_key() -> None:
    """A file joined from two may hold one in its middle."""
    assert document_of(yaml("title: x", "\ufeffdraft: true")).hold is Hold.DRAFT


def test_a_later_publish_date_schedules() -> None:
    """Hugo's publishDate and Jekyll's dated `published` never show a post before their day."""
    later = document_of(yaml("date: 2024-01-01", "publishDate: 2030-05-06"))
    earlier = document_of(yaml("date: 2024-01-01", "published: 2020-05-06"))

    assert later.date == datetime(2030, 5, 6, tzinfo=UTC)
    assert earlier.date == datetime(2024, 1, 1, tzinfo=UTC)


def test_other_generators_names_are_understood() -> None:
    """Keys of Hugo, Jekyll, Pelican and Nikola reach the same fields, in any case."""
    document = document_of(
        yaml(
            "Title: x",
            "lastmod: 2024-02-03",
            "expiryDate: 2025-01-01",
            "url: /old.html",
            "redirect_from: [/a/, /b/]",
            "tags: one two",
            "category: My Things",
            "author: Jane Doe",
            "summary: short",
            "header-img: img/x.png",
            "hidden: true",
            "layout: post",
            "weight: 3",
        )
    )

    assert document.updated == datetime(2024, 2, 3, tzinfo=UTC)
    assert document.expires == datetime(2025, 1, 1, tzinfo=UTC)
    assert (document.permalink, document.aliases) == ("/old.html", ("/a/", "/b/"))
    assert (document.tags, document.categories) == (("one", "two"), ("My Things",))
    assert (document.authors, document.description) == (("Jane Doe",), "short")
    assert (document.image, document.unlisted) == ("img/x.png", True)


@pytest.mark.parametrize(
    ("key", "meant"), [("tilte", "title"), ("drafts", "draft"), ("publised", "published"), ("dat", "date")]
)
def test_a_misspelt_key_is_a_warning_with_the_right_name(key: str, meant: str) -> None:
    """Other generators' keys and keys unlike ours are silent."""
    assert [str(problem) for problem in parse(yaml("a_key: 1", "math: true", f"{key}: x")).problems] == [
        f"posts/a.md:4:1: unknown-key: the key `{key}` is unknown (did you mean `{meant}`?)"
    ]


def test_tags_are_limited_and_folded() -> None:
    """64 tags of 64 characters; case and Unicode form make no second tag; nesting is an error."""
    folded = document_of(yaml("tags: [Python, python, 'e\u0301', '\u00e9', '']"))
    many = parse(yaml("tags: [" + ", ".join(f"t{n}" for n in range(70)) + "]"))
    long = parse(yaml("tags: [ok, " + "x" * 65 + "]"))
    nested = parse(yaml("tags: [a, [b]]"))

    assert folded.tags == ("Python", "\u00e9")
    assert many.document is not None
    assert len(many.document.tags) == 64
    assert long.document is not None
    assert long.document.tags == ("ok",)
    assert [[p.reason for p in one.problems] for one in (many, long, nested)] == [["tags"]] * 3


@pytest.mark.parametrize(
    "slug",
    [
        "../x",
        "/x",
        "a/b",
        ".",
        "..",
        ".env",
        "%2e%2e",
        "a%2Fb",
        "a?b",
        "a#c",
        "a\\b",
        "-",
        "x" * 1025,
        "\u202ex",
    ],
)
def test_a_slug_that_could_lead_elsewhere_is_an_error(slug: str) -> None:
    """A slug is one part of an address."""
    parsed = parse(yaml("title: x", f"slug: '{slug}'"))

    assert parsed.document is None
    assert [problem.reason for problem in parsed.problems] == ["address"]


@pytest.mark.parametrize(
    ("slug", "expected"),
    [("CON", "CON"), ("🎉", "🎉"), ("-x", "-x"), ("My Post", "My-Post"), ("caf%C3%A9", "café")],
)
def test_a_slug_stays_as_written(slug: str, expected: str) -> None:
    """White space becomes a hyphen, percent codes what they stand for."""
    assert document_of(yaml("title: x", f"slug: '{slug}'")).slug == expected


@pytest.mark.parametrize(
    "alias",
    [
        "//evil.org",
        "https://evil.org",
        "/\\evil",
        "javascript:x",
        "/a/../b",
        "/a?b",
        "/a#b",
        "/-/status",
        "old",
    ],
)
def test_a_wrong_alias_is_left_out_with_an_error(alias: str) -> None:
    """No alias leads off the site; the others and the post stay."""
    parsed = parse(yaml("title: x", f"aliases: ['{alias}', /ok/]"))

    assert parsed.document is not None
    assert parsed.document.aliases == ("/ok/",)
    assert [(p.reason, p.severity) for p in parsed.problems] == [("alias", Severity.ERROR)]


def test_addresses_have_the_base_path_and_the_sites_day() -> None:
    """The site's time zone decides year and month; front matter's permalink wins; git's date fills in."""
    site = Addressing("native", "/:year/:month/:day/:slug/", "America/New_York", "/b")
    dated = document_of(yaml("date: 2024-01-01T03:00:00Z", "aliases: /old/"), addressing=site)
    own = document_of(yaml("permalink: /x.html"), addressing=site)
    undated = document_of("text", addressing=site)

    assert address(dated, site, None) == "/b/2023/12/31/a/"
    assert aliases(dated, site) == ("/b/old/",)
    assert address(own, site, None) == "/b/x.html"
    assert address(undated, site, datetime(2020, 5, 6, 23, tzinfo=ZoneInfo("UTC"))) == "/b/2020/05/06/a/"
    assert address(undated, site, None) == "/b/a/"


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "empty"),
        (b"\xef\xbb\xbf \n", "empty"),
        (b"x\0y", "encoding"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n", "lfs"),
        (b"x" * (2 * 1024 * 1024 + 1), "size"),
        (b"\x1f\x8b\x08\x00", "encoding"),
        (b"<<<<<<< HEAD\n---\ntitle: a\n=======\n---\ntitle: b\n>>>>>>> x\n---\n", "conflict"),
        (b"a\n=======\nb\n>>>>>>> theirs\n", "conflict"),
    ],
)
def test_what_is_no_post_is_one_error(data: bytes, reason: str) -> None:
    """The file is held, and the author learns why."""
    parsed = parse(data)

    assert parsed.document is None
    assert [problem.reason for problem in parsed.problems] == [reason]


def test_conflict_markers_in_code_are_text() -> None:
    """A post about git may show them; "=======" alone underlines a heading."""
    code = "```\n<<<<<<< HEAD\n=======\n>>>>>>> x\n```\n\n    <<<<<<< HEAD\n\nTitle\n=======\n"

    assert document_of(code).body == code


@pytest.mark.parametrize("ending", ["\r\n", "\r"])
def test_every_line_ending_is_read(ending: str) -> None:
    """Files of Windows and old Macs are the same posts."""
    assert document_of(yaml("title: x", "tags: a").replace("\n", ending)) == document_of(yaml("title: x", "tags: a"))


def test_utf16_is_read_with_a_warning() -> None:
    """Windows' Notepad once called it Unicode."""
    parsed = parse(yaml("title: café").encode("utf-16"))

    assert parsed.document is not None
    assert parsed.document.title == "café"
    assert [(p.reason, p.severity) for p in parsed.problems] == [("encoding", Severity.WARNING)]


def test_an_address_over_the_limit_is_an_error() -> None:
    """Folders repeated by the pattern can make more than 1,024 bytes."""
    site = Addressing("native", "/:section/:section/:section/:slug/")
    parsed = parse("x", "posts/" + "ab/" * 150 + "x.md", site)

    assert parsed.document is None
    assert [problem.reason for problem in parsed.problems] == ["address"]


def test_the_lines_that_hold_are_found_in_a_broken_file() -> None:
    """Textually, under their canonical names, up to the fence; in every format."""
    broken = b'---\ntitle: "x\nDraft: true\nexpiryDate : 2030-01-01 \ndate: 2024-01-05\n---\npublished: no\n'

    assert holding_lines(broken) == {"draft": "true", "expires": "2030-01-01", "date": "2024-01-05"}
    assert holding_lines(b"---\ndraft: true\n\nstatus: draft\n") == {"draft": "true"}
    assert holding_lines(b"+++\ntitle = [\ndraft = true\n+++\n") == {"draft": "true"}
    assert holding_lines(b'{"title": "x, "draft": true, "date": "2024-01-05"}\n') == {
        "draft": "true",
        "date": '"2024-01-05"',
    }
    assert holding_lines(b'{\n  "draft": true,\n  "title": "x\n}\n') == {"draft": "true"}
    assert holding_lines(b"---\ndraft: true\ndraft: false\n---\n") == {"draft": "true\nfalse"}


FRAGMENTS = st.sampled_from(
    [
        "---\n",
        "+++\n",
        "{",
        "}",
        '"',
        "'",
        "title: ",
        "draft: ",
        "date: ",
        "tags: ",
        "[",
        "]",
        ": ",
        "\n",
        "\t",
        "  ",
        "- ",
        "&a ",
        "*a",
        "!t ",
        "<<: ",
        "# ",
        ">\n",
        "\x00",
        "\u2028",
        "é",
        "2024-01-05\n    ",
        "true",
        "title = ",
        "\\ud800",
    ]
)
ANY_FILE = st.one_of(
    st.binary(max_size=200),
    st.text(max_size=200).map(lambda text: text.encode("utf-8", "surrogatepass")),
    st.lists(FRAGMENTS, max_size=30).map(lambda parts: "".join(parts).encode()),
    st.lists(FRAGMENTS, max_size=30).map(lambda parts: ("---\n" + "".join(parts) + "\n---\nx").encode()),
)


@settings(max_examples=150, deadline=None, derandomize=True)
@given(data=ANY_FILE, path=st.sampled_from(["posts/a.md", "notes/x/index.md", "pages/\udce9.md"]))
def test_no_bytes_raise_and_equal_bytes_give_equal_answers(data: bytes, path: str) -> None:
    """A broken file is a Problem, and text that comes out can be stored as UTF-8."""
    first = parse_document(SourceFile(path, "", data), Addressing())
    second = parse_document(SourceFile(path, "", data), Addressing())

    assert first is not None
    assert first == second
    assert first.document is not None or any(p.severity is Severity.ERROR for p in first.problems)
    "".join(str(problem) for problem in first.problems).encode()
    if first.document:
        repr(first.document).encode()
        address(first.document, Addressing(), None).encode()
    holding_lines(data)
