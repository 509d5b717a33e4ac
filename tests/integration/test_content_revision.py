"""CONTENT_REVISION: exactly this commit of the branch is served, whatever is pushed, until it is unset."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from gitblog.app import create_app
from gitblog.config import Settings
from gitblog.errors import SourceError
from gitblog.index import schema, writer
from gitblog.index.database import Database, open_database
from gitblog.index.queries import Index
from gitblog.index.stored import Stored
from gitblog.index.views import Redirect
from gitblog.source.locations import Location
from gitblog.source.repository import open_repository
from gitblog.sync.pipeline import Sync, compute_everything, run
from gitblog.sync.rendering import Renderer
from tests.git_server import GitServer
from tests.history_builder import Builder

TOP = Path(__file__).resolve().parents[2]
LATE = 2_000_000_000
POST = b"---\ntitle: A\npermalink: /%s/\n---\n%s\n"


class Pinned:
    """A repository of three commits, its index, and a sync at whatever revision is set."""

    def __init__(self, builder: Builder, location: Location, url: str) -> None:
        self.builder = builder
        self.location = location
        self.database: Database = open_database(url)
        schema.upgrade(self.database)
        self.renderer = Renderer()
        self.first = builder.commit({"posts/a.md": POST % (b"one", b"One.")}, [], 1_600_000_000, "main")
        self.second = builder.commit({"posts/a.md": POST % (b"two", b"Two.")}, [self.first], 1_600_000_100, "main")
        self.third = self.push({"posts/b.md": POST % (b"three", b"Three.")}, self.second)

    def push(self, tree: dict[str, bytes], *parents: str) -> str:
        """Commit on main."""
        return self.builder.commit(tree, list(parents), 1_600_000_200, "main")

    def at(self, revision: str) -> Sync:
        """Give a sync as a process with this CONTENT_REVISION ("" for none) makes it."""
        return Sync(open_repository(replace(self.location, revision=revision)), self.database, self.renderer)

    def sync(self, revision: str = "") -> str:
        """Sync without believing a remote that lags; the index must be that of a fresh one."""
        sync = self.at(revision)
        tip = run(sync, believe=lambda tip: False).to_revision
        assert self.live() == tip
        assert writer.differences(self.database, compute_everything(sync, tip, _drop)) == ()
        return tip

    def live(self) -> str:
        """Give the revision that is published."""
        site = Stored(self.database).site()
        assert site is not None
        return site.site.revision

    def answer(self, address: str) -> str:
        """Tell how an address answers."""
        with Index(self.database).snapshot(LATE) as snapshot:
            if article := snapshot.article_at(address):
                return f"200 {article.listed.path}"
            found = snapshot.fallback(address)
        return f"301 {found.address}" if isinstance(found, Redirect) else "410" if found else "404"


def _drop(blobs: Iterable[tuple[str, bytes]]) -> None:
    for _ in blobs:
        pass


@pytest.fixture(params=["a path", "over http"])
def pinned(request: pytest.FixtureRequest, tmp_path: Path, database_url: str) -> Iterator[Pinned]:
    """A repository read in place, and one that is cloned; its index on both databases."""
    builder = Builder(tmp_path / "served" / "blog.git")
    with GitServer(tmp_path / "served") as server:
        address = str(builder.path) if request.param == "a path" else server.url("blog.git")
        made = Pinned(builder, Location(address, tmp_path / "data"), database_url)
        yield made
        made.renderer.__exit__(None, None, None)
        made.database.dispose()


def test_a_commit_of_the_branch_is_served_and_nothing_that_came_after_it(pinned: Pinned) -> None:
    """Back at once, although it lies before what is live; forward again when it is unset. Every step is asserted."""
    assert pinned.sync() == pinned.third
    answers = [pinned.answer(f"/{name}/") for name in ("one", "two", "three")]
    assert answers == ["410", "410", "200 posts/b.md"]

    assert pinned.sync(pinned.second) == pinned.second
    answers = [pinned.answer(f"/{name}/") for name in ("one", "two", "three")]
    assert answers == ["301 /two/", "200 posts/a.md", "404"]

    assert pinned.sync(pinned.first) == pinned.first
    answers = [pinned.answer(f"/{name}/") for name in ("one", "two", "three")]
    assert answers == ["200 posts/a.md", "404", "404"]

    assert pinned.sync() == pinned.third
    assert pinned.answer("/one/") == "410"


def test_a_push_moves_nothing_until_the_setting_is_gone(pinned: Pinned) -> None:
    """Also a force-push that keeps the commit; what was pushed meanwhile shows at once after that."""
    assert pinned.sync(pinned.first) == pinned.first
    fourth = pinned.push({"posts/c.md": POST % (b"four", b"Four.")}, pinned.third)
    assert run(pinned.at(pinned.first)).outcome == "unchanged"

    amended = pinned.push({"posts/d.md": POST % (b"five", b"Five.")}, pinned.first)
    assert run(pinned.at(pinned.first)).outcome == "unchanged"
    assert pinned.sync() == amended != fourth


def test_the_first_characters_of_the_id_are_enough(pinned: Pinned) -> None:
    """As many as git prints; a branch of that very name is not meant."""
    if pinned.location.url_or_path == str(pinned.builder.path):
        pinned.builder.set_branch(pinned.first[:10], pinned.third)

    assert pinned.sync(pinned.first[:7]) == pinned.first
    assert pinned.sync(pinned.second[:10]) == pinned.second
    assert pinned.sync(pinned.first[:10]) == pinned.first


def test_what_is_not_in_the_branch_is_refused_and_the_site_stays(pinned: Pinned) -> None:
    """Another branch, an unknown id, a file's id: a sentence that names the setting, the branch and what to do."""
    elsewhere = pinned.builder.commit({"posts/x.md": b"X\n"}, [pinned.first], 1_600_000_300, "draft")
    blob = writer.git_blob_id(b"X\n", elsewhere)
    assert pinned.sync() == pinned.third
    for wrong in (elsewhere, elsewhere[:12], "0123456", "f" * 40, blob):
        with pytest.raises(SourceError) as caught:
            run(pinned.at(wrong))
        assert caught.value.reason == "no-revision", wrong
        assert caught.value.message.startswith(f"CONTENT_REVISION {wrong} is ")
        assert "the branch main of " in caught.value.message
        assert "set it to one that `git log main` lists, or unset it" in caught.value.message
        assert pinned.live() == pinned.third


