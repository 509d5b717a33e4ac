"""Heroku without Heroku: its files are run by honcho, on a disk that is emptied, with git from a package alone.

A dyno is a folder that is HOME, holds the code without `.git`, and is thrown away at each restart. Its image has no
git: the apt buildpack unpacks the packages of the Aptfile into `.apt`, and every file of `.profile.d` is sourced.
"""

from __future__ import annotations

import json
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import sysconfig
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psycopg2
import pytest

from benchmarks.blogs import LONG_WORDS, make_blog
from benchmarks.processes import family, watched_memory
from gitblog.config import SETTINGS, from_env
from tests.checkout import TOP, source_files
from tests.git_server import GitServer
from tests.history_builder import Builder
from tests.postgres import USER
from tests.tools import require_tool

PATIENCE_SECONDS = 60.0
# An Eco, Basic or Standard-1X dyno.
MEMORY_BYTES = 512 * 1024 * 1024
# An Essential-0 database (devcenter, "Choosing the Right Heroku Postgres Plan").
CONNECTIONS = 20
PICTURE = b"\x89PNG\r\n\x1a\n" + bytes(range(256))
POST = b"---\ntitle: %s\ndate: 2020-05-06\n---\n%s\n\n![Hill](hill.png)\n"
# Where Debian's git looks for its parts, and a folder of the same length that no machine has.
COMPILED_IN, ABSENT = b"/usr/lib/git-core", b"/no!/lib/git-core"
PROFILE = 'for each in .profile.d/*.sh; do . "$each"; done; exec "$@"'
# What the apt buildpack writes for every dyno (its bin/compile).
APT_PROFILE = 'export PATH="$HOME/.apt/usr/bin:$PATH"\n'
# Properties and their types: devcenter, "app.json Schema".
TEXT = {"type": "string"}
VARIABLE = {
    "type": "object",
    "additionalProperties": False,
    "required": ["description"],
    "properties": {
        "description": TEXT,
        "value": TEXT,
        "required": {"type": "boolean"},
        "generator": {"const": "secret"},
    },
}
SCHEMA = {
    "type": "object",
    "additionalProperties": False,
    "required": ["name", "description", "keywords", "env", "addons", "buildpacks", "formation"],
    "properties": {
        "name": {"type": "string", "minLength": 3, "maxLength": 30},
        "description": {"type": "string", "maxLength": 140},
        "keywords": {"type": "array", "items": TEXT},
        "success_url": TEXT,
        "addons": {"type": "array", "items": {"type": "string", "pattern": "^[a-z-]+:[a-z0-9-]+$"}},
        "buildpacks": {"type": "array", "items": {"type": "object", "required": ["url"], "properties": {"url": TEXT}}},
        "env": {"type": "object", "propertyNames": {"pattern": "^[A-Z][A-Z0-9_]*$"}, "additionalProperties": VARIABLE},
        "formation": {"type": "object"},
    },
}


def test_the_procfile_is_valid_and_has_a_release_phase() -> None:
    """honcho reads it as Heroku does."""
    told = subprocess.run(honcho("check"), cwd=TOP, capture_output=True, text=True, check=False)

    assert told.returncode == 0
    assert "Valid procfile detected (release, web)" in told.stderr


def test_app_json_is_what_heroku_expects(tmp_path: Path) -> None:
    """Heroku reads it only when somebody presses the button, so a slip would be found by a stranger."""
    schema = tmp_path / "schema.json"
    schema.write_text(json.dumps(SCHEMA))
    command = [sys.executable, "-m", "check_jsonschema", "--schemafile", str(schema), str(TOP / "app.json")]
    told = subprocess.run(command, capture_output=True, text=True, check=False)

    assert told.returncode == 0, told.stdout


