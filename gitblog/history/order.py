"""The order of commits: one text per commit that sorts parents before children, for ever.

A commit's order is its own date, or one second after its latest parent where that is later, then its id.
It depends on the commit's ancestors alone: a later merge of old work changes no stored order.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from gitblog.model import Commit, OrderedCommit


def order_commits(commits: Iterable[Commit], known: Mapping[str, str]) -> tuple[OrderedCommit, ...]:
    """Give each commit its order; parents come first in `commits` or are in `known` (id to order).

    A parent that is in neither (beyond the edge of a shallow clone) counts as absent.
    """
    orders = dict(known)
    ordered = []
    for commit in commits:
        latest = max((order_date(orders[parent]) for parent in commit.parents if parent in orders), default=-1)
        orders[commit.id] = order = f"{max(commit.date, latest + 1):012d} {commit.id}"
        ordered.append(OrderedCommit(commit.id, commit.date, order))
    return tuple(ordered)


def order_date(order: str) -> int:
    """Read the corrected date (seconds since 1970) out of an order."""
    return int(order[:12])
