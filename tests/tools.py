"""Tools that tests need from the machine: found, or skipped with a reason that nobody can miss.

A missing *tool* skips a test on somebody's laptop and fails it under `CI=true`.
A skip for material that lies outside the project calls `pytest.skip` itself and never fails.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import NoReturn

import pytest


def in_ci() -> bool:
    """Say whether a missing tool is a failure here (`CI=true`)."""
    return os.environ.get("CI", "").lower() in {"1", "true"}


def tool_missing(reason: str) -> NoReturn:
    """Skip the running test with `reason`; under `CI=true` fail it."""
    if in_ci():
        pytest.fail(f"CI=true, and a tool is missing: {reason}", pytrace=False)
    pytest.skip(reason)


def require_tool(*names: str) -> Path:
    """Return the first of the programs `names` that is on PATH; skip, or fail under CI, where none is."""
    for name in names:
        if found := shutil.which(name):
            return Path(found)
    tool_missing(f"none of these programs is installed: {', '.join(names)}")
