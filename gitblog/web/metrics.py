"""`/-/metrics` for Prometheus, for the bearer of STATUS_TOKEN alone.

What a sync did is asked of the index, so it is the same whichever process or host answers, and wherever the sync
ran. What web processes did is counted by them (see `counting`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from itertools import accumulate
from typing import TYPE_CHECKING, Final

from flask import Flask, Response, abort, request

from gitblog.errors import IndexUnavailableError
from gitblog.index.queries import Index
from gitblog.index.views import Status
from gitblog.model import SyncReport
from gitblog.web import counting
from gitblog.web.counting import Cell, Counts
from gitblog.web.health import Health, looked_at
from gitblog.web.status import refused, token_matches

if TYPE_CHECKING:
    from prometheus_client import Metric

# How often the problems are counted again while nothing is published: each link is looked at for them.
_PROBLEMS_SECONDS = 60

# Name, the key in `counting`, the labels, and what is counted.
_COUNTERS: Final = (
    (
        "gitblog_http_requests",
        counting.REQUESTS,
        ("kind", "status"),
        "Requests answered, by what was asked for and the class of the status.",
    ),
    (
        "gitblog_page_cache_requests",
        counting.CACHE,
        ("result",),
        "Requests that the page cache could have answered, by whether it did.",
    ),
    (
        "gitblog_webhook_deliveries",
        counting.DELIVERIES,
        ("provider", "status"),
        "Webhook deliveries, by forge and the status of the answer.",
    ),
)
# Name, what it says, and the value in a status.
_OF_STATUS: Final[tuple[tuple[str, str, Callable[[Status], float]], ...]] = (
    ("published_timestamp_seconds", "When what is live was published.", lambda status: status.published_at),
    ("posts", "Posts that listings show now.", lambda status: status.counts["posts"]),
    ("documents", "Posts and pages in the index, held ones too.", lambda status: status.counts["documents"]),
    ("files", "Other files in the index.", lambda status: status.counts["files"]),
    ("file_bytes", "Bytes of these files.", lambda status: status.counts["file_bytes"]),
)
_OF_REPORT: Final[tuple[tuple[str, str, Callable[[SyncReport], float]], ...]] = (
    ("repository_looked_timestamp_seconds", "When the repository was last looked at.", looked_at),
    ("last_sync_timestamp_seconds", "When the last sync that is recorded began.", lambda report: report.started_at),
    ("last_sync_duration_seconds", "How long it took.", lambda report: report.seconds),
    ("last_sync_failed", "1 where it failed, else 0.", lambda report: float(report.outcome == "failed")),
)


@dataclass(slots=True)
class MetricsPage:
    """The view of metrics; `token` is "" where they stay closed, and then there is nothing at the address."""

    index: Index
    counts: Counts
    token: str
    version: str
    clock: Callable[[], float]
    health: Callable[[], tuple[Health, ...]]
    _problems: tuple[tuple[str, int], Counter[str]] = field(default=(("", 0), Counter()))

    def read(self) -> Response:
        """Answer 200 in the form that the scraper asks for, 401 without the token, 404 where none is set."""
        if not self.token:
            abort(404)
        if not token_matches(request.headers.get("Authorization", ""), self.token):
            return refused("/-/metrics needs the STATUS_TOKEN as a bearer")
        # Imported here: it takes a tenth of a second and four megabytes, and most sites are never scraped.
        from prometheus_client.exposition import choose_encoder

        encode, media_type = choose_encoder(request.headers.get("Accept", ""))
        return Response(encode(self), content_type=media_type)

    def collect(self) -> Iterator[Metric]:
        """Give every metric, as prometheus-client asks for them."""
        yield from self._of_processes()
        yield from self._of_index()

    def _of_processes(self) -> Iterator[Metric]:
        from prometheus_client.core import CounterMetricFamily

        total = self.counts.total()
        for name, what, labels, text in _COUNTERS:
            family = CounterMetricFamily(name, text, labels=labels)
            for cell, value in total.items():
                if cell[0] == what:
                    family.add_metric(cell[1:], value)
            yield family
        yield _histogram(total)

    def _of_index(self) -> Iterator[Metric]:
        from prometheus_client.core import CounterMetricFamily

        health = self.health()
        yield _gauge("health", "1 where a part is well, else 0; /-/status says what to do.", ("part",), *(
            ((each.part,), float(each.ok)) for each in health
        ))  # fmt: skip
        status, newest = self._status(), self._newest_report()
        revision = status.revision if status else ""
        yield _gauge(
            "info", "1; the labels say what runs and what is live.", ("version", "revision"),
            ((self.version, revision), 1.0),
        )  # fmt: skip
        if status:
            text = "Publications since the index was made."
            yield CounterMetricFamily("gitblog_publications", text, value=status.publications)
            yield from (_gauge(name, text, (), ((), value(status))) for name, text, value in _OF_STATUS)
            found = self._problem_counts(status.publication)
            severities = [((each,), float(found[each])) for each in ("error", "warning")]
            yield _gauge("problems", "Problems of the content, by severity.", ("severity",), *severities)
        if newest:
            yield from (_gauge(name, text, (), ((), value(newest))) for name, text, value in _OF_REPORT)

    def _status(self) -> Status | None:
        try:
            with self.index.snapshot(int(self.clock())) as snapshot:
                return replace(snapshot.status(detailed=False), counts=snapshot.counts())
        except IndexUnavailableError:
            return None

    def _newest_report(self) -> SyncReport | None:
        try:
            return self.index.newest_report()
        except IndexUnavailableError:
            return None

    def _problem_counts(self, publication: str) -> Counter[str]:
        now = int(self.clock())
        key = (publication, now // _PROBLEMS_SECONDS)
        if self._problems[0] != key:
            try:
                with self.index.snapshot(now) as snapshot:
                    found = Counter(str(problem.severity) for problem in snapshot.problems())
            except IndexUnavailableError:
                return Counter()
            self._problems = (key, found)
        return self._problems[1]


def register_metrics(app: Flask, page: MetricsPage) -> None:
    """Put the metrics at their address."""
    app.add_url_rule("/-/metrics", "metrics", page.read)


def _gauge(name: str, text: str, labels: tuple[str, ...], *samples: tuple[tuple[str, ...], float]) -> Metric:
    from prometheus_client.core import GaugeMetricFamily

    family = GaugeMetricFamily(f"gitblog_{name}", text, labels=labels)
    for values, value in samples:
        family.add_metric(values, value)
    return family


def _histogram(total: dict[Cell, float]) -> Metric:
    from prometheus_client.core import HistogramMetricFamily

    family = HistogramMetricFamily(
        "gitblog_http_request_duration_seconds",
        "Time until an answer was made, by what was asked for.",
        labels=("kind",),
    )
    for kind in counting.KINDS:
        single = [total[counting.SECONDS, kind, str(limit)] for limit in counting.BUCKETS]
        limits = ["+Inf" if limit == float("inf") else str(limit) for limit in counting.BUCKETS]
        buckets = list(zip(limits, accumulate(single), strict=True))
        family.add_metric((kind,), buckets, sum_value=total[counting.SECONDS_SUM, kind])
    return family
