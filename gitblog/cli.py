"""The commands: `gitblog VERB`. Each says on one line what is wrong and exits with 2 where a setting is."""

from __future__ import annotations

import json
import os
import select
import signal
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from gitblog import app
from gitblog.config import Settings
from gitblog.errors import FenceError, GitblogError, IndexUnavailableError, SettingsError, SourceError
from gitblog.index import schema, writer
from gitblog.index.database import Database, open_database
from gitblog.index.hints import HintListener, give_hint
from gitblog.index.queries import Index
from gitblog.index.stored import Stored
from gitblog.index.views import Status
from gitblog.logs import log_faults
from gitblog.model import Problem, Severity, SyncReport
from gitblog.parse.slugs import slug_from_text
from gitblog.sync import worker as syncing
from gitblog.sync.lock import is_locked, is_locked_for_another_version, owns_lock, take_lock
from gitblog.sync.pipeline import Sync, compute_everything, run
from gitblog.sync.rendering import Renderer
from gitblog.web.health import health_of
from gitblog.web.hosts import origin_of
from gitblog.web.status import details, facts
from gitblog.webhooks import PROVIDERS
from gitblog.webhooks.instructions import instructions

_HOLDER_LOOK_SECONDS = 0.1

json_option = click.option("--json", "as_json", is_flag=True, help="print JSON")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command and give its exit status: 2 for wrong settings, 1 for what else went wrong."""
    try:
        result = commands.main(args=arguments, prog_name="gitblog", standalone_mode=False)
    except SettingsError as exc:
        return _complain(exc.message, 2)
    except GitblogError as exc:
        return _complain(exc.message, 2 if exc.reason in {"no-git", "location", "credentials"} else 1)
    except OSError as exc:
        what = f"{exc.filename}: " if exc.filename else ""
        return _complain(f"{what}{exc.strerror}; check the path, who may write there, and the room on the disk", 1)
    except click.ClickException as exc:
        exc.show()
        return exc.exit_code
    except click.Abort:
        return 130
    return result if isinstance(result, int) else 0


@click.group()
def commands() -> None:
    """Publish a blog from the Markdown of a git repository."""


@commands.command()
@json_option
def sync(*, as_json: bool) -> int:
    """Sync once, now; where another process syncs, ask it to and wait for its report.

    One of another index version would publish into its own tables, so that these are filled from what it fetched.
    """
    settings = app.settings_from_environment()
    app.configure_logging(settings)
    lock = take_lock(settings.data_dir)
    if lock is None and not is_locked_for_another_version(settings.data_dir):
        report = _ask_the_holder(settings)
        database = app.open_index(settings)
    else:
        with _parts(settings, lock, writes_clone=lock is not None) as parts:
            report = syncing.sync_now(parts)
            database = parts.database
    text = f"{report.outcome} {report.to_revision} in {report.seconds} s"
    _print(_status(settings, database) if as_json else text)
    for warning in report.warnings:
        _complain(warning, 0)
    return _complain(f"the sync failed: {report.message}", 1) if report.outcome == "failed" else 0


@commands.command()
@json_option
def rebuild(*, as_json: bool) -> int:
    """Compute everything from git again, and publish what differs."""
    settings = app.settings_from_environment()
    with _parts(settings, None) as parts:
        before = Stored(parts.database).site()
        if before is None:
            _take_lock_to_fetch(settings)
        tip, changed = syncing.rebuild(parts)
    _print({"revision": tip, "changed": changed} if as_json else f"rebuilt {tip}: {changed} rows differed")
    return 0


@commands.command()
@json_option
def verify(*, as_json: bool) -> int:
    """Compare the index with git; exit 1 where they differ."""
    settings = app.settings_from_environment()
    with _parts(settings, None) as parts:
        before = Stored(parts.database).site()
        if before is None:
            raise SourceError("the index is empty; run `gitblog sync` first", reason="not-published")
        update = compute_everything(parts, before.site.revision, _drop)
        found = writer.differences(parts.database, update)
    answer = {"revision": before.site.revision, "equal": not found, "differences": [asdict(each) for each in found]}
    lines = [f"{each.table} {each.key} {each.column or '(row)'}" for each in found] or ["equal"]
    _print(answer if as_json else "\n".join(lines))
    return 1 if found else 0


@commands.command()
@json_option
def status(*, as_json: bool) -> int:
    """Say what is live, since when, and what is wrong; exit 1 if a part is not well (never with --json)."""
    settings = app.settings_from_environment()
    database = app.open_index(settings)
    found = _status(settings, database, must_answer=as_json)
    if as_json:
        _print(found)
        return 0
    live = f"live: {found['revision']} since {found['published_at']}"
    _print(live if found["revision"] else "nothing has been published yet")
    for each in found["health"]:
        _print(f"{'OK' if each['ok'] else 'WRONG'} {each['part']}: {each['message']}")
    for warning in found["warnings"]:
        _print(f"warning: {warning}")
    for each in found["problems"]:
        _print(each["text"])
    return 0 if found["revision"] and all(each["ok"] for each in found["health"]) else 1


@commands.command()
@click.argument("path", required=False, type=click.Path(exists=True, path_type=Path))
@click.option("--strict", is_flag=True, help="exit 1 for warnings too")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text")
def check(path: Path | None, form: str, *, strict: bool) -> int:
    """Print every problem, of uncommitted changes too; exit 1 if there is an error."""
    with _in_memory(path) as (index, folder), index.snapshot(int(time.time())) as snapshot:
        problems = [replace(each, path=folder + each.path) for each in snapshot.status().problems]
    for problem in problems:
        _print(_problem(problem) if form == "json" else str(problem))
    errors = [problem for problem in problems if strict or problem.severity is Severity.ERROR]
    return 1 if errors else 0


@commands.command("list")
@click.argument("path", required=False, type=click.Path(exists=True, path_type=Path))
@click.option("--clock", help="tell what is published at this time (RFC 3339, or a date)")
@json_option
def list_documents(path: Path | None, clock: str | None, *, as_json: bool) -> int:
    """List every source file as it lies on disk: published, or held back and why."""
    now = _time(clock) if clock else int(time.time())
    with _in_memory(path) as (index, folder), index.snapshot(now) as snapshot:
        for found in snapshot.source_files():
            each = replace(found, source_path=folder + found.source_path)
            text = f"{each.status} {each.source_path} {each.url or '-'}" + (f" ({each.reason})" if each.reason else "")
            _print(asdict(each) if as_json else text)
    return 0


@commands.command()
@click.argument("path", type=click.Path(path_type=Path))
def init(path: Path) -> int:
    """Make a new content repository from the starter, with a first commit."""
    from gitblog.source.starter import create_repository

    create_repository(path, app.starter_folder())
    _print(f"{path} is a repository with a blog; set CONTENT_REPO to it, or push it to a forge")
    return 0


@commands.command()
@click.argument("title")
@click.option("--page", is_flag=True, help="a page instead of a post")
@click.option("--draft", is_flag=True, help="in drafts/, held until it is moved to posts/")
def new(title: str, *, page: bool, draft: bool) -> int:
    """Write a new post with its front matter into this folder's blog, and print its path."""
    folder = "pages" if page else "drafts" if draft else "posts"
    root = Path("content") if Path("content/blog.toml").exists() else Path()
    path = root / folder / f"{slug_from_text(title) or 'untitled'}.md"
    path.parent.mkdir(parents=True, exist_ok=True)
    date = "" if page else f"date: {time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime())}\n"
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(f"---\ntitle: {json.dumps(title, ensure_ascii=False)}\n{date}---\n\n")
    except FileExistsError:
        return _complain(f"{path} is there already; choose another title, or edit it", 1)
    _print(str(path))
    return 0


