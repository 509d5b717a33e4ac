"""What git's complaints mean: each becomes a `SourceError` with a stable reason and something to do.

git has one exit status for nearly everything, so its English text (LC_ALL=C) has to be read; what is not
recognised keeps git's own last line.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from gitblog.errors import ObjectMissingError, SourceError

_QUOTED_RE = re.compile(r"(?<!\w)'[^'\n]*'")


class _Meaning(NamedTuple):
    reason: str
    pattern: re.Pattern[str]
    advice: str


def _meaning(reason: str, pattern: str, advice: str) -> _Meaning:
    return _Meaning(reason, re.compile(pattern, re.IGNORECASE), advice)


# The first that matches counts: what names a cause comes before what names only its effect.
_MEANINGS = (
    _meaning("no-space", r"no space left|disk quota", "the disk is full; make room where DATA_DIR lies"),
    _meaning(
        "host-key",
        r"host key verification failed|host identification has changed|host key is known",
        "the server's ssh key is unknown or has changed; set CONTENT_SSH_KNOWN_HOSTS to its lines",
    ),
    _meaning(
        "auth",
        r"could not read (username|password)|authentication failed|terminal prompts disabled"
        r"|returned error: 40[13]|permission denied \((publickey|password|keyboard)|access denied",
        "the server wants other credentials, or hides that the repository does not exist; "
        "check CONTENT_REPO, and set CONTENT_TOKEN (https) or CONTENT_SSH_KEY (ssh) to one that may read it",
    ),
    _meaning(
        "moved",
        r"returned error: 30\d|redirect",
        "the server redirects elsewhere; set CONTENT_REPO to the final address (on GitLab it ends in .git)",
    ),
    _meaning(
        "bad-objects",
        r"fsck error|error: object [0-9a-f]+: ",
        "the repository holds an object that git holds unsafe; run `git fsck` on it",
    ),
    _meaning(
        "shallow",
        r"shallow (update|roots)",
        "the server's repository is a shallow clone itself; run `git fetch --unshallow` in it",
    ),
    _meaning(
        "unreachable",
        r"returned error: (429|5\d\d)",
        "the server cannot answer now; it is asked again by itself",
    ),
    _meaning(
        "certificate",
        r"certificate|self.signed",
        "the server's certificate was not accepted; mend it there, or the machine's CA certificates here",
    ),
    _meaning(
        "no-branch",
        r"couldn't find remote ref|ambiguous argument|needed a single revision|unknown revision",
        "the branch does not exist; set CONTENT_BRANCH to one that does",
    ),
    _meaning(
        "unreachable",
        r"could not resolve|failed to connect|couldn't connect|connection (refused|reset|timed out|closed)"
        r"|timed out|timeout|too slow|network is unreachable|no route to host|early eof|rpc failed|hung up"
        r"|disconnect"
        r"|expected flush|protocol error|bad line length|unexpected .*packet"
        r"|empty reply|transfer closed|handshake|gnutls|ssl_|invalid index-pack output",
        "the server cannot be reached or broke off; it is asked again by itself, "
        "so look at the network and CONTENT_REPO only if this stays",
    ),
    _meaning(
        "ownership",
        r"dubious ownership",
        "the repository belongs to another user; give it to the user who runs gitblog",
    ),
    _meaning(
        "no-permission",
        r"permission denied|read-only file system|operation not permitted|insufficient permission",
        "a file may not be read or written; check the owner and mode of DATA_DIR and CONTENT_REPO",
    ),
    _meaning(
        "no-resources",
        r"cannot fork|resource temporarily unavailable|out of memory|too many open files",
        "the machine refused a process, memory or a file; raise its limits",
    ),
    _meaning(
        "damaged",
        r"object file .* is empty|loose object|bad object|bad tree|bad config|missing (blob|tree|commit)"
        r"|unable to (read|parse)|could not (read|parse) (?!from)|inflate|packfile|corrupt|not a tree"
        r"|does not point to a valid object|not a valid object|bad signature"
        r"|wrong index|unresolvable reference|not a git repository: ''|unexpected line in|invalid object",
        "the copy on this disk is damaged; a clone is made anew by itself, run `git fsck` on a local one",
    ),
    _meaning(
        "no-repository",
        r"returned error: 404|not found|not a git repository|does not appear to be a git repo|does not exist"
        r"|no such file|not a directory",
        "there is no git repository there; check CONTENT_REPO",
    ),
)


def translate(what: str, complaint: str) -> SourceError:
    """Make the error for git's `complaint` (its stderr, already redacted) about `what` was tried."""
    line = _telling_line(complaint)
    # A name in quotes is somebody's choice and tells nothing about the cause.
    unnamed = _QUOTED_RE.sub("''", complaint)
    for meaning in _MEANINGS:
        if meaning.pattern.search(unnamed):
            kind = ObjectMissingError if meaning.reason == "damaged" else SourceError
            return kind(f"cannot {what}: {meaning.advice} (git said: {line})", reason=meaning.reason)
    return SourceError(f"cannot {what}: git said: {line}", reason="git-failed")


def _telling_line(complaint: str) -> str:
    lines = [line.strip() for line in complaint.splitlines() if line.strip()]
    for prefix in ("fatal: ", "error: "):
        for line in lines:
            if line.startswith(prefix):
                return line.removeprefix(prefix)
    return lines[-1] if lines else "nothing"
