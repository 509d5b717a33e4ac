"""The statements that an index is asked: how many, how long each took, and how the database goes about the slowest."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import event

from gitblog.index.database import Database


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement with its parameters, as the driver got them."""

    sql: str
    parameters: Any
    seconds: float


@dataclass(slots=True)
class Statements:
    """The statements of a block; their time is without rows that are fetched later (SQLite finds many only then)."""

    seen: list[Statement] = field(default_factory=list)

    @property
    def seconds(self) -> float:
        """Give the time of all together."""
        return sum(each.seconds for each in self.seen)


@contextmanager
def watched_statements(database: Database) -> Iterator[Statements]:
    """Note every statement while the block lasts."""
    found, began = Statements(), [0.0]

    def before(*_: object) -> None:
        began[0] = time.perf_counter()

    def after(connection: object, cursor: object, sql: str, parameters: object, *_: object) -> None:
        found.seen.append(Statement(sql, parameters, time.perf_counter() - began[0]))

    listeners: dict[str, Callable[..., None]] = {"before_cursor_execute": before, "after_cursor_execute": after}
    for name, listener in listeners.items():
        event.listen(database.engine, name, listener)
    try:
        yield found
    finally:
        for name, listener in listeners.items():
            event.remove(database.engine, name, listener)


def asked_again(database: Database, statements: Statements) -> list[Statement]:
    """Ask each of a page's questions once more and take its whole answer; give them with the time of that, in order."""
    found = []
    with database.reading() as connection:
        for each in statements.seen:
            if each.sql.startswith("SELECT"):
                began = time.perf_counter()
                connection.exec_driver_sql(each.sql, each.parameters).all()
                found.append(Statement(each.sql, each.parameters, time.perf_counter() - began))
    return found


def plan_of(database: Database, statement: Statement) -> str:
    """Tell how the database goes about a statement (PostgreSQL runs it once more for that)."""
    explain = "EXPLAIN (ANALYZE, COSTS OFF) " if database.is_postgres else "EXPLAIN QUERY PLAN "
    with database.reading() as connection:
        rows = connection.exec_driver_sql(explain + statement.sql, statement.parameters).all()
    lines = [str(row[0]) for row in rows] if database.is_postgres else [str(row[3]) for row in rows]
    return "\n".join([statement.sql, f"-- {statement.parameters}", *(f"    {line}" for line in lines)])
