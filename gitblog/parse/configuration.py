"""The site's configuration, `blog.toml`, to a `SiteConfig`: all of it or nothing.

A wrong value is an error and leaves no configuration (the last good one stays in force); an unknown key is a
warning. The file's being there means the native layout, unless its `layout` says otherwise.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeVar
from urllib.parse import unquote, urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from gitblog.model import Addressing, Author, Look, MenuItem, Problem, Severity, SiteConfig, SourceFile
from gitblog.parse.documents import MARKUPS
from gitblog.parse.front_matter.block import MAX_BYTES, BlockError, checked
from gitblog.parse.front_matter.toml import load
from gitblog.parse.keys import nearest
from gitblog.parse.layouts import LAYOUTS, plain
from gitblog.parse.markers import conflict_line
from gitblog.parse.permalinks import check_pattern, resolve
from gitblog.parse.values import WrongValue, absolute_url, address, has_bad_character, language

T = TypeVar("T")

MAX_POSTS_PER_PAGE = 1000
# The theme has each of them in a light and a dark shade that can be read on its paper (see its style.css).
ACCENTS = ("rust", "crimson", "plum", "violet", "blue", "teal", "green", "olive", "slate")
_TABLE = re.compile(r"[ \t]*\[\[?[ \t]*([\w-]+)[ \t]*\]")
_AUTHORITY = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9.@_-]*[A-Za-z0-9])?")


@dataclass(frozen=True, slots=True)
class ParsedConfiguration:
    """What parsing the configuration gave; no configuration where an error holds it back."""

    config: SiteConfig | None
    problems: tuple[Problem, ...] = ()


class _WrongKey(Exception):
    """A key's value is wrong; `table` is "" for the top, `number` counts the tables of one name from 0."""

    def __init__(self, table: str, number: int, key: str, wrong: WrongValue) -> None:
        super().__init__(wrong.message)
        self.table, self.number, self.key, self.wrong = table, number, key, wrong


def parse_configuration(file: SourceFile) -> ParsedConfiguration:
    """Parse the configuration's bytes; never raises for what an author can write."""
    if len(file.data) > MAX_BYTES:
        message = f"the configuration is longer than {MAX_BYTES // 1024} KiB"
        return _failed(file.path, 0, 0, message, "shorten it")
    try:
        text = file.data.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        line = file.data.count(b"\n", 0, error.start) + 1
        return _failed(file.path, line, 1, "the configuration is not UTF-8", "save it as UTF-8")
    conflict = conflict_line(text)
    if conflict:
        message = "the markers of an unfinished merge stand here"
        return _failed(file.path, conflict, 1, message, "choose one side, and remove the marker lines")
    try:
        values = load(text)
        checked(values, 1)
        config = _site(values)
    except BlockError as error:
        found = error.complaint
        return _failed(file.path, found.line, found.column, found.message, found.hint)
    except _WrongKey as error:
        line, column = _place(text, error.table, error.number, error.key)
        name = f"{error.table}.{error.key}" if error.table else error.key
        return _failed(file.path, line, column, f"`{name}`: {error.wrong.message}", error.wrong.hint)
    return ParsedConfiguration(config, (*_unknown(file.path, text, values), *_advice(file.path, text, config)))


def _site(values: Mapping[str, object]) -> SiteConfig:
    top = _Table(values)
    defaults = SiteConfig()
    footer = top.table("footer")
    url, base_path = top.read("url", _url, ("", ""))
    layout = top.read("layout", _one_of(tuple(LAYOUTS)), "native")
    usual = plain.PATTERN if layout == "plain" else defaults.addressing.permalink
    addressing = Addressing(
        layout, top.read("permalink", _permalink, usual), top.read("timezone", _timezone, "UTC"), base_path
    )
    return SiteConfig(
        title=top.read("title", _text, defaults.title) or defaults.title,
        tagline=top.read("tagline", _text, defaults.tagline),
        description=top.read("description", _text, defaults.description),
        url=url,
        language=top.read("language", language, defaults.language),
        markdown=top.read("markdown", _one_of(MARKUPS), defaults.markdown),
        posts_per_page=top.read("posts_per_page", _page_size, defaults.posts_per_page),
        authors=tuple(map(_author, top.tables("author"))),
        menu=tuple(MenuItem(table.need("title", _text), table.need("url", _menu_url)) for table in top.tables("menu")),
        footer=footer.read("text", _text, defaults.footer),
        id_authority=top.table("feeds").read("id_authority", _authority, defaults.id_authority),
        addressing=addressing,
        home=top.read("home", _home, defaults.home),
        social=tuple(
            MenuItem(table.need("title", _text), table.need("url", absolute_url)) for table in top.tables("social")
        ),
        license=footer.read("license", _text, defaults.license),
        license_url=footer.read("license_url", absolute_url, defaults.license_url),
        look=_look(top.table("theme")),
    )


