"""What machines read, on a real index: the Atom feed, the sitemap, robots.txt."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit

import feedparser
import pytest
from lxml import etree  # type: ignore[import-untyped]  # it publishes no types

from gitblog.web import feeds
from tests.served_site import ServedSite, post

ATOM = "{http://www.w3.org/2005/Atom}"
SITEMAP = "{http://www.sitemaps.org/schemas/sitemap/0.9}"


def _feed(site: ServedSite, address: str = "/feed.xml") -> Any:
    parsed = feedparser.parse(site.get(address).data)

    assert not parsed.bozo, parsed.get("bozo_exception")
    assert parsed.version == "atom10"
    return parsed


def _ids(site: ServedSite) -> dict[str, str]:
    return {entry.title: entry.id for entry in _feed(site).entries}


def _locations(site: ServedSite, address: str) -> list[str]:
    root = etree.fromstring(site.get(address).data)
    return [element.text or "" for element in root.iter(f"{SITEMAP}loc")]


def test_an_entry_is_the_whole_post_with_absolute_links(site: ServedSite) -> None:
    """Readers elsewhere have no page to hold a link against; what is not served leads nowhere."""
    body = "[b](b.md#x) ![c](cat.png) [t](/tags/) [far](https://far.test/a?b=c&d) [gone](gone.md) note[^1]\n\n[^1]: n"
    site.push(
        {
            "blog.toml": 'url = "https://example.org/b"\ntitle = "T & <t>"\n[[author]]\nname = "Ann"\n',
            "posts/a/index.md": post("tags: [x, y]", "author: Bob", "description: In short", body=body, title="A < B"),
            "posts/a/b.md": "# Other\n",
            "posts/a/cat.png": b"picture",
        }
    )
    entry = {entry.title: entry for entry in _feed(site, "/b/feed.xml").entries}["A < B"]

    html = entry.content[0].value
    assert 'href="https://example.org/b/tags/"' in html
    assert 'src="https://example.org/b/2026/01/a/cat.png"' in html
    assert 'href="https://far.test/a?b=c&amp;d"' in html
    assert "gone.md" not in html
    assert "gitblog:" not in html
    assert entry.link == "https://example.org/b/2026/01/a/"
    assert (entry.author, entry.summary) == ("Bob", "In short")
    assert [tag.term for tag in entry.tags] == ["x", "y"]


def test_the_feed_is_valid_atom(site: ServedSite) -> None:
    """RFC 4287, 4.1: exactly one id, title and updated each; an author everywhere; absolute alternate links."""
    site.push({f"posts/p{number}.md": post(title=f"No {number}") for number in range(25)})
    root = etree.fromstring(site.get("/feed.xml").data)
    entries = root.findall(f"{ATOM}entry")

    assert len(entries) == feeds.FEED_POSTS
    assert len({entry.findtext(f"{ATOM}id") for entry in entries}) == feeds.FEED_POSTS
    for element in (root, *entries):
        for name in ("id", "title", "updated"):
            assert len(element.findall(f"{ATOM}{name}")) == 1
        assert element.findtext(f"{ATOM}id", "").startswith("tag:localhost,2026:")
        links = {link.get("rel"): link.get("href", "") for link in element.findall(f"{ATOM}link")}
        assert urlsplit(links["alternate"]).scheme == "http"
    assert root.find(f"{ATOM}author") is not None
    assert site.get("/feed.xml").headers["Content-Type"] == "application/atom+xml; charset=utf-8"


def test_characters_that_xml_cannot_hold_are_left_out(small_site: ServedSite) -> None:
    """One control character must not make the whole feed unreadable."""
    small_site.push({"posts/a.md": post(body="be\x0bll \x1b\ufffe\x0c")})

    assert "<p>bell" in _feed(small_site).entries[0].content[0].value
    assert small_site.status_of("/2026/01/a/") == 200


def test_ids_last_whatever_changes(site: ServedSite) -> None:
    """Neither a new slug, a rename, another base path nor another host makes a read entry unread."""
    config = '[feeds]\nid_authority = "ann.example"\n'
    site.push({"blog.toml": f'url = "https://one.test/b"\n{config}', "posts/a.md": post(body="A long way." * 9)})
    before = _feed(site, "/b/feed.xml")
    assert _feed(site, "/b/feed.xml").entries[0].id == "tag:ann.example,2026:posts/a.md"
    site.push({"blog.toml": f'url = "https://two.test"\npermalink = "/:slug/"\n{config}'}, at=site.now + 60)
    site.push({"posts/a.md": None, "posts/z.md": post("slug: new", body="A long way." * 9)}, at=site.now + 120)
    after = _feed(site)

    assert after.entries[0].link == "https://two.test/new/"
    assert after.entries[0].id == before.entries[0].id
    assert after.feed.id == before.feed.id


def test_without_an_authority_the_host_of_the_url_names_the_feed(site: ServedSite) -> None:
    """The documented fall-backs: the host without its port, then localhost."""
    site.push({"posts/a.md": post()})
    assert _ids(site) == {"A title": "tag:localhost,2026:posts/a.md"}
    site.push({"blog.toml": 'url = "https://example.org:8443/b"\n'})

    assert _feed(site, "/b/feed.xml").entries[0].id == "tag:example.org,2026:posts/a.md"


def test_the_sitemap_holds_what_search_engines_may_list(site: ServedSite) -> None:
    """One list of absolute addresses: posts and pages, and the home page; not drafts, unlisted or noindex."""
    site.push(
        {
            "blog.toml": 'url = "https://example.org"\n',
            "posts/käse & co.md": post(),
            "posts/draft.md": post("draft: true"),
            "posts/unlisted.md": post("unlisted: true"),
            "posts/noindex.md": post("noindex: true"),
            "posts/later.md": post(date="2030-01-01"),
            "pages/about.md": "# About\n",
        }
    )

    assert _locations(site, "/sitemap.xml") == [
        "https://example.org/",
        "https://example.org/2026/01/k%C3%A4se-co/",
        "https://example.org/about/",
    ]
    assert site.text("/sitemap.xml").count("<urlset") == 1
    assert len(re.findall(r"<lastmod>2026-01-0\dT\d\d:\d\d:\d\d\+00:00</lastmod>", site.text("/sitemap.xml"))) == 3


def test_a_sitemap_above_the_limit_is_an_index_of_parts(site: ServedSite, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every address is in exactly one part; up to the limit there is one list and no part."""
    assert feeds.SITEMAP_LIMIT == 50_000
    site.push({f"posts/p{number}.md": post() for number in range(6)})
    monkeypatch.setattr(feeds, "SITEMAP_LIMIT", 7)
    assert site.status_of("/sitemap-1.xml") == 404
    whole = _locations(site, "/sitemap.xml")
    monkeypatch.setattr(feeds, "SITEMAP_LIMIT", 3)
    site.push({"posts/p6.md": post()})
    parts = _locations(site, "/sitemap.xml")

    assert len(whole) == 7
    assert parts == [f"http://localhost/sitemap-{number}.xml" for number in (1, 2, 3)]
    found = [_locations(site, part.removeprefix("http://localhost")) for part in parts]
    assert [len(each) for each in found] == [3, 3, 2]
    assert sorted(location for each in found for location in each) == sorted([*whole, "http://localhost/2026/01/p6/"])
    assert [site.status_of(f"/sitemap-{number}.xml") for number in ("0", "4", "01")] == [404, 404, 404]
