"""Asks a server that starts, reloads or is somewhere else, until it says what is waited for."""

from __future__ import annotations

import time
import urllib.error
import urllib.request
from collections.abc import Callable

import pytest

PATIENCE_SECONDS = 60.0
NO_ANSWER = "no answer:"


def eventually(address: str, expected: str) -> str:
    """Return the page once it holds `expected`; a server that starts or reloads may refuse meanwhile."""
    return wait_for(lambda: read(address), lambda page: expected in page, f"{expected!r} at {address}")


def wait_for(ask: Callable[[], str], enough: Callable[[str], bool], what: str) -> str:
    """Ask until the answer is enough, or fail with the last one."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    answer = ""
    while time.monotonic() < deadline:
        answer = ask()
        if enough(answer):
            return answer
        time.sleep(0.1)
    pytest.fail(f"{what} did not come; the last answer was:\n{answer[:2000]}")


def read(address: str) -> str:
    """Return the body at `address`, whatever its status, or why there was none."""
    try:
        with urllib.request.urlopen(address, timeout=10) as answer:
            body: bytes = answer.read()
    except urllib.error.HTTPError as error:
        with error:
            body = error.read()
    except OSError as error:
        return f"{NO_ANSWER} {error}"
    return body.decode()
