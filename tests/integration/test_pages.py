"""Pages and listings on a real index: what is on them, whose address wins, base paths, hosts."""

from __future__ import annotations

import re

import pytest
from werkzeug.test import Client

from gitblog.web import Serving, listings
from gitblog.web.hosts import NOWHERE
from tests.served_site import VERSION, ServedSite, Tree, post

LINK = re.compile(r'(?:href|src)="([^"]*)"')


def _posts(count: int, *lines: str) -> Tree:
    return {
        f"posts/p{number:03}.md": post(*lines, title=f"Post {number:03}", date=f"2025-{number % 12 + 1:02}-03")
        for number in range(count)
    }


def _titles(html: str) -> list[str]:
    return re.findall(r">(Post \d+)</a>", html)


def test_an_empty_blog_answers(site: ServedSite) -> None:
    """Before the first post every listing and feed is there, and the rest is 404."""
    site.push({"blog.toml": ""})
    for address in ("/", "/tags/", "/archive/", "/feed.xml", "/sitemap.xml", "/robots.txt"):
        assert (address, site.status_of(address)) == (address, 200)
    for address in ("/page/2/", "/tags/x/", "/2026/"):
        assert (address, site.status_of(address)) == (address, 404)
    assert "Nothing is published here yet" in site.text("/")


def test_numbered_pages_hold_every_post_once_newest_first(site: ServedSite) -> None:
    """Equal dates are ordered by path; a number has one form, and none lies past the end."""
    site.push({"blog.toml": "posts_per_page = 5\n", **_posts(13, "tags: [all]")})
    expected = sorted(range(13), key=lambda number: (-(number % 12), number))
    for top in ("/", "/tags/all/"):
        pages = [site.text(top), site.text(f"{top}page/2/"), site.text(f"{top}page/3/")]

        assert [title for page in pages for title in _titles(page)] == [f"Post {number:03}" for number in expected]
        assert "Page 2 of 3" in pages[1]
        assert f'rel="prev" href="{top}"' in pages[1]
        assert f'rel="next" href="{top}page/3/"' in pages[1]
        assert site.get(f"{top}page/1/").headers["Location"] == top
        for wrong in ("page/0/", "page/4/", "page/02/", "page/-1/", "page/x/", "page/99999999999999999999/"):
            assert (wrong, site.status_of(top + wrong)) == (wrong, 404)