def _author(table: _Table) -> Author:
    return Author(table.need("name", _text), table.read("url", absolute_url, ""), table.read("description", _text, ""))


def _look(table: _Table) -> Look:
    return Look(
        accent=table.read("accent", _one_of(ACCENTS), ""),
        logo=table.read("logo", _menu_url, ""),
        image=table.read("image", _menu_url, ""),
        css=table.read("css", address, ""),
    )


class _Table:
    """One table of the configuration; reads typed values and knows where it stands, for messages."""

    def __init__(self, values: Mapping[str, object], name: str = "", number: int = 0) -> None:
        self._values = values
        self._name = name
        self._number = number

    def read(self, key: str, convert: Callable[[object], T], default: T) -> T:
        if key not in self._values:
            return default
        return self._convert(key, convert)

    def _convert(self, key: str, convert: Callable[[object], T]) -> T:
        try:
            return convert(self._values[key])
        except WrongValue as wrong:
            raise _WrongKey(self._name, self._number, key, wrong) from wrong

    def need(self, key: str, convert: Callable[[object], T]) -> T:
        if key not in self._values:
            hint = f'write {key} = "…"'
            raise _WrongKey(self._name, self._number, key, WrongValue("this key is missing", hint))
        return self._convert(key, convert)

    def table(self, name: str) -> _Table:
        value = self._values.get(name, {})
        if not isinstance(value, dict):
            raise _WrongKey("", 0, name, WrongValue("this is no table", f"write a line [{name}] and its keys below"))
        return _Table(value, name)

    def tables(self, name: str) -> tuple[_Table, ...]:
        value = self._values.get(name, [])
        if not isinstance(value, list) or not all(isinstance(member, dict) for member in value):
            wrong = WrongValue("this is no list of tables", f"write a line [[{name}]] for each, its keys below")
            raise _WrongKey("", 0, name, wrong)
        return tuple(_Table(member, name, number) for number, member in enumerate(value))


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise WrongValue("this is no text", 'write it in quotes, as in title = "…"')
    if has_bad_character(value.replace("\n", " ").replace("\t", " ")):
        raise WrongValue("the text holds a control or invisible character", "remove it")
    return value.strip()


def _one_of(names: tuple[str, ...]) -> Callable[[object], str]:
    def convert(value: object) -> str:
        if not isinstance(value, str) or value not in names:
            known = ", ".join(f'"{name}"' for name in names)
            raise WrongValue("this value is unknown", f"write one of {known}")
        return value

    return convert