@commands.command()
@click.option("--lifeline", type=int, hidden=True, help="end when this pipe closes")
def worker(lifeline: int | None) -> int:
    """Sync for ever, without the web."""
    settings = app.settings_from_environment()
    app.configure_logging(settings)
    log_faults()
    lock = take_lock(settings.data_dir)
    if lock is None:
        return 0 if lifeline is not None else _complain("another process syncs this DATA_DIR already", 1)
    stopped: list[int] = []
    signal.signal(signal.SIGTERM, lambda number, _: stopped.append(number))
    signal.signal(signal.SIGINT, lambda number, _: stopped.append(number))

    def may_go_on() -> bool:
        return not stopped and not _is_closed(lifeline) and owns_lock(settings.data_dir, lock)

    with _parts(settings, lock, make_tables=False) as parts:
        listener = HintListener(parts.database, settings.data_dir)
        syncing.work(parts, listener, interval_seconds=settings.interval_seconds, may_go_on=may_go_on)
    return 0


@commands.command()
def webhook() -> int:
    """Print what to enter at each forge for its webhook; never the secret."""
    settings = app.settings_from_environment()
    origin = settings.site_url or _configured_origin(settings)
    _print(instructions(PROVIDERS, origin, secret_set=bool(settings.webhook_secret)))
    return 0


@commands.group()
def db() -> None:
    """Look after the database."""


@db.command("upgrade")
def db_upgrade() -> int:
    """Make this version's tables; a sync fills them from git."""
    settings = app.settings_from_environment()
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    schema.upgrade(app.open_index(settings))
    return 0


