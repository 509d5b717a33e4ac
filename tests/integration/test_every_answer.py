"""What every public answer carries, for each kind of address, on a real index."""

from __future__ import annotations

import pytest
from werkzeug.test import Client, TestResponse

from gitblog.errors import IndexUnavailableError
from gitblog.web import Serving
from tests.served_site import VERSION, ServedSite, post

PICTURE = b"\x89PNG\r\n\x1a\n" + bytes(range(200))
DRAWING = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
MOVED = post("tags: [git]", "aliases: /old-name/", title="Moved", date="2026-01-02")

# Each kind of address, and the status with which it answers.
ADDRESSES = {
    "/": 200,
    "/page/2/": 200,
    "/page/1/": 301,
    "/page/9/": 404,
    "/tags/": 200,
    "/tags/git/": 200,
    "/tags/git/page/2/": 200,
    "/tags/git/page/1/": 301,
    "/tags/nobody/": 404,
    "/categories/": 200,
    "/series/": 200,
    "/series/nothing/": 404,
    "/authors/": 200,
    "/authors/nobody/": 404,
    "/archive/": 200,
    "/archive": 301,
    "/2026/": 200,
    "/1999/": 404,
    "/2026/01/": 200,
    "/2026/12/": 404,
    "/2026/01": 301,
    "/feed.xml": 200,
    "/sitemap.xml": 200,
    "/sitemap-1.xml": 404,
    "/robots.txt": 200,
    "/search/": 200,
    "/2026/01/bundle/": 200,
    "/2026/01/bundle": 301,
    "/2026/01/bundle/cat.png": 200,
    "/2026/01/bundle/nothing.png": 404,
    "/2026/01/moved/": 200,
    "/2026/01/before/": 301,
    "/old-name/": 301,
    "/2026/01/short-lived/": 410,
    "/2026/01/a-draft/": 404,
    "/about/": 200,
    "/logo.svg": 200,
    "/logo.svg/": 404,
    "/feed.xml/": 301,
    "/about//": 404,
    "/nothing/": 404,
    "/%ff": 404,
    "/%00": 404,
    "/" + "x" * 3000: 404,
}


def _fill(site: ServedSite) -> str:
    site.push(
        {
            "blog.toml": 'posts_per_page = 1\nurl = "https://example.org"\n',
            "posts/before.md": MOVED,
            "posts/short-lived.md": "---\ndate: 2026-01-01\n---\nGone soon, and like no other.\n",
        }
    )
    return site.push(
        {
            "posts/before.md": None,
            "posts/moved.md": MOVED,
            "posts/short-lived.md": None,
            "posts/a-draft.md": post("draft: true"),
            "posts/bundle/index.md": post("tags: [git]", body="![a cat](cat.png)"),
            "posts/bundle/cat.png": PICTURE,
            "pages/about.md": "# About\n\nWho writes.\n",
            "static/logo.svg": DRAWING,
        }
    )


def _assert_common(response: TestResponse, revision: str, address: str) -> None:
    headers = response.headers
    assert headers["X-Gitblog-Revision"] == revision, address
    assert headers["ETag"].startswith('"'), address
    assert "Cache-Control" in headers, address
    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"], address
    assert "unsafe" not in headers["Content-Security-Policy"], address
    assert headers["X-Content-Type-Options"] == "nosniff", address
    assert headers["Referrer-Policy"] == "strict-origin-when-cross-origin", address


def test_every_kind_of_address_answers_with_every_header(site: ServedSite) -> None:
    """Cached or not, for GET and HEAD: status, revision, tag, caching and security are there, and equal."""
    revision = _fill(site)
    for address, status in ADDRESSES.items():
        first, second = site.get(address), site.get(address)
        head = site.client.head(address)

        for response in (first, second, head):
            assert (response.status_code, address) == (status, address)
            _assert_common(response, revision, address)
        assert first.data == second.data, address
        assert head.data == b""
        assert dict(first.headers) == dict(second.headers) == dict(head.headers), address


def test_a_head_before_any_get_has_the_headers_of_a_get(small_site: ServedSite) -> None:
    """Nothing is in the page cache then."""
    _fill(small_site)
    for address in ADDRESSES:
        head = small_site.client.head(address)
        whole = small_site.get(address)

        assert head.data == b""
        assert dict(head.headers) == dict(whole.headers), address


