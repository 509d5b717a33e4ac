"""Fetching from a real server that behaves, misbehaves, and a clone that survives both."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import psutil  # type: ignore[import-untyped]  # its stubs are a package of their own
import pytest

from gitblog.errors import ObjectMissingError, SourceError
from gitblog.source import command
from gitblog.source.locations import Location
from gitblog.source.repository import Repository, open_repository
from tests.git_server import Behaviour, GitServer
from tests.history_builder import Builder, run_git


@pytest.fixture
def blog(tmp_path: Path) -> Builder:
    """A repository with two commits on main."""
    builder = Builder(tmp_path / "served" / "blog.git")
    first = builder.commit({"a.md": b"one"}, date=1)
    builder.commit({"a.md": b"two", "b.md": b"b"}, [first], 2, "main")
    return builder


@pytest.fixture
def server(blog: Builder) -> Iterator[GitServer]:
    """A server of `blog`."""
    with GitServer(blog.path.parent) as running:
        yield running


@pytest.fixture
def location(server: GitServer, tmp_path: Path) -> Location:
    return Location(server.url(), tmp_path / "data", "main")


@pytest.fixture
def repository(location: Location) -> Repository:
    return open_repository(location)


def tip(blog: Builder, branch: str = "main") -> str:
    return run_git(blog.path, "rev-parse", f"refs/heads/{branch}")


def paths(repository: Repository, revision: str) -> list[str]:
    return [entry.path for entry in repository.tree(revision)]


def failure(repository: Repository) -> SourceError:
    with pytest.raises(SourceError) as caught:
        repository.fetch()
    return caught.value


def children() -> list[psutil.Process]:
    return [child for child in psutil.Process().children(recursive=True) if "git" in child.name()]


def test_a_push_is_fetched_with_its_whole_history_and_nothing_else(
    blog: Builder, repository: Repository, location: Location
) -> None:
    """One branch, no tags, no other branches, never shallow."""
    blog.commit({"x.md": b"x"}, date=3, branch="other")
    run_git(blog.path, "tag", "v1", tip(blog))
    clone = location.data_dir / "clone.git"

    assert repository.present is False
    assert repository.fetch() == tip(blog)
    assert (repository.branch, repository.present) == ("main", True)

    pushed = blog.commit({"c.md": b"c"}, [tip(blog)], 4, "main")

    assert repository.fetch() == pushed
    assert repository.fetch() == pushed
    assert paths(repository, pushed) == ["c.md"]
    assert len(repository.commit_ids(pushed)) == 3
    assert run_git(clone, "for-each-ref", "--format=%(refname)") == "refs/heads/main"
    assert not (clone / "shallow").exists()
    assert open_repository(location).branch == "main"


def test_the_default_branch_is_the_remotes_and_followed_when_it_is_renamed(blog: Builder, location: Location) -> None:
    """Without CONTENT_BRANCH, each fetch asks which one it is."""
    repository = open_repository(replace(location, branch=""))
    assert repository.fetch() == tip(blog)
    assert repository.branch == "main"

    other = blog.commit({"o.md": b"o"}, [tip(blog)], 5, "trunk")
    run_git(blog.path, "symbolic-ref", "HEAD", "refs/heads/trunk")

    assert repository.fetch() == other
    assert repository.branch == "trunk"


def test_a_force_push_is_taken_as_it_comes(blog: Builder, repository: Repository) -> None:
    """The old commits stay readable for a while, but the tip is what the remote says."""
    old = repository.fetch()
    new = blog.commit({"n.md": b"n"}, date=9, branch="main")

    assert repository.fetch() == new
    assert paths(repository, new) == ["n.md"]
    assert repository.has(old)
    assert repository.is_ancestor(old, new) is False


def test_a_deleted_branch_is_an_error_and_what_was_fetched_stays(blog: Builder, repository: Repository) -> None:
    """Never "delete everything"; when the branch is back, so is the fetch."""
    old = repository.fetch()
    blog.set_branch("kept", old)
    blog.set_branch("main", None)

    error = failure(repository)

    assert error.reason == "no-branch"
    assert "has no branch main; set CONTENT_BRANCH" in error.message
    assert paths(repository, old) == ["a.md", "b.md"]
    blog.set_branch("main", old)
    assert repository.fetch() == old


@pytest.mark.parametrize("branch", ["", "main"])
def test_an_empty_repository_is_told_from_a_missing_branch(server: GitServer, location: Location, branch: str) -> None:
    """The first push mends it."""
    empty = Builder(server.root / "empty.git")
    repository = open_repository(replace(location, url_or_path=server.url("empty.git"), branch=branch))

    assert failure(repository).reason == "empty"
    first = empty.commit({"a.md": b"a"}, date=1, branch="main")
    assert repository.fetch() == first


def test_a_head_that_names_no_branch_says_what_to_set(blog: Builder, location: Location) -> None:
    """The default branch was deleted, others are there."""
    run_git(blog.path, "symbolic-ref", "HEAD", "refs/heads/gone")

    error = failure(open_repository(replace(location, branch="")))

    assert error.reason == "no-branch"
    assert "set CONTENT_BRANCH" in error.message


def test_another_address_or_branch_gets_a_new_clone_only_when_it_is_good(
    blog: Builder, server: GitServer, location: Location
) -> None:
    """What was fetched stays readable until then."""
    old = open_repository(location).fetch()
    moved = open_repository(replace(location, url_or_path=server.url("moved.git")))

    assert failure(moved).reason == "no-repository"
    assert paths(open_repository(location), old) == ["a.md", "b.md"]

    Builder(server.root / "moved.git").commit({"m.md": b"m"}, date=1, branch="main")
    new = moved.fetch()

    assert paths(moved, new) == ["m.md"]
    assert moved.has(old) is False
    assert sorted(path.name for path in location.data_dir.iterdir()) == ["clone.git", "git.config"]


@pytest.mark.parametrize(
    ("behaviour", "reason"),
    [
        (Behaviour(status=401), "auth"),
        (Behaviour(status=403), "auth"),
        (Behaviour(status=404), "no-repository"),
        (Behaviour(status=429), "unreachable"),
        (Behaviour(status=500), "unreachable"),
        (Behaviour(status=502), "unreachable"),
        (Behaviour(token="needed"), "auth"),
        (Behaviour(redirect="http://127.0.0.1:1"), "unreachable"),
        (Behaviour(redirect="file:///etc"), "unreachable"),
        (Behaviour(cut_after_bytes=0), "unreachable"),
        (Behaviour(cut_after_bytes=60), "unreachable"),
    ],
)
def test_a_remote_that_fails_harms_nothing_and_the_next_fetch_heals(
    blog: Builder, server: GitServer, repository: Repository, behaviour: Behaviour, reason: str
) -> None:
    """The reason is stable, the old revision stays readable, and nothing of git is left running."""
    old = repository.fetch()
    new = blog.commit({"n.md": b"n"}, [old], 9, "main")
    server.behaviour = behaviour

    error = failure(repository)

    assert error.reason in (reason, "git-failed" if behaviour.redirect.startswith("file") else reason)
    assert paths(repository, old) == ["a.md", "b.md"]
    assert children() == []
    server.behaviour = Behaviour()
    assert repository.fetch() == new


def test_a_remote_that_refuses_connections_is_unreachable(server: GitServer, repository: Repository) -> None:
    """Nobody listens; when somebody does again, the fetch works."""
    port = server.port
    server.stop()
    try:
        assert failure(repository).reason == "unreachable"
    finally:
        server.start(port)
    assert repository.fetch()


@pytest.mark.parametrize("with_ps", [True, False])
def test_a_silent_remote_is_cut_with_all_of_gits_processes(
    server: GitServer,
    repository: Repository,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    with_ps: bool,
) -> None:
    """The time limit is ours and needs no `ps`."""
    if not with_ps:
        programs = tmp_path / "bin"
        programs.mkdir()
        for name in ("git", "env"):
            (programs / name).symlink_to(f"/usr/bin/{name}")
        monkeypatch.setenv("PATH", str(programs))
    monkeypatch.setattr(command, "TRANSFER_SECONDS", 1.0)
    server.behaviour = Behaviour(silent=True)

    error = failure(repository)

    assert error.reason == "timeout"
    assert children() == []


def test_a_slow_remote_is_cut_by_gits_own_transport(
    blog: Builder, server: GitServer, location: Location, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So that an orphan ends too: http.lowSpeedLimit and http.lowSpeedTime reach git."""
    settings = [(key, "1" if key == "http.lowSpeedTime" else value) for key, value in command._CONFIGURATION]
    monkeypatch.setattr(command, "_CONFIGURATION", tuple(settings))
    server.behaviour = Behaviour(silent=True)

    error = failure(open_repository(location))

    assert error.reason == "unreachable"
    assert "too slow" in error.message


