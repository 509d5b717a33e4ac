"""Which texts no log line may hold: the values of secret settings, and the passwords inside addresses."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import unquote, urlsplit

from gitblog.config.settings import SETTINGS, Settings


def secrets_of(settings: Settings) -> frozenset[str]:
    """Give every text that must not get out, each also as it stands in an address."""
    found: set[str] = set()
    for setting in SETTINGS:
        if setting.secret:
            value = getattr(settings, setting.attribute) or ()
            for text in (value,) if isinstance(value, str) else value:
                found.update(_parts(text))
    return frozenset(found)


def _parts(text: str) -> Iterator[str]:
    if "://" in text:
        # Of an address only the password: a host or a path may be told.
        if password := urlsplit(text).password:
            yield from (password, unquote(password))
        return
    yield text
    # `user:token`, and a key of several lines, of which each could stand alone.
    yield from text.split(":", 1)[1:]
    yield from (line for line in text.splitlines() if not line.startswith("-----"))
