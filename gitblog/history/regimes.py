"""Regimes: each way of giving addresses, with the span of history in which it was in force.

A broken configuration counts as all the good ones it came from, and also as the defaults where only broken ones
lie between it and a beginning. The defaults also hold until the last commit that brought a configuration where
none was, and now where there is none.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from gitblog.history.lineages import Trace, Version
from gitblog.model import ABSENT, Addressing, Change, OrderedCommit, Regime

BEFORE_EVERYTHING = ""
"""Sorts before the order of any commit."""


def regimes_of(
    history: Trace,
    *,
    configuration_of: Callable[[Version], Addressing | None],
    defaults: Addressing,
    defaults_end: str | None,
) -> tuple[Regime, ...]:
    """Give the regimes of the configuration file whose `history` this is, in a fixed order.

    `configuration_of` gives None for a broken version. `defaults_end` comes from `end_of_no_configuration`.
    """
    spans: dict[Addressing, list[tuple[str, str | None]]] = {defaults: [(BEFORE_EVERYTHING, defaults_end)]}
    for version, span in history.spans.items():
        for addressing in _stood_for(history, version, configuration_of, defaults):
            spans.setdefault(addressing, []).append((span.start, span.end))
    regimes = [
        Regime(addressing, min(start for start, _ in known), _latest_end([end for _, end in known]))
        for addressing, known in spans.items()
    ]
    return tuple(sorted(regimes, key=lambda regime: (regime.start, str(regime.addressing))))


def end_of_no_configuration(
    changes: Iterable[Change], commits: Mapping[str, OrderedCommit], *, is_live: bool
) -> str | None:
    """Tell until when there was a place in history without a configuration: None while that is so at the tip."""
    brought = [commits[change.commit].order for change in changes if change.path and change.old_path == ABSENT]
    return max(brought) if brought and is_live else None


def overlap(start: str, end: str | None, regime: Regime) -> tuple[str, str | None] | None:
    """Give the part of a span of orders (half open; `end` None: until now) that falls into a regime, None if none."""
    start = max(start, regime.start)
    ends = [each for each in (end, regime.end) if each is not None]
    if not ends:
        return start, None
    return (start, min(ends)) if start < min(ends) else None


def _stood_for(
    history: Trace,
    version: Version,
    configuration_of: Callable[[Version], Addressing | None],
    defaults: Addressing,
) -> set[Addressing]:
    good = history.stood_for(version, lambda candidate: configuration_of(candidate) is not None)
    found = {addressing for each in good if (addressing := configuration_of(each)) is not None}
    if _reaches_a_beginning(history, version, configuration_of):
        found.add(defaults)
    return found


def _reaches_a_beginning(
    history: Trace, version: Version, configuration_of: Callable[[Version], Addressing | None]
) -> bool:
    """Tell whether only broken versions lie between `version`, broken itself, and a place without configuration."""
    seen, waiting = {version}, [version]
    while waiting:
        current = waiting.pop()
        if configuration_of(current) is not None:
            continue
        if current in history.beginnings:
            return True
        fresh = history.came_from.get(current, set()) - seen
        seen |= fresh
        waiting.extend(fresh)
    return False


def _latest_end(ends: list[str | None]) -> str | None:
    closed = [end for end in ends if end is not None]
    return max(closed) if len(closed) == len(ends) else None
