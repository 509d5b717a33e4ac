"""Credentials reach the server they are for, and nothing else: no argv, no file of git's, no error text."""

from __future__ import annotations

import base64
import logging
import os
import shlex
import stat
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from gitblog.errors import SourceError
from gitblog.source.credentials import ssh_command
from gitblog.source.locations import Location
from gitblog.source.repository import open_repository
from tests.git_server import Behaviour, GitServer
from tests.history_builder import Builder
from tests.tools import require_tool

CANARY = "canary-7f3a9c"


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[GitServer]:
    """A server over https with a certificate of its own authority, which wants the canary as its token."""
    key, certificate, both = tmp_path / "key.pem", tmp_path / "ca.pem", tmp_path / "both.pem"
    command = f"{require_tool('openssl')} req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2"
    options = f"-subj /CN=127.0.0.1 -addext subjectAltName=IP:127.0.0.1 -keyout {key} -out {certificate}"
    subprocess.run(shlex.split(f"{command} {options}"), check=True, capture_output=True)
    both.write_text(key.read_text() + certificate.read_text())
    monkeypatch.setenv("GIT_SSL_CAINFO", str(certificate))
    Builder(tmp_path / "served" / "blog.git").commit({"a.md": b"a"}, date=1, branch="main")
    with GitServer(tmp_path / "served", Behaviour(token=CANARY), both) as running:
        yield running


@pytest.fixture
def location(server: GitServer, tmp_path: Path) -> Location:
    return Location(server.url(), tmp_path / "data", "main", token=CANARY)


class Watch(threading.Thread):
    """Collects the command lines of all processes of the machine while it runs."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.seen: set[bytes] = set()
        self.over = threading.Event()

    def __enter__(self) -> Watch:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.over.set()
        self.join()

    def run(self) -> None:
        while not self.over.wait(0.002):
            for path in Path("/proc").glob("[0-9]*/cmdline"):
                try:
                    self.seen.add(path.read_bytes())
                except OSError:
                    continue


@pytest.mark.parametrize(
    ("token", "user"), [(CANARY, "git"), (f"someone:{CANARY}", "someone")], ids=["token", "user and token"]
)
def test_a_token_opens_a_private_repository_and_shows_nowhere(
    server: GitServer, location: Location, caplog: pytest.LogCaptureFixture, token: str, user: str
) -> None:
    """Not in a process list, in DATA_DIR, in a log."""
    caplog.set_level(logging.DEBUG)
    server.behaviour.delay_seconds = 0.1

    with Watch() as watch:
        revision = open_repository(replace(location, token=token)).fetch()

    assert len(revision) == 40
    encoded = base64.b64encode(f"{user}:{CANARY}".encode())
    assert {request.authorization for request in server.requests} == {f"Basic {encoded.decode()}"}
    assert any(b"fetch\0" in line and b"/blog.git" in line for line in watch.seen)
    for secret in (CANARY.encode(), encoded):
        assert not any(secret in line for line in watch.seen)
        assert not any(secret in file.read_bytes() for file in location.data_dir.rglob("*") if file.is_file())
        assert secret.decode() not in caplog.text


@pytest.mark.parametrize(
    "behaviour",
    [
        Behaviour(token="another"),
        Behaviour(status=403),
        Behaviour(status=500),
        Behaviour(redirect="https://localhost:1"),
    ],
)
def test_no_error_shows_the_token(server: GitServer, location: Location, behaviour: Behaviour) -> None:
    """Whatever goes wrong, and all the way down the chain of causes."""
    server.behaviour = behaviour

    with pytest.raises(SourceError) as caught:
        open_repository(location).fetch()

    error: BaseException | None = caught.value
    while error is not None:
        assert CANARY not in f"{error} {error!r}"
        error = error.__cause__ or error.__context__


def test_a_token_is_not_carried_to_another_host(server: GitServer, location: Location, tmp_path: Path) -> None:
    """A redirect is refused where a token is set, and the message says what to do."""
    with GitServer(tmp_path / "served") as thief:
        server.behaviour = Behaviour(redirect=f"http://127.0.0.1:{thief.port}")

        with pytest.raises(SourceError) as caught:
            open_repository(location).fetch()

        assert (caught.value.reason, thief.requests) == ("moved", [])
        assert "set CONTENT_REPO to the final address" in caught.value.message


def test_a_wrong_token_fails_at_once_without_a_question(server: GitServer, location: Location) -> None:
    """Nobody is asked for a password."""
    with pytest.raises(SourceError) as caught:
        open_repository(replace(location, token="wrong-one")).fetch()

    assert caught.value.reason == "auth"
    assert "CONTENT_TOKEN" in caught.value.message


def test_an_unknown_certificate_is_refused(location: Location, monkeypatch: pytest.MonkeyPatch) -> None:
    """Verification is never switched off, whatever the environment says."""
    monkeypatch.delenv("GIT_SSL_CAINFO")
    monkeypatch.setenv("GIT_SSL_NO_VERIFY", "1")

    with pytest.raises(SourceError) as caught:
        open_repository(location).fetch()

    assert caught.value.reason == "certificate"


def fake_ssh(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Put an `ssh` first on PATH that writes its arguments down, one a line, and refuses."""
    folder.mkdir()
    told = folder / "arguments"
    program = folder / "ssh"
    program.write_text(
        f'#!/bin/sh\nprintf "%s\\n" "$@" > {told}\necho "Permission denied (publickey)." >&2\nexit 255\n'
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
    return told


@pytest.mark.parametrize("as_file", [True, False])
def test_an_ssh_key_is_a_private_file_and_shows_nowhere_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, as_file: bool
) -> None:
    """Given as text or as a file that others may read, ssh gets one that only we may read."""
    told = fake_ssh(tmp_path / "bin", monkeypatch)
    key = f"-----BEGIN OPENSSH PRIVATE KEY-----\n{CANARY}\n-----END OPENSSH PRIVATE KEY-----"
    (tmp_path / "given").write_text(key)
    location = Location(
        "git@host.example:owner/blog.git",
        tmp_path / "data dir",
        ssh_key=str(tmp_path / "given") if as_file else key,
        ssh_known_hosts="host.example ssh-ed25519 AAAA",
    )

    with pytest.raises(SourceError) as caught:
        open_repository(location).fetch()

    arguments = told.read_text()
    written = location.data_dir / "ssh-key"
    assert (caught.value.reason, CANARY in caught.value.message) == ("auth", False)
    assert "CONTENT_SSH_KEY" in caught.value.message
    assert CANARY not in arguments
    assert f'IdentityFile="{written}"' in arguments.splitlines()
    assert f'UserKnownHostsFile="{location.data_dir}/ssh-known-hosts"' in arguments.splitlines()
    for option in ("BatchMode=yes", "StrictHostKeyChecking=yes", "IdentitiesOnly=yes", "ConnectTimeout=15"):
        assert option in arguments.splitlines()
    assert written.read_text() == key + "\n"
    assert stat.S_IMODE(written.stat().st_mode) == 0o600
    assert (location.data_dir / "ssh-known-hosts").read_text() == "host.example ssh-ed25519 AAAA\n"


