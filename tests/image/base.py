"""The image that the Dockerfile starts from: pulled, or where no registry answers, made from Debian's packages.

The stand-in is Debian's smallest root with the Python of this machine, laid out as in the official image.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.checkout import TOP
from tests.debian import make_root
from tests.image.engine import Engine

# What the official image has, and the libraries that Python's own modules are linked with.
_DEBIAN = (
    "ca-certificates", "libbz2-1.0", "libexpat1", "libffi8", "liblzma5", "libncursesw6", "libreadline8",
    "libsqlite3-0", "libssl3", "libuuid1", "netbase", "tzdata", "zlib1g",
)  # fmt: skip
_NOT_IN_AN_IMAGE = ("var/cache/apt", "var/lib/apt/lists", "usr/share/doc", "usr/share/man", "usr/share/locale")
# As in the official image: apt keeps no package and no index of packages.
_APT_KEEPS_NOTHING = """\
DPkg::Post-Invoke { "rm -f /var/cache/apt/archives/*.deb /var/cache/apt/*.bin || true"; };
APT::Update::Post-Invoke { "rm -f /var/cache/apt/*.bin || true"; };
Dir::Cache::pkgcache "";
Dir::Cache::srcpkgcache "";
"""
# As in the official slim image: no manuals and no translations.
_DPKG_LEAVES_OUT = """\
path-exclude /usr/share/doc/*
path-exclude /usr/share/man/*
path-exclude /usr/share/locale/*
"""
_NOT_OF_PYTHON = shutil.ignore_patterns("test", "tests", "idlelib", "turtledemo", "config-*", "__pycache__", "*.a")


def base_name() -> str:
    """Return the name of the image in the Dockerfile's first FROM."""
    line = next(line for line in (TOP / "Dockerfile").read_text().splitlines() if line.startswith("FROM "))
    return line.split()[1]


def provide_base(engine: Engine) -> str:
    """See that the base image is in the storage, and tell where it came from."""
    name = base_name()
    label = "org.gitblog.stand-in"
    if not engine.has(name) and engine.podman("pull", "--quiet", name, check=False).returncode:
        with tempfile.TemporaryDirectory(prefix="gitblog-base-", dir=engine.folder) as scratch:
            root = Path(scratch) / "root"
            make_root(root, name.rpartition("-")[2], _DEBIAN)
            _slim(root)
            _add_python(root, version=name.rpartition(":")[2].partition("-")[0])
            _pack(root, Path(scratch) / "base.tar")
            changes = ("ENV PATH=/usr/local/bin:/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin", f"LABEL {label}=yes")
            options = [each for change in changes for each in ("--change", change)]
            engine.podman("import", *options, f"{scratch}/base.tar", name)
    labels = engine.podman("image", "inspect", "--format", "{{.Labels}}", name).stdout
    return "made from Debian's packages" if label in labels else "pulled"


def _slim(root: Path) -> None:
    for path in _NOT_IN_AN_IMAGE:
        shutil.rmtree(root / path)
        (root / path).mkdir()
    (root / "etc/apt/apt.conf.d/docker-clean").write_text(_APT_KEEPS_NOTHING)
    (root / "etc/dpkg/dpkg.cfg.d/docker").write_text(_DPKG_LEAVES_OUT)


def _add_python(root: Path, version: str) -> None:
    prefix, local = _python_prefix(version), root / "usr" / "local"
    library = f"lib/python{version}"
    shutil.copytree(prefix / library, local / library, symlinks=True, ignore=_not_in_the_image)
    for shared in (prefix / "lib").glob("libpython*.so*"):
        shutil.copy2(shared, local / "lib", follow_symlinks=False)
    shutil.copy2(prefix / "bin" / f"python{version}", local / "bin")
    for link in ("python3", "python"):
        (local / "bin" / link).symlink_to(f"python{version}")
    _run(["chroot", str(root), "ldconfig"])


def _not_in_the_image(folder: str, names: list[str]) -> set[str]:
    """Leave out what the official image leaves out, and every installed package but pip."""
    if Path(folder).name == "site-packages":
        return {name for name in names if name.partition("-")[0] != "pip"}
    return _NOT_OF_PYTHON(folder, names)


def _python_prefix(version: str) -> Path:
    """Find a Python that was built into a folder of its own; a distribution's is spread over /usr."""
    ask = "import sys; print(sys.base_prefix)"
    places = [*sorted(Path.home().glob(f".pyenv/versions/{version}.*/bin")), *map(Path, os.get_exec_path())]
    for place in places:
        program = place / f"python{version}"
        if program.exists():
            told = subprocess.run([program, "-c", ask], capture_output=True, text=True, check=False)
            prefix = Path(told.stdout.strip() or "/usr")
            if prefix != Path("/usr") and (prefix / "bin" / program.name).exists():
                return prefix
    pytest.skip(f"no registry answers for {base_name()}, and there is no Python {version} of its own to make one with")


def _pack(root: Path, archive: Path) -> None:
    _run(["tar", "--create", "--numeric-owner", "--file", str(archive), "--directory", str(root), "."])


def _run(command: Sequence[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, timeout=600, check=False)
    if done.returncode:
        pytest.skip(f"{command[0]} could not make a base image: {(done.stdout + done.stderr).strip()[-300:]}")
