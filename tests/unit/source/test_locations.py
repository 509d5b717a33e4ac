"""Addresses, branches and folders are refused before git sees them; credentials are taken out of texts."""

from __future__ import annotations

from pathlib import Path

import pytest

from gitblog.source.locations import (
    Location,
    check_branch,
    check_content_dir,
    check_location,
    host_of,
    is_remote,
    redact,
    scheme_of,
)


@pytest.mark.parametrize(
    ("url", "remote", "scheme", "host"),
    [
        ("https://github.com/owner/blog.git", True, "https", "github.com"),
        ("https://GitHub.com:8443/owner/blog", True, "https", "github.com"),
        ("http://127.0.0.1:3000/blog.git", True, "http", "127.0.0.1"),
        ("ssh://git@host.example:2222/owner/blog.git", True, "ssh", "host.example"),
        ("ssh://host/blog.git", True, "ssh", "host"),
        ("git@github.com:owner/blog.git", True, "ssh", "github.com"),
        ("host:blog.git", True, "ssh", "host"),
        ("https://[::1]:8080/blog.git", True, "https", "::1"),
        ("/srv/blog.git", False, "", ""),
        ("./a:b", False, "", ""),
        ("../blog", False, "", ""),
        ("/srv/a b/käse", False, "", ""),
    ],
)
def test_an_address_or_a_path_is_accepted(url: str, remote: bool, scheme: str, host: str) -> None:
    """https, http, ssh, scp-like and local paths."""
    assert check_location(url) is None
    assert is_remote(url) == remote
    if remote:
        assert (scheme_of(url), host_of(url)) == (scheme, host)


@pytest.mark.parametrize(
    ("url", "part"),
    [
        ("", "is empty"),
        (" /srv/blog", "white space"),
        ("/srv/a\nb", "control characters"),
        ("--upload-pack=touch /tmp/x", "starts with '-'"),
        ("ext::sh -c touch% /tmp/x", "remote helper"),
        ("fd::17", "remote helper"),
        ("git://host/blog.git", "scheme"),
        ("file:///srv/blog.git", "scheme"),
        ("ftp://host/x", "scheme"),
        ("https://user:canary@host/blog.git", "holds credentials"),
        ("https://canary@host/blog.git", "holds credentials"),
        ("ssh://git:canary@host/blog.git", "holds credentials"),
        ("ssh://-oProxyCommand=x/blog", "lacks a host"),
        ("https://host/blog.git?access_token=canary", "'?'"),
        ("https://host/blog.git#main", "'#'"),
        ("https:///blog.git", "lacks a host"),
        ("https://host/", "lacks a host"),
        ("git:canary@host:blog.git", "neither host:path"),
        ("-x@host:blog.git", "starts with '-'"),
        ("a b:c", "neither host:path"),
        ("host:-x", "neither host:path"),
    ],
)
def test_what_git_could_misread_is_refused_without_repeating_it(url: str, part: str) -> None:
    """The answer says what to do, and never shows a credential that was put into an address."""
    complaint = check_location(url)

    assert complaint is not None
    assert part in complaint
    assert "canary" not in complaint


def test_a_token_is_never_sent_unencrypted() -> None:
    """http is read without credentials only."""
    assert check_location("http://host/blog.git", with_token=True) is not None
    assert check_location("https://host/blog.git", with_token=True) is None


@pytest.mark.parametrize("branch", ["", "main", "feature/x-1", "käse", "v1.0", "a@b", "#12"])
def test_a_branch_name_is_accepted(branch: str) -> None:
    """The empty one stands for the default branch."""
    assert check_branch(branch) is None


@pytest.mark.parametrize(
    "branch",
    [
        "-x",
        "a..b",
        "a b",
        "a~1",
        "a^",
        "a:b",
        "/a",
        "a/",
        "a//b",
        ".a",
        "a/.b",
        "a.lock",
        "@",
        "a@{1}",
        "a\n",
        "*",
    ],
)
def test_a_branch_name_that_git_would_refuse_is_refused(branch: str) -> None:
    """So is all that means something in a revision or a refspec."""
    assert check_branch(branch) is not None


@pytest.mark.parametrize("folder", ["", "content", "site/blog", "a b", "-x"])
def test_a_folder_inside_the_repository_is_accepted(folder: str) -> None:
    """It only ever stands after a revision and a colon."""
    assert check_content_dir(folder) is None


@pytest.mark.parametrize("folder", ["/etc", "..", "a/../b", "./a", "a/", "a//b", "a\nb"])
def test_a_folder_outside_the_repository_is_refused(folder: str) -> None:
    """So is one that git would not find under that name."""
    assert check_content_dir(folder) is not None


def test_a_location_shows_no_secret() -> None:
    """Whoever logs one, logs where it points."""
    location = Location("https://h/x.git", Path("data"), token="canary1", ssh_key="canary2", ssh_known_hosts="canary3")

    assert "canary" not in repr(location)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("unable to access 'https://u:canary@h/x/': no", "unable to access 'https://h/x/': no"),
        ("https://h/x.git?access_token=canary failed", "https://h/x.git failed"),
        ("> Authorization: Basic canary", "> Authorization: ***"),
        ("the token canary is bad", "the token *** is bad"),
        ("nothing to hide", "nothing to hide"),
    ],
)
def test_credentials_are_taken_out_of_texts(text: str, expected: str) -> None:
    """Wherever they stand: in an address, in a header, or known by themselves."""
    assert redact(text, ("canary",)) == expected
    assert "canary" not in redact(text, ("", "canary"))
