"""A fresh machine: Debian's smallest root, entered with namespaces of its own, so that nothing outlives a test.

The network is this machine's, and so is what pip needs to get through it: its settings, and whom it trusts.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.checkout import IDENTITY, environment, make_checkout
from tests.debian import make_root, require_programs

RELEASE = "bookworm"
# What README asks for, in Debian's names, and nothing else.
PACKAGES = ("python3", "python3-venv", "git", "make")
CACHE = Path.home() / ".cache" / "gitblog" / "fresh"
BUNDLE = "srv/gitblog.bundle"
_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
# How this machine's pip gets to the index, where that takes more than a line to the Internet.
_OF_THIS_MACHINE = (Path("/etc/pip.conf"), Path("/etc/ssl/certs/ca-certificates.crt"), Path("/etc/resolv.conf"))
_HANDED_IN = ("PIP_CERT", "PIP_DEFAULT_TIMEOUT", "PIP_INDEX_URL", "HTTPS_PROXY", "https_proxy", "NO_PROXY", "no_proxy")
# Process 1 of the machine is a shell of root's: when the test's process dies the kernel ends it, and with it all that
# was started inside. One that became another user would lose that signal (prctl(2), PR_SET_PDEATHSIG).
_NAMESPACES = ("unshare", "--mount", "--pid", "--fork", "--kill-child")
_ENTER = 'mount -t tmpfs -o mode=1777 tmpfs "$1/dev/shm" && root=$1 && shift && chroot "$root" "$@"; exit $?'


@dataclass(frozen=True, slots=True)
class Machine:
    """A root folder and the user whose home is worked in: root below /root, or a plain user."""

    root: Path
    user: str

    @property
    def home(self) -> Path:
        """The user's home folder, seen from outside."""
        return self.root / ("root" if self.user == "root" else f"home/{self.user}")

    def command(self, script: str, folder: str = "") -> Sequence[str]:
        """Give the command line that runs a script in a folder below the user's home."""
        home = "/" + str(self.home.relative_to(self.root))
        handed = [f"{name}={os.environ[name]}" for name in _HANDED_IN if name in os.environ]
        inside = ["env", "-i", f"PATH={_PATH}", f"HOME={home}", *handed, *(f"{k}={v}" for k, v in IDENTITY.items())]
        user = ["setpriv", f"--reuid={self.user}", f"--regid={self.user}", "--init-groups"]
        shell = ["sh", "-ec", f"cd {home}/{folder}\n{script}"]
        enter = ["sh", "-ec", _ENTER, "sh", str(self.root)]
        return [*_NAMESPACES, f"--mount-proc={self.root}/proc", *enter, *inside, *user, *shell]

    def run(self, script: str, folder: str = "", seconds: float = 600) -> subprocess.CompletedProcess[str]:
        """Run a script to its end, whatever that is."""
        return subprocess.run(
            self.command(script, folder), capture_output=True, text=True, timeout=seconds, check=False
        )


@contextmanager
def fresh_machine(user: str, scratch: Path) -> Iterator[Machine]:
    """Give a machine on which nobody has worked yet; the project lies there as a bundle that can be cloned."""
    require_programs(("debootstrap",), "entering another root")
    original = _original()
    with tempfile.TemporaryDirectory(prefix="machine-", dir=CACHE) as folder:
        root = Path(folder) / "root"
        subprocess.run(["cp", "--archive", "--reflink=auto", str(original), str(root)], check=True)
        _settle(root, user)
        checkout = make_checkout(scratch / "checkout")
        bundle = ["git", "bundle", "create", "--quiet", str(root / BUNDLE), "HEAD", "main"]
        subprocess.run(bundle, cwd=checkout, env=environment(checkout), check=True)
        machine = Machine(root, user)
        if (entered := machine.run("true")).returncode:
            pytest.skip(f"another root cannot be entered here: {entered.stderr.strip()[-300:]}")
        yield machine


def _original() -> Path:
    """Give the root that every machine is a copy of; it is made once, and kept."""
    made = CACHE / RELEASE
    if not made.exists():
        CACHE.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix="making-", dir=CACHE) as folder:
            root = Path(folder) / "root"
            make_root(root, RELEASE, PACKAGES)
            root.rename(made)
    return made


def _settle(root: Path, user: str) -> None:
    """Do what an installer does and debootstrap does not, and give pip the way to its index that it has here."""
    (root / "etc/hosts").write_text("127.0.0.1 localhost\n::1 localhost\n")
    if user != "root":
        subprocess.run(["chroot", str(root), "useradd", "--create-home", user], check=True)
    for path in filter(Path.is_file, _OF_THIS_MACHINE):
        inside = root / path.relative_to("/")
        inside.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(path, inside)
