"""A reader sees one publication, and a publish that computed from an older one writes nothing."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest
from sqlalchemy import Connection, select, update

from gitblog.errors import FenceError
from gitblog.index import tables, writer
from gitblog.index.rows import DocumentRow, PathRows, SiteRow, Update
from gitblog.model import Fingerprints, SiteConfig
from tests.served_site import START, ServedSite, post

PATIENCE_SECONDS = 30.0


def _update(path: str) -> Update:
    site = SiteRow("2" * 40, "main", 1, Fingerprints("", "", ""), "", SiteConfig(), ())
    row = DocumentRow(path, "post", path, path, path, "b" * 40)
    return Update(site, None, PathRows(documents=(row,)), (), ())


def _rows(connection: Connection) -> list[tuple[str, list[object]]]:
    return [
        (table.name, sorted(connection.execute(select(table)).all(), key=repr))
        for table in tables.metadata.sorted_tables
    ]


def _publication(site: ServedSite) -> str:
    with site.index.snapshot(START) as snapshot:
        return snapshot.publication


def test_a_reader_that_has_begun_sees_one_publication(site: ServedSite) -> None:
    """A publish commits between two of its questions, and it notices nothing."""
    site.push({"posts/a.md": post(title="Before")})
    with site.index.snapshot(START) as snapshot:
        publication = snapshot.publication
        site.push({"posts/a.md": post(title="After"), "posts/b.md": post(title="New")})

        assert snapshot.post_count() == 1
        assert [listed.title for listed in snapshot.posts(offset=0, limit=9)] == ["Before"]

    with site.index.snapshot(START) as later:
        assert later.publication != publication
        assert [listed.title for listed in later.posts(offset=0, limit=9)] == ["After", "New"]


def test_of_two_syncs_that_saw_the_same_publication_the_second_writes_nothing(site: ServedSite) -> None:
    """Whoever was overtaken looks again; not one row of what it computed is there."""
    site.push({"posts/a.md": post()})
    seen = _publication(site)
    site.push({"posts/b.md": post()})
    with site.database.reading() as connection:
        before = _rows(connection)

    with pytest.raises(FenceError):
        writer.publish(site.database, _update("posts/late.md"), seen=seen, at=START)

    with site.database.reading() as connection:
        assert _rows(connection) == before


def test_a_publish_compares_once_nobody_else_can_write(site: ServedSite) -> None:
    """It waits for the one that is writing, and only then looks which publication is live."""
    site.push({"posts/a.md": post()})
    seen = _publication(site)
    raised: list[BaseException | None] = []
    with site.database.writing() as connection:
        connection.execute(update(tables.site).values(publication="0" * 32))
        thread = _in_a_thread(
            lambda: writer.publish(site.database, _update("posts/late.md"), seen=seen, at=START), raised
        )
        thread.join(0.5)
        assert thread.is_alive()
    thread.join(PATIENCE_SECONDS)

    assert [type(error) for error in raised] == [FenceError]
    assert _publication(site) == "0" * 32


def test_a_page_that_was_kept_is_not_answered_after_the_next_publish(site: ServedSite) -> None:
    """Nothing is purged: the publication is a part of the key."""
    site.push({"posts/a.md": post(title="Before")})
    assert "Before" in site.text("/2026/01/a/")
    assert "Before" in site.text("/")

    site.push({"posts/a.md": post(title="After")})

    for address in ("/2026/01/a/", "/"):
        assert "After" in site.text(address)
        assert "Before" not in site.text(address)


def _in_a_thread(work: Callable[[], object], raised: list[BaseException | None]) -> threading.Thread:
    def run() -> None:
        try:
            work()
        except Exception as error:
            raised.append(error)
        else:
            raised.append(None)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    return thread
