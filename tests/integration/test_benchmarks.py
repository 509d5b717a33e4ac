"""The benchmarks run and print what docs/measurements.md says; what they find is never asserted."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys

from benchmarks.__main__ import BENCHMARKS
from benchmarks.results import percentile
from tests.checkout import TOP

DOCUMENT = (TOP / "docs" / "measurements.md").read_text(encoding="utf-8")


def bench(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the benchmarks as `make bench` does."""
    command = [sys.executable, "-m", "benchmarks", *arguments]
    return subprocess.run(command, cwd=TOP, env=dict(os.environ), capture_output=True, text=True, check=False)


def documented_keys() -> dict[str, set[str]]:
    """Give the keys of the document's last table, by the part of the JSON that they belong to."""
    table = DOCUMENT.split("## For programs", 1)[1]
    rows = re.findall(r"^\| (`.+?`) \| .*?: (.+) \|$", table, re.MULTILINE)
    return {name: set(re.findall(r"`(\w+)`", keys)) for names, keys in rows for name in re.findall(r"`(\w+)`", names)}


def test_a_quick_benchmark_prints_json_with_the_documented_keys() -> None:
    """The document and the program name the same keys, and no figure is missing or zero."""
    done = bench("one_edit", "--quick", "--posts", "12", "--pushes", "2", "--database", "sqlite", "--json")

    assert done.returncode == 0, done.stderr
    found, documented = json.loads(done.stdout), documented_keys()
    assert set(found) == {"before", "after", "benchmarks"}
    assert set(found["before"]) == set(found["after"]) == documented["before"] == documented["after"]
    (result,) = found["benchmarks"]
    assert set(result) == documented["benchmarks"]
    assert [row["case"] for row in result["rows"]] == ["sqlite, 12 posts"]
    (row,) = result["rows"]
    assert set(row) == documented["rows"]
    assert set(row["figures"]) == {
        "push_ms", "git_ms", "sql_ms", "git_runs", "statements", "first_index_ms", "ratio",
    }  # fmt: skip
    assert min(row["figures"].values()) > 0


def test_a_quick_benchmark_prints_a_table() -> None:
    """Without --json people read it: the question, a line a case, the load average."""
    done = bench("one_edit", "--quick", "--posts", "12", "--pushes", "2", "--database", "sqlite")

    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("one_edit: How long does the sync of a push that edits one post take")
    assert re.search(r"^sqlite, 12 posts( +[0-9.,]+){7}$", done.stdout, re.MULTILINE)
    assert re.search(r"^load average \d+\.\d+ before, \d+\.\d+ after$", done.stdout, re.MULTILINE)


def test_an_unknown_benchmark_is_refused_with_the_names_of_those_there_are() -> None:
    """A slip must not measure everything for minutes."""
    done = bench("one_edits")

    assert done.returncode == 2
    assert f"there is no benchmark one_edits; choose from {', '.join(BENCHMARKS)}" in done.stderr


def test_every_benchmark_is_documented() -> None:
    """The document's first table has a row for each, in the order in which they run."""
    assert re.findall(r"^\| `(\w+)` \| .+ \| .+ \|$", DOCUMENT, re.MULTILINE) == list(BENCHMARKS)


def test_the_nearest_rank_is_a_value_that_was_measured() -> None:
    """Of twenty values the 95th percentile is the nineteenth, and nothing is made up between two."""
    values = [float(value) for value in range(20, 0, -1)]

    assert percentile(values, 0.95) == 19.0
    assert percentile(values, 0.0) == 1.0
    assert percentile(values, 1.0) == 20.0
    assert percentile([7.0], 0.95) == 7.0