def test_the_keys_of_the_large_forges_are_there_without_a_setting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Beside those that the user knows already."""
    told = fake_ssh(tmp_path / "bin", monkeypatch)
    location = Location("ssh://git@github.com/owner/blog.git", tmp_path / "data")

    with pytest.raises(SourceError):
        open_repository(location).fetch()

    known = location.data_dir / "ssh-known-hosts"
    assert f'UserKnownHostsFile="{known}" ~/.ssh/known_hosts' in told.read_text().splitlines()
    assert "github.com ssh-ed25519 " in known.read_text()


def test_ssh_itself_accepts_every_option(tmp_path: Path) -> None:
    """`ssh -G` prints the configuration that it understood."""
    require_tool("ssh")
    (tmp_path / "a %b").mkdir()
    location = Location("git@h:x", tmp_path / "a %b", ssh_key="-----BEGIN X", ssh_known_hosts="h ssh-ed25519 AAAA")

    done = subprocess.run(
        [*shlex.split(ssh_command(location)), "-T", "-G", "h"], capture_output=True, text=True, check=False
    )

    assert (done.returncode, done.stderr) == (0, "")
    understood = done.stdout.splitlines()
    for line in ("batchmode yes", "stricthostkeychecking true", "identitiesonly yes", "serveraliveinterval 10"):
        assert line in understood
    assert any(line.startswith("identityfile ") and line.endswith("/ssh-key") for line in understood)


def test_a_key_that_is_neither_text_nor_file_names_the_setting(tmp_path: Path) -> None:
    """The value itself could be a secret and is not repeated."""
    with pytest.raises(SourceError) as caught:
        open_repository(Location("git@h:x", tmp_path / "data", ssh_key=f"/nowhere/{CANARY}"))

    assert caught.value.reason == "credentials"
    assert caught.value.message.startswith("CONTENT_SSH_KEY is neither text nor a readable file")
    assert CANARY not in caught.value.message
