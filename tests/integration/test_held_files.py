"""Which files are served: never what belongs to a held post, the configuration, or what was put aside."""

from __future__ import annotations

import re

import pytest

from tests.served_site import START, ServedSite, Tree, post

PICTURE = b"\x89PNG\r\n\x1a\nof a cat"
LFS = b"version https://git-lfs.github.com/spec/v1\noid sha256:" + b"4d" * 32 + b"\nsize 12345\n"
PICTURES = ("/2026/01/a/cat.png", "/posts/a/cat.png", "/a/cat.png", "/drafts/a/cat.png")


ASKED: tuple[tuple[str, dict[str, str]], ...] = (
    ("GET", {"Range": "bytes=0-3"}),
    ("HEAD", {}),
    ("GET", {}),
    ("GET", {"Range": "bytes=0-3"}),
    ("GET", {"If-None-Match": "*"}),
    ("GET", {"If-Range": '"x"', "Range": "bytes=0-"}),
)


def _statuses(site: ServedSite, address: str) -> set[int]:
    """Ask in each way in which a file is asked for, before and after it is in the page cache."""
    return {site.client.open(address, method=method, headers=headers).status_code for method, headers in ASKED}


def _bundle(*lines: str, folder: str = "posts", date: str = "2026-01-01") -> Tree:
    return {
        f"{folder}/a/index.md": post(*lines, body="![a cat](cat.png)", date=date),
        f"{folder}/a/cat.png": PICTURE,
    }


HELD: dict[str, Tree] = {
    "draft": _bundle("draft: true"),
    "draft-folder": _bundle(folder="drafts"),
    "not-understood": _bundle("draft: yse"),
    "scheduled": _bundle(date="2026-02-01"),
    "expired": _bundle("expires: 2026-01-02"),
    "unpublished": _bundle("published: false"),
    "status": _bundle("status: skip"),
    "broken-from-the-start": {"posts/a/index.md": '---\ntitle: "x\n---\n', "posts/a/cat.png": PICTURE},
    "broken-with-another-extension": {"posts/a/Index.markdown": '---\ntitle: "x\n---\n', "posts/a/cat.png": PICTURE},
    "empty": {"posts/a/index.md": "", "posts/a/cat.png": PICTURE},
}


@pytest.mark.parametrize("held", HELD.values(), ids=HELD)
def test_a_file_of_a_held_post_is_not_served(small_site: ServedSite, held: Tree) -> None:
    """Not even where another post refers to it; and that post says nothing of where it would be."""
    prying = post(body="![c](a/cat.png) [c](/2026/01/a/cat.png) ![c](../drafts/a/cat.png)", title="Prying")
    small_site.push({**held, "posts/prying.md": prying})

    for address in PICTURES:
        assert (address, _statuses(small_site, address)) == (address, {404})
    assert re.findall(r'<img[^>]* src="([^"]*)"', small_site.text("/2026/01/prying/")) == ["", ""]


CHANGES = {
    "draft": "draft: true",
    "draft-not-understood": "draft: yse",
    "unpublished": "published: false",
    "expired": "expires: 2026-01-02",
    "expires-not-understood": "expires: soon",
    # Nothing parses here: the raw line alone says it.
    "broken-with-a-draft-line": 'draft: true\nseries: "never closed',
}


@pytest.mark.parametrize("line", CHANGES.values(), ids=CHANGES)
def test_a_post_that_is_taken_back_takes_its_files_with_it(site: ServedSite, line: str) -> None:
    """`draft: yse` on a live post is enough, and mending it puts both back."""
    address, picture = "/2026/01/a/", "/2026/01/a/cat.png"
    site.push(_bundle())
    assert _statuses(site, picture) == {200, 206, 304}
    site.push({"posts/a/index.md": post(line, body="![a cat](cat.png)")})
    assert site.status_of(address) == 404
    assert _statuses(site, picture) == {404}
    site.push(_bundle())

    assert site.status_of(address) == 200
    assert site.get(picture).data == PICTURE


