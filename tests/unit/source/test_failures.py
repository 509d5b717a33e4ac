"""git's complaints become stable reasons; the texts are those of git, curl and ssh."""

from __future__ import annotations

import pytest

from gitblog.errors import ObjectMissingError
from gitblog.source.failures import translate

CASES = {
    "fatal: unable to access 'https://h/x/': Could not resolve host: h": "unreachable",
    "fatal: unable to access 'https://certificate.h/404/': Could not resolve host: h": "unreachable",
    "fatal: unable to access 'https://h/x/': The requested URL returned error: 503": "unreachable",
    "fatal: unable to access 'https://h/x/': The requested URL returned error: 301": "moved",
    "ssh: connect to host h port 22: Connection refused\nfatal: Could not read from remote repository.": "unreachable",
    "error: RPC failed; curl 18 transfer closed with outstanding read data remaining": "unreachable",
    "fatal: early EOF\nfatal: fetch-pack: invalid index-pack output": "unreachable",
    "error: object 1a2b: hasDotgit: contains '.git'\nfatal: fsck error in packed object\n"
    "fatal: fetch-pack: invalid index-pack output": "bad-objects",
    "fatal: unable to access 'https://h/x/': server certificate verification failed.": "certificate",
    "Host key verification failed.\nfatal: Could not read from remote repository.": "host-key",
    "git@h: Permission denied (publickey).\nfatal: Could not read from remote repository.": "auth",
    "fatal: could not read Username for 'https://h': terminal prompts disabled": "auth",
    "ERROR: Repository not found.\nfatal: Could not read from remote repository.": "no-repository",
    "fatal: repository 'https://h/x/' not found": "no-repository",
    "fatal: not a git repository (or any of the parent directories): .git": "no-repository",
    "fatal: not a git repository: '/data/clone.git'": "damaged",
    "fatal: couldn't find remote ref refs/heads/nope": "no-branch",
    "fatal: write error: No space left on device": "no-space",
    "error: cannot open FETCH_HEAD: Permission denied": "no-permission",
    "fatal: detected dubious ownership in repository at '/x'": "ownership",
    "error: inflate: data stream error (incorrect data check)\nfatal: packed object 1 is corrupt": "damaged",
    "fatal: bad object refs/heads/main": "damaged",
    "error: cannot fork() for index-pack: Resource temporarily unavailable": "no-resources",
    "! [rejected] main -> main (shallow update not allowed)": "shallow",
    "something new": "git-failed",
    "": "git-failed",
}


@pytest.mark.parametrize(("complaint", "reason"), CASES.items())
def test_a_complaint_has_the_reason_of_its_cause(complaint: str, reason: str) -> None:
    """Names in quotes do not count, and a cause counts before its effects."""
    error = translate("fetch main of https://h/x.git", complaint)

    assert error.reason == reason
    assert error.message.startswith("cannot fetch main of https://h/x.git: ")


def test_only_damage_asks_for_a_new_clone() -> None:
    """`ObjectMissingError` is what the sync answers with `discard`."""
    damaged = {complaint for complaint in CASES if isinstance(translate("x", complaint), ObjectMissingError)}

    assert damaged == {complaint for complaint, reason in CASES.items() if reason == "damaged"}


def test_the_message_ends_with_gits_own_last_word() -> None:
    """The fatal line, not the hints around it."""
    message = translate("fetch", "warning: w\nfatal: could not resolve host\nhint: h").message

    assert message.endswith("(git said: could not resolve host)")
