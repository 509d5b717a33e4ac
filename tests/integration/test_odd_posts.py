"""The fifteen odd posts through the whole program: git, sync, page, status. The neighbour is published each time.

Other engines take the site down, or put the odd post live wrong; which does what is in their own documents.
Here a post that cannot be read is held back at its last good version, and its author is told where and why.
"""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from werkzeug.test import Client

from gitblog.web import Serving
from tests.served_site import START, VERSION, ServedSite, post

ODD, ADDRESS = "posts/odd.md", "/2026/01/odd/"
GOOD = post(body="The good old words.", title="Good")
DAY = "date: 2026-01-01\n"


@dataclass(frozen=True)
class Odd:
    """An odd file: what its author is told, and what readers get of it.

    `shown` is the title and a part of the body, "" where the file itself is not shown. `reason` is that of
    `gitblog list` where the file is new. `keeps` says whether a good version before it stays.
    """

    name: str
    data: bytes
    told: str = ""
    shown: tuple[str, str] | None = None
    reason: str | None = None
    keeps: bool = False

    @property
    def problems(self) -> list[str]:
        """Give the complaints as reports show them."""
        return [f"{ODD}:{line}" for line in self.told.split("\n") if line]


def _broken(name: str, data: str, told: str) -> Odd:
    return Odd(name, data.encode(), told, reason="broken", keeps=True)


BODY = "Odd words."
CASES = (
    _broken(
        "unclosed-quote",
        f'---\n{DAY}title: "Odd\ntags: x\n---\n{BODY}\n',
        "3:8: front-matter: a quote is opened here and never closed (close it)",
    ),
    Odd(
        "colon-in-the-title",
        f"---\n{DAY}title: Foo: bar\n---\n{BODY}\n".encode(),
        "3:8: colon: the value of `title` holds a colon and is not quoted; it was taken as written"
        ' (write title: "Foo: bar")',
        ("Foo: bar", BODY),
    ),
    _broken(
        "never-closed",
        f"---\n{DAY}title: Odd\n\n{BODY}\n",
        "1:1: front-matter: the front matter is never closed (put a line `---` after its last key)",
    ),
    _broken(
        "no-date-at-all",
        f"---\ntitle: Odd\ndate: 2026-13-45\n---\n{BODY}\n",
        "3:1: date: `date`: `2026-13-45` is not a date (write it as 2024-01-05 or 2024-01-05T10:00:00+01:00)",
    ),
    Odd("title-in-the-heading", f"---\n{DAY}---\n# From *the* heading\n\n{BODY}\n".encode(), "", ("From", BODY)),
    Odd("no-title-anywhere", f"---\n{DAY}---\n{BODY}\n".encode(), "", ("Odd", BODY)),
    _broken(
        "tab",
        f"---\n{DAY}tags:\n\t- a\n---\n{BODY}\n",
        "4:1: front-matter: a tab indents this line (indent with spaces)",
    ),
    Odd(
        "latin-1",
        f"---\n{DAY}title: Café\n---\n{BODY} “Ça va?”\n".encode("cp1252"),
        "3:11: encoding: the file is not UTF-8 here; it was read as Windows-1252 (save it as UTF-8)",
        ("Café", "“Ça va?”"),
    ),
    _broken(
        "merge-conflict",
        f"---\n{DAY}title: Odd\n---\n<<<<<<< HEAD\nmine\n=======\nyours\n>>>>>>> theirs\n",
        "5:1: conflict: the markers of an unfinished merge stand here (choose one side, and remove the marker lines)",
    ),
    Odd(
        "conflict-markers-in-code",
        f"---\n{DAY}title: Odd\n---\n```\n<<<<<<< HEAD\n=======\n>>>>>>> theirs\n```\n".encode(),
        "",
        ("Odd", "&lt;&lt;&lt;&lt;&lt;&lt;&lt; HEAD"),
    ),
    Odd(
        "duplicate-key",
        f"---\n{DAY}title: One\ntitle: Two\n---\n{BODY}\n".encode(),
        "4:1: duplicate-key: the key `title` is written twice; the last one counts (remove one of the two)",
        ("Two", BODY),
    ),
    Odd("future", f"---\ndate: 2026-01-02T04:04:05Z\ntitle: Odd\n---\n{BODY}\n".encode(), reason="scheduled"),
    Odd(
        "quoted-draft",
        f'---\n{DAY}title: Odd\ndraft: "yes"\n---\n{BODY}\n'.encode(),
        "4:1: quoted: `draft` is text in quotes; it was read as true (write true without quotes)",
        reason="draft",
    ),
    Odd("byte-order-mark", f"\ufeff---\n{DAY}title: Odd\n---\n{BODY}\n".encode(), "", ("Odd", BODY)),
    Odd("no-front-matter", f"# A heading #\n\n{BODY}\n".encode(), "", ("A heading", BODY)),
    Odd(
        "dead-links",
        f"---\n{DAY}title: Odd\n---\n{BODY}\n[gone](god.md)\n![gone](of-the-sea-at-night.png)\n".encode(),
        "6:0: dead-link: the link to posts/god.md leads nowhere (did you mean posts/good.md?)\n"
        "7:0: dead-link: the link to posts/of-the-sea-at-night.png leads nowhere (mend the link, or add the file)",
        ("Odd", BODY),
    ),
)
BY_NAME = pytest.mark.parametrize("odd", CASES, ids=[odd.name for odd in CASES])


def _assert_neighbour(site: ServedSite) -> None:
    assert "The good old words." in site.text("/2026/01/good/")
    assert 'href="/2026/01/good/"' in site.text("/")


