"""What the values of front matter mean: dates, yes and no, lists, addresses. One function a type.

Each takes a value as a format gave it (see `front_matter.block`) and returns the typed value, or raises
`WrongValue` with a message and a hint for the author.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from urllib.parse import unquote, urlsplit

MAX_ADDRESS_BYTES = 1024
MAX_ITEMS = 64
MAX_ITEM_CHARACTERS = 64
FIRST_YEAR, LAST_YEAR = 1970, 2200

_TRUE = frozenset({"true", "yes", "on", "1"})
_FALSE = frozenset({"false", "no", "off", "0"})
_DATE = re.compile(
    r"(\d{4})-(\d{1,2})-(\d{1,2})"
    r"(?:(?:[Tt]|[ \t]+)(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,]\d{1,9})?)?"
    r"[ \t]*(Z|z|UTC|[+-]\d{2}(?::?\d{2})?)?)?",
    re.ASCII,
)
# What no address may hold: controls, invisible formatting (it makes twins), surrogates, separators.
_BAD_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
_JOINERS = frozenset("\u200c\u200d")
_SPACES = re.compile(r"\s+")
_LANGUAGE = re.compile(r"[A-Za-z]{2,8}(?:-[A-Za-z0-9]{1,8})*")


class WrongValue(ValueError):
    """A value does not have the type that its key needs."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


def is_empty(value: object) -> bool:
    """Say whether nothing was written: no text, or a bare `null` or `~` where text is not meant as such."""
    return isinstance(value, str) and value.strip() in ("", "null", "~")


def text(value: object) -> str:
    """Text as written, without the white space around it; line breaks inside become spaces."""
    if isinstance(value, datetime | date):
        return value.isoformat()
    if not isinstance(value, str):
        raise WrongValue("a list or mapping stands where text was expected", "write the text, in quotes")
    stripped = value.strip()
    return _SPACES.sub(" ", stripped) if "\n" in stripped else stripped


def boolean(value: object) -> bool:
    """Yes or no, in any of the words that YAML 1.1, TOML and JSON have for them, any case, quoted or not."""
    word = value.strip().lower() if isinstance(value, str) else ""
    if word in _TRUE:
        return True
    if word in _FALSE:
        return False
    raise WrongValue("this is neither true nor false", "write true or false")


def moment(value: object, zone: tzinfo) -> datetime:
    """A date with or without a time, aware, in whole seconds; `zone` is that of a value without an offset.

    RFC 3339, and what people write for it: `2024-1-5`, `2024-01-05 10:00`, `2024-01-05 10:00:00 +0100`.
    """
    if isinstance(value, datetime):
        found = value
    elif isinstance(value, date):
        found = datetime.combine(value, time())
    else:
        found = _parse_moment(value if isinstance(value, str) else "")
    if not FIRST_YEAR <= found.year <= LAST_YEAR:
        raise WrongValue(f"the date's year is not within {FIRST_YEAR} to {LAST_YEAR}", "write a date of these years")
    found = found.replace(microsecond=0)
    return found if found.tzinfo else found.replace(tzinfo=zone)


def words(value: object, *, spaces: bool) -> tuple[str, ...]:
    """A list of names, from a list, from text with commas, or (with `spaces`) from text with spaces.

    Not yet limited: see `limited`.
    """
    if isinstance(value, list):
        return tuple(text(member) for member in value)
    whole = text(value)
    if "," in whole:
        return tuple(part.strip() for part in whole.split(","))
    return tuple(whole.split()) if spaces else (whole,)