def test_a_broken_post_without_such_a_line_stays_with_its_files(site: ServedSite) -> None:
    """The last good version is what readers see, pictures included."""
    site.push(_bundle())
    site.push({"posts/a/index.md": '---\ntitle: "A title\ndate: 2026-01-01\n---\n![a cat](cat.png)\n'})

    assert "Some words" not in site.text("/2026/01/a/")
    assert 'src="/2026/01/a/cat.png"' in site.text("/2026/01/a/")
    assert _statuses(site, "/2026/01/a/cat.png") == {200, 206, 304}


def test_a_file_that_a_live_post_refers_to_is_served(site: ServedSite) -> None:
    """Also where a held post refers to it too; when the live one goes, so does the file."""
    body = "![c](../shared/cat.png)"
    site.push(
        {
            "posts/live.md": post(body=body),
            "posts/held.md": post("draft: true", body=body + " ![d](../shared/dog.png)"),
            "shared/cat.png": PICTURE,
            "shared/dog.png": PICTURE,
            "shared/bird.png": PICTURE,
        }
    )
    assert _statuses(site, "/shared/cat.png") == {200, 206, 304}
    assert [_statuses(site, f"/shared/{name}.png") for name in ("dog", "bird")] == [{404}, {404}]
    site.push({"posts/live.md": post("draft: true", body=body)})
    assert _statuses(site, "/shared/cat.png") == {404}
    site.push({"posts/live.md": post(), "posts/cover.md": post("image: shared/cat.png")})

    assert _statuses(site, "/shared/cat.png") == {200, 206, 304}


ASIDE: Tree = {
    "blog.toml": b'title = "T"\n',
    ".env": b"SECRET=1",
    ".git-credentials": b"x",
    "_x/y.png": PICTURE,
    "shared/.hidden.png": PICTURE,
    "shared/_aside.png": PICTURE,
    "static/.secret": b"x",
    "static/.well-known-not/x.txt": b"x",
    "static/_x/y.png": PICTURE,
    "static/deep/_y.png": PICTURE,
    "posts/a/.hidden.png": PICTURE,
    "posts/a/_raw/cat.png": PICTURE,
    "drafts/cat.png": PICTURE,
    "posts/a/Thumbs.db": b"x",
    "pages/about.md": b"# About\n",
}


def test_what_was_put_aside_is_not_served_whoever_refers_to_it(small_site: ServedSite) -> None:
    """Dot-files, underscore names, configuration and sources: 404 in each spelling of the address."""
    names = " ".join(f"![x](/{path}) ![x](../{path})" for path in ASIDE if path != "drafts/cat.png")
    small_site.push({**ASIDE, **_bundle(), "posts/prying.md": post(body=names), "static/fine.txt": b"fine"})
    below = [path.removeprefix("static/") for path in ASIDE]
    below += [f"2026/01/{path.removeprefix('posts/')}" for path in ASIDE]
    for path in {*ASIDE, *below}:
        assert (path, _statuses(small_site, f"/{path}")) == (path, {404})
        for address in _spellings(path):
            assert (address, small_site.status_of(address)) == (address, 404)
    assert small_site.status_of("/fine.txt") == 200


def _spellings(path: str) -> list[str]:
    return [
        f"//{path}",
        f"/{path}/",
        f"/{path}.",
        f"/{path}%20",
        f"/{path}%00",
        f"/./{path}",
        f"/x/../{path}",
        f"/static/{path}",
        f"/static/../{path}",
        f"/{path.replace('/', '%2F')}",
        f"/{path.replace('/', '%5C')}",
        f"/{path.replace('/', '//')}",
        f"/{path.replace('.', '%2e')}",
        f"/{path.replace('.', '%252e')}",
        f"/{path.replace('_', '%5f')}",
        f"/{path.upper()}",
        f"/{path}?x=1",
        f"/{path};x",
    ]


