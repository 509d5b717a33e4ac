"""What is told of each look at the repository: one log line, and a report in the index."""

from __future__ import annotations

import logging
import time

from gitblog.errors import GitblogError
from gitblog.index import writer
from gitblog.index.database import Database
from gitblog.model import SyncReport

logger = logging.getLogger(__name__)

# A look that finds nothing new is noted at most so often: a local repository is looked at every two seconds.
_CONFIRM_SECONDS = 30.0
# A log line names this many deliveries, and counts the rest.
_DELIVERIES_NAMED = 20


class Teller:
    """Tells of the looks of one process. What cannot be kept is only logged: a report is never needed."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._failed = True
        self._noted_at = 0.0

    def tell(self, report: SyncReport, deliveries: tuple[str, ...] = (), *, asked: bool) -> None:
        """Log a look with the deliveries that asked for it, and keep its report.

        Looks that nobody asked for and that find nothing new are logged at level debug, and noted now and then.
        """
        worth_telling = asked or report.outcome in {"published", "failed"}
        _log(report, deliveries, worth_telling=worth_telling)
        if worth_telling or self._failed or time.monotonic() - self._noted_at >= _CONFIRM_SECONDS:
            self._keep(report, worth_telling=worth_telling)

    def _keep(self, report: SyncReport, *, worth_telling: bool) -> None:
        self._noted_at = time.monotonic()
        try:
            if worth_telling:
                writer.record_report(self._database, report)
            else:
                writer.confirm_report(self._database, report)
        except GitblogError as exc:
            # The database may be what failed.
            logger.warning("sync report was not kept", extra={"problem": exc.message})
        except Exception:
            logger.exception("sync report was not kept")
        else:
            self._failed = report.outcome == "failed"


def _log(report: SyncReport, deliveries: tuple[str, ...], *, worth_telling: bool) -> None:
    facts: dict[str, object] = {"outcome": report.outcome, "seconds": report.seconds}
    if report.outcome == "failed":
        facts |= {"reason": report.reason, "problem": report.message}
    else:
        problems = report.counts.get("errors", 0) + report.counts.get("warnings", 0)
        facts |= {"from": report.from_revision, "to": report.to_revision, "problems": problems, **report.counts}
    if deliveries:
        facts["deliveries"] = deliveries[:_DELIVERIES_NAMED]
    if len(deliveries) > _DELIVERIES_NAMED:
        facts["more_deliveries"] = len(deliveries) - _DELIVERIES_NAMED
    level = logging.WARNING if report.outcome == "failed" else logging.INFO if worth_telling else logging.DEBUG
    logger.log(level, "sync failed" if report.outcome == "failed" else "sync finished", extra=facts)
    for told in (*report.warnings, *report.problems) if worth_telling else ():
        logger.warning("sync warns", extra={"problem": told})
