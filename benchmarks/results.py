"""What a benchmark found, as a table for people and as JSON for programs."""

from __future__ import annotations

import os
import platform
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from math import ceil


@dataclass(frozen=True, slots=True)
class Row:
    """The figures of one case; a figure's name ends in its unit, and a ratio or a count has none."""

    case: str
    figures: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Result:
    """What one benchmark found; `notes` are for people."""

    name: str
    question: str
    rows: tuple[Row, ...]
    notes: tuple[str, ...] = ()
    seconds: float = 0.0


def percentile(values: Sequence[float], part: float) -> float:
    """Give the value below which `part` (0 to 1) of the values lie, by the nearest rank."""
    return sorted(values)[max(0, ceil(part * len(values)) - 1)]


def surroundings() -> dict[str, object]:
    """Describe the machine at this moment: a figure without it cannot be compared."""
    git = subprocess.run(["git", "--version"], capture_output=True, text=True, check=True).stdout
    return {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "cpus": os.cpu_count() or 0,
        "load_average": os.getloadavg()[0],
        "python": platform.python_version(),
        "git": git.split()[2],
    }


def as_document(before: Mapping[str, object], after: Mapping[str, object], results: Iterable[Result]) -> object:
    """Give what `--json` prints: the machine before and after, and every result with its rows."""
    return {"before": before, "after": after, "benchmarks": [asdict(result) for result in results]}


def as_table(result: Result) -> str:
    """Give a result as lines of text: its question, one line a case, its notes."""
    names = list(dict.fromkeys(name for row in result.rows for name in row.figures))
    lines = [["", *names], *([row.case, *(_number(row.figures.get(name)) for name in names)] for row in result.rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(names) + 1)]
    table = ["  ".join([line[0].ljust(widths[0]), *map(str.rjust, line[1:], widths[1:])]).rstrip() for line in lines]
    title = f"{result.name}: {result.question} ({result.seconds:.0f} s)"
    return "\n".join([title, "", *table, *(f"\n{note}" for note in result.notes), ""])


def _number(value: float | None) -> str:
    if value is None:
        return "-"
    if value == int(value) or abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}" if abs(value) < 1 else f"{value:.2f}"