LOCKS = (
    "shallow.lock",
    "packed-refs.lock",
    "refs/heads/main.lock",
    "config.lock",
    "HEAD.lock",
    "gc.pid",
    "gc.pid.lock",
    "objects/info/commit-graphs/commit-graph-chain.lock",
    "objects/pack/tmp_pack_Xy12",
    "objects/pack/.tmp-12-pack-1.pack",
    "objects/ab/tmp_obj_Xy12",
    "objects/tmp_objdir-incoming-Xy/pack/x.pack",
)


@pytest.mark.parametrize("leftover", LOCKS)
def test_what_a_killed_git_left_is_swept_before_a_fetch(
    blog: Builder, repository: Repository, location: Location, leftover: str
) -> None:
    """No lock can wedge the clone, and no half pack fills the disk."""
    old = repository.fetch()
    path = location.data_dir / "clone.git" / leftover
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"rest")
    new = blog.commit({"n.md": b"n"}, [old], 9, "main")

    assert repository.fetch() == new
    assert not path.exists()


def test_a_first_clone_that_was_killed_starts_again(repository: Repository, location: Location) -> None:
    """A half clone is never mistaken for one, nor left behind."""
    (location.data_dir / "clone.new.git").mkdir()
    (location.data_dir / "clone.new.git" / "HEAD").write_text("ref: refs/heads/main\n")
    (location.data_dir / "clone.old.git").mkdir()

    repository.fetch()

    assert sorted(path.name for path in location.data_dir.iterdir()) == ["clone.git", "git.config"]


