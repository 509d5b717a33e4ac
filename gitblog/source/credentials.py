"""What lets git into a private repository, kept out of argv, addresses, .git/config and error texts.

A token travels in git's environment as a header for its own host alone; an ssh key is a file that only we may
read. Both are made anew at each start, so a changed secret needs no clean-up.
"""

from __future__ import annotations

import base64
import os
import shlex
from pathlib import Path

from gitblog.errors import SourceError
from gitblog.source.known_hosts import KNOWN_HOSTS
from gitblog.source.locations import Location, host_of, scheme_of

# The user names that the forges want beside a token (their documentation on tokens over https).
_TOKEN_USERS = {"github.com": "x-access-token", "gitlab.com": "oauth2", "bitbucket.org": "x-token-auth"}

_SSH_OPTIONS = (
    # Nobody is there to answer a question.
    "BatchMode=yes",
    # An unknown key is refused, never learnt: the first contact could be with an impostor.
    "StrictHostKeyChecking=yes",
    "UpdateHostKeys=no",
    # The transport ends by itself where the server is silent, also when we are gone: 15 s, then 3 x 10 s.
    "ConnectTimeout=15",
    "ServerAliveInterval=10",
    "ServerAliveCountMax=3",
    # Nothing of ours is offered to the server.
    "ForwardAgent=no",
    "ForwardX11=no",
    "ClearAllForwardings=yes",
    "PermitLocalCommand=no",
    # A master connection would outlive git and its time limit.
    "ControlMaster=no",
    "ControlPath=none",
)


def header_of(location: Location) -> tuple[str, str] | None:
    """Give git's configuration key and value that send the token to the repository's host, or None."""
    if not location.token or not location.remote or scheme_of(location.url_or_path) != "https":
        return None
    user, colon, password = location.token.partition(":")
    if not colon:
        user, password = _TOKEN_USERS.get(host_of(location.url_or_path), "git"), location.token
    encoded = base64.b64encode(f"{user}:{password}".encode()).decode()
    # The authority alone, so that the header covers whatever path git asks for below it, and no other host.
    authority = location.url_or_path.split("/", 3)[2]
    return f"http.https://{authority}/.extraHeader", f"Authorization: Basic {encoded}"


def secrets_of(location: Location) -> tuple[str, ...]:
    """Give every text that must not be shown: the token, its password part and the header's value."""
    header = header_of(location)
    encoded = header[1].rpartition(" ")[2] if header else ""
    return tuple(filter(None, (location.token, location.token.partition(":")[2], encoded)))


def ssh_command(location: Location) -> str:
    """Write the key and the known hosts under DATA_DIR, and give the command line that uses them."""
    known_hosts = location.data_dir / "ssh-known-hosts"
    if location.ssh_known_hosts:
        write_private(known_hosts, _text_or_file(location.ssh_known_hosts, "CONTENT_SSH_KNOWN_HOSTS"))
        trusted = _quoted(known_hosts)
    else:
        write_private(known_hosts, KNOWN_HOSTS)
        trusted = f"{_quoted(known_hosts)} ~/.ssh/known_hosts"
    options = [*_SSH_OPTIONS, f"UserKnownHostsFile={trusted}"]
    words = ["ssh"]
    if location.ssh_key:
        key = location.data_dir / "ssh-key"
        write_private(key, _text_or_file(location.ssh_key, "CONTENT_SSH_KEY"))
        # With a key of ours, nothing of the user's own set-up or agent may answer in its place.
        options += ["IdentitiesOnly=yes", "IdentityAgent=none", f"IdentityFile={_quoted(key)}"]
        words += ["-F", os.devnull]
    return shlex.join([*words, *(part for option in options for part in ("-o", option))])


def write_private(path: Path, text: str) -> None:
    """Make `path` hold `text`, readable for us alone from its first byte on, and never seen half."""
    if path.is_file() and path.stat().st_mode & 0o777 == 0o600 and path.read_text(errors="replace") == text:
        return
    draft = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    draft.unlink(missing_ok=True)
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
    draft.replace(path)


def _quoted(path: Path) -> str:
    """Quote a path for one of ssh's options, which are lists of words and know %-tokens."""
    return '"' + str(path.absolute()).replace("%", "%%") + '"'


def _text_or_file(value: str, variable: str) -> str:
    if "\n" in value.strip() or value.startswith("-----BEGIN") or (" " in value and not Path(value).is_file()):
        return value.strip() + "\n"
    try:
        return Path(value).expanduser().read_text().strip() + "\n"
    except (OSError, UnicodeDecodeError) as exc:
        raise SourceError(
            f"{variable} is neither text nor a readable file; give the text itself or the file's path",
            reason="credentials",
        ) from exc
