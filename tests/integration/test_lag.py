"""A remote that lags: replicas of a forge may show less than what a delivery named, or than what is live."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from gitblog.index import schema
from gitblog.index.database import open_database
from gitblog.index.stored import Stored
from gitblog.source.locations import Location
from gitblog.source.repository import open_repository
from gitblog.sync.pipeline import Sync, run
from gitblog.sync.rendering import Renderer
from gitblog.sync.worker import Doubt
from tests.git_server import GitServer
from tests.history_builder import Builder

FIRST = {"posts/a.md": b"---\ntitle: A\n---\nOne.\n"}
SECOND = {"posts/a.md": b"---\ntitle: A\n---\nTwo.\n"}


def _never(_tip: str) -> bool:
    return False


@pytest.fixture
def builder(tmp_path: Path) -> Builder:
    """A repository in the folder that the server serves."""
    return Builder(tmp_path / "served" / "blog.git")


@pytest.fixture
def remote(builder: Builder, tmp_path: Path) -> Iterator[Sync]:
    """A sync of that repository over HTTP into SQLite."""
    database = open_database(f"sqlite:///{tmp_path / 'index.sqlite'}")
    schema.upgrade(database)
    with GitServer(tmp_path / "served") as server:
        yield Sync(open_repository(Location(server.url("blog.git"), tmp_path / "data")), database, Renderer())
    database.dispose()


def _live(sync: Sync) -> str:
    site = Stored(sync.database).site()
    assert site is not None
    return site.site.revision


def test_a_remote_that_shows_an_ancestor_of_what_is_live_is_not_believed_at_once(
    remote: Sync, builder: Builder
) -> None:
    """A replica that lags must not take a post back; a force-push that stays, or is delivered, does."""
    first = builder.commit(FIRST, [], 1_600_000_000, "main")
    second = builder.commit(SECOND, [first], 1_600_000_100, "main")
    run(remote)
    builder.set_branch("main", first)

    lagging = run(remote, believe=_never)
    assert (lagging.outcome, _live(remote)) == ("behind", second)

    believed = run(remote, believe=Doubt(hint=first).believes)
    assert (believed.outcome, _live(remote)) == ("published", first)


def test_a_rewritten_history_is_no_lag(remote: Sync, builder: Builder) -> None:
    """An amended commit is no ancestor of what is live: it is published at once."""
    first = builder.commit(FIRST, [], 1_600_000_000, "main")
    builder.commit(SECOND, [first], 1_600_000_100, "main")
    run(remote)
    amended = builder.commit({"posts/a.md": b"---\ntitle: A\n---\nThree.\n"}, [first], 1_600_000_200, "main")

    assert run(remote, believe=_never).outcome == "published"
    assert _live(remote) == amended


def test_a_path_never_lags(builder: Builder, tmp_path: Path) -> None:
    """`git reset --hard HEAD~1` in a work tree is meant, and seen at once."""
    first = builder.commit(FIRST, [], 1_600_000_000, "main")
    builder.commit(SECOND, [first], 1_600_000_100, "main")
    database = open_database(f"sqlite:///{tmp_path / 'index.sqlite'}")
    schema.upgrade(database)
    local = Sync(open_repository(Location(str(builder.path), tmp_path / "data")), database, Renderer())
    run(local)
    builder.set_branch("main", first)

    assert run(local, believe=_never).outcome == "published"
    assert _live(local) == first
    database.dispose()


def test_a_doubt_is_looked_at_again_after_1_2_4_8_and_16_seconds_and_then_believed() -> None:
    """Whoever lags for longer is not lagging."""
    doubt = Doubt()
    doubt.hear("a" * 40)

    looks = []
    while not doubt.believes("b" * 40):
        looks.append(doubt.settle(lagging=True))
    assert looks == [1, 2, 4, 8, 16]
    assert doubt.settle(lagging=True) is None
    assert not doubt.believes("b" * 40)


def test_the_same_delivery_again_does_not_put_off_the_belief() -> None:
    """A forge that delivers twice must not keep the site behind for ever; a new commit starts anew."""
    doubt = Doubt()
    doubt.hear("a" * 40)
    doubt.settle(lagging=True)
    doubt.settle(lagging=True)
    doubt.hear("a" * 40)
    doubt.hear("")
    assert doubt.settle(lagging=True) == 4

    doubt.hear("b" * 40)
    assert doubt.settle(lagging=True) == 1
