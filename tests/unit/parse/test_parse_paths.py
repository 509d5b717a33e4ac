"""Which paths are documents, configuration, servable, or a problem."""

from __future__ import annotations

import pytest

from gitblog.parse import is_configuration, is_document, is_servable, path_problem, printable_path


@pytest.mark.parametrize(
    ("path", "document", "servable"),
    [
        ("posts/a.md", True, False),
        ("posts/A.MD", True, False),
        ("a.markdown", True, False),
        ("README.md", True, False),
        ("_x/a.md", True, False),
        ("a.mdx", False, True),
        (".a.md", False, False),
        (".github/a.md", False, False),
        ("posts/.a/b.md", False, False),
        ("static/a.md", False, True),
        ("posts/static/a.md", True, False),
        ("posts/a/cat.png", False, True),
        ("_x/y.png", False, False),
        ("static/_y.png", False, False),
        (".env", False, False),
        ("blog.toml", False, False),
        ("static/blog.toml", False, True),
        ("a.png:Zone.Identifier", False, False),
        ("posts/a.md:Zone.Identifier", False, False),
        ("static/a.md:zone.identifier", False, False),
        ("img/Thumbs.db", False, False),
        ("img/caf\udce9.png", False, False),
        ("img/a\nb.png", False, False),
    ],
)
def test_a_path_says_what_a_file_is(path: str, document: bool, servable: bool) -> None:
    """One list of rules for every layout; nothing is both."""
    assert (is_document(path), is_servable(path)) == (document, servable)
    assert is_configuration(path) == (path == "blog.toml")


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("posts/" + "x" * 1024 + ".md", "the path is 1033 bytes long; the limit is 1024"),
        ("posts/a\tb.md", "the path holds a control character"),
        ("posts/a\nb.md", "the path holds a control character"),
        ("posts/caf\udce9.md", "the file's name is not UTF-8"),
    ],
)
def test_an_unusable_path_is_a_problem_that_can_be_shown(path: str, message: str) -> None:
    """The problem's own path is printable, stored as UTF-8 and within the limit."""
    problem = path_problem(path)

    assert problem is not None
    assert (problem.reason, problem.message) == ("path", message)
    assert problem.path == printable_path(path)
    assert problem.path.isprintable()
    assert len(problem.path.encode()) <= 1024


def test_usual_paths_are_no_problem() -> None:
    """Quotes, backslashes and options are only characters."""
    for path in ('a"b.md', "a\\b.md", "--upload-pack=x.md", "日本/é.md"):
        assert path_problem(path) is None
        assert printable_path(path) == path
