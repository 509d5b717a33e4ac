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

from jinja2 import DictLoader, Environment, StrictUndefined

from gitblog.web.answers import quoted

_DEFAULT = Path(__file__).parent.parent / "themes" / "default"
_STYLE = "style.css"
_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)


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
    """Read the default theme with the operator's folder over it (None for none)."""
    roots = [_DEFAULT, overrides] if overrides else [_DEFAULT]
    templates = dict(_files(roots, "templates"))
    files = dict(_files(roots, "static"))
    digest = _digest(templates, files)
    sources = {name: data.decode() for name, data in templates.items()}
    environment = Environment(
        loader=DictLoader(sources),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    environment.globals = {"style": f"/-/theme/{digest}/{_STYLE}"}
    environment.filters |= {"link": quoted, "day": day, "iso": iso}
    return Theme(environment, files, digest)


def day(moment: int, zone: ZoneInfo, language: str) -> str:
    """Give a date for people: in English as it is written, in any other language as ISO 8601."""
    date = datetime.fromtimestamp(moment, zone)
    if language.partition("-")[0].lower() != "en":
        return date.date().isoformat()
    return f"{date.day} {_MONTHS[date.month - 1]} {date.year}"


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
