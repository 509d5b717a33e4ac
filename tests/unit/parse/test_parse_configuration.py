"""`blog.toml`: every key, every kind of mistake with its line."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gitblog.model import Addressing, Author, Look, MenuItem, Severity, SiteConfig, SourceFile
from gitblog.parse import ParsedConfiguration, parse_configuration


def parse(data: str | bytes) -> ParsedConfiguration:
    return parse_configuration(SourceFile("blog.toml", "", data.encode() if isinstance(data, str) else data))


def test_every_key_reaches_its_field() -> None:
    """The whole file, and no problem."""
    parsed = parse(
        """
title = "T"
tagline = "t"
description = "d"
url = "https://example.org/b/"
language = "de"
timezone = "Europe/Berlin"
permalink = "/:slug.html"
markdown = "python-markdown"
layout = "plain"
posts_per_page = 5
home = "/about/"
[[author]]
name = "A"
url = "https://a.example"
description = "writes"
[[author]]
name = "B"
[[menu]]
title = "About"
url = "/about/#me"
[[social]]
title = "S"
url = "https://s.example/@a"
[theme]
accent = "teal"
logo = "/logo.svg"
image = "https://a.example/i.png"
css = "/custom.css"
[footer]
text = "f"
license = "CC0"
license_url = "https://c.example/0"
[feeds]
id_authority = "example.org"
"""
    )

    assert parsed.problems == ()
    assert parsed.config == SiteConfig(
        title="T",
        tagline="t",
        description="d",
        url="https://example.org/b",
        language="de",
        markdown="python-markdown",
        posts_per_page=5,
        authors=(Author("A", "https://a.example", "writes"), Author("B")),
        menu=(MenuItem("About", "/about/#me"),),
        footer="f",
        id_authority="example.org",
        addressing=Addressing("plain", "/:slug.html", "Europe/Berlin", "/b"),
        home="/about/",
        social=(MenuItem("S", "https://s.example/@a"),),
        license="CC0",
        license_url="https://c.example/0",
        look=Look("teal", "/logo.svg", "https://a.example/i.png", "/custom.css"),
    )


def test_an_empty_file_means_the_native_layout() -> None:
    """All else has its default; the plain layout brings its own permalink, a style's name its pattern."""
    assert parse("") == ParsedConfiguration(SiteConfig(addressing=Addressing(layout="native")))
    for text, permalink in (
        ('layout = "plain"', "/:path/"),
        ('permalink = "none"', "/:categories/:slug.html"),
    ):
        config = parse(text).config

        assert config is not None
        assert config.addressing.permalink == permalink


WRONG = [
    ("x = \n", 1, 5),
    ('\ntitle = "a"\ntitle = "b"\n', 3, 12),
    ("# c\ntitle = 3\n", 2, 1),
    ('timezone = "Mars/X"\n', 1, 1),
    ('timezone = "America"\n', 1, 1),
    ('timezone = "../x"\n', 1, 1),
    ("posts_per_page = 0\n", 1, 1),
    ("posts_per_page = true\n", 1, 1),
    ('posts_per_page = "5"\n', 1, 1),
    ('markdown = "x"\n', 1, 1),
    ('layout = "../x"\n', 1, 1),
    ('url = "example.org"\n', 1, 1),
    ('url = "ftp://example.org"\n', 1, 1),
    ('url = "https://u:p@example.org"\n', 1, 1),
    ('url = "https://example.org/../x"\n', 1, 1),
    ('url = "https://example.org/-/x"\n', 1, 1),
    ('permalink = "/x/"\n', 1, 1),
    ('permalink = ":slug"\n', 1, 1),
    ('permalink = "/:slug/:foo/"\n', 1, 1),
    ('title = "x"\n[[author]]\nname = "a"\n[[author]]\nname = 3\n', 5, 1),
    ('[[author]]\nname = "a"\n[[author]]\nurl = "https://x.org"\n', 3, 1),
    ('author = "x"\n', 1, 1),
    ('[[menu]]\ntitle = "x"\nurl = "javascript:x"\n', 3, 1),
    ('[feeds]\nid_authority = "a b"\n', 2, 1),
    ('footer = "x"\n', 1, 1),
    ('[theme]\naccent = "#ff0000"\n', 2, 1),
    ('[theme]\nlogo = "logo.svg"\n', 2, 1),
    ('[theme]\ncss = "https://x.org/a.css"\n', 2, 1),
    ('home = "about"\n', 1, 1),
    ('[[social]]\ntitle = "x"\nurl = "/x/"\n', 3, 1),
    ("a = " + "[" * 5000, 1, 1),
    ("a = " + "[" * 30 + "]" * 30, 1, 1),
    ("n = " + "9" * 5000, 1, 1),
    ("<<<<<<< HEAD\n=======\n>>>>>>> x\n", 1, 1),
]


@pytest.mark.parametrize(("text", "line", "column"), WRONG, ids=[row[0][:30] for row in WRONG])
def test_a_mistake_is_one_error_with_its_place(text: str, line: int, column: int) -> None:
    """No configuration comes out, so the last good one stays in force."""
    parsed = parse(text)

    assert parsed.config is None
    assert [(p.line, p.column, p.reason, p.severity) for p in parsed.problems] == [
        (line, column, "configuration", Severity.ERROR)
    ]
    assert parsed.problems[0].hint


def test_bytes_that_are_no_text_and_too_many_are_errors() -> None:
    """64 KiB, UTF-8."""
    assert [p.message for p in parse(b"title = '\xe9'").problems] == ["the configuration is not UTF-8"]
    assert [p.message for p in parse("#" * 65537).problems] == ["the configuration is longer than 64 KiB"]


def test_unknown_keys_and_missing_feed_ids_are_warnings() -> None:
    """The configuration counts all the same."""
    parsed = parse('titel = "x"\nurl = "https://example.org"\n[theme]\naccnt = "teal"\n[feeds]\nid_autority = "x"\n')

    assert parsed.config is not None
    assert [str(problem) for problem in parsed.problems] == [
        "blog.toml:1:1: unknown-key: the key 'titel' is unknown (did you mean `title`?)",
        "blog.toml:4:1: unknown-key: the key 'theme.accnt' is unknown (did you mean `accent`?)",
        "blog.toml:6:1: unknown-key: the key 'feeds.id_autority' is unknown (did you mean `id_authority`?)",
        "blog.toml:2:1: feed-ids: the ids in feeds are tied to the host of `url`: feed readers show all posts"
        ' again when it changes (write [feeds] and below it id_authority = "example.org",'
        " and leave it for ever)",
    ]
    assert all(problem.severity is Severity.WARNING for problem in parsed.problems)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(
    st.one_of(
        st.binary(max_size=100),
        st.lists(st.sampled_from(["title", "url", "=", '"', "[", "]", "[[author]]", "\n", ".", "1", "é", "{"])).map(
            lambda parts: "".join(parts).encode()
        ),
    )
)
def test_no_bytes_raise(data: bytes) -> None:
    """Whatever is pushed, the answer is a configuration or errors."""
    parsed = parse(data)

    assert (parsed.config is None) == any(p.severity is Severity.ERROR for p in parsed.problems)
