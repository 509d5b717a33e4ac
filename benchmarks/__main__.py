"""The command line of the benchmarks: which, how large, and what to print."""

from __future__ import annotations

import argparse
import inspect
import json
import os
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from benchmarks.first_index import first_index
from benchmarks.one_edit import one_edit
from benchmarks.page_size import page_size
from benchmarks.page_speed import page_speed
from benchmarks.push_to_page import push_to_page
from benchmarks.results import Result, Row, as_document, as_table, surroundings
from benchmarks.search import search
from benchmarks.workbench import DATABASES, Options, Workbench, workbench

BENCHMARKS: Mapping[str, Callable[[Workbench], tuple[list[Row], list[str]]]] = {
    benchmark.__name__: benchmark for benchmark in (push_to_page, first_index, page_speed, page_size, one_edit, search)
}
"""Every benchmark by its name; the first line of its docstring is the question that it answers."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the chosen benchmarks one after the other, and print what they found."""
    parser = _parser()
    asked = parser.parse_args(arguments)
    if unknown := [name for name in asked.names if name not in BENCHMARKS]:
        parser.error(f"there is no benchmark {unknown[0]}; choose from {', '.join(BENCHMARKS)}")
    # A person's own settings of git would be measured too.
    os.environ.update({"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"})
    before, results = surroundings(), []
    with workbench(_options(asked)) as bench:
        for name in asked.names or BENCHMARKS:
            results.append(_run(bench, name))
            if not asked.json:
                print(as_table(results[-1]), flush=True)
    after = surroundings()
    if asked.json:
        print(json.dumps(as_document(before, after, results), indent=2))
    else:
        print(f"load average {before['load_average']:.2f} before, {after['load_average']:.2f} after")
    return 0


def _run(bench: Workbench, name: str) -> Result:
    benchmark = BENCHMARKS[name]
    question = (inspect.getdoc(benchmark) or "").partition("\n")[0]
    began = time.monotonic()
    rows, notes = benchmark(bench)
    return Result(name, question, tuple(rows), tuple(notes), time.monotonic() - began)


def _options(asked: argparse.Namespace) -> Options:
    return Options(
        size="quick" if asked.quick else "full" if asked.full else "default",
        databases=tuple(asked.database or DATABASES),
        posts=tuple(asked.posts or ()),
        runs=asked.runs,
        pushes=asked.pushes,
        repository=asked.repository,
        explain=asked.explain,
    )


def _parser() -> argparse.ArgumentParser:
    lines = [f"  {name:14} {(inspect.getdoc(each) or '').partition(chr(10))[0]}" for name, each in BENCHMARKS.items()]
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description="Measure gitblog.\n\n" + "\n".join(lines),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help="a benchmark; all where none is named")
    size = parser.add_mutually_exclusive_group()
    size.add_argument("--quick", action="store_true", help="small sizes, to see that everything runs")
    size.add_argument("--full", action="store_true", help="large sizes, up to 20,000 posts")
    parser.add_argument("--database", action="append", choices=DATABASES, help="only this kind of database")
    parser.add_argument("--posts", action="append", type=int, help="a size of blog; may be given several times")
    parser.add_argument("--pushes", type=int, default=0, help="pushes of push_to_page and one_edit")
    parser.add_argument(
        "--runs", type=int, default=0, help="runs of page_speed, page_size and search, of which the median counts"
    )
    parser.add_argument("--repository", type=Path, help="what first_index indexes: a repository or a bundle")
    parser.add_argument("--explain", action="store_true", help="page_size: show the plans of the slowest statements")
    parser.add_argument("--json", action="store_true", help="print JSON instead of tables")
    return parser


if __name__ == "__main__":
    sys.exit(main())