def test_a_live_file_has_one_spelling(small_site: ServedSite) -> None:
    """An encoded letter is the same letter, a slash at the end is taken off; anything else is another address."""
    small_site.push({**_bundle(), "static/a b.txt": b"blank"})
    for address in ("/2026/01/a/cat.png", "/2026/01/a/c%61t%2Epng", "/2026/01/a/cat.png?v=2", "/a%20b.txt"):
        assert (address, small_site.status_of(address)) == (address, 200)
    for address in (
        "/2026/01/a/CAT.png",
        "/2026/01/a/cat.png.",
        "/2026/01/a//cat.png",
        "/2026/01/a/./cat.png",
        "/2026/01/b/../a/cat.png",
        "/2026/01/a%5Ccat.png",
        "/posts/a/cat.png",
        "/a/cat.png",
        "/static/a%20b.txt",
    ):
        assert (address, _statuses(small_site, address)) == (address, {404})
    assert small_site.status_of("/2026/01/a/cat.png/") == 301
    assert small_site.get("/2026/01/a/cat.png/").headers["Location"] == "/2026/01/a/cat.png"


def test_a_large_file_pointer_is_a_problem_and_never_its_text(site: ServedSite) -> None:
    """The author reads which file; readers get 404, and the post is published beside it."""
    site.push({**_bundle(), "posts/a/cat.png": LFS, "static/big.zip": LFS})

    for address in ("/2026/01/a/cat.png", "/big.zip"):
        assert (address, _statuses(site, address)) == (address, {404})
    assert site.status_of("/2026/01/a/") == 200
    text = (
        ":0:0: lfs: the repository holds a Git LFS pointer, not the file itself; it answers 404"
        " (take the file out of Git LFS (git lfs untrack, then commit it anew))"
    )
    assert [f"posts/a/cat.png{text}", f"static/big.zip{text}"] == [each for each in site.problems() if "lfs" in each]


def test_a_bundle_inside_a_held_one_keeps_its_own_files(site: ServedSite) -> None:
    """The innermost post owns a file; a broken one around it changes nothing."""
    site.push(
        {
            "posts/a/index.md": '---\ntitle: "never closed\n---\n',
            "posts/a/outer.png": PICTURE,
            "posts/a/b/index.md": post(body="![i](inner.png)", title="Inner"),
            "posts/a/b/inner.png": PICTURE,
        }
    )

    assert _statuses(site, "/2026/01/b/inner.png") == {200, 206, 304}
    assert 'src="/2026/01/b/inner.png"' in site.text("/2026/01/b/")
    assert _statuses(site, "/2026/01/a/outer.png") == {404}


def test_a_draft_inside_a_published_bundle_keeps_its_files_back(site: ServedSite) -> None:
    """Its folder lies in the other's, and its files are its own all the same."""
    site.push(
        {
            "posts/a/index.md": post(body="![i](b/inner.png) ![o](c/outer.png)"),
            "posts/a/c/outer.png": PICTURE,
            "posts/a/b/index.md": post("draft: true"),
            "posts/a/b/inner.png": PICTURE,
        }
    )

    assert _statuses(site, "/2026/01/a/c/outer.png") == {200, 206, 304}
    for address in ("/2026/01/a/b/inner.png", "/2026/01/b/inner.png", "/posts/a/b/inner.png"):
        assert (address, _statuses(site, address)) == (address, {404})


def test_a_picture_comes_and_goes_at_the_second_of_its_post(site: ServedSite) -> None:
    """Cached answers of before do not outlive the instant."""
    site.push(_bundle("expires: 2026-01-02T05:04:05Z", date="2026-01-02T04:04:05Z"))
    seen = []
    for now in (START, START + 3599, START + 3600, START + 7199, START + 7200, START + 3600):
        site.now = now
        seen.append(_statuses(site, "/2026/01/a/cat.png"))

    assert seen == [{404}, {404}, {200, 206, 304}, {200, 206, 304}, {404}, {200, 206, 304}]