def test_a_commit_that_a_force_push_took_from_the_branch_is_refused(pinned: Pinned) -> None:
    """Its index could not be made again from the branch; what is live stays all the same."""
    assert pinned.sync(pinned.second) == pinned.second
    pinned.push({"posts/d.md": POST % (b"five", b"Five.")}, pinned.first)

    with pytest.raises(SourceError, match="CONTENT_REVISION"):
        run(pinned.at(pinned.second))
    assert pinned.live() == pinned.second


def test_an_index_that_is_lost_comes_back_the_same(pinned: Pinned, tmp_path: Path) -> None:
    """The setting is all the state there is, so that an empty database and an empty DATA_DIR give the same rows."""
    pinned.sync()
    pinned.sync(pinned.second)
    elsewhere = open_database(f"sqlite:///{tmp_path / 'fresh' / 'index.sqlite'}")
    (tmp_path / "fresh").mkdir()
    schema.upgrade(elsewhere)
    location = replace(pinned.location, data_dir=tmp_path / "fresh", revision=pinned.second[:9])
    fresh = Sync(open_repository(location), elsewhere, pinned.renderer)

    assert run(fresh).to_revision == pinned.second
    assert writer.differences(pinned.database, compute_everything(fresh, pinned.second, _drop)) == ()
    elsewhere.dispose()