@contextmanager
def _parts(
    settings: Settings, lock: int | None, *, make_tables: bool = True, writes_clone: bool = True
) -> Iterator[Sync]:
    """Give what a sync works with. A worker makes its tables when the database is there: it may come later."""
    from gitblog.source.locations import Location
    from gitblog.source.repository import open_repository

    url, folder = app.content_repository(settings)
    app.tell_what_is_held(settings)
    if lock is not None:
        app.make_demonstration(settings)
    location = Location(
        url_or_path=url,
        data_dir=settings.data_dir.absolute(),
        branch=settings.content_branch or "",
        content_dir=folder,
        token=settings.content_token or "",
        ssh_key=settings.content_ssh_key or "",
        ssh_known_hosts=settings.content_ssh_known_hosts or "",
        revision=settings.content_revision or "",
    )
    with Renderer() as renderer:
        source = open_repository(location, lock_descriptor=lock, writes_clone=writes_clone)
        parts = Sync(source, app.open_index(settings), renderer)
        if make_tables:
            schema.ensure(parts.database)
        yield parts


def _configured_origin(settings: Settings) -> str:
    """Give scheme and host of the `url` that is published, "" where there is none or no index."""
    with suppress(IndexUnavailableError), Index(app.open_index(settings)).snapshot(0) as snapshot:
        return origin_of(snapshot.config.url)
    return ""


def _ask_the_holder(settings: Settings) -> SyncReport:
    """Ask the process that holds the lock for a sync, and wait for the report of one that began after that."""
    database, asked = app.open_index(settings), time.time()
    give_hint(database, settings.data_dir, "")
    while is_locked(settings.data_dir):
        with suppress(GitblogError):
            newest = Index(database).newest_report()
            if newest is not None and newest.started_at >= asked:
                return newest
        time.sleep(_HOLDER_LOOK_SECONDS)
    raise FenceError("the process that synced has ended meanwhile; run `gitblog sync` again", reason="locked")


@contextmanager
def _in_memory(path: Path | None) -> Iterator[tuple[Index, str]]:
    """Index a folder as it lies on disk, in memory: the same pipeline, another database.

    Gives the index, and what stands before its paths where the site's root is not the repository's top.
    """
    from gitblog.source.locations import Location, is_remote
    from gitblog.source.preview import preview
    from gitblog.source.repository import open_repository

    url, folder = (str(path), "") if path else app.written_content(app.settings_from_environment())
    database = open_database("sqlite://")
    with tempfile.TemporaryDirectory() as name, Renderer() as renderer:
        schema.upgrade(database)
        scratch = Path(name)
        location = Location(url, scratch, content_dir=folder) if is_remote(url) else preview(Path(url), scratch, folder)
        run(Sync(open_repository(location), database, renderer))
        yield Index(database), f"{location.content_dir}/" if location.content_dir else ""


def _take_lock_to_fetch(settings: Settings) -> None:
    """Take the lock for the rest of this process' life."""
    if take_lock(settings.data_dir) is None:
        raise FenceError("another process fetches just now; try again when it is done", reason="locked")


def _drop(blobs: Any) -> None:
    for _ in blobs:
        pass


def _status(settings: Settings, database: Database, *, must_answer: bool = True) -> dict[str, Any]:
    """Give what `/-/status` tells the owner; a database without tables only has nothing to tell yet.

    One that does not answer raises where it `must_answer`; else its health says so.
    """
    index, syncing_now = Index(database), app.is_syncing(settings, database)
    found: Status | None = None
    newest: SyncReport | None = None
    try:
        newest = index.newest_report()
        with index.snapshot(int(time.time())) as snapshot:
            found = snapshot.status()
    except IndexUnavailableError as exc:
        if must_answer and exc.reason not in {"no-tables", "not-published"}:
            raise
    health = health_of(index, settings.redis_url or "", syncing=syncing_now)
    return {
        **facts(found, syncing=syncing_now),
        **details(found, newest, settings.site_url or "", settings.content_revision or "", health),
    }


def _problem(problem: Problem) -> dict[str, Any]:
    return {**asdict(problem), "text": str(problem)}


def _time(text: str) -> int:
    try:
        found = datetime.fromisoformat(text)
    except ValueError as exc:
        message = f"--clock {text!r} is no time; give 2026-11-24 or 2026-11-24T12:00:00Z"
        raise SettingsError(message, reason="settings") from exc
    return int((found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp())


def _print(value: object) -> None:
    click.echo(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))


def _complain(message: str, status: int) -> int:
    click.echo(f"gitblog: {message}", err=True)
    return status


def _is_closed(lifeline: int | None) -> bool:
    """Tell whether the other end of the pipe is gone; nobody ever writes to it."""
    if lifeline is None:
        return False
    readable, _, _ = select.select([lifeline], [], [], 0)
    return bool(readable) and os.read(lifeline, 1) == b""
