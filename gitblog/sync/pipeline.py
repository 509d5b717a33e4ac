"""One sync, top to bottom: fetch, see what changed, read and parse and render that, publish.

Start reading here. The index is brought from the revision that it holds to the tip of the branch. Nothing is kept
that does not follow from git, so computing a part (after a push) and computing everything (the first time, after
`rebuild`, after a change of addressing) are the same functions, and give the same rows.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, replace

from gitblog.history.lineages import trace
from gitblog.index import versions, writer
from gitblog.index.database import Database
from gitblog.index.problems import as_problem
from gitblog.index.rows import UNUSABLE_DOCUMENT, PathRows, PublishedSite, SiteRow, Update
from gitblog.index.stored import Stored
from gitblog.model import Problem, RenderedDocument, SyncReport
from gitblog.parse.layouts import find_place
from gitblog.parse.paths import CONFIGURATION_FILES, is_document, path_problem, stored_path
from gitblog.source.repository import Repository
from gitblog.sync.documents import Bodies, Indexing, document_rows, problem_rows
from gitblog.sync.files import file_rows
from gitblog.sync.heads import VersionHeads
from gitblog.sync.plan import Plan, is_tracked, plan_everything, plan_update
from gitblog.sync.rendering import Renderer
from gitblog.sync.site import Configured, configure, fingerprints

# A log is read by people; status and `check` have them all.
_PROBLEMS_TOLD = 20

Keep = Callable[[Iterable[tuple[str, bytes]]], None]


@dataclass(frozen=True, slots=True)
class Sync:
    """The parts that a sync works with."""

    source: Repository
    database: Database
    renderer: Renderer

    def keep(self, blobs: Iterable[tuple[str, bytes]]) -> None:
        """Put file bytes into the index before the publish that names them."""
        writer.store_blobs(self.database, blobs)


@dataclass(frozen=True, slots=True)
class Takeover:
    """Stored bodies, for whoever has the same path, bytes and render fingerprint."""

    fingerprint: str
    bodies: Bodies


def run(
    sync: Sync, *, believe: Callable[[str], bool] = lambda tip: True, clock: Callable[[], float] = time.time
) -> SyncReport:
    """Fetch the branch and publish its tip, unless it lies before what is live and `believe(tip)` is false.

    Raises `SourceError` where the repository cannot be read (the last publication stays) and `FenceError` where
    somebody else published meanwhile (look again); nothing was written then.
    """
    started, began = clock(), time.monotonic()
    tip = sync.source.fetch()
    stored = Stored(sync.database)
    before = stored.site()
    if before is not None and is_current(sync.source, before, tip):
        return _report(before, tip, started, time.monotonic() - began, outcome="unchanged")
    if before is not None and sync.source.lags(before.site.revision, tip) and not believe(tip):
        return _report(before, tip, started, time.monotonic() - began, outcome="behind")
    update = compute(sync, stored, before, tip)
    seen = before.publication if before else ""
    published = writer.publish(sync.database, update, seen=seen, at=int(clock()))
    if before is None:
        versions.drop_older(sync.database)
    report = _report(before, tip, started, time.monotonic() - began, outcome="published")
    return replace(report, counts=_counts(update, published.rows), warnings=update.warnings, problems=_told(update))


def is_current(source: Repository, before: PublishedSite, tip: str) -> bool:
    """Tell whether the index already is what a sync of `tip` would make it."""
    wanted = fingerprints(source.shape(), source.branch, before.site.configuration)
    return before.site.revision == tip and before.site.fingerprints == wanted


def compute(sync: Sync, stored: Stored, before: PublishedSite | None, tip: str) -> Update:
    """Compute what brings the index to `tip`: the touched paths, or all where addresses or bodies change shape."""
    if before is None or _reshaped(sync.source, before):
        return compute_everything(sync, tip, sync.keep, _takeover(stored, before))
    plan = plan_update(sync.source, stored, before, tip)
    site, configured = _site(sync.source, stored, plan, before)
    if site.fingerprints != before.site.fingerprints or site.regimes != before.site.regimes:
        return compute_everything(sync, tip, sync.keep, _takeover(stored, before))
    rows = _path_rows(sync, plan, configured, sync.keep, stored.bodies)
    scope = frozenset(map(stored_path, plan.scope)) if plan.scope is not None else None
    return Update(site, scope, rows, plan.commits, plan.changes, plan.removed_commits, plan.warnings)


def compute_everything(sync: Sync, tip: str, keep: Keep, takeover: Takeover | None = None) -> Update:
    """Compute every row from git, asking the index nothing (but for bodies of the fingerprint to take over).

    `keep` gets the bytes of every file that could be served; writing nothing but an iteration is fine.
    """
    plan = plan_everything(sync.source, tip)
    site, configured = _site(sync.source, None, plan, None)
    may_take_over = takeover is not None and takeover.fingerprint == site.fingerprints.render
    bodies = takeover.bodies if takeover is not None and may_take_over else _no_bodies
    rows = _path_rows(sync, plan, configured, keep, bodies)
    return Update(site, None, rows, plan.commits, plan.changes, warnings=plan.warnings)


def _reshaped(source: Repository, before: PublishedSite) -> bool:
    """Tell whether something other than the content changed what the log, an address or a body is."""
    now = fingerprints(source.shape(), source.branch, before.site.configuration)
    return now != before.site.fingerprints


def _site(
    source: Repository, stored: Stored | None, plan: Plan, before: PublishedSite | None
) -> tuple[SiteRow, Configured]:
    """Read the configuration's history: all of it, whether the plan touches it or not."""
    path = CONFIGURATION_FILES[0]
    changes, commits = plan.history, dict(plan.orders)
    if stored is not None and before is not None and path not in (plan.scope or ()):
        changes = stored.changes([path])
        changes = frozenset(change for change in changes if change.commit not in plan.removed_commits)
        commits |= stored.commits({change.commit for change in changes} - commits.keys())
        blob = before.site.configuration_blob
    else:
        blob = plan.live[path].blob_id if path in plan.live else ""
    configured = configure(changes, commits, blob, source.read)
    site = SiteRow(
        revision=plan.tip,
        branch=source.branch,
        files=plan.files,
        fingerprints=fingerprints(source.shape(), source.branch, configured.config),
        configuration_blob=configured.blob,
        configuration=configured.config,
        regimes=configured.regimes,
    )
    return site, configured