def test_going_back_does_not_wait_for_a_remote_that_is_away(tmp_path: Path) -> None:
    """What was fetched before is enough; without the setting the failure is told as ever."""
    builder = Builder(tmp_path / "served" / "blog.git")
    with GitServer(tmp_path / "served") as server:
        location = Location(server.url("blog.git"), tmp_path / "data", branch="main")
        pinned = Pinned(builder, location, f"sqlite:///{tmp_path / 'index.sqlite'}")
        assert pinned.sync() == pinned.third
        server.behaviour.status = 503

        assert pinned.sync(pinned.first) == pinned.first
        for unreachable in ("", "f" * 40):
            with pytest.raises(SourceError, match="cannot answer now"):
                run(pinned.at(unreachable))
        assert pinned.live() == pinned.first
    pinned.database.dispose()


def _gitblog(folder: Path, *arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(TOP), "HOME": str(folder), "CONTENT_REPO": "blog"}
    return subprocess.run(
        [sys.executable, "-m", "gitblog", *arguments],
        cwd=folder,
        env={**environment, **settings},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_status_and_log_say_loudly_that_the_site_is_held(tmp_path: Path) -> None:
    """Text, JSON and the log of a sync; gone with the setting."""
    builder = Builder(tmp_path / "blog")
    first = builder.commit({"posts/a.md": POST % (b"one", b"One.")}, [], 1_600_000_000, "main")
    second = builder.commit({"posts/a.md": POST % (b"two", b"Two.")}, [first], 1_600_000_100, "main")
    said = f"CONTENT_REVISION holds the site at {first[:8]}: nothing that is pushed shows; unset it"

    done = _gitblog(tmp_path, "sync", CONTENT_REVISION=first[:8])
    assert (done.returncode, done.stdout.split()[:2]) == (0, ["published", first]), done.stderr
    assert said in done.stderr
    assert f"warning: {said}" in _gitblog(tmp_path, "status", CONTENT_REVISION=first[:8]).stdout
    told = json.loads(_gitblog(tmp_path, "status", "--json", CONTENT_REVISION=first[:8]).stdout)
    assert told["revision"] == first
    assert [warning for warning in told["warnings"] if warning.startswith(said)] != []
    assert _gitblog(tmp_path, "verify", CONTENT_REVISION=first[:8]).stdout == "equal\n"

    assert _gitblog(tmp_path, "sync").stdout.split()[:2] == ["published", second]
    assert "CONTENT_REVISION" not in _gitblog(tmp_path, "status").stdout


def test_the_status_page_says_loudly_that_the_site_is_held(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As HTML and as JSON, for whoever has the token; what runs the site is nobody else's business."""
    first = Builder(tmp_path / "blog").commit({"posts/a.md": b"# A\n"}, [], 1_600_000_000, "main")
    _gitblog(tmp_path, "sync", CONTENT_REVISION=first[:8])
    monkeypatch.chdir(tmp_path)
    token = "a token of this test"
    app = create_app(Settings(content_repo="blog", content_revision=first[:8], status_token=token))
    client, bearer = app.test_client(), {"Authorization": f"Bearer {token}"}

    for form in ("json", "html"):
        address = f"/-/status?format={form}"
        assert f"CONTENT_REVISION holds the site at {first[:8]}" in client.get(address, headers=bearer).text
        assert "CONTENT_REVISION" not in client.get(address).text


def test_a_wrong_commit_fails_the_sync_with_one_line(tmp_path: Path) -> None:
    """What is live stays, and status tells it too."""
    builder = Builder(tmp_path / "blog")
    tip = builder.commit({"posts/a.md": POST % (b"one", b"One.")}, [], 1_600_000_000, "main")
    _gitblog(tmp_path, "sync")

    failed = _gitblog(tmp_path, "sync", CONTENT_REVISION="0123456")
    message = "the sync failed: CONTENT_REVISION 0123456 is no commit of the branch main of "
    assert failed.returncode == 1
    assert failed.stderr.splitlines()[-1].startswith(f"gitblog: {message}")
    told = _gitblog(tmp_path, "status", CONTENT_REVISION="0123456").stdout
    assert f"live: {tip}" in told
    assert message in told.replace("last sync failed", "sync failed")