def test_every_variable_of_app_json_is_a_setting_and_together_they_are_valid() -> None:
    """The secrets are long enough, nothing but the repository has to be typed, and every network is listened on."""
    manifest = json.loads((TOP / "app.json").read_text())
    typed = [name for name, variable in manifest["env"].items() if variable.get("required")]
    made = from_env({**app_json_variables(), "CONTENT_REPO": "https://example.org/blog.git"})

    assert set(manifest["env"]) <= {setting.name for setting in SETTINGS}
    assert typed == ["CONTENT_REPO"]
    assert (made.trusted_proxies, len(made.webhook_secret)) == (1, 1)
    assert made.host == "0.0.0.0"  # noqa: S104 — the router does not reach 127.0.0.1
    assert manifest["formation"] == {"web": {"quantity": 1, "size": "basic"}}
    assert [each["url"] for each in manifest["buildpacks"]] == ["heroku-community/apt", "heroku/python"]


def test_the_python_of_heroku_is_one_that_the_suite_runs_on() -> None:
    """The workflow names the versions."""
    version = (TOP / ".python-version").read_text().strip()

    assert f'"{version}"' in (TOP / ".github" / "workflows" / "ci.yml").read_text()


def test_without_the_profile_an_unpacked_git_does_not_find_its_parts(dyno: Dyno) -> None:
    """Were this wrong, the tests below would use the machine's git and prove nothing."""
    question = ["git", "ls-remote", dyno.environment["CONTENT_REPO"], "main"]
    path = f"{dyno.slug}/.apt/usr/bin:{dyno.environment['PATH']}"
    bare = subprocess.run(question, env={"PATH": path}, capture_output=True, text=True, check=False)
    helped = dyno.run(*question)

    assert bare.returncode != 0
    assert "remote-http" in bare.stderr
    assert (helped.returncode, helped.stdout.endswith("refs/heads/main\n")) == (0, True), helped.stderr


def test_an_emptied_disk_serves_pages_and_pictures_before_any_clone(dyno: Dyno, forge: Forge) -> None:
    """Release phase, first start, a push; then the disk and the forge are gone, and the site is there at once."""
    released = dyno.run(*honcho("start", "release"))
    assert released.returncode == 0, released.stdout
    with dyno.web():
        pushed = forge.push(b"First", b"Hello.")
        eventually(dyno, "/2020/05/first/", b"Hello.")
        before = {path: ask(dyno, path) for path in ("/", "/2020/05/first/", "/2020/05/first/hill.png")}
        assert before["/2020/05/first/hill.png"] == (200, PICTURE)
        assert (dyno.slug / "instance" / "clone.git").is_dir()
        told = dyno.run("python", "-m", "gitblog", "status")
        assert told.stdout.startswith(f"live: {pushed} since "), told.stderr
        assert "Error" not in dyno.log.read_text()

    dyno.empty()
    port = forge.server.port
    forge.server.stop()
    with dyno.web():
        eventually(dyno, "/", b"First")
        assert {path: ask(dyno, path) for path in before} == before
        assert not (dyno.slug / "instance" / "clone.git").exists()
        status = json.loads(eventually(dyno, "/-/status", b'"failed"'))
        assert (status["revision"], status["last_sync"]["outcome"]) == (pushed, "failed")

        forge.server.start(port)
        forge.push(b"First", b"Hello again.")
        eventually(dyno, "/2020/05/first/", b"Hello again.")
        assert (dyno.slug / "instance" / "clone.git").is_dir()


def test_a_first_index_stays_within_the_limits_of_the_smallest_plans(dyno: Dyno, forge: Forge) -> None:
    """The processes of a whole dyno together, while it renders 500 long posts and then answers many readers."""
    shutil.rmtree(forge.builder.path)
    blog = make_blog(forge.builder.path, 500, LONG_WORDS)
    assert dyno.run(*honcho("start", "release")).returncode == 0
    with dyno.web() as process, watched_memory(process) as memory:
        eventually(dyno, blog.address(blog.posts - 1), b"<article")
        addresses = [blog.address(number) for number in range(0, blog.posts, 2)]
        with ThreadPoolExecutor(40) as readers:
            statuses = list(readers.map(lambda path: ask(dyno, path)[0], addresses))
        assert {status: statuses.count(status) for status in statuses} == {200: len(addresses)}
        assert "too many connections" not in dyno.log.read_text()

    assert memory.at_peak.keys() >= {"web", "worker"}
    assert memory.peak < MEMORY_BYTES