def test_the_archive_is_one_page_up_to_its_limit_and_one_a_year_above(
    site: ServedSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Readers find every post either way; a year's own page is there in both."""
    assert listings.ARCHIVE_LIMIT == 1000
    monkeypatch.setattr(listings, "ARCHIVE_LIMIT", 4)
    old = {"posts/old.md": post(title="Post 900", date="2019-05-05")}
    site.push({**_posts(3), **old})
    whole = site.text("/archive/")
    site.push({"posts/older.md": post(title="Post 901", date="2019-05-04")})
    split = site.text("/archive/")

    assert _titles(whole) == ["Post 002", "Post 001", "Post 000", "Post 900"]
    assert _titles(split) == []
    assert [link for link in LINK.findall(split) if re.fullmatch(r"/\d{4}/", link)] == ["/2025/", "/2019/"]
    assert _titles(site.text("/2025/")) == ["Post 002", "Post 001", "Post 000"]
    assert _titles(site.text("/2019/")) == ["Post 900", "Post 901"]


def test_a_year_is_that_of_the_sites_time_zone(site: ServedSite) -> None:
    """A post of New Year's night belongs to the year in which its readers live."""
    night = post(title="Post 001", date="2025-12-31T23:30:00Z")
    site.push({"blog.toml": 'timezone = "Europe/Berlin"\n', "posts/night.md": night})

    assert _titles(site.text("/2026/")) == ["Post 001"]
    assert site.status_of("/2025/") == 404
    assert site.status_of("/2026/01/night/") == 200


@pytest.mark.parametrize(
    ("tag", "address"),
    [
        ("C++", "/tags/c/"),
        ("Über uns", "/tags/%C3%BCber-uns/"),
        ("日本", "/tags/%E6%97%A5%E6%9C%AC/"),
        ("+++", "/tags/+++/"),
        ("🎉", "/tags/%F0%9F%8E%89/"),
        ("?", "/tags/%3F/"),
        ("a/b", "/tags/a-b/"),
    ],
)
def test_the_link_of_a_tag_leads_to_its_page(small_site: ServedSite, tag: str, address: str) -> None:
    """Whatever characters an author uses."""
    small_site.push({"posts/a.md": post(f'tags: ["{tag}"]', title="Post 001")})

    assert address in LINK.findall(small_site.text("/tags/"))
    assert _titles(small_site.text(address)) == ["Post 001"]


def test_the_authors_own_page_wins_over_a_generated_one(site: ServedSite) -> None:
    """By its permalink or as a file of static; when it goes the generated one is back."""
    generated = _generated(site)
    own = {
        "pages/archive.md": "---\ntitle: Mine\n---\nMY OWN\n",
        "pages/tags.md": "---\ntitle: Mine\n---\nMY OWN\n",
        "pages/index.md": "---\ntitle: Mine\n---\nMY OWN\n",
        "pages/year.md": "---\ntitle: Mine\npermalink: /2026/\n---\nMY OWN\n",
        "static/feed.xml": "<mine>MY OWN</mine>",
        "static/sitemap.xml": "<mine>MY OWN</mine>",
        "static/robots.txt": "# MY OWN",
    }
    site.push(own)
    for address in generated:
        assert ("MY OWN" in site.text(address), address) == (True, address)
    site.push(dict.fromkeys(own))
    assert {address: site.text(address) for address in generated} == generated


def _generated(site: ServedSite) -> dict[str, str]:
    site.push({"posts/a.md": post(title="Post 001")})
    addresses = ("/archive/", "/tags/", "/", "/2026/", "/feed.xml", "/sitemap.xml", "/robots.txt")
    return {address: site.text(address) for address in addresses}


def test_an_unlisted_post_is_read_by_those_who_know_its_address(site: ServedSite) -> None:
    """It is on no listing and in no feed, and has no neighbours."""
    site.push({**_posts(2, "tags: [x]"), "posts/hidden.md": post("unlisted: true", "tags: [x]", title="Post 777")})

    for address in ("/", "/archive/", "/tags/x/", "/feed.xml", "/sitemap.xml"):
        assert "777" not in site.text(address)
        assert "hidden" not in site.text(address)
    assert "neighbours" not in site.text("/2026/01/hidden/")


# --- base path -------------------------------------------------------------------------------------


def test_a_site_with_a_base_path_answers_below_it_alone(site: ServedSite) -> None:
    """The root leads there, links carry it, and what is not the author's stays at the root of the host."""
    site.push(
        {
            "blog.toml": 'url = "https://example.org/b"\nposts_per_page = 1\n[[menu]]\ntitle = "Me"\nurl = "/about/"\n',
            "posts/a/index.md": post("tags: [t]", "aliases: /old/", body="[me](/about/) ![c](c.png) [b](../b.md)"),
            "posts/a/c.png": b"picture",
            "posts/b.md": post(title="Other", body="[up](/archive/) [file](/logo.txt)"),
            "pages/about.md": "# About\n",
            "static/logo.txt": "logo",
        }
    )
    below = ["/", "/page/2/", "/tags/", "/tags/t/", "/archive/", "/2026/", "/feed.xml", "/sitemap.xml", "/robots.txt"]
    below += ["/2026/01/a/", "/2026/01/a/c.png", "/2026/01/b/", "/about/", "/logo.txt"]
    for address in below:
        assert (address, site.status_of("/b" + address)) == (address, 200)
        if address != "/":
            assert (address, site.status_of(address)) == (address, 404)
        for link in LINK.findall(site.text("/b" + address)):
            path = link.removeprefix("https://example.org")
            assert path.startswith(("/b/", "/-/", "#")), (address, link)
            assert path.startswith("#") or site.status_of(path) == 200, (address, link)
    assert site.get("/").headers["Location"] == "/b/"
    assert site.get("/b").headers["Location"] == "/b/"
    assert site.get("/b/old/").headers["Location"] == "/b/2026/01/a/"
    assert site.status_of("/old/") == 404
    assert site.status_of("/-/status") == 200
    assert [site.status_of(f"/b/-/{name}") for name in ("status", "healthz")] == [404, 404]


def test_a_base_path_that_changes_leaves_redirects(site: ServedSite) -> None:
    """Former addresses keep their own base path; files of bundles go along with their posts."""
    tree: Tree = {"posts/a/index.md": post(body="![c](c.png)"), "posts/a/c.png": b"picture"}
    site.push({"blog.toml": 'url = "https://example.org/b"\n', **tree})
    assert site.status_of("/b/2026/01/a/") == 200
    site.push({"blog.toml": 'url = "https://example.org/c"\n'}, at=site.now + 60)
    assert site.get("/b/2026/01/a/").headers["Location"] == "/c/2026/01/a/"
    assert site.get("/b/2026/01/a/c.png").headers["Location"] == "/c/2026/01/a/c.png"
    site.push({"blog.toml": 'url = "https://example.org"\n'}, at=site.now + 120)

    for base in ("/b", "/c"):
        assert site.get(f"{base}/2026/01/a/").headers["Location"] == "/2026/01/a/"
        assert site.get(f"{base}/2026/01/a/c.png").headers["Location"] == "/2026/01/a/c.png"
    assert site.status_of("/2026/01/a/c.png") == 200


# --- hosts ------------------------------------------------------------------------------------------


def test_bodies_and_redirects_do_not_depend_on_the_host(small_site: ServedSite) -> None:
    """Two names for one server show the same bytes; a Location names no host."""
    small_site.push({**_posts(2, "tags: [t]", "aliases: /old/"), "static/a.txt": "a"})
    fresh = Client(small_site.app())
    for address in ("/", "/tags/t/", "/archive/", "/feed.xml", "/sitemap.xml", "/robots.txt", "/a.txt", "/nothing/"):
        plain = small_site.get(address)
        other = fresh.get(address, headers={"Host": "other.test:81", "X-Forwarded-Host": "evil.test"})

        assert (plain.status, plain.data, dict(plain.headers)) == (other.status, other.data, dict(other.headers))
        assert "evil.test" not in other.get_data(as_text=True)
    assert fresh.get("/old/", headers={"Host": "other.test"}).headers["Location"].startswith("/2025/")


@pytest.mark.parametrize(
    ("configured", "setting", "origin"),
    [
        ("", "", ""),
        ("https://example.org", "", "https://example.org"),
        ("", "https://set.test", "https://set.test"),
        ("https://example.org", "https://set.test", "https://set.test"),
    ],
)
def test_absolute_links_use_the_setting_else_the_configuration(
    small_site: ServedSite, configured: str, setting: str, origin: str
) -> None:
    """With neither, pages have no canonical link, and feeds and the sitemap say localhost."""
    small_site.push({"blog.toml": f'url = "{configured}"\n' if configured else "", **_posts(1)})
    client = Client(small_site.app(Serving(VERSION, site_url=setting)))
    host = {"Host": setting.removeprefix("https://") or "localhost"}
    bodies = {
        name: client.get(name, headers=host).get_data(as_text=True)
        for name in ("/", "/2025/01/p000/", "/feed.xml", "/sitemap.xml", "/robots.txt")
    }

    canonical = f'<link rel="canonical" href="{origin}/2025/01/p000/">'
    assert (canonical in bodies["/2025/01/p000/"]) == bool(origin)
    assert ("canonical" in bodies["/"]) == bool(origin)
    assert f'href="{origin or NOWHERE}/2025/01/p000/"' in bodies["/feed.xml"]
    assert f"<loc>{origin or NOWHERE}/2025/01/p000/</loc>" in bodies["/sitemap.xml"]
    assert (f"Sitemap: {origin}/sitemap.xml" in bodies["/robots.txt"]) == bool(origin)


def test_only_the_set_host_is_served(small_site: ServedSite) -> None:
    """301 for GET and HEAD, path and query kept; never under `/-/`, never for a POST."""
    revision = small_site.push(_posts(1))
    client = Client(small_site.app(Serving(VERSION, site_url="https://set.test")))
    other = {"Host": "other.test"}
    for answer in (client.get("/a%20b/?q=1&x=%2F", headers=other), client.head("/a%20b/?q=1&x=%2F", headers=other)):
        assert (answer.status_code, answer.headers["Location"]) == (301, "https://set.test/a%20b/?q=1&x=%2F")
        assert answer.headers["X-Gitblog-Revision"] == revision

    assert client.get("/", headers={"Host": "set.test"}).status_code == 200
    assert client.get("/-/healthz", headers=other).status_code == 200
    assert client.post("/", headers=other).status_code == 405


@pytest.mark.parametrize(
    ("proxies", "forwarded", "status"),
    [
        (0, {"X-Forwarded-Host": "set.test", "X-Forwarded-Proto": "https"}, 301),
        (1, {"X-Forwarded-Host": "set.test", "X-Forwarded-Proto": "https"}, 200),
        (1, {"X-Forwarded-Host": "set.test", "X-Forwarded-Proto": "http"}, 301),
        (1, {"X-Forwarded-Host": "other.test", "X-Forwarded-Proto": "https"}, 301),
        # The first of two is what the client made up.
        (1, {"X-Forwarded-Host": "set.test, other.test", "X-Forwarded-Proto": "https"}, 301),
        (2, {"X-Forwarded-Host": "set.test, inner.test", "X-Forwarded-Proto": "https, http"}, 200),
    ],
)
def test_what_a_proxy_says_counts_as_far_as_it_is_trusted(
    small_site: ServedSite, proxies: int, forwarded: dict[str, str], status: int
) -> None:
    """TRUSTED_PROXIES says how many of the names in X-Forwarded-* are true, from the right."""
    small_site.push(_posts(1))
    client = Client(small_site.app(Serving(VERSION, site_url="https://set.test", trusted_proxies=proxies)))

    assert client.get("/", headers={"Host": "inner.test", **forwarded}).status_code == status
