"""Whether a push concerns the site; in doubt it does."""

from __future__ import annotations

import pytest

from gitblog.model import PushEvent
from gitblog.webhooks import pushed_revision, reason_to_ignore

COMMIT = "a" * 40
HTTPS = "https://github.com/me/blog.git"


def reason(pushed: str, ours: str, branch: str = "", refs: tuple[str, ...] = ("refs/heads/main",)) -> str | None:
    """Give the reason for which a push is ignored."""
    ignored = reason_to_ignore(PushEvent("github", "d", pushed, dict.fromkeys(refs, COMMIT)), ours, branch)
    assert ignored is None or ignored.delivery_id == "d"
    return ignored.reason if ignored else None


@pytest.mark.parametrize(
    "ours",
    [
        "https://github.com/me/blog",
        "https://GitHub.com/Me/Blog.git/",
        "https://github.com:443/me/blog",
        "ssh://git@github.com/me/blog.git",
        "git@github.com:me/blog.git",
        "git@github.com:/me/blog.git",
        "/srv/blog.git",
        "../blog",
        "https://mirror.example/other/name.git",
        "git@ssh.github.com:other/name.git",
        "https://[broken/x",
    ],
)
def test_the_same_repository_or_one_that_cannot_be_compared_counts(ours: str) -> None:
    """Another spelling, another way in, a mirror, a path on this machine."""
    assert reason(HTTPS, ours) is None


@pytest.mark.parametrize(
    "ours", ["https://github.com/me/other", "git@github.com:you/blog.git", "https://github.com/e/blog"]
)
def test_another_repository_of_the_same_host_is_ignored(ours: str) -> None:
    """One secret may serve a whole organisation."""
    assert reason(HTTPS, ours) == "other_repository"


def test_a_forge_below_a_path_is_the_same_over_ssh() -> None:
    """https://host/git/me/blog is git@host:me/blog."""
    assert reason("https://forge.example/git/me/blog.git", "git@forge.example:me/blog.git") is None


def test_a_payload_with_a_broken_address_counts() -> None:
    """The address is only compared, so it cannot do harm."""
    assert reason("https://[broken", HTTPS) is None
    assert reason("/srv/other", "/srv/blog") is None


@pytest.mark.parametrize(
    ("branch", "refs", "expected"),
    [
        ("main", ("refs/heads/main",), None),
        ("main", ("refs/heads/other",), "other_branch"),
        ("main", ("refs/heads/x/main",), "other_branch"),
        ("main", ("refs/heads/other", "refs/heads/main"), None),
        ("", ("refs/heads/other",), None),
    ],
)
def test_only_the_published_branch_counts_once_it_is_known(
    branch: str, refs: tuple[str, ...], expected: str | None
) -> None:
    """Before the first publish nobody knows which branch the remote's default is."""
    assert reason(HTTPS, HTTPS, branch, refs) == expected


@pytest.mark.parametrize(("branch", "revision"), [("main", "b" * 40), ("other", "a" * 40), ("", "a" * 40)])
def test_the_hint_names_the_new_commit_of_the_published_branch(branch: str, revision: str) -> None:
    """A push may hold several refs; the first stands for one that is not known yet."""
    event = PushEvent("github", "d", HTTPS, {"refs/heads/other": "a" * 40, "refs/heads/main": "b" * 40})

    assert pushed_revision(event, branch) == revision