def _path_rows(sync: Sync, plan: Plan, configured: Configured, keep: Keep, bodies: Bodies) -> PathRows:
    """Compute the rows of every path in scope: documents, then files, then names that cannot be used at all."""
    config = configured.config
    tracked = {path: entry.blob_id for path, entry in plan.live.items() if is_tracked(path)}
    live = {path: blob for path, blob in tracked.items() if path not in CONFIGURATION_FILES}
    changes = [change for change in plan.history if not _of_configuration(change.path, change.old_path)]
    history = trace(changes, plan.orders, live, lambda path: find_place(path, config.addressing) is not None)
    heads = VersionHeads(sync.source.read)
    heads.load(history.spans, {regime.addressing for regime in configured.regimes} | {config.addressing})
    indexing = Indexing(history, plan.orders, live, heads, configured)
    rows = document_rows(indexing, sync.source.read, bodies, sync.renderer)
    files = file_rows(plan.live.values(), sync.source.read, keep)
    own = [*problem_rows(CONFIGURATION_FILES[0], _configuration_problems(plan, configured)), *files.problems]
    for path in sorted(plan.live):
        if (problem := path_problem(path)) is not None:
            own.extend(problem_rows(stored_path(path), [problem], UNUSABLE_DOCUMENT if is_document(path) else "path"))
    return replace(rows, files=tuple(files.files), problems=(*rows.problems, *own))


def _configuration_problems(plan: Plan, configured: Configured) -> Iterable[Problem]:
    in_scope = plan.scope is None or CONFIGURATION_FILES[0] in plan.scope
    return configured.problems if in_scope else ()


def _of_configuration(path: str, old_path: str) -> bool:
    return (path or old_path) in CONFIGURATION_FILES


def _takeover(stored: Stored, before: PublishedSite | None) -> Takeover | None:
    return Takeover(before.site.fingerprints.render, stored.bodies) if before is not None else None


def _no_bodies(paths: Collection[str]) -> Mapping[tuple[str, str], RenderedDocument]:
    return {}


def _told(update: Update) -> tuple[str, ...]:
    """Give the first problems of the files that were looked at, as every report shows them."""
    rows = update.rows.problems[:_PROBLEMS_TOLD]
    return tuple(str(as_problem(row)) for row in rows)


def _counts(update: Update, rows: Mapping[str, int]) -> dict[str, int]:
    found: Counter[str] = Counter(problem.severity for problem in update.rows.problems)
    return {
        "documents": len(update.rows.documents),
        "files": len(update.rows.files),
        "commits": len(update.commits),
        "errors": found["error"],
        "warnings": found["warning"],
        "rows": sum(rows.values()),
    }


def _report(before: PublishedSite | None, tip: str, started: float, seconds: float, *, outcome: str) -> SyncReport:
    return SyncReport(before.site.revision if before else "", tip, round(started, 3), round(seconds, 3), outcome)
