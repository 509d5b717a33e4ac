"""Former addresses: where a post could once be read, so that no link to it ever dies.

For each version, from the first commit that brought it to the last that took it away: the address of every good
version it stood for, under every regime that was in force meanwhile, unless it was held for all that time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol

from gitblog.history.lineages import Lineage, Trace, Version
from gitblog.history.order import order_date
from gitblog.history.regimes import overlap
from gitblog.model import ABSENT, Addressing, Document, Regime


class Heads(Protocol):
    """What is known of every version: its document (without body), by the rules of an addressing."""

    def is_good(self, version: Version, addressing: Addressing) -> bool | None:
        """Tell whether the version parses; None where the layout sees no document in it."""

    def document(self, version: Version, addressing: Addressing) -> Document:
        """Give the document of a good version."""

    def hides(self, broken: Version, good: Version, *, was_public: bool) -> bool:
        """Tell whether a broken version's raw lines ask to hold what its last good version shows."""


@dataclass(frozen=True, slots=True)
class FormerAddress:
    """An address that a version gave to its post; it leads to `target` (`ABSENT`: nothing is left).

    `ended` is the order at which the holding ended, `rank` breaks ties among those that ended together.
    """

    address: str
    source: str
    target: str
    ended: str
    rank: str


def former_addresses(
    history: Trace,
    regimes: Iterable[Regime],
    heads: Heads,
    address_of: Callable[[Document, Addressing, datetime | None], str],
) -> tuple[FormerAddress, ...]:
    """Give every former address of a group of paths, each once with its latest end, in a fixed order."""
    latest: dict[tuple[str, str, str], FormerAddress] = {}
    for version in sorted(history.spans):
        for regime in regimes:
            for found in _held_by(history, version, regime, heads, address_of):
                key = (found.address, found.source, found.target)
                if key not in latest or latest[key].ended < found.ended:
                    latest[key] = found
    return tuple(latest[key] for key in sorted(latest))


def is_hidden(history: Trace, version: Version, good: Version, document: Document, heads: Heads) -> bool:
    """Tell whether `version`, standing for `good`, is held whatever the clock says."""
    if document.hold is not None:
        return True
    if version == good:
        return False
    broken_at = order_date(history.spans[version].start)
    was_public = document.date is None or document.date.timestamp() <= broken_at
    return heads.hides(version, good, was_public=was_public)


def target_of(lineage: Lineage, path: str) -> str:
    """Give the document that inherits what `path` had: itself where it lives, else the heir, else none."""
    return path if path in lineage.live else lineage.heir or ABSENT


def rank_of(lineage: Lineage, path: str) -> str:
    """Give the text by which claims on one address are ordered: the first post to begin comes first."""
    return f"{lineage.begun[0].order} {path}"


def _held_by(
    history: Trace,
    version: Version,
    regime: Regime,
    heads: Heads,
    address_of: Callable[[Document, Addressing, datetime | None], str],
) -> Iterator[FormerAddress]:
    span = history.spans[version]
    if (both := overlap(span.start, span.end, regime)) is None:
        return
    start, end = both
    lineage = history.lineages[version]
    target, rank = target_of(lineage, version.path), rank_of(lineage, version.path)
    for good in history.stood_for(version, lambda candidate: heads.is_good(candidate, regime.addressing)):
        document = heads.document(good, regime.addressing)
        if _never_public(document, start, end) or is_hidden(history, version, good, document, heads):
            continue
        for date in _dates(document, lineage):
            address = address_of(document, regime.addressing, date)
            yield FormerAddress(address, version.path, target, end or span.mentioned, rank)


def _never_public(document: Document, start: str, end: str | None) -> bool:
    """Tell whether the clock held the document from `start` to `end`."""
    due_later = document.date is not None and end is not None and document.date.timestamp() > order_date(end)
    expired = document.expires is not None and document.expires.timestamp() <= order_date(start)
    return due_later or expired


def _dates(document: Document, lineage: Lineage) -> tuple[datetime | None, ...]:
    """Give the dates that the address may have had: a post without one took each of its lineage's beginnings."""
    if document.date is not None:
        return (document.date,)
    return tuple(datetime.fromtimestamp(commit.date, UTC) for commit in lineage.begun)
