"""Runs git, and says why each option is there; nothing else in gitblog starts it.

GitPython is used through `Git.execute` alone: its attribute calls turn keywords into options. The arguments
are constants and values that passed a check (`locations`, `revision_argument`). git runs in a process group
of its own under a hard time limit of ours, because GitPython's `kill_after_timeout` needs `ps` and misses
what forked.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import NamedTuple, Protocol, cast

from gitblog.errors import SourceError
from gitblog.source.credentials import header_of, secrets_of, ssh_command, write_private
from gitblog.source.failures import translate
from gitblog.source.locations import Location, redact, scheme_of

# A local command reads at most the whole history: 24 s were measured for 20,000 commits of one folder of
# 50,000.
LOCAL_SECONDS = 300.0
# Asking for a branch is one exchange; low-speed limits do not cover a slow name server or proxy.
ASK_SECONDS = 60.0
# A first clone over a slow line; what is merely stuck ends far earlier by the low-speed limits below.
TRANSFER_SECONDS = 1800.0
# A gc of a large clone.
PACK_SECONDS = 900.0
# How long a killed group may take to vanish before its pipes are abandoned (a disk that hangs).
_FAREWELL_SECONDS = 5.0

_REVISION_RE = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
# All that is meant for git, but for a private certificate authority of the operator's and the place of git's own parts.
_INHERITED_RE = re.compile(r"GIT_(?!(?:SSL_CA(?:INFO|PATH)|EXEC_PATH)$)[A-Za-z0-9_]+")

# Commands in this scope win over the repository's own configuration, which may be another person's.
_CONFIGURATION: tuple[tuple[str, str], ...] = (
    # Nothing in a repository is ever run.
    ("core.hooksPath", os.devnull),
    ("core.fsmonitor", "false"),
    ("core.sshCommand", "ssh"),
    ("log.showSignature", "false"),
    # The user's own helpers would answer for credentials that were not given to gitblog.
    ("credential.helper", ""),
    # Only the transport of the checked address is opened again, in `_transport`; a missing object of a
    # partial clone can therefore never be fetched in passing.
    ("protocol.allow", "never"),
    # Packing comes after a publish, never in the middle of a fetch (see `Repository.pack`).
    ("gc.auto", "0"),
    ("gc.autoDetach", "false"),
    ("maintenance.auto", "false"),
    ("fetch.recurseSubmodules", "false"),
    ("fetch.writeCommitGraph", "false"),
    # The log's shape must not depend on somebody's taste (`-m` follows log.diffMerges since git 2.32).
    ("log.diffMerges", "separate"),
    ("log.showRoot", "true"),
    ("log.follow", "false"),
    ("log.mailmap", "false"),
    ("diff.orderFile", os.devnull),
    ("diff.renames", "true"),
    ("diff.ignoreSubmodules", "none"),
    ("core.quotePath", "false"),
    ("core.commitGraph", "true"),
    ("i18n.logOutputEncoding", "UTF-8"),
    # A server that sends less than 1,000 bytes a second for 30 s is cut, also when we are gone.
    ("http.lowSpeedLimit", "1000"),
    ("http.lowSpeedTime", "30"),
    ("http.sslVerify", "true"),
    ("http.cookieFile", ""),
    # Objects that could harm are refused as they come in ...
    ("transfer.fsckObjects", "true"),
    # ... but what old tools and imports really wrote, and submodules, which are never looked at, may pass.
    *(
        (f"fetch.fsck.{message}", "ignore")
        for message in (
            "zeroPaddedFilemode",
            "badTimezone",
            "missingSpaceBeforeDate",
            "missingSpaceBeforeEmail",
            "missingEmail",
            "badEmail",
            "missingNameBeforeEmail",
            "badName",
            "badDate",
            "badDateOverflow",
            "zeroPaddedDate",
            "multipleAuthors",
            "nullSha1",
            "badFilemode",
            "missingTaggerEntry",
            "gitmodulesMissing",
            "gitmodulesBlob",
            "gitmodulesLarge",
            "gitmodulesName",
            "gitmodulesParse",
            "gitmodulesPath",
            "gitmodulesSymlink",
            "gitmodulesUpdate",
            "gitmodulesUrl",
        )
    ),
)

_ENVIRONMENT: Mapping[str, str] = {
    # The machine's and the user's configuration could bring helpers, rewritten addresses, other transports.
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_ATTR_NOSYSTEM": "1",
    # Nobody is there to answer: a question is a refusal. Empty, so that SSH_ASKPASS is not asked instead.
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_ASKPASS": "",
    "SSH_ASKPASS": "",
    "SSH_ASKPASS_REQUIRE": "never",
    # History is what the commits say, not what replace refs, grafts or a promising remote would add.
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_GRAFT_FILE": os.devnull,
    "GIT_NO_LAZY_FETCH": "1",
    # Reading takes no lock in a repository that is somebody's work place.
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_PAGER": "cat",
    # `failures` reads English.
    "LC_ALL": "C",
    "LANGUAGE": "C",
}


class Answer(NamedTuple):
    """How a git command ended: its status and both outputs."""

    status: int
    output: bytes
    complaint: str


class _Process(Protocol):
    """What is used of GitPython's wrapped process (it passes all of these on to a `Popen`)."""

    pid: int
    returncode: int

    def communicate(self, input: bytes | None, timeout: float) -> tuple[bytes, bytes]: ...


def revision_argument(revision: str) -> str:
    """Give back a full object id; anything else never reaches git."""
    if not _REVISION_RE.fullmatch(revision):
        raise SourceError(f"{revision!r} is not a full commit id; give 40 hexadecimal digits", reason="no-commit")
    return revision


