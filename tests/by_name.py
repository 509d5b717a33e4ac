"""Folders of tests that run only when the command line names them: they build or install for minutes."""

from __future__ import annotations

from pathlib import Path

import pytest


def left_out(folder: Path, config: pytest.Config) -> bool | None:
    """Give what the hook `pytest_ignore_collect` of the folder's conftest.py returns: True, or no opinion."""
    named = [Path(config.invocation_params.dir, each.partition("::")[0]).resolve() for each in config.args]
    return None if any(path.is_relative_to(folder) for path in named) else True