def test_a_copy_that_is_still_good_is_not_sent_again(small_site: ServedSite) -> None:
    """304 for every 200, cached or not, with the revision; anything else is answered whole."""
    revision = _fill(small_site)
    for address, status in ADDRESSES.items():
        tag = small_site.get(address).headers["ETag"]
        cold = Client(small_site.app()).get(address, headers={"If-None-Match": f'"other", W/{tag}'})
        warm = small_site.get(address, headers={"If-None-Match": tag})
        other = small_site.get(address, headers={"If-None-Match": '"other"'})

        for response in (cold, warm):
            assert response.status_code == (304 if status == 200 else status), address
            _assert_common(response, revision, address)
            assert response.headers["ETag"] == tag
            if status == 200:
                assert response.data == b""
                assert "Content-Type" not in response.headers
                assert "Content-Length" not in response.headers
        assert (other.status_code, other.headers["ETag"]) == (status, tag), address


def test_the_tag_of_a_page_changes_with_it_and_only_then(small_site: ServedSite) -> None:
    """A push that changes another post leaves a reader's copy good, though the revision is another."""
    first = _fill(small_site)
    page, listing = small_site.get("/about/"), small_site.get("/archive/")
    second = small_site.push({"posts/new.md": post(title="A new one")})

    assert small_site.get("/about/").headers["ETag"] == page.headers["ETag"]
    assert small_site.get("/archive/").headers["ETag"] != listing.headers["ETag"]
    assert page.headers["X-Gitblog-Revision"] == first
    assert small_site.get("/about/").headers["X-Gitblog-Revision"] == second


def test_a_query_that_nobody_knows_changes_nothing(small_site: ServedSite) -> None:
    """Trackers put parameters on links: every address answers as without them, and a redirect does not carry them."""
    _fill(small_site)
    # Search reads its query, and so does the redirect to it.
    for address in ADDRESSES.keys() - {"/search/", "/search"}:
        plain = small_site.get(address)
        for query in ("?utm_source=x&fbclid=1", "?page=2", "?", "?%ff=%00&a[]=1"):
            asked = small_site.get(address + query)

            assert (asked.status, asked.data, dict(asked.headers)) == (plain.status, plain.data, dict(plain.headers))


def test_caches_in_front_learn_what_lasts(small_site: ServedSite) -> None:
    """A browser asks before it shows anything; a CDN may hold what lasts, and not the absence of a post."""
    _fill(small_site)
    for address, status in ADDRESSES.items():
        headers = small_site.get(address).headers

        assert headers["Cache-Control"] == "public, max-age=0, must-revalidate", address
        lasts = status != 404
        assert ("CDN-Cache-Control" in headers, "Surrogate-Key" in headers) == (lasts, lasts), address


def test_a_slash_at_the_end_is_put_right_either_way(small_site: ServedSite) -> None:
    """Whichever address is meant, the other one leads to it, in one step, and never in a circle."""
    small_site.push(
        {
            "blog.toml": 'permalink = "/:slug"\n',
            "posts/bare.md": post(),
            "posts/moved.md": post("slug: before"),
            "posts/gone.md": post(title="Gone", body="And like no other."),
            "pages/about.md": "# About\n",
            "static/logo.svg": DRAWING,
        }
    )
    small_site.push({"posts/moved.md": post("slug: after"), "posts/gone.md": None})
    found = {
        address: (response.status_code, response.headers.get("Location"))
        for address in ("/bare", "/bare/", "/about/", "/about", "/before", "/before/", "/gone", "/gone/",
                        "/logo.svg/", "/feed.xml/", "/archive", "/bare//", "/posts/bare.md/")
        for response in [small_site.get(address)]
    }  # fmt: skip

    assert found == {
        "/bare": (200, None),
        "/bare/": (301, "/bare"),
        "/about/": (200, None),
        "/about": (301, "/about/"),
        "/before": (301, "/after"),
        "/before/": (301, "/after"),
        "/gone": (410, None),
        "/gone/": (410, None),
        "/logo.svg/": (404, None),
        "/feed.xml/": (301, "/feed.xml"),
        "/archive": (301, "/archive/"),
        "/bare//": (404, None),
        "/posts/bare.md/": (404, None),
    }


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_reading_is_all_that_can_be_done(small_site: ServedSite, method: str) -> None:
    """405 with what is allowed, whether there is something at the address or not."""
    revision = _fill(small_site)
    for address in ("/", "/about/", "/nothing/", "/logo.svg"):
        response = small_site.client.open(address, method=method, data=b"x")

        assert response.status_code == 405
        assert set(response.headers["Allow"].split(", ")) == {"GET", "HEAD", "OPTIONS"}
        _assert_common(response, revision, address)