@dataclass(frozen=True, slots=True)
class Git:
    """The git program as gitblog runs it for one location."""

    location: Location
    lock_descriptor: int | None = None
    secrets: tuple[str, ...] = field(default=(), repr=False)
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)

    def run(
        self, arguments: Sequence[str], *, what: str, limit_seconds: float | None = None, data: bytes = b""
    ) -> bytes:
        """Run git, give its output, or raise the `SourceError` for trying `what`."""
        answer = self.ask(arguments, what=what, limit_seconds=limit_seconds, data=data)
        if answer.status != 0:
            raise translate(what, answer.complaint)
        return answer.output

    def ask(
        self, arguments: Sequence[str], *, what: str, limit_seconds: float | None = None, data: bytes = b""
    ) -> Answer:
        """Run git whatever its exit status; raises where it is absent or the time limit ends it."""
        limit_seconds = LOCAL_SECONDS if limit_seconds is None else limit_seconds
        process = self._start(arguments)
        try:
            output, complaint = process.communicate(data, limit_seconds)
        except subprocess.TimeoutExpired as exc:
            _end_group(process)
            raise SourceError(
                f"cannot {what}: git was ended after {limit_seconds:g} s; it is tried again by itself, "
                "so look at the network and the disk only if this stays",
                reason="timeout",
            ) from exc
        except BaseException:
            # A signal's exception must not leave a git behind that still writes.
            _end_group(process)
            raise
        text = redact(complaint.decode(errors="replace"), self.secrets)
        if process.returncode == _ENV_NOT_FOUND and "git" in text:
            raise _no_git()
        return Answer(process.returncode, output, text)

    def _start(self, arguments: Sequence[str]) -> _Process:
        git = _load()
        # GitPython hands the whole environment on; what a surrounding git or a user set for git is unset by
        # name, because GIT_DIR, GIT_TRACE_CURL or GIT_SSL_NO_VERIFY would change what is read or shown.
        inherited = [name for name in os.environ if _INHERITED_RE.fullmatch(name) and name not in self.environment]
        unset = ["env", *(part for name in inherited for part in ("-u", name))] if inherited else []
        try:
            # The wrapper itself is kept: it ends its process when it is collected.
            process = git.Git(str(self.location.data_dir)).execute(
                [*unset, "git", "--no-pager", *arguments],
                istream=subprocess.PIPE,
                as_process=True,
                shell=False,
                env=dict(self.environment),
                process_group=0,
                # An orphaned git keeps the lock, so that no second one starts beside it.
                pass_fds=() if self.lock_descriptor is None else (self.lock_descriptor,),
            )
            return cast(_Process, process)
        except git.GitCommandNotFound as exc:
            raise _no_git() from exc
        except OSError as exc:
            raise SourceError(f"cannot start git: {exc.strerror}", reason="no-resources") from exc


# The exit status of env(1) for a program that is not there.
_ENV_NOT_FOUND = 127


def make_git(location: Location, lock_descriptor: int | None = None) -> Git:
    """Prepare git's environment and the files it names under DATA_DIR."""
    if shutil.which("git") is None:
        raise _no_git()
    data_dir = location.data_dir.absolute()
    configuration = data_dir / "git.config"
    try:
        data_dir.mkdir(parents=True, exist_ok=True)
        write_private(configuration, _global_configuration(location))
        transport = _transport(location)
    except OSError as exc:
        raise SourceError(
            f"cannot write in DATA_DIR ({data_dir}): {exc.strerror}; make it a folder that may be written",
            reason="no-permission",
        ) from exc
    settings = [*_CONFIGURATION, *transport]
    environment = {
        **_ENVIRONMENT,
        "GIT_CONFIG_GLOBAL": str(configuration),
        "GIT_CONFIG_COUNT": str(len(settings)),
    }
    for number, (key, value) in enumerate(settings):
        environment[f"GIT_CONFIG_KEY_{number}"] = key
        environment[f"GIT_CONFIG_VALUE_{number}"] = value
    if location.remote and scheme_of(location.url_or_path) == "ssh":
        environment |= {"GIT_SSH_COMMAND": ssh_command(location), "GIT_SSH_VARIANT": "ssh"}
    return Git(location, lock_descriptor, secrets_of(location), environment)


def _transport(location: Location) -> list[tuple[str, str]]:
    if not location.remote:
        return []
    settings = [(f"protocol.{scheme_of(location.url_or_path)}.allow", "always")]
    header = header_of(location)
    if header is None:
        # A renamed repository is found again; git follows only within the transport that is allowed.
        return [*settings, ("http.followRedirects", "initial")]
    # git would send the header on to whatever host it is redirected to.
    return [*settings, header, ("http.followRedirects", "false")]


def _global_configuration(location: Location) -> str:
    """Name the local repository as safe whoever owns it: the operator chose it, and nothing in it is run.

    In a file, because git hands neither the environment nor `-c` to a git that it starts itself.
    """
    if location.remote:
        return ""
    path = Path(location.url_or_path).absolute()
    names = dict.fromkeys((path, path.resolve(), path.resolve() / ".git"))
    lines = [f"\tdirectory = {_quoted(str(name))}" for name in names]
    return "\n".join(["[safe]", *lines, ""])


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _end_group(process: _Process) -> None:
    """Kill git and all that it started, and take its last words off the pipes."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    with suppress(subprocess.TimeoutExpired, ValueError):
        process.communicate(None, _FAREWELL_SECONDS)


def _load() -> ModuleType:
    """Import GitPython when git is first needed: where the program is absent, its import fails."""
    try:
        import git
    except ModuleNotFoundError:
        raise
    except ImportError as exc:
        raise _no_git() from exc
    return git


def _no_git() -> SourceError:
    return SourceError("the git program is not installed or not in PATH; install git", reason="no-git")
