"""The theme: templates that get frozen values, and static files under an address that changes with them.

A file of the operator's THEME_DIR (`templates/`, `static/`) takes the place of the theme's own file of
that name. Everything is read once, when the application is made.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from jinja2 import DictLoader, Environment, StrictUndefined, TemplateSyntaxError

from gitblog.errors import SettingsError
from gitblog.web.answers import quoted

_DEFAULT = Path(__file__).parent.parent / "themes" / "default"
_PARTS = ("templates", "static")
_STYLE = "style.css"
_SCRIPT = "scheme.js"
_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
# Languages that are written from right to left (CLDR), by the first part of their tag.
_RIGHT_TO_LEFT = frozenset({"ar", "arc", "ckb", "dv", "fa", "he", "iw", "ks", "nqo", "ps", "sd", "ug", "ur", "yi"})
# Brysbaert 2019, "How many words do we read per minute?": 238 for English; a blog is read with its code and tables.
_WORDS_A_MINUTE = 220
_CHARACTERS_A_MINUTE = 450


@dataclass(frozen=True, slots=True)
class Theme:
    """Templates and static files, and the hash of all of them."""

    templates: Environment
    files: Mapping[str, bytes]
    hash: str

    def render(self, template: str, **values: object) -> bytes:
        """Render a template; a name that it uses and nobody gave is an error."""
        return self.templates.get_template(template).render(values).encode()


def load_theme(overrides: Path | None) -> Theme:
    """Read the default theme with the operator's folder over it (None for none).

    Raises `SettingsError` where the folder is none, or holds a template that cannot be read.
    """
    if overrides and not any((overrides / part).is_dir() for part in _PARTS):
        message = f"THEME_DIR holds neither templates/ nor static/: make one of them in {overrides}, or unset it"
        raise SettingsError(message, reason="settings")
    roots = [_DEFAULT, overrides] if overrides else [_DEFAULT]
    templates, files = (dict(_files(roots, part)) for part in _PARTS)
    digest = _digest(templates, files)
    environment = Environment(
        loader=DictLoader({name: data.decode(errors="replace") for name, data in templates.items()}),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    static = f"/-/theme/{digest}/"
    environment.globals = {"style": static + _STYLE, "script": static + _SCRIPT, "static": static}
    environment.filters |= {"link": quoted, "day": day, "iso": iso, "month": month, "minutes": minutes}
    environment.filters |= {"direction": direction_of}
    for name, _ in _files([overrides] if overrides else [], "templates"):
        _check(environment, name)
    return Theme(environment, files, digest)


def _check(environment: Environment, name: str) -> None:
    """Refuse a template of the operator's that is none: better at the start than on every page."""
    try:
        environment.get_template(name)
    except TemplateSyntaxError as error:
        message = f"THEME_DIR has a mistake in templates/{name}, line {error.lineno}: {error.message}"
        raise SettingsError(message, reason="settings") from error


def day(moment: int, zone: ZoneInfo, language: str) -> str:
    """Give a date for people: in English as it is written, in any other language as ISO 8601."""
    date = datetime.fromtimestamp(moment, zone)
    if language.partition("-")[0].lower() != "en":
        return date.date().isoformat()
    return f"{date.day} {_MONTHS[date.month - 1]} {date.year}"


def month(number: int, language: str) -> str:
    """Give a month (1 to 12) for people: its English name, in any other language its number."""
    return _MONTHS[number - 1] if language.partition("-")[0].lower() == "en" else f"{number:02}"


def minutes(words: int, language: str) -> int:
    """Give how many minutes people read at so many words; at least 1.

    Chinese and Japanese count a character as a word, and read about twice as many of them.
    """
    a_minute = _CHARACTERS_A_MINUTE if language.partition("-")[0].lower() in ("zh", "ja") else _WORDS_A_MINUTE
    return max(1, round(words / a_minute))


def direction_of(language: str) -> str:
    """Give the direction in which a language is written, "ltr" or "rtl"; a script in its tag decides."""
    first, *rest = language.lower().split("-")
    if {"latn", "cyrl"}.intersection(rest):
        return "ltr"
    return "rtl" if first in _RIGHT_TO_LEFT or {"arab", "hebr"}.intersection(rest) else "ltr"


def iso(moment: float, zone: ZoneInfo | None = None) -> str:
    """Give an instant as ISO 8601 with its offset; UTC without a zone."""
    return datetime.fromtimestamp(int(moment), zone or UTC).isoformat()


def _files(roots: list[Path], folder: str) -> Iterator[tuple[str, bytes]]:
    for root in roots:
        top = root / folder
        for path in sorted(top.rglob("*")):
            if path.is_file() and not path.name.startswith("."):
                yield path.relative_to(top).as_posix(), path.read_bytes()


def _digest(*parts: Mapping[str, bytes]) -> str:
    digest = hashlib.sha256()
    for part in parts:
        for name in sorted(part):
            digest.update(f"{name}\0{len(part[name])}\0".encode() + part[name])
    return digest.hexdigest()[:16]