def test_a_killed_fetch_heals_at_the_next(
    blog: Builder, server: GitServer, repository: Repository, location: Location
) -> None:
    """SIGKILL to the whole process tree while a pack comes in, ten times at growing distances."""
    old = repository.fetch()
    big = {f"{number}.bin": os.urandom(20_000) for number in range(20)}
    new = blog.commit(big, [old], 9, "main")
    server.behaviour = Behaviour(pause_seconds=0.005)
    program = (
        "import sys; from pathlib import Path\n"
        "from gitblog.source.locations import Location\n"
        "from gitblog.source.repository import open_repository\n"
        "print('ready', flush=True)\n"
        "open_repository(Location(sys.argv[1], Path(sys.argv[2]), 'main')).fetch()\n"
    )
    for round_number in range(10):
        arguments = [sys.executable, "-c", program, location.url_or_path, str(location.data_dir)]
        with subprocess.Popen(arguments, stdout=subprocess.PIPE) as victim:
            assert victim.stdout is not None
            assert victim.stdout.readline() == b"ready\n"
            time.sleep(0.1 + 0.08 * round_number)
            children = psutil.Process(victim.pid).children(recursive=True)
            # The parent first: it would see its git end, and be gone before its own signal comes.
            victim.kill()
            for process in children:
                with suppress(psutil.NoSuchProcess):
                    process.kill()
        assert paths(repository, old) == ["a.md", "b.md"]
    server.behaviour = Behaviour()

    assert repository.fetch() == new
    assert len(paths(repository, new)) == 20
    left = [path.name for path in (location.data_dir / "clone.git").rglob("*") if "tmp_" in path.name]
    assert left == []