@dataclass(frozen=True, slots=True)
class Forge:
    """A git server with one repository."""

    server: GitServer
    builder: Builder
    tips: list[str] = field(default_factory=list)

    def push(self, title: bytes, text: bytes) -> str:
        """Make the repository one bundle with a picture, in a commit of its own."""
        tree = {"posts/first/index.md": POST % (title, text), "posts/first/hill.png": PICTURE}
        self.tips.append(self.builder.commit(tree, self.tips[-1:], int(time.time()), "main"))
        return self.tips[-1]


@dataclass(frozen=True, slots=True)
class Dyno:
    """Where the processes of the Procfile run; `environment` is what the platform gives to each of them."""

    slug: Path
    environment: Mapping[str, str]
    package: Path

    @property
    def log(self) -> Path:
        """What its web process wrote since its last start."""
        return self.slug.with_name("log")

    def started(self, command: Sequence[str]) -> list[str]:
        """Give the command as the platform starts it."""
        return ["bash", "-c", PROFILE, "bash", *command]

    def run(self, *command: str) -> subprocess.CompletedProcess[str]:
        """Run a command until it ends, as `heroku run` does."""
        return subprocess.run(
            self.started(command),
            cwd=self.slug,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=PATIENCE_SECONDS,
            check=False,
        )

    @contextmanager
    def web(self) -> Iterator[int]:
        """Run the web process while the block lasts; give its number, and see that nothing outlives it."""
        command = self.started(honcho("start", "web"))
        with self.log.open("w") as output:
            process = subprocess.Popen(command, cwd=self.slug, env=self.environment, stdout=output, stderr=output)
        try:
            yield process.pid
        except BaseException as error:
            error.add_note(self.log.read_text()[-4000:])
            raise
        finally:
            left = family(process.pid)
            process.send_signal(signal.SIGTERM)
            process.wait(PATIENCE_SECONDS)
        wait_until_gone(left)

    def empty(self) -> None:
        """Throw the disk away and unpack the code anew, as each restart does."""
        shutil.rmtree(self.slug, ignore_errors=True)
        for path in source_files():
            target = self.slug / path
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(TOP / path, target)
        (self.slug / ".profile.d" / "000_apt.sh").write_text(APT_PROFILE)
        (self.slug / ".apt").symlink_to(self.package)


@pytest.fixture
def forge(tmp_path: Path) -> Iterator[Forge]:
    """A git server whose repository has one post."""
    with GitServer(tmp_path / "forge") as server:
        made = Forge(server, Builder(tmp_path / "forge" / "blog.git"))
        made.push(b"First", b"Not yet.")
        yield made


@pytest.fixture
def dyno(tmp_path: Path, forge: Forge, postgres_url: str, unpacked_git: Path) -> Dyno:
    """An app as the button makes it: app.json's variables, the add-on's database, the buildpacks' programs."""
    programs = tmp_path / "programs"
    programs.mkdir()
    for name in ("bash", "env", "sh"):
        (programs / name).symlink_to(require_tool(name))
    environment = {
        **app_json_variables(),
        "CONTENT_REPO": forge.server.url(),
        "SYNC_INTERVAL_SECONDS": "1",
        "DATABASE_URL": essential_database(postgres_url),
        "HOME": str(tmp_path / "app"),
        "PATH": f"{make_python(tmp_path / 'python')}:{programs}",
        "PORT": str(free_port()),
        "DYNO": "web.1",
        "GUNICORN_CMD_ARGS": "--access-logfile -",
    }
    made = Dyno(tmp_path / "app", environment, unpacked_git)
    made.empty()
    return made


