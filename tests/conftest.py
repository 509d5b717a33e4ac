"""What every test may rely on: no user's git settings, no gitblog settings, no network, real databases.

`database_url` runs a test once on SQLite and once on PostgreSQL; `postgres_url` only on PostgreSQL.
Each gives a database of the test's own, empty at its start.
"""

from __future__ import annotations

import itertools
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.postgres import Server, find_binaries, running_server
from tests.tools import tool_missing

LOOPBACK = ("127.", "::1", "localhost")
# Settings of gitblog, git and make that would change what a test sees.
FOREIGN = (
    "CONTENT_",
    "GIT_",
    "SYNC_",
    "DATABASE_",
    "REDIS_",
    "DATA_DIR",
    "SITE_URL",
    "THEME_DIR",
    "TRUSTED_PROXIES",
)
FOREIGN_EXACT = {
    "HOST", "PORT", "WEB_CONCURRENCY", "LOG_FORMAT", "LOG_LEVEL", "SECRET_KEY", "WEBHOOK_SECRET",
    "STATUS_TOKEN", "MAKEFLAGS", "MAKELEVEL", "MFLAGS", "GUNICORN_CMD_ARGS", "MODE",
}  # fmt: skip

_database_numbers = itertools.count(1)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add `--postgres-major`."""
    parser.addoption("--postgres-major", type=int, help="run on this major version of PostgreSQL, e.g. 15 or 18")


def pytest_configure(config: pytest.Config) -> None:
    """Close the way out: what a test needs from afar, a package manager in a process of its own fetches."""
    sys.addaudithook(_refuse_remote_connections)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark the tests that ask for PostgreSQL."""
    for item in items:
        parameters = getattr(getattr(item, "callspec", None), "params", {})
        if "postgres_server" in getattr(item, "fixturenames", ()) or "postgresql" in parameters.values():
            item.add_marker(pytest.mark.postgresql)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say how many commands of the documents nobody ran."""
    skipped = terminalreporter.stats.get("skipped", [])
    not_run = sum(" is not run: " in str(report.longrepr) for report in skipped)
    if not_run:
        terminalreporter.write_line(f"{not_run} console blocks of the documents were not run")


@pytest.fixture(scope="session", autouse=True)
def _neutral_environment() -> Iterator[None]:
    """Hide the settings of whoever runs the tests: none of git's, none of gitblog's."""
    with pytest.MonkeyPatch.context() as patch:
        for name in list(os.environ):
            if name.startswith(FOREIGN) or name.removesuffix("_FILE") in FOREIGN_EXACT:
                patch.delenv(name)
        patch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
        patch.setenv("GIT_CONFIG_NOSYSTEM", "1")
        yield


@pytest.fixture(scope="session")
def postgres_server(request: pytest.FixtureRequest) -> Iterator[Server]:
    """A PostgreSQL server for this process; each xdist worker has its own."""
    major: int | None = request.config.getoption("--postgres-major")
    binaries = find_binaries(major)
    if binaries is None:
        tool_missing(f"no PostgreSQL {major or ''} binaries: install them or set GITBLOG_PG_BIN")
    with running_server(binaries) as server:
        yield server


@pytest.fixture
def postgres_url(postgres_server: Server) -> Iterator[str]:
    """The DATABASE_URL of an empty PostgreSQL database that ends with the test."""
    name = f"test_{next(_database_numbers)}"
    yield postgres_server.create_database(name)
    postgres_server.drop_database(name)


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The DATABASE_URL of an empty database, on SQLite and then on PostgreSQL."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'index.sqlite'}"
    url: str = request.getfixturevalue("postgres_url")
    return url


def _refuse_remote_connections(event: str, arguments: tuple[object, ...]) -> None:
    """Raise where a connection would leave this machine; a Unix socket's address is no tuple."""
    if event != "socket.connect" or not isinstance(arguments[1], tuple):
        return
    host = str(arguments[1][0])
    if not host.startswith(LOOPBACK):
        raise OSError(f"tests reach only this machine, not {host}")
