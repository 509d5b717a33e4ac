"""How a log line looks: an event, then its facts, on one line whatever they hold."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from datetime import UTC, datetime

_OWN = frozenset(logging.makeLogRecord({}).__dict__) | {"message", "asctime", "taskName"}


class JsonFormatter(logging.Formatter):
    """One JSON object a line."""

    def format(self, record: logging.LogRecord) -> str:
        """Write a record."""
        line = {"time": _time(record), "level": record.levelname.lower(), "event": record.getMessage()}
        line.update(_facts(record))
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False, default=str)


class TextFormatter(logging.Formatter):
    """`time level event key=value …`, values as JSON, so that none can start a new line."""

    def format(self, record: logging.LogRecord) -> str:
        """Write a record."""
        facts = [f"{key}={json.dumps(value, ensure_ascii=False)}" for key, value in _facts(record)]
        line = " ".join([_time(record), record.levelname.lower(), record.getMessage(), *facts])
        return f"{line}\n{self.formatException(record.exc_info)}" if record.exc_info else line


def _facts(record: logging.LogRecord) -> Iterator[tuple[str, str]]:
    for key, value in record.__dict__.items():
        if key not in _OWN:
            yield key, str(value)


def _time(record: logging.LogRecord) -> str:
    return datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