@pytest.mark.parametrize("victim", ["HEAD", "config", "refs", "gitblog.json", "objects"])
def test_a_clone_with_a_broken_part_is_replaced_by_the_next_fetch(
    blog: Builder, repository: Repository, location: Location, victim: str
) -> None:
    """Emptied or gone, by a full disk or a hand."""
    tip_before = repository.fetch()
    part = location.data_dir / "clone.git" / victim
    if part.is_dir():
        part.rename(location.data_dir / "taken away")
    else:
        part.write_bytes(b"" if victim != "config" else b"[core\n")

    assert repository.fetch() == tip_before
    assert paths(repository, tip_before) == ["a.md", "b.md"]


def test_a_broken_pack_is_told_at_reading_and_discard_heals(
    blog: Builder, repository: Repository, location: Location
) -> None:
    """Random bytes in the middle of a pack; neither fetch nor a connectivity check sees them."""
    files = {f"{number}.bin": os.urandom(5_000) for number in range(150)}
    revision = blog.commit(files, date=9, branch="main")
    assert repository.fetch() == revision
    pack = next((location.data_dir / "clone.git" / "objects" / "pack").glob("*.pack"))
    pack.chmod(0o600)
    content = bytearray(pack.read_bytes())
    middle = len(content) // 2
    content[middle : middle + 20_000] = os.urandom(20_000)
    blobs = [entry.blob_id for entry in repository.tree(revision)]
    pack.write_bytes(content)

    assert repository.fetch() == revision
    with pytest.raises(ObjectMissingError):
        list(repository.read(blobs, 10_000))

    repository.discard()
    assert repository.fetch() == revision
    assert {data for _, data in repository.read(blobs, 10_000)} == set(files.values())


def test_many_fetches_are_packed_after_a_publish(blog: Builder, repository: Repository, location: Location) -> None:
    """Neither packs nor loose objects pile up, and what was readable stays so."""
    revision = repository.fetch()
    loose = {f"{number}.md": b"%d" % number for number in range(90)}
    for number in range(32):
        changed = {path: data + b" %d" % number for path, data in loose.items()}
        revision = blog.commit(changed, [revision], number, "main")
        assert repository.fetch() == revision

    repository.pack()

    objects = location.data_dir / "clone.git" / "objects"
    assert len([path for path in objects.rglob("*") if path.is_file()]) < 20
    assert len(paths(repository, revision)) == 90


def test_git_keeps_the_lock_that_it_inherits(
    server: GitServer, location: Location, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So that no second git starts beside an orphan."""
    reader, writer = os.pipe()
    monkeypatch.setattr(command, "TRANSFER_SECONDS", 2.0)
    server.behaviour = Behaviour(silent=True)
    seen: list[bool] = []
    repository = open_repository(location, lock_descriptor=writer)
    original = command._end_group

    def look_first(process: command._Process) -> None:
        os.stat(f"/proc/{process.pid}/fd/{writer}")
        seen.append(True)
        original(process)

    monkeypatch.setattr(command, "_end_group", look_first)

    assert failure(repository).reason == "timeout"
    assert seen == [True]
    os.close(reader)
    os.close(writer)


def test_a_missing_git_program_is_a_sentence(
    location: Location, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Before GitPython is imported (in a process of its own), at the start, and where it goes later."""
    repository = open_repository(location)
    monkeypatch.setenv("PATH", str(tmp_path))
    program = (
        "import sys; from pathlib import Path\n"
        "from gitblog.errors import SourceError\n"
        "from gitblog.source.locations import Location\n"
        "from gitblog.source.repository import open_repository\n"
        "try:\n    open_repository(Location('/x', Path(sys.argv[1]))).fetch()\n"
        "except SourceError as error:\n    print(error.reason, error)\n"
    )

    done = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path / "data")], capture_output=True, text=True, check=False
    )

    assert done.stdout == "no-git the git program is not installed or not in PATH; install git\n"
    with pytest.raises(SourceError) as told:
        open_repository(location)
    assert told.value.reason == "no-git"
    assert failure(repository).reason == "no-git"
    monkeypatch.setenv("GIT_DIR", "/nowhere")
    (tmp_path / "env").symlink_to("/usr/bin/env")
    assert failure(repository).reason == "no-git"
