"""What every layout promises, and where each puts a file."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gitblog.model import Addressing, Kind, SourceFile
from gitblog.parse import address, parse_document
from gitblog.parse.layouts import LAYOUTS, Place, find_place

PATHS = st.lists(
    st.text(alphabet=st.sampled_from("aZ09-_. éÉ日🎉\udce9%?#\\\n"), min_size=1, max_size=8),
    min_size=1,
    max_size=4,
).map(lambda parts: "/".join(parts) + ".md")


@pytest.mark.parametrize("name", LAYOUTS)
@settings(max_examples=60, deadline=None, derandomize=True)
@given(path=st.one_of(PATHS, PATHS.map(lambda path: "posts/" + path)))
def test_a_layout_never_raises_and_its_slug_is_one_part_of_an_address(name: str, path: str) -> None:
    """Whatever the path, the answer is the same twice, and no slug leads elsewhere."""
    addressing = Addressing(layout=name)
    place = find_place(path, addressing)

    assert place == find_place(path, addressing)
    if place is not None:
        assert place.slug not in ("", ".", "..", "-")
        assert not set(place.slug) & set("/?#\\\n%")


@pytest.mark.parametrize("name", LAYOUTS)
@pytest.mark.parametrize("path", ["posts/README.md", "_x/a.md", "posts/_a.md", ".x/a.md", "static/a.md", "a.txt"])
def test_a_layout_ignores_what_is_no_document(name: str, path: str) -> None:
    """README files, underscore and dot names, static files, other extensions."""
    assert find_place(path, Addressing(layout=name)) is None


NATIVE = [
    ("posts/x.md", Place(Kind.POST, "x", "x")),
    ("posts/My Post.MD", Place(Kind.POST, "My Post", "my-post")),
    ("posts/2024-01-05-x.md", Place(Kind.POST, "x", "x", date="2024-01-05")),
    ("posts/a/b/x.md", Place(Kind.POST, "x", "x", section="a/b")),
    ("posts/x/index.md", Place(Kind.POST, "x", "x", bundle="posts/x")),
    (
        "posts/a/2024-01-05-x/index.md",
        Place(Kind.POST, "x", "x", section="a", bundle="posts/a/2024-01-05-x", date="2024-01-05"),
    ),
    ("posts/index.md", None),
    ("pages/about.md", Place(Kind.PAGE, "about", "about", pattern="/:slug/")),
    ("pages/a/about/index.md", Place(Kind.PAGE, "about", "about", "a", "pages/a/about", pattern="/:slug/")),
    ("pages/index.md", Place(Kind.PAGE, "index", "index", pattern="/")),
    ("drafts/x.md", Place(Kind.POST, "x", "x", draft=True)),
]
PLAIN = [
    ("x.md", Place(Kind.POST, "x", "x", pattern="/:path/")),
    ("til/My_Note.md", Place(Kind.POST, "My_Note", "my_note", "til", pattern="/:path/", tags=("til",))),
    ("a/b/index.md", Place(Kind.POST, "b", "b", "a", pattern="/:path/", tags=("a",))),
    ("index.md", Place(Kind.POST, "index", "index", pattern="/")),
    ("2024-01-05-x.md", Place(Kind.POST, "x", "2024-01-05-x", date="2024-01-05", pattern="/:path/")),
    ("LICENSE.md", None),
    ("docs/contributing.md", None),
]


@pytest.mark.parametrize("layout", ["native", ""])
@pytest.mark.parametrize(("path", "place"), NATIVE, ids=[row[0] for row in NATIVE])
def test_the_native_folders_say_what_a_file_is(layout: str, path: str, place: Place | None) -> None:
    """With `blog.toml`, and without one below the same folders."""
    assert find_place(path, Addressing(layout=layout)) == place


@pytest.mark.parametrize(("path", "place"), PLAIN, ids=[row[0] for row in PLAIN])
def test_any_folder_of_markdown_is_a_blog(path: str, place: Place | None) -> None:
    """Without `blog.toml`; the native layout ignores the same files."""
    assert find_place(path, Addressing()) == place
    assert find_place(path, Addressing(layout="native")) is None


@pytest.mark.parametrize(
    ("path", "expected"),
    [("index.md", "/"), ("a/index.md", "/a/"), ("My Notes/Ä b.md", "/my-notes/ä-b/"), ("posts/x.md", "/x/")],
)
def test_plain_addresses_follow_the_path(path: str, expected: str) -> None:
    """Folders and names as slugs; an index is its folder."""
    parsed = parse_document(SourceFile(path, "", b"text"), Addressing())

    assert parsed is not None
    assert parsed.document is not None
    assert address(parsed.document, Addressing(), None) == expected
