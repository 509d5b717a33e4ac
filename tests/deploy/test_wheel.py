"""The wheel, installed into an empty environment of each Python that this machine has, and a site run from it."""

from __future__ import annotations

import fcntl
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.checkout import IDENTITY, TOP, source_files

PYTHONS = ("3.11", "3.12", "3.13")
PATIENCE_SECONDS = 60.0
INSTALL_SECONDS = 300.0


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of a copy of the project, without anything that git ignores."""
    folder = tmp_path_factory.mktemp("wheel")
    for path in source_files():
        target = folder / "source" / path
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(TOP / path, target)
    pip("wheel", "--no-build-isolation", "--no-deps", "--no-index", "--wheel-dir", str(folder), str(folder / "source"))
    return next(folder.glob("gitblog-*.whl"))


@pytest.fixture(scope="session", params=PYTHONS)
def installed(request: pytest.FixtureRequest, wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The programs of an environment that holds the locked requirements and the wheel, and nothing else."""
    version: str = request.param
    python = find_python(version)
    if python is None:
        # One Python is enough to work on gitblog; each of the workflow's jobs brings one.
        pytest.skip(f"Python {version} is not on this machine")
    # pytest-xdist gives each of its processes a folder of its own, and they share the one above.
    shared = (
        tmp_path_factory.getbasetemp().parent if "PYTEST_XDIST_WORKER" in os.environ else tmp_path_factory.getbasetemp()
    )
    folder = shared / f"python-{version}"
    with (shared / f"python-{version}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "bin" / "gitblog").exists():
            install(wheel, python, folder)
    return folder / "bin"


def install(wheel: Path, python: str, folder: Path) -> None:
    """Make an empty environment, and install the locked requirements and the wheel into it."""
    subprocess.run([python, "-m", "venv", "--without-pip", str(folder)], check=True)
    into = ("--python", str(folder / "bin" / "python"), "install", "--only-binary", ":all:")
    pip(*into, "--require-hashes", "--requirement", str(TOP / "requirements.txt"))
    pip(*into, "--no-deps", "--no-index", str(wheel))


def test_the_wheel_holds_what_the_program_reads_and_nothing_else(wheel: Path) -> None:
    """Every file of the package, the starter from content/, the licence; no test, no deployment file."""
    expected = {path for path in source_files() if path.startswith("gitblog/")}
    starter = {path.replace("content", "gitblog/starter", 1) for path in source_files() if path.startswith("content/")}
    names = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
    licences = [name for name in zipfile.ZipFile(wheel).namelist() if name.endswith("/licenses/LICENSE")]

    assert names == expected | starter
    assert names >= {"gitblog/py.typed", "gitblog/starter/blog.toml", "gitblog/migrations/env.py"}
    assert any(name.startswith("gitblog/themes/default/templates/") for name in names)
    assert len(licences) == 1


def test_no_page_tells_to_install_the_name_that_is_somebody_elses() -> None:
    """A blogger who followed it would run a stranger's code."""
    pages = [path for path in source_files() if path.endswith(".md")]
    wrong = re.compile(r"\b(?:pip|pipx|uv) (?:install|add)\b[^\n`]* gitblog(?![\w./-])")
    found = [path for path in pages if wrong.search((TOP / path).read_text())]

    assert "docs/deploy/wheel.md" in pages
    assert wrong.search("run `pip install --upgrade gitblog`")
    assert found == []


def test_a_blog_is_made_written_and_served_as_the_page_says(installed: Path, tmp_path: Path) -> None:
    """The commands of docs/deploy/wheel.md in an empty folder; then the next commit shows."""
    home = Home(installed, tmp_path)
    told = home.run("bash", "-euc", documented("Write"))
    assert "posts/from-the-wheel.md" in told.splitlines()
    listed = [json.loads(line) for line in home.run("gitblog", "list", "--json", "blog").splitlines()]
    post = next(each for each in listed if each["source_path"] == "posts/from-the-wheel.md")
    assert post["status"] == "published"

    with home.serving(documented("Serve")) as address:
        assert "From the wheel" in eventually(address, "From the wheel")
        assert read(f"{address}about/")[0] == 200
        style = re.search(r'href="/(-/theme/[^"]+\.css)"', read(address)[1])
        assert style is not None
        assert read(address + style[1])[0] == 200

        more = 'cd blog; echo "The second words." >> posts/from-the-wheel.md; git commit --all --message more'
        home.run("bash", "-euc", more)
        page = eventually(address.rstrip("/") + post["url"], "The second words.")
        assert "The first words." in page
    assert home.imported() == installed.parent


def test_without_any_setting_the_packaged_starter_is_shown(installed: Path, tmp_path: Path) -> None:
    """There is no checkout beside an installed package, so the demonstration is made from what the wheel holds."""
    home = Home(installed, tmp_path)
    with home.serving(documented("Serve").splitlines()[-1]) as address:
        assert "Welcome: from a commit to a page" in eventually(address, "Welcome: from a commit to a page")


def test_the_types_are_seen_by_whoever_imports_the_package(installed: Path, tmp_path: Path) -> None:
    """mypy believes an installed package only where it finds py.typed."""
    program = tmp_path / "program.py"
    program.write_text("from gitblog import create_app\n\nreveal_type(create_app)\n")
    python = str(installed / "python")
    command = [sys.executable, "-m", "mypy", "--python-executable", python, "--cache-dir", str(tmp_path), str(program)]
    told = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)

    assert told.returncode == 0, told.stdout
    assert "def (settings: gitblog.config.settings.Settings | None =) -> " in told.stdout


