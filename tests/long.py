"""Many more histories than the default suite holds, with fresh seeds: `make test-long SEED=… COUNT=…`."""

from __future__ import annotations

import argparse
import os
import secrets
import subprocess
import sys
from collections.abc import Sequence
from typing import Final

COUNT: Final = 5_000
SEED_VARIABLE: Final = "GITBLOG_TEST_SEED"
COUNT_VARIABLE: Final = "GITBLOG_TEST_HISTORIES"
_TEST: Final = "tests/integration/test_invariants.py"


def _number(text: str) -> int:
    return int(text or "0")


def main(arguments: Sequence[str]) -> int:
    """Grow COUNT histories from a seed, on all cores; say which seed, and give pytest's exit status."""
    parser = argparse.ArgumentParser(prog="make test-long", description=__doc__)
    parser.add_argument("--seed", type=_number, help="a fresh one where it is empty")
    parser.add_argument("--count", type=_number, help=f"{COUNT} where it is empty")
    options = parser.parse_args(arguments)
    seed, count = options.seed or 1 + secrets.randbelow(10**9), options.count or COUNT
    again = f"make test-long SEED={seed} COUNT={count}"
    print(f"seed {seed}, histories: {count}; the same again: {again}", flush=True)
    spread = ("-n", "auto", "--maxprocesses", "8", "--dist", "worksteal")
    command = [sys.executable, "-m", "pytest", "-q", *spread, _TEST, "-k", "grown"]
    environment = {**os.environ, SEED_VARIABLE: str(seed), COUNT_VARIABLE: str(count)}
    status = subprocess.run(command, env=environment, check=False).returncode
    print(f"seed {seed}: {'no difference' if status == 0 else f'FAILED; the same again: {again}'}", flush=True)
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