def _assert_shown(site: ServedSite, title: str, part: str) -> None:
    page = site.text(ADDRESS)
    assert f">{title}" in page
    assert part in page
    assert f'href="{ADDRESS}"' in site.text("/")


@BY_NAME
def test_a_new_odd_post(site: ServedSite, odd: Odd) -> None:
    """Published with a warning, or held with a whole message; a held one's text is nowhere."""
    site.push({"posts/good.md": GOOD, ODD: odd.data})

    assert odd.problems == site.problems()
    _assert_neighbour(site)
    line = site.listed()[ODD]
    if odd.shown:
        assert (line.status, line.reason, line.url) == ("published", None, ADDRESS)
        _assert_shown(site, *odd.shown)
        return
    assert (line.status, line.reason) == ("held", odd.reason)
    assert site.status_of(ADDRESS) == 404
    for listing in ("/", "/feed.xml", "/sitemap.xml", "/archive/"):
        assert "odd" not in site.text(listing).lower()


@BY_NAME
def test_an_odd_version_of_a_live_post(small_site: ServedSite, odd: Odd) -> None:
    """What cannot be read keeps the last good version live; what can be read counts, a hold as well."""
    small_site.push({"posts/good.md": GOOD, ODD: post(body="The words before.", title="Before")})
    assert "The words before." in small_site.text(ADDRESS)
    small_site.push({ODD: odd.data}, at=START + 60)

    assert odd.problems == small_site.problems()
    _assert_neighbour(small_site)
    line = small_site.listed()[ODD]
    if odd.keeps:
        assert (line.status, line.reason, line.url) == ("published", "broken", ADDRESS)
        _assert_shown(small_site, "Before", "The words before.")
    elif odd.shown:
        assert (line.status, line.reason) == ("published", None)
        _assert_shown(small_site, *odd.shown)
        assert "The words before." not in small_site.text(ADDRESS)
    else:
        assert (line.status, line.reason) == ("held", odd.reason)
        assert small_site.status_of(ADDRESS) == 404


@BY_NAME
def test_an_odd_post_that_is_mended_is_live(small_site: ServedSite, odd: Odd) -> None:
    """Nothing that was wrong once stays: no problem, and the new words."""
    small_site.push({"posts/good.md": GOOD, ODD: odd.data})
    small_site.push({ODD: post(body="Mended words.", title="Mended")}, at=START + 60)

    assert small_site.problems() == []
    _assert_neighbour(small_site)
    _assert_shown(small_site, "Mended", "Mended words.")


def test_a_scheduled_post_appears_at_its_second(site: ServedSite) -> None:
    """Without a push, and with nothing to complain about before or after."""
    (odd,) = [case for case in CASES if case.name == "future"]
    site.push({"posts/good.md": GOOD, ODD: odd.data})
    seen = []
    for now in (START + 3599, START + 3600):
        site.now = now
        seen.append((site.status_of(ADDRESS), site.listed()[ODD].status, site.problems()))

    assert seen == [(404, "held", []), (200, "published", [])]


def test_a_post_without_front_matter_has_the_date_of_its_first_commit(site: ServedSite) -> None:
    """A later edit moves neither its date nor its address."""
    site.push({ODD: "# A heading\n\nWords.\n"}, at=START - 40 * 86_400)
    site.push({ODD: "# A heading\n\nMore words.\n"})

    assert site.listed()[ODD].date == "2025-11-23T03:04:05+00:00"
    assert "More words." in site.text("/2025/11/odd/")


def test_of_two_posts_at_one_address_the_older_answers(site: ServedSite) -> None:
    """Whatever their names: the one that was there first stays, and the message names both files."""
    site.push({"posts/z.md": post("slug: same", title="First", body="The first words.")})
    site.push({"posts/a.md": post("slug: same", title="Second"), "posts/good.md": GOOD}, at=START + 60)

    assert "The first words." in site.text("/2026/01/same/")
    _assert_neighbour(site)
    assert site.problems() == [
        "posts/a.md:0:0: shadowed: /2026/01/same/ belongs to posts/z.md, which is older; this file is not shown"
        " (give one of the two another slug or permalink)"
    ]
    assert {path: (line.status, line.reason) for path, line in site.listed().items()} == {
        "posts/a.md": ("held", "shadowed"),
        "posts/good.md": ("published", None),
        "posts/z.md": ("published", None),
    }
    assert "Second" not in site.text("/") + site.text("/feed.xml")
    site.push({"posts/z.md": None}, at=START + 120)
    assert "Second" in site.text("/2026/01/same/")
    assert site.problems() == []


def test_the_status_page_shows_the_author_what_is_wrong(small_site: ServedSite) -> None:
    """With the token, in HTML and in JSON; without it not even a file's name."""
    (odd,) = [case for case in CASES if case.name == "unclosed-quote"]
    small_site.push({"posts/good.md": GOOD, ODD: odd.data})
    client = Client(small_site.app(Serving(VERSION, status_token="t" * 20)))
    token = {"Authorization": "Bearer " + "t" * 20}
    answer = client.get("/-/status?format=json", headers=token).get_json()
    page = client.get("/-/status", headers=token).get_data(as_text=True)

    assert answer["problems"] == [
        {
            "path": ODD,
            "line": 3,
            "column": 8,
            "reason": "front-matter",
            "message": "a quote is opened here and never closed",
            "hint": "close it",
            "severity": "error",
            "text": f"{ODD}:3:8: front-matter: a quote is opened here and never closed (close it)",
        }
    ]
    assert f"{ODD}:3:8" in page
    assert "a quote is opened here and never closed" in page
    for closed in ("/-/status", "/-/status?format=json"):
        assert "odd" not in client.get(closed).get_data(as_text=True)
