"""Whether the author holds a document back. Fails closed: what is not understood holds.

A `draft`, `published` or `status` without a value is not understood either; an empty `expires` is a
template's left-over line and means "never".
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo

from gitblog.model import Hold
from gitblog.parse.encoding import decode
from gitblog.parse.fields import Field, FieldReader
from gitblog.parse.front_matter import Plain
from gitblog.parse.keys import VISIBILITY_KEYS, canonical
from gitblog.parse.values import WrongValue, boolean, is_empty, moment

HEAD_BYTES = 64 * 1024
_HINT = "until then this is held back"
# Pelican's words (its documentation, "File metadata"): `hidden` is published without being listed.
_STATUS_HOLDS: Mapping[str, Hold | None] = {
    "published": None,
    "hidden": None,
    "draft": Hold.DRAFT,
    "skip": Hold.UNPUBLISHED,
}
_HOLDING_NAMES = {**{name: name for name in VISIBILITY_KEYS}, "date": "date", "publish_date": "date"}
_FENCES = ("---", "+++")
_LINE = re.compile(r"""\s*["']?([\w-]+)["']?\s*[:=](.*)""")
# Without the key's first quote: where quotes are broken, that one may have closed the text before it.
_MEMBER = re.compile(r'\b([\w-]+)"\s*:\s*("(?:[^"\\\n]|\\.)*"?|[^,}\n]*)')


@dataclass(frozen=True, slots=True)
class Visibility:
    """What front matter says: held or not, listed or not, until when, and the latest "not before" date."""

    hold: Hold | None
    unlisted: bool
    expires: datetime | None
    not_before: datetime | None


def read_visibility(reader: FieldReader, zone: tzinfo) -> Visibility:
    """Read every key that decides visibility; of several the strictest counts."""
    holds: list[Hold | None] = [_draft(reader, field) for field in reader.every("draft")]
    dates: list[datetime] = []
    for field in reader.every("published"):
        hold, date = _published(reader, field, zone)
        holds.append(hold)
        dates.extend([date] if date else [])
    words = [_status(reader, field) for field in reader.every("status")]
    holds.extend(_STATUS_HOLDS.get(word, Hold.UNPUBLISHED) for word in words)
    for field in reader.every("publish_date"):
        if not is_empty(field.value):
            dates.extend(_date_or_broken(reader, field, zone))
    expiries: list[datetime] = []
    for field in reader.every("expires"):
        try:
            expiries.extend([] if is_empty(field.value) else [moment(field.value, zone)])
        except WrongValue as wrong:
            holds.append(_not_understood(reader, field, wrong.message))
    hold = Hold.DRAFT if Hold.DRAFT in holds else next((one for one in holds if one), None)
    unlisted = "hidden" in words or any(_unlisted(reader, field) for field in reader.every("unlisted"))
    return Visibility(hold, unlisted, min(expiries, default=None), max(dates, default=None))


def holding_lines(data: bytes) -> Mapping[str, str]:
    """Give the raw text of the keys that decide visibility, and of the date, from a file that need not parse.

    From canonical names (draft, published, status, expires, date) to what is written after the key; several
    lines of one name are joined by line breaks. Only the head is read: up to the closing fence, else the
    first blank line.
    """
    text = decode("", data[:HEAD_BYTES].replace(b"\0", b"")).text or ""
    found: dict[str, list[str]] = {}
    for line in _head(text):
        match = _LINE.match(line)
        pairs = [(match[1], match[2])] if match else []
        if line.lstrip().startswith(("{", '"', ",")):
            pairs = _MEMBER.findall(line)
        for key, value in pairs:
            name = _HOLDING_NAMES.get(canonical(key) or "")
            if name:
                found.setdefault(name, []).append(value.strip().rstrip(",").rstrip())
    return {name: "\n".join(values) for name, values in found.items()}


def _head(text: str) -> Iterator[str]:
    lines = text.lstrip("\n\t ").split("\n")
    fence = lines[0].rstrip()
    start = 1 if fence in _FENCES else 0
    ends = [number for number in range(start, len(lines)) if start and lines[number].rstrip() == fence]
    blank = (number for number in range(start, len(lines)) if not lines[number].strip())
    end = ends[0] if ends else next(blank, len(lines))
    return iter(lines[start:end])


def _draft(reader: FieldReader, field: Field) -> Hold | None:
    try:
        return Hold.DRAFT if _read_boolean(reader, field) else None
    except WrongValue as wrong:
        _not_understood(reader, field, wrong.message)
        return Hold.DRAFT


def _published(reader: FieldReader, field: Field, zone: tzinfo) -> tuple[Hold | None, datetime | None]:
    try:
        return (None if _read_boolean(reader, field) else Hold.UNPUBLISHED), None
    except WrongValue:
        pass
    try:
        return None, moment(field.value, zone)
    except WrongValue:
        return _not_understood(reader, field, "this is neither true, false nor a date"), None


def _status(reader: FieldReader, field: Field) -> str:
    word = field.value.strip().lower() if isinstance(field.value, str) else ""
    if word not in _STATUS_HOLDS:
        _not_understood(reader, field, "this is none of published, hidden, draft and skip")
    return word


def _unlisted(reader: FieldReader, field: Field) -> bool:
    try:
        return not is_empty(field.value) and boolean(field.value)
    except WrongValue as wrong:
        reader.warn(field, "visibility", f"`{field.key}`: {wrong.message}; it is not listed", wrong.hint)
        return True


def _read_boolean(reader: FieldReader, field: Field) -> bool:
    value = boolean(field.value)
    if not isinstance(field.value, Plain):
        word = "true" if value else "false"
        message = f"`{field.key}` is text in quotes; it was read as {word}"
        reader.warn(field, "quoted", message, f"write {word} without quotes")
    return value


def _date_or_broken(reader: FieldReader, field: Field, zone: tzinfo) -> list[datetime]:
    try:
        return [moment(field.value, zone)]
    except WrongValue as wrong:
        reader.refuse(field, "date", wrong, fatal=True)
        return []


def _not_understood(reader: FieldReader, field: Field, message: str) -> Hold:
    hints = {"draft": "write true or false", "published": "write true, false or a date"}
    hint = hints.get(canonical(field.key) or "", "write one of the known values")
    if canonical(field.key) == "expires":
        hint = "write it as 2024-01-05 or 2024-01-05T10:00:00+01:00"
    reader.refuse(field, "visibility", WrongValue(message, f"{hint}; {_HINT}"))
    return Hold.UNPUBLISHED
