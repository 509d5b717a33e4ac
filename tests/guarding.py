"""Breaks each guarded line in a scratch copy of the checkout, where its test must fail: `make test-guards`.

    python -m tests.guarding [WORD...]    only those whose name holds one of the words

The tests run unbroken first: a test that fails anyway proves nothing. Only a failing test counts then, not one that
pytest cannot find or collect. The libraries of CONTRIBUTING.md are taken out in the same way.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from tests.checkout import TOP, environment, source_files
from tests.guards import GUARDS, LIBRARIES, Guard, Library

# The slowest test of the tables takes seconds; one that a broken line makes hang has noticed nothing.
PATIENCE_SECONDS = 300
# https://docs.pytest.org/en/stable/reference/exit-codes.html
_PASSED, _FAILED, _INTERRUPTED = 0, 1, 2


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether the test failed as it must, and what is to be said about it."""

    name: str
    held: bool
    said: str


class StaleGuardError(Exception):
    """The guarded line is not there exactly once, or what would stand in its place is no program."""


def broken(guard: Guard, top: Path) -> str:
    """Give the text of the guard's file with its line broken."""
    lines = (top / guard.file).read_text().splitlines(keepends=True)
    places = [number for number, line in enumerate(lines) if line.strip() == guard.line]
    if len(places) != 1:
        raise StaleGuardError(
            f"{guard.name}: this line stands {len(places)} times in {guard.file}, and must stand there once; "
            f"bring tests/guards.py up to date:\n    {guard.line}"
        )
    line = lines[places[0]]
    lines[places[0]] = line.replace(guard.line, guard.replacement)
    text = "".join(lines)
    try:
        compile(text, guard.file, "exec")
    except SyntaxError as exc:
        raise StaleGuardError(f"{guard.name}: the replacement is no Python: {exc}") from exc
    return text


def copy_sources(folder: Path) -> Path:
    """Copy the project's files into the new `folder`."""
    for path in source_files():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(TOP / path, target)
    return folder


def run_tests(checkout: Path, nodes: Iterable[str], *options: str, path: str = "") -> tuple[int, str]:
    """Run tests in a copy; give pytest's exit status and output. `path` is searched for modules first."""
    quiet = ["-q", "-rfE", "-p", "no:cacheprovider", f"--basetemp={checkout}.tmp"]
    command = [sys.executable, "-m", "pytest", *quiet, *options]
    # A missing tool must not pass for a passing test, so it fails.
    variables = environment(checkout, CI="true", PYTHONPATH=f"{path}{os.pathsep}{checkout}" if path else str(checkout))
    try:
        told = subprocess.run(
            [*command, *nodes],
            cwd=checkout,
            env=variables,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=PATIENCE_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return -1, f"nothing was decided within {PATIENCE_SECONDS} s"
    return told.returncode, told.stdout


def try_guard(guard: Guard, unbroken: Path, scratch: Path) -> Verdict:
    """Break one line in a copy of its own, and tell whether its test failed."""
    text = broken(guard, unbroken)
    # With what Python compiled there: only the broken file is compiled anew.
    shutil.copytree(unbroken, scratch)
    (scratch / guard.file).write_text(text)
    status, output = run_tests(scratch, [guard.test], "-x")
    shutil.rmtree(scratch)
    return _verdict(guard.name, guard.test, status, output, (_FAILED,))


def try_library(library: Library, unbroken: Path, scratch: Path) -> Verdict:
    """Put a package that cannot be imported in the place of a library, and tell whether its tests failed."""
    package = scratch / library.package
    package.mkdir(parents=True)
    (package / "__init__.py").write_text(f'raise ImportError("{library.package} was taken out")\n')
    status, output = run_tests(unbroken, [library.test], "-x", path=str(scratch))
    shutil.rmtree(scratch)
    # Here a module of tests that cannot even be imported is what is asked for.
    return _verdict(f"without {library.name}", library.test, status, output, (_FAILED, _INTERRUPTED))


def main(words: Sequence[str]) -> int:
    """Try those whose name holds one of the words (all where there are none); 1 if one is not held, 2 for a mistake."""
    guards = [guard for guard in GUARDS if _is_asked(guard.name, words)]
    libraries = [library for library in LIBRARIES if _is_asked(library.name, words)]
    if not guards and not libraries:
        names = "\n  ".join(each.name for each in (*GUARDS, *LIBRARIES))
        print(f"no guard's name holds {' or '.join(words)}; they are:\n  {names}", file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory(prefix="gb-guards-") as made:
        unbroken = copy_sources(Path(made) / "unbroken")
        try:
            return _try_all(guards, libraries, unbroken)
        except StaleGuardError as exc:
            print(exc, file=sys.stderr)
            return 2


def _try_all(guards: Sequence[Guard], libraries: Sequence[Library], unbroken: Path) -> int:
    for guard in guards:
        broken(guard, unbroken)
    nodes = sorted({guard.test for guard in guards} | {library.test for library in libraries})
    print(f"{len(nodes)} tests, unbroken ...", flush=True)
    status, output = run_tests(unbroken, nodes, "-n", "auto", "--maxprocesses", "8")
    if status != _PASSED:
        print(output)
        print("a test fails although nothing is broken: mend that first", file=sys.stderr)
        return 2
    tried: list[Callable[[Path], Verdict]] = [
        *(partial(try_guard, guard, unbroken) for guard in guards),
        *(partial(try_library, library, unbroken) for library in libraries),
    ]
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        places = [unbroken.parent / str(number) for number in range(len(tried))]
        verdicts = [_told(verdict) for verdict in pool.map(lambda each, place: each(place), tried, places)]
    missed = [verdict.name for verdict in verdicts if not verdict.held]
    print(f"{len(verdicts) - len(missed)} of {len(verdicts)} are held by their test")
    print("".join(f"  not: {name}\n" for name in missed), end="")
    return 1 if missed else 0


def _verdict(name: str, test: str, status: int, output: str, wanted: tuple[int, ...]) -> Verdict:
    if status in wanted:
        return Verdict(name, True, f"held by {_reason(output) or test}")
    why = "passes all the same" if status == _PASSED else f"could not be run (status {status}):\n{output[-2000:]}"
    return Verdict(name, False, f"NOT HELD: {test} {why}")


def _reason(output: str) -> str:
    """Give pytest's line about the test that failed, so that a person sees whether it did for the right reason."""
    told = [line for line in output.splitlines() if line.startswith(("FAILED ", "ERROR "))]
    return told[0].partition(" ")[2] if told else ""


def _told(verdict: Verdict) -> Verdict:
    print(f"{verdict.name}: {verdict.said}", flush=True)
    return verdict


def _is_asked(name: str, words: Sequence[str]) -> bool:
    return not words or any(word.lower() in name.lower() for word in words)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
