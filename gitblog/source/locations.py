"""Which repository is read, and with what: addresses are checked here before git ever sees one.

This module runs nothing, so that a wrong setting is found where git is not installed too.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

_HOST = r"(?:[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?|\[[0-9A-Fa-f:.]+\])"
_HOST_AND_PORT_RE = re.compile(rf"{_HOST}(?::[0-9]{{1,5}})?")
_USER_RE = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]*")
# git's own rule (connect.c, url_is_local_not_ssh): a colon before the first slash makes it host:path.
_SCP_LIKE_RE = re.compile(rf"(?:(?P<user>[^@/:]+)@)?(?P<host>{_HOST}):(?P<path>[^/:-][^:]*|/[^:]*)")
_HELPER_RE = re.compile(r"[A-Za-z0-9+.-]*::")
_BRANCH_RE = re.compile(r"[\w+#@%=,&!()][\w+#@%=,&!()./-]*")
_REVISION_RE = re.compile(r"[0-9a-f]{7,64}")
_SCHEMES = ("https", "http", "ssh")

_USERINFO_RE = re.compile(r"(?P<scheme>[a-z][a-z0-9+.-]*://)[^/@\s'\"]+@", re.IGNORECASE)
_QUERY_RE = re.compile(r"(?P<address>[a-z][a-z0-9+.-]*://[^\s?'\"]+)\?[^\s'\"]*", re.IGNORECASE)
_AUTHORIZATION_RE = re.compile(r"(authorization:)[^\r\n'\"]*", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Location:
    """The repository to read, the branch ("" = its default), the folder ("" = its root), and credentials.

    `revision` is a commit of the branch, perhaps shortened, that is read whatever the tip is ("" = the tip).
    `ssh_key` and `ssh_known_hosts` are each the text itself or the path of a file that holds it.
    """

    url_or_path: str
    data_dir: Path
    branch: str = ""
    content_dir: str = ""
    token: str = field(default="", repr=False)
    ssh_key: str = field(default="", repr=False)
    ssh_known_hosts: str = field(default="", repr=False)
    revision: str = ""

    @property
    def remote(self) -> bool:
        """Whether the repository is cloned; a path is read in place."""
        return is_remote(self.url_or_path)


def is_remote(url_or_path: str) -> bool:
    """Tell an address from a path of this machine."""
    return "://" in url_or_path or _SCP_LIKE_RE.fullmatch(url_or_path) is not None


def scheme_of(url: str) -> str:
    """Give the transport of a checked address: https, http or ssh."""
    return urlsplit(url).scheme if "://" in url else "ssh"


def host_of(url: str) -> str:
    """Give the host of a checked address, in lower case and without its port."""
    if "://" in url:
        return urlsplit(url).hostname or ""
    match = _SCP_LIKE_RE.fullmatch(url)
    return match["host"].lower() if match else ""


def check_location(url: str, *, with_token: bool = False) -> str | None:
    """Say what is wrong with a repository's address or path, or None; the text never repeats the address.

    `with_token` tells that a token is to be sent there.
    """
    if not url or url != url.strip() or any(ord(character) < 32 or ord(character) == 127 for character in url):
        return "is empty or holds white space or control characters; give an https or ssh address or a path"
    if url.startswith("-"):
        return "starts with '-', which git would take for an option; give an https or ssh address or a path"
    if _HELPER_RE.match(url):
        return "names a git remote helper ('::'), which can run programs; give an https or ssh address or a path"
    if "://" in url:
        return _check_url(url, with_token=with_token)
    return _check_scp_like(url)


def _check_scp_like(url: str) -> str | None:
    match = _SCP_LIKE_RE.fullmatch(url)
    if match and match["user"] is not None and not _USER_RE.fullmatch(match["user"]):
        return "holds a password or an odd user name; give git@host:path and set CONTENT_SSH_KEY"
    if not match and ":" in url.split("/", 1)[0]:
        return "is neither host:path nor a path; write a path that holds ':' as ./name"
    return None


def _check_url(url: str, *, with_token: bool) -> str | None:
    scheme, _, rest = url.partition("://")
    authority, _, path = rest.partition("/")
    userinfo, at, host = authority.rpartition("@")
    if scheme not in _SCHEMES:
        return "has a scheme that is not read; use https://, ssh:// or a plain path (http:// without a token)"
    if at and not (scheme == "ssh" and _USER_RE.fullmatch(userinfo)):
        return "holds credentials; take them out of the address and set CONTENT_TOKEN or CONTENT_SSH_KEY"
    if "?" in url or "#" in url:
        return "holds '?' or '#'; give the plain address and set CONTENT_TOKEN for credentials"
    if not _HOST_AND_PORT_RE.fullmatch(host) or not path.strip("/"):
        return "lacks a host or a path; it should look like https://host/owner/name.git"
    if scheme == "http" and with_token:
        return "would send CONTENT_TOKEN unencrypted; use https://"
    return None


def check_branch(branch: str) -> str | None:
    """Say what is wrong with a branch's name ("" = the default branch), or None.

    Narrower than git's own rule (git-check-ref-format): an allow-list of characters, each harmless in an
    argument.
    """
    parts = branch.split("/")
    wrong = (
        not _BRANCH_RE.fullmatch(branch)
        or branch == "@"
        or ".." in branch
        or any(not part or part.startswith(".") or part.endswith((".", ".lock")) for part in parts)
    )
    return "is not a branch name that git would accept; give one like main" if branch and wrong else None


def check_content_dir(content_dir: str) -> str | None:
    """Say what is wrong with the site's folder inside the repository ("" = its root), or None."""
    if not content_dir:
        return None
    odd = any(ord(character) < 32 for character in content_dir)
    if odd or any(part in ("", ".", "..") for part in content_dir.split("/")):
        return "must be a folder inside the repository, like content or site/blog, without '..' or outer '/'"
    return None


def check_revision(revision: str) -> str | None:
    """Say what is wrong with a commit's id, perhaps shortened ("" = none), or None."""
    if not revision or _REVISION_RE.fullmatch(revision):
        return None
    return "is not a commit id; give 7 to 40 characters of it, as `git log` prints them"


def redact(text: str, secrets: Iterable[str] = ()) -> str:
    """Take out of a text the credentials in addresses and headers, and `secrets` wherever they are."""
    for secret in secrets:
        if secret:
            text = text.replace(secret, "***")
    text = _USERINFO_RE.sub(r"\g<scheme>", text)
    text = _QUERY_RE.sub(r"\g<address>", text)
    return _AUTHORIZATION_RE.sub(r"\1 ***", text)