class Home:
    """A folder of somebody who has only installed the wheel: no checkout on any path, no settings."""

    def __init__(self, programs: Path, folder: Path) -> None:
        self._programs = programs
        self._folder = folder

    def run(self, *command: str) -> str:
        """Run a program to its good end in this folder and give what it printed."""
        done = subprocess.run(
            command,
            cwd=self._folder,
            env=self._environment(),
            capture_output=True,
            text=True,
            timeout=PATIENCE_SECONDS,
            check=False,
        )
        assert done.returncode == 0, f"{command} ended with {done.returncode}: {done.stdout}{done.stderr}"
        return done.stdout

    def imported(self) -> Path:
        """Give the environment from which gitblog is imported."""
        path = Path(self.run("python", "-c", "import gitblog; print(gitblog.__file__)").strip())
        return path.parents[4]

    @contextmanager
    def serving(self, script: str) -> Iterator[str]:
        """Run the site on a free port while the block lasts, and see it end well by SIGTERM."""
        *before, last = script.splitlines()
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        log = self._folder / "log"
        with log.open("w") as output:
            process = subprocess.Popen(
                ["bash", "-euc", "\n".join([*before, f"exec {last}"])],
                cwd=self._folder,
                env={**self._environment(), "PORT": str(port)},
                stdout=output,
                stderr=output,
            )
        try:
            yield f"http://127.0.0.1:{port}/"
        except BaseException as error:
            error.add_note(log.read_text()[-4000:])
            raise
        finally:
            process.send_signal(signal.SIGTERM)
            status = process.wait(PATIENCE_SECONDS)
        assert status == 0, log.read_text()[-4000:]

    def _environment(self) -> dict[str, str]:
        return {**IDENTITY, "PATH": f"{self._programs}:{os.environ['PATH']}", "HOME": str(self._folder)}


def documented(heading: str) -> str:
    """Give the commands below a heading of docs/deploy/wheel.md."""
    text = (TOP / "docs" / "deploy" / "wheel.md").read_text()
    section = text.split(f"\n## {heading}\n")[1].split("\n## ")[0]
    return "\n".join(re.findall(r"^\$ (.+)$", section, re.MULTILINE))


def find_python(version: str) -> str | None:
    """Give the program of a Python version, or None: on PATH or among pyenv's, and able to make environments."""
    root = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    candidates = [shutil.which(f"python{version}"), *sorted(root.glob(f"versions/{version}.*/bin/python"))]
    for candidate in filter(None, candidates):
        # A name on PATH proves nothing: pyenv's shims stand for absent versions too, and Debian parts venv off.
        told = subprocess.run(
            [str(candidate), "-c", "import sys, venv; print('%d.%d' % sys.version_info[:2])"],
            capture_output=True,
            text=True,
            check=False,
        )
        if told.stdout.strip() == version:
            return str(candidate)
    return None


def pip(*arguments: str) -> None:
    """Run this environment's pip, which may be told to act on another one."""
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=INSTALL_SECONDS, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def eventually(address: str, expected: str) -> str:
    """Give the page once it is there and holds `expected`."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    answer: tuple[int, str] = (0, "")
    while time.monotonic() < deadline:
        answer = read(address)
        if answer[0] == 200 and expected in answer[1]:
            return answer[1]
        time.sleep(0.1)
    pytest.fail(f"{expected!r} did not come at {address}; the last answer was {answer[0]}: {answer[1][:2000]}")


def read(address: str) -> tuple[int, str]:
    """Give status and body of an address; (0, why) where nothing answered."""
    try:
        with urllib.request.urlopen(address, timeout=10) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()
    except OSError as error:
        return 0, str(error)