@pytest.fixture(scope="session")
def unpacked_git(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The packages of the Aptfile, unpacked and not installed, in a place of which their programs know nothing."""
    require_tool("dpkg-deb")
    packages = [line for line in (TOP / "Aptfile").read_text().splitlines() if line and not line.startswith("#")]
    folder = tmp_path_factory.mktemp("apt")
    for archive in download(packages, folder):
        subprocess.run(["dpkg-deb", "--extract", str(archive), str(folder / "unpacked")], check=True)
    for path in (folder / "unpacked").rglob("*"):
        if path.is_file() and not path.is_symlink() and COMPILED_IN in (data := path.read_bytes()):
            path.write_bytes(data.replace(COMPILED_IN, ABSENT))
    return folder / "unpacked"


def download(packages: Sequence[str], folder: Path) -> list[Path]:
    """Fetch packages with apt, as the buildpack does: with lists of its own where the machine has none."""
    apt = str(require_tool("apt-get"))
    own = ["-o", f"Dir::State={folder / 'state'}", "-o", f"Dir::Cache={folder / 'cache'}"]
    (folder / "state" / "lists" / "partial").mkdir(parents=True)
    (folder / "cache" / "archives" / "partial").mkdir(parents=True)
    told = ""
    for commands in ([["download", *packages]], [[*own, "update"], [*own, "download", *packages]]):
        for arguments in commands:
            done = subprocess.run([apt, *arguments], cwd=folder, capture_output=True, text=True, check=False)
            told = done.stderr
        if found := sorted(folder.glob("*.deb")):
            return found
    # A mirror that does not answer is no fault of this project's.
    pytest.skip(f"apt-get could not fetch {' '.join(packages)}: {told.strip()[-200:]}")


def make_python(folder: Path) -> Path:
    """Make what the Python buildpack makes: the requirements are importable, gitblog itself is not installed."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True)
    site = next(folder.glob("lib/python*/site-packages"))
    # A folder that a .pth file adds has its own .pth files ignored, and one of those names this checkout.
    (site / "requirements.pth").write_text(sysconfig.get_path("purelib"))
    gunicorn = folder / "bin" / "gunicorn"
    gunicorn.write_text(f"#!{folder}/bin/python\nfrom gunicorn.app.wsgiapp import run\n\nrun()\n")
    gunicorn.chmod(0o755)
    return folder / "bin"


def essential_database(url: str) -> str:
    """Give the address of the database as an add-on does: another scheme, no superuser, few connections."""
    name = f"writer_{secrets.token_hex(4)}"
    connection = psycopg2.connect(url)
    try:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(f"CREATE ROLE {name} LOGIN CONNECTION LIMIT {CONNECTIONS}")
            cursor.execute(f'ALTER DATABASE "{connection.info.dbname}" OWNER TO {name}')
    finally:
        connection.close()
    return url.replace(f"postgresql://{USER}@", f"postgres://{name}@")


def app_json_variables() -> dict[str, str]:
    """Give the variables that Heroku sets for a new app, without those that its owner types."""
    variables = json.loads((TOP / "app.json").read_text())["env"]
    made = {name: variable["value"] for name, variable in variables.items() if "value" in variable}
    secret = {name: secrets.token_hex(32) for name, variable in variables.items() if "generator" in variable}
    return {**made, **secret}


def honcho(*arguments: str) -> list[str]:
    """Give a command line of honcho, which reads the Procfile of the present folder."""
    return [sys.executable, "-m", "honcho", *arguments]


def ask(dyno: Dyno, path: str) -> tuple[int, bytes]:
    """Give the status and body of an address, as its owner's program asks; (0, why) where nothing answered."""
    headers = {"Accept": "application/json, */*;q=0.1", "Authorization": f"Bearer {dyno.environment['STATUS_TOKEN']}"}
    request = urllib.request.Request(f"http://127.0.0.1:{dyno.environment['PORT']}{path}", headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read()
    except OSError as error:
        return 0, str(error).encode()


def eventually(dyno: Dyno, path: str, expected: bytes) -> bytes:
    """Give the body of an address once it answers 200 and holds `expected`."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    status, body = 0, b""
    while time.monotonic() < deadline:
        status, body = ask(dyno, path)
        if status == 200 and expected in body:
            return body
        time.sleep(0.1)
    pytest.fail(f"{expected!r} did not come at {path}; the last answer was {status}: {body[:2000]!r}")


def wait_until_gone(processes: Sequence[int]) -> None:
    """Wait until none of the processes runs."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while left := [each for each in processes if is_alive(each)]:
        assert time.monotonic() < deadline, f"processes {left} outlived the dyno"
        time.sleep(0.1)


def is_alive(process: int) -> bool:
    """Tell whether a process runs; one that nobody has waited for yet (a container without init) does not."""
    try:
        return Path("/proc", str(process), "stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def free_port() -> int:
    """Give a port of this machine that nobody uses."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port
