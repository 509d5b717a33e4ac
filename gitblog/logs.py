"""How a log line looks: an event, then its facts, on one line whatever they hold.

Whatever is logged, by gitblog or by a library, goes through here: no character can start a new line, and no secret,
no password of an address and no value of a query gets out.
"""

from __future__ import annotations

import json
import logging
import math
import re
import sys
import threading
from collections.abc import Iterable, Iterator
from contextvars import ContextVar
from datetime import UTC, datetime
from types import TracebackType
from typing import TextIO

request_id: ContextVar[str] = ContextVar("request_id", default="")
"""The id of the request that is being answered; every line that is logged meanwhile carries it."""

_OWN = frozenset(logging.makeLogRecord({}).__dict__) | {"message", "asctime", "taskName"}
# Shorter ones would be found in ordinary words; the settings accept none.
_SHORTEST_SECRET = 6
_HIDDEN = "***"
_USERINFO = re.compile(r"(?<=://)[^\s/@]+(?=@)")
_QUERY = re.compile(r"(?<=\?)[^\s\"'<>?=]*=[^\s\"'<>]*")

logger = logging.getLogger(__name__)


class LineHandler(logging.StreamHandler[TextIO]):
    """Writes to stderr; what cannot be written is lost, for a log must not stop what it tells of."""

    def handleError(self, record: logging.LogRecord) -> None:
        """Do nothing: the standard handler would print a traceback that is no log line."""


class LineFormatter(logging.Formatter):
    """What the two forms of a line share; `secrets` never appear in one."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        super().__init__()
        self._secrets = sorted((each for each in secrets if len(each) >= _SHORTEST_SECRET), key=len, reverse=True)

    def clean(self, text: str) -> str:
        """Take out what a line must not tell."""
        for secret in self._secrets:
            text = text.replace(secret, _HIDDEN)
        return _QUERY.sub(_HIDDEN, _USERINFO.sub(_HIDDEN, text))

    def event(self, record: logging.LogRecord) -> str:
        """Give the message; one whose arguments do not fit is given without them."""
        try:
            return self.clean(record.getMessage())
        except (TypeError, ValueError, KeyError):
            return self.clean(str(record.msg))

    def facts(self, record: logging.LogRecord) -> Iterator[tuple[str, object]]:
        """Give what was logged beside the event."""
        for key, value in record.__dict__.items():
            if key not in _OWN:
                yield key, self._fact(value)
        if (asking := request_id.get()) and "request_id" not in record.__dict__:
            yield "request_id", asking

    def traceback(self, record: logging.LogRecord) -> str:
        """Give where an exception came from, "" where there is none."""
        return self.clean(self.formatException(record.exc_info)) if record.exc_info else ""

    def _fact(self, value: object) -> object:
        if value is None or isinstance(value, bool | int):
            return value
        if isinstance(value, float):
            return value if math.isfinite(value) else str(value)
        if isinstance(value, list | tuple):
            return [self._fact(each) for each in value]
        return self.clean(str(value))


class JsonFormatter(LineFormatter):
    """One JSON object a line, in ASCII: some readers take more than a line feed for the end of a line."""

    def format(self, record: logging.LogRecord) -> str:
        """Write a record."""
        line: dict[str, object] = {
            "time": _time(record),
            "level": record.levelname.lower(),
            "event": self.event(record),
            "logger": record.name,
            "process": record.process,
        }
        line.update((key, value) for key, value in self.facts(record) if key not in line)
        if traceback := self.traceback(record):
            line["traceback"] = traceback
        return json.dumps(line)


class TextFormatter(LineFormatter):
    """`time level event key=value …`, values as JSON; the lines of a traceback follow, set in."""

    def format(self, record: logging.LogRecord) -> str:
        """Write a record."""
        facts = [f"{key}={json.dumps(value, ensure_ascii=False)}" for key, value in self.facts(record)]
        line = _printable(" ".join([_time(record), record.levelname.lower(), self.event(record), *facts]))
        below = self.traceback(record).split("\n") if record.exc_info else []
        return "\n".join([line, *(f"    {_printable(each)}" for each in below)])


def formatter(form: str, secrets: Iterable[str] = ()) -> LineFormatter:
    """Give the formatter of LOG_FORMAT."""
    return JsonFormatter(secrets) if form == "json" else TextFormatter(secrets)


def configure(form: str, level: str, secrets: Iterable[str] = ()) -> None:
    """Log to stderr: gitblog's own lines from `level` upwards, and what a library warns of."""
    handler = LineHandler(sys.stderr)
    handler.setFormatter(formatter(form, secrets))
    own, others = logging.getLogger("gitblog"), logging.getLogger()
    for each in (own, others):
        each.handlers[:] = [*(one for one in each.handlers if not isinstance(one, LineHandler)), handler]
    own.setLevel(level.upper())
    own.propagate = False


def log_faults() -> None:
    """Log what nobody caught, and Python's own warnings, instead of printing it in another form."""
    logging.captureWarnings(True)
    sys.excepthook = _log_fault
    threading.excepthook = lambda fault: _log_fault(fault.exc_type, fault.exc_value, fault.exc_traceback)


def _log_fault(kind: type[BaseException], error: BaseException | None, where: TracebackType | None) -> None:
    if issubclass(kind, KeyboardInterrupt | SystemExit) or error is None:
        return
    logger.critical("nobody caught this", exc_info=(kind, error, where))


def _printable(text: str) -> str:
    """Write what is no printable character (a line break of any kind, a change of direction) as its escape."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def _time(record: logging.LogRecord) -> str:
    return datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