def test_what_is_not_a_page_carries_the_revision_too(small_site: ServedSite) -> None:
    """The theme's files, status, readiness and the redirect to the site's host; the bare probe asks nobody."""
    revision = _fill(small_site)
    style = small_site.text("/").partition('rel="stylesheet" href="')[2].partition('"')[0]
    elsewhere = Client(small_site.app(Serving(VERSION, site_url="https://example.org")))
    answers = {
        "style": small_site.get(style),
        "status": small_site.get("/-/status"),
        "ready": small_site.get("/-/readyz"),
        "redirect": elsewhere.get("/about/?q=1", headers={"Host": "other.test"}),
        "nothing": small_site.get("/-/nothing"),
        "part": small_site.get("/2026/01/bundle/cat.png", headers={"Range": "bytes=900-"}),
    }

    assert {name: response.status_code for name, response in answers.items()} == {
        "style": 200,
        "status": 200,
        "ready": 200,
        "redirect": 301,
        "nothing": 404,
        "part": 416,
    }
    assert {name: response.headers["X-Gitblog-Revision"] for name, response in answers.items()} == dict.fromkeys(
        answers, revision
    )
    assert answers["style"].headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert "X-Gitblog-Revision" not in small_site.get("/-/healthz").headers


def test_without_an_index_there_is_no_revision(small_site: ServedSite) -> None:
    """503 says when to come back; other hosts are sent on, since that needs no index."""
    elsewhere = Client(small_site.app(Serving(VERSION, site_url="https://example.org")))
    unready, redirect = small_site.get("/"), elsewhere.get("/", headers={"Host": "other.test"})

    assert (unready.status_code, unready.headers["Retry-After"]) == (503, "5")
    assert redirect.status_code == 301
    for response in (unready, redirect):
        assert "X-Gitblog-Revision" not in response.headers
        assert "frame-ancestors 'none'" in response.headers["Content-Security-Policy"]
    assert small_site.status_of("/-/healthz") == 200
    assert small_site.status_of("/-/readyz") == 503


def _ask_too_early() -> str:
    raise IndexUnavailableError("nothing has been published yet", reason="not-published")


def test_an_answer_that_no_index_made_names_no_revision(small_site: ServedSite) -> None:
    """Not even where the first one is published before the answer is sent."""
    _fill(small_site)
    response = Client(small_site.app(early=_ask_too_early)).get("/early")

    assert response.status_code == 503
    assert "X-Gitblog-Revision" not in response.headers


def _break() -> str:
    raise RuntimeError("the password is tulip")


def test_a_mistake_of_ours_leaks_nothing(small_site: ServedSite, caplog: pytest.LogCaptureFixture) -> None:
    """The page of a 500 has every header and no word of what happened; the log has it all."""
    revision = _fill(small_site)
    response = Client(small_site.app(broken=_break)).get("/broken")

    assert response.status_code == 500
    _assert_common(response, revision, "/broken")
    assert response.headers["Cache-Control"] == "no-store"
    for secret in ("tulip", "RuntimeError", "Traceback", ".py"):
        assert secret not in response.get_data(as_text=True)
    assert "the password is tulip" in caplog.text


def test_a_file_is_sent_in_parts(small_site: ServedSite) -> None:
    """Range, If-Range and 416 as RFC 9110 has them, from the cache and without it."""
    _fill(small_site)
    address = "/2026/01/bundle/cat.png"
    tag = small_site.get(address).headers["ETag"]
    part = small_site.get(address, headers={"Range": "bytes=10-19", "If-Range": tag})
    end = small_site.get(address, headers={"Range": "bytes=-5"})
    stale = small_site.get(address, headers={"Range": "bytes=10-19", "If-Range": '"older"'})
    beyond = small_site.get(address, headers={"Range": "bytes=208-"})
    page = small_site.get("/about/", headers={"Range": "bytes=0-3"})

    assert (part.status_code, part.data) == (206, PICTURE[10:20])
    assert (part.headers["Content-Range"], part.headers["Content-Length"]) == ("bytes 10-19/208", "10")
    assert part.headers["ETag"] == tag
    assert (end.status_code, end.data) == (206, PICTURE[-5:])
    assert (stale.status_code, stale.data) == (200, PICTURE)
    assert (beyond.status_code, beyond.data) == (416, b"")
    assert beyond.headers["Content-Range"] == "bytes */208"
    assert page.status_code == 200


def test_what_could_run_script_is_sent_in_a_sandbox(small_site: ServedSite) -> None:
    """A drawing of the author's may hold a script; opened by itself it must not run as the site."""
    _fill(small_site)
    small_site.push({"static/page.html": "<script>alert(1)</script>", "static/feed.atom": "<feed/>"})
    for address in ("/logo.svg", "/page.html", "/feed.atom"):
        policy = small_site.get(address).headers["Content-Security-Policy"]

        assert policy.startswith("sandbox; default-src 'none'"), address
    assert "sandbox" not in small_site.get("/2026/01/bundle/cat.png").headers["Content-Security-Policy"]
