"""Time passes without a push: what is due appears and what expires goes, though it was cached before."""

from __future__ import annotations

from tests.served_site import START, ServedSite, post

DUE, END = START + 3600, START + 7200
POST, PICTURE = "/2026/01/later/", "/2026/01/later/cat.png"
LISTINGS = ("/", "/feed.xml", "/sitemap.xml", "/archive/", "/tags/", "/tags/rare/", "/2026/")
NAMES = {"/sitemap.xml": POST, "/tags/": "rare"}


def _fill(site: ServedSite) -> None:
    later = post("tags: [rare]", "expires: 2026-01-02T05:04:05Z", title="The later one", date="2026-01-02T04:04:05Z")
    site.push({"posts/now.md": post(), "posts/later/index.md": later, "posts/later/cat.png": b"picture"})


def _answers(site: ServedSite) -> dict[str, tuple[int, bytes]]:
    """Ask for everything twice, so that the second answer comes from the page cache where it may."""
    asked = (*LISTINGS, POST, PICTURE)
    first = {address: site.get(address) for address in asked}
    second = {address: site.get(address) for address in asked}

    assert {address: answer.data for address, answer in first.items()} == {
        address: answer.data for address, answer in second.items()
    }
    return {address: (answer.status_code, answer.data) for address, answer in second.items()}


def _shown_at(answers: dict[str, tuple[int, bytes]]) -> set[str]:
    shown = {address for address in LISTINGS if NAMES.get(address, "The later one").encode() in answers[address][1]}
    return shown | {address for address in (POST, PICTURE) if answers[address][0] == 200}


def test_a_post_appears_and_expires_at_its_second_everywhere(site: ServedSite) -> None:
    """Listings, feed, sitemap, its page and its picture, all asked for and cached the second before."""
    _fill(site)
    everywhere = {*LISTINGS, POST, PICTURE}
    for now, expected in (
        (START, set()),
        (DUE - 1, set()),
        (DUE, everywhere),
        (END - 1, everywhere),
        (END, set()),
        (END + 86_400, set()),
    ):
        site.now = now

        assert (now, _shown_at(_answers(site))) == (now, expected)


def test_a_clock_that_steps_back_gives_the_old_answers_back(site: ServedSite) -> None:
    """An answer follows from the instant alone, so nothing has to be purged."""
    _fill(site)
    instants = (START, DUE, END)
    forward = []
    for now in instants:
        site.now = now
        forward.append(_answers(site))
    for now, expected in zip(reversed(instants), reversed(forward), strict=True):
        site.now = now

        assert (now, _answers(site)) == (now, expected)


def test_a_scheduled_post_does_not_hide_what_is_at_its_address(site: ServedSite) -> None:
    """A page of the same address answers until the post is due, a redirect of the author's too."""
    site.push(
        {
            "pages/news.md": "---\ntitle: The page\naliases: /soon/\n---\n",
            "posts/a.md": post("permalink: /soon/", title="The post", date="2026-01-02T04:04:05Z"),
        }
    )
    assert site.get("/soon/").headers["Location"] == "/news/"
    site.now = DUE
    assert "The post" in site.text("/soon/")
    site.now = START
    assert site.get("/soon/").headers["Location"] == "/news/"


def test_an_expired_post_says_nothing_of_itself(site: ServedSite) -> None:
    """It answers 404 like a draft, not 410: the author holds it back, and may put it back."""
    _fill(site)
    assert site.status_of(POST) == 404
    site.now = DUE
    assert site.status_of(POST) == 200
    site.now = END
    gone, never = site.get(POST), site.get("/2026/01/never/")

    assert (gone.status_code, gone.data) == (never.status_code, never.data)