def limited(names: tuple[str, ...]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Keep names within the limits, once each (case and Unicode form do not count); give the others too."""
    kept: dict[str, str] = {}
    left_out = []
    for name in names:
        composed = unicodedata.normalize("NFC", name)
        if not composed:
            continue
        folded = composed.casefold()
        usable = len(composed) <= MAX_ITEM_CHARACTERS and not has_bad_character(composed)
        if usable and (folded in kept or len(kept) < MAX_ITEMS):
            kept.setdefault(folded, composed)
        else:
            left_out.append(name)
    return tuple(kept.values()), tuple(left_out)


def address(value: object) -> str:
    """An address inside the site, decoded: it starts with one "/" and leads nowhere else."""
    written = text(value)
    hint = "write it from the site's root, as in /2024/old-post/"
    decoded = _decoded(written)
    if not decoded.startswith("/") or decoded.startswith("//"):
        raise WrongValue(f"the address {_shown(written)} is not inside this site", hint)
    _check_characters(decoded, written, "?#\\")
    if any(part in (".", "..") for part in decoded.split("/")) or "//" in decoded:
        raise WrongValue(f"the address {_shown(written)} holds `.`, `..` or an empty part", hint)
    if decoded == "/-" or decoded.startswith("/-/"):
        raise WrongValue("addresses under /-/ belong to gitblog itself", "choose another address")
    return decoded


def slug(value: object) -> str:
    """One part of an address, as written but for white space, which becomes "-"."""
    written = text(value)
    decoded = _SPACES.sub("-", _decoded(written).strip())
    _check_characters(decoded, written, "/?#\\")
    if decoded.startswith(".") or decoded in ("", "-"):
        raise WrongValue(f"the slug {_shown(written)} cannot be part of an address", "use letters and digits")
    return decoded


def language(value: object) -> str:
    """A language tag such as `en` or `pt-BR` (BCP 47); an underscore is read as a hyphen."""
    tag = text(value).replace("_", "-")
    if not _LANGUAGE.fullmatch(tag):
        raise WrongValue("this is no language tag", "write one such as en or pt-BR")
    return tag


def reference(value: object) -> str:
    """An image's address: relative, site-relative, or absolute with http or https."""
    written = text(value)
    try:
        parts = urlsplit(written)
    except ValueError:
        parts = urlsplit("invalid:")
    if parts.scheme not in ("", "http", "https") or has_bad_character(written) or "\\" in written:
        raise WrongValue("this address is not http, https or relative", "write a path or an https address")
    return written


def absolute_url(value: object) -> str:
    """An absolute address with http or https and a host."""
    written = reference(value)
    parts = urlsplit(written)
    if not parts.scheme or not parts.hostname:
        raise WrongValue("this is no absolute address", "write one that starts with https://")
    return written


def has_bad_character(written: str) -> bool:
    """Say whether text holds a control, invisible or separating character.

    The two joiners are none: Persian, Hindi and emoji are written with them.
    """
    if written.isprintable():
        return False
    return any(unicodedata.category(c) in _BAD_CATEGORIES and c not in _JOINERS for c in written)


def _parse_moment(written: str) -> datetime:
    match = _DATE.fullmatch(written.strip())
    hint = "write it as 2024-01-05 or 2024-01-05T10:00:00+01:00"
    if match is None:
        raise WrongValue(f"{_shown(written)} is not a date", hint)
    year, month, day, hour, minute, second = (int(part or 0) for part in match.groups()[:6])
    try:
        return datetime(year, month, day, hour, minute, second, tzinfo=_offset(match[7]))
    except ValueError as error:
        raise WrongValue(f"{_shown(written)} is not a date", hint) from error


def _offset(written: str | None) -> tzinfo | None:
    """Give the zone of an offset as text; raises ValueError where there is none such."""
    if written is None:
        return None
    if written in ("Z", "z", "UTC"):
        return UTC
    digits = written[1:].replace(":", "")
    hours, minutes = int(digits[:2]), int(digits[2:] or 0)
    if hours > 14 or minutes > 59:
        raise ValueError(written)
    span = timedelta(hours=hours, minutes=minutes)
    return timezone(-span if written[0] == "-" else span)


def _decoded(written: str) -> str:
    """Undo percent-encoding, so that `/caf%C3%A9/` and `/café/` are one, and `%2e%2e` cannot hide."""
    try:
        decoded = unquote(written, errors="strict") if "%" in written else written
    except UnicodeDecodeError as error:
        raise WrongValue(f"the address {_shown(written)} is not UTF-8", "write it without % codes") from error
    return unicodedata.normalize("NFC", decoded)


def _check_characters(decoded: str, written: str, forbidden: str) -> None:
    if has_bad_character(decoded) or any(character in decoded for character in forbidden):
        message = f"the address {_shown(written)} holds a character that no address may hold"
        raise WrongValue(message, f"leave out control and invisible characters and {' '.join(forbidden)}")
    if len(decoded.encode("utf-8", "surrogatepass")) > MAX_ADDRESS_BYTES:
        raise WrongValue(f"the address is longer than {MAX_ADDRESS_BYTES} bytes", "write a shorter one")


def _shown(written: str) -> str:
    """Quote a value for a message: cut, and with what cannot be printed escaped."""
    cut = written if len(written) <= 80 else written[:79] + "…"
    return f"`{cut}`" if cut.isprintable() else ascii(cut)