def _page_size(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= MAX_POSTS_PER_PAGE:
        raise WrongValue(f"this is no whole number from 1 to {MAX_POSTS_PER_PAGE}", "write one such as 10")
    return value


def _timezone(value: object) -> str:
    name = _text(value)
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:  # OSError: the name of a region alone
        hint = "write a name of the IANA list, such as Europe/Berlin"
        raise WrongValue("this time zone is unknown", hint) from error
    return name


def _permalink(value: object) -> str:
    pattern = _text(value)
    message = check_pattern(pattern)
    if message:
        raise WrongValue(message, 'write one such as "/:year/:month/:slug/"')
    return resolve(pattern)


def _url(value: object) -> tuple[str, str]:
    """Give the site's address without a trailing slash, and its path, decoded: the base path."""
    written = absolute_url(_text(value)).rstrip("/")
    parts = urlsplit(written)
    if parts.query or parts.fragment or "@" in parts.netloc:
        raise WrongValue("the address holds more than scheme, host and path", "write it as https://example.org/blog")
    try:
        _ = parts.port
    except ValueError as error:
        raise WrongValue("the address has no usable port", "write it as https://example.org:8443") from error
    if not parts.path:
        return written, ""
    base_path = address(unquote(parts.path))
    return written, base_path


def _home(value: object) -> str:
    written = _text(value)
    return written if written == "posts" else address(written)


def _menu_url(value: object) -> str:
    written = _text(value)
    if written.startswith(("http://", "https://")):
        return absolute_url(written)
    path, mark, rest = written.partition("#") if "#" in written else written.partition("?")
    return address(path) + mark + rest


def _authority(value: object) -> str:
    name = _text(value)
    # RFC 4151: a tag's authority is a domain name or a mail address.
    if not _AUTHORITY.fullmatch(name):
        raise WrongValue("this is neither a domain name nor a mail address", "write one such as example.org")
    return name


def _unknown(path: str, text: str, values: Mapping[str, object]) -> tuple[Problem, ...]:
    """Warn of every key that nothing reads, naming the nearest that something does."""
    found = [_unknown_key(path, text, ("", 0), key) for key in values if key not in KNOWN_KEYS[""]]
    for name, known in KNOWN_KEYS.items():
        value = values.get(name)
        tables = value if isinstance(value, list) else [value]
        for number, table in enumerate(tables):
            keys = table if name and isinstance(table, dict) else ()
            found.extend(_unknown_key(path, text, (name, number), key) for key in keys if key not in known)
    return tuple(found)


def _unknown_key(path: str, text: str, table: tuple[str, int], key: str) -> Problem:
    name, number = table
    meant = nearest(key, KNOWN_KEYS[name])
    line, column = _place(text, name, number, key)
    hint = f"did you mean `{meant}`?" if meant else "remove it, or see the documented keys"
    shown = f"{name}.{key}" if name else key
    message = f"the key {shown[:80]!a} is unknown"
    return Problem(path, line, column, "unknown-key", message, hint, Severity.WARNING)


def _advice(path: str, text: str, config: SiteConfig) -> tuple[Problem, ...]:
    if not config.url or config.id_authority:
        return ()
    host = urlsplit(config.url).hostname or ""
    line, column = _place(text, "", 0, "url")
    message = "the ids in feeds are tied to the host of `url`: feed readers show all posts again when it changes"
    hint = f'write [feeds] and below it id_authority = "{host}", and leave it for ever'
    return (Problem(path, line, column, "feed-ids", message, hint, Severity.WARNING),)


def _place(text: str, table: str, number: int, key: str) -> tuple[int, int]:
    """Find a key in the text; where it is not written, its table's line, else the first.

    Textual, so a key inside a longer text may be taken for it: the line is a help, never a fact.
    """
    current = ""
    seen: dict[str, int] = {}
    fallback = (1, 1)
    pattern = re.compile(rf"""[ \t]*["']?{re.escape(key)}["']?[ \t]*[.=]""")
    for line_number, line in enumerate(text.split("\n"), 1):
        header = _TABLE.match(line)
        if header:
            current = header[1]
            seen[current] = seen.get(current, -1) + 1
            here = current == table and seen[current] == number
            if here or (not table and current == key):
                fallback = (line_number, 1)
        elif current == table and seen.get(table, 0) == number and pattern.match(line):
            return line_number, len(line) - len(line.lstrip()) + 1
    return fallback


def _failed(path: str, line: int, column: int, message: str, hint: str) -> ParsedConfiguration:
    return ParsedConfiguration(None, (Problem(path, line, column, "configuration", message, hint),))


KNOWN_KEYS: Mapping[str, tuple[str, ...]] = {
    "": (
        "title",
        "tagline",
        "description",
        "url",
        "language",
        "timezone",
        "permalink",
        "markdown",
        "layout",
        "posts_per_page",
        "home",
        "author",
        "menu",
        "social",
        "theme",
        "footer",
        "feeds",
    ),
    "author": ("name", "url", "description"),
    "menu": ("title", "url"),
    "social": ("title", "url"),
    "theme": ("accent", "logo", "image", "css"),
    "footer": ("text", "license", "license_url"),
    "feeds": ("id_authority",),
}
"""The keys of each table, "" for the top."""
