"""A file's bytes to a `Document`. Pure: equal bytes, path and addressing give an equal answer.

Nothing here raises for anything an author can write: what is wrong becomes a `Problem`, and an error that
concerns the whole file leaves no document. A file with nothing in it is such an error, since an empty page
helps nobody; front matter without a body is a document.
"""

from __future__ import annotations

from datetime import datetime, tzinfo
from zoneinfo import ZoneInfo

from gitblog.model import Addressing, Document, FrontMatter, Hold, Parsed, Problem, SourceFile
from gitblog.parse import values
from gitblog.parse.encoding import decode
from gitblog.parse.fields import FieldReader
from gitblog.parse.front_matter import split
from gitblog.parse.layouts import Place, find_place
from gitblog.parse.markers import conflict_line, is_lfs_pointer, top_heading
from gitblog.parse.paths import path_problem, printable_path
from gitblog.parse.permalinks import expand
from gitblog.parse.values import WrongValue
from gitblog.parse.visibility import Visibility, holding_lines, read_visibility

__all__ = ["address", "aliases", "holding_lines", "parse_document"]

MAX_BYTES = 2 * 1024 * 1024
MAX_TITLE_CHARACTERS = 300
MARKUPS = ("gfm", "python-markdown")


def parse_document(file: SourceFile, addressing: Addressing) -> Parsed | None:
    """Parse one file: None where the layout ignores its path, no document where the file is broken."""
    place = find_place(file.path, addressing)
    if place is None:
        return None
    path = printable_path(file.path)
    problem = path_problem(file.path) or _data_problem(path, file.data)
    if problem:
        return Parsed(None, (problem,))
    decoded = decode(path, file.data)
    if decoded.text is None:
        return Parsed(None, decoded.problems)
    head = _text_problem(path, decoded.text) or split(path, decoded.text)
    if isinstance(head, Problem):
        return Parsed(None, (*decoded.problems, head))
    reader = FieldReader(path, head)
    document = _document(file.path, place, head, reader, ZoneInfo(addressing.timezone))
    problems = (*decoded.problems, *head.problems, *reader.problems)
    if reader.broken:
        return Parsed(None, problems)
    too_long = _address_problem(path, document, addressing)
    return Parsed(None, (*problems, too_long)) if too_long else Parsed(document, problems)


def address(document: Document, addressing: Addressing, date: datetime | None) -> str:
    """Give a document's address, decoded, with the base path; its own `permalink` wins over the pattern.

    `date` is git's, used where the document has none of its own; without any the date's tokens are left out.
    The site's time zone says which day it is.
    """
    own = document.permalink
    if not own:
        found = document.date or date
        local = found.astimezone(ZoneInfo(addressing.timezone)) if found else None
        own = expand(document.pattern or addressing.permalink, document, local)
    return addressing.base_path + own


def aliases(document: Document, addressing: Addressing) -> tuple[str, ...]:
    """Give the addresses that redirect to the document, with the base path."""
    return tuple(addressing.base_path + alias for alias in document.aliases)


def _data_problem(path: str, data: bytes) -> Problem | None:
    if len(data) > MAX_BYTES:
        message = f"the file is {len(data)} bytes long; the limit of a post is {MAX_BYTES}"
        return Problem(path, 0, 0, "size", message, "split it into several posts")
    if is_lfs_pointer(data):
        message = "this is a Git LFS pointer, not the file itself"
        return Problem(path, 1, 1, "lfs", message, "keep posts out of Git LFS (git lfs untrack, then commit it anew)")
    return None


def _text_problem(path: str, text: str) -> Problem | None:
    if not text.strip("\ufeff \t\n\f\v"):
        return Problem(path, 0, 0, "empty", "the file is empty", "write something into it, or delete it")
    line = conflict_line(text)
    if line:
        message = "the markers of an unfinished merge stand here"
        return Problem(path, line, 1, "conflict", message, "choose one side, and remove the marker lines")
    return None


def _document(path: str, place: Place, head: FrontMatter, reader: FieldReader, zone: tzinfo) -> Document:
    title, body, body_line = _title(reader, place, head)
    visibility = read_visibility(reader, zone)
    return Document(
        path=path,
        kind=place.kind,
        title=title,
        slug=_fatal(reader, "slug", place.slug),
        name=place.name,
        section=place.section,
        bundle=place.bundle,
        body=body,
        body_line=body_line,
        date=_date(reader, place, visibility, zone),
        updated=reader.read("updated", lambda value: values.moment(value, zone), None),
        expires=visibility.expires,
        hold=Hold.DRAFT if place.draft else visibility.hold,
        permalink=_fatal(reader, "permalink", ""),
        pattern=place.pattern,
        aliases=_aliases(reader),
        tags=_names(reader, "tags", place.tags),
        categories=_names(reader, "categories"),
        series=reader.read("series", values.text, ""),
        authors=_names(reader, "authors"),
        description=reader.read("description", values.text, ""),
        image=reader.read("image", _image, ""),
        language=reader.read("lang", values.language, ""),
        noindex=reader.read("noindex", values.boolean, False),
        unlisted=visibility.unlisted,
        canonical_url=reader.read("canonical_url", values.absolute_url, ""),
        markup=reader.read("markdown", _markup, ""),
        toc=reader.read("toc", _toc, None),
    )


def _title(reader: FieldReader, place: Place, head: FrontMatter) -> tuple[str, str, int]:
    """Give title, body and body's line: the `title` key, else the first `# heading`, else the file's name.

    A heading that became the title leaves the body; where text stands before it, its line stays as an empty
    one.
    """
    body, line = head.body, head.body_line
    for field in reader.every("title"):
        try:
            title = values.text(field.value)
            _check_title(title)
        except WrongValue as wrong:
            reader.refuse(field, "title", wrong, fatal=True)
            return "", body, line
        if title:
            return title, body, line
    heading = top_heading(body)
    if heading is None or len(heading.text) > MAX_TITLE_CHARACTERS:
        return _title_from_name(place.name), body, line
    before = body[: heading.start]
    if before.strip():
        return heading.text, f"{before}\n{body[heading.end :]}", line
    return heading.text, body[heading.end :], line + body.count("\n", 0, heading.end)


def _check_title(title: str) -> None:
    if len(title) > MAX_TITLE_CHARACTERS:
        message = f"the title has {len(title)} characters; the limit is {MAX_TITLE_CHARACTERS}"
        raise WrongValue(message, "shorten it")


def _title_from_name(name: str) -> str:
    words = " ".join(name.replace("-", " ").replace("_", " ").split()) or name
    return (words[:1].upper() + words[1:])[:MAX_TITLE_CHARACTERS]


def _date(reader: FieldReader, place: Place, visibility: Visibility, zone: tzinfo) -> datetime | None:
    """Give the date, never earlier than a "not before" date; a wrong one holds the file back."""
    found = None
    field = reader.first("date")
    if field:
        try:
            found = values.moment(field.value, zone)
        except WrongValue as wrong:
            reader.refuse(field, "date", wrong, fatal=True)
    if visibility.not_before and (found is None or visibility.not_before > found):
        found = visibility.not_before
    if found is None and place.date:
        found = values.moment(place.date, zone)
    return found


def _fatal(reader: FieldReader, name: str, default: str) -> str:
    field = reader.first(name)
    if field is None:
        return default
    try:
        return values.slug(field.value) if name == "slug" else values.address(field.value)
    except WrongValue as wrong:
        reader.refuse(field, "address", wrong, fatal=True)
        return default


def _aliases(reader: FieldReader) -> tuple[str, ...]:
    """Give the usable aliases, once each; each that is not is an error of its own."""
    found: dict[str, None] = {}
    for field in reader.every("aliases"):
        written = field.value if isinstance(field.value, list) else [field.value]
        for value in written:
            if values.is_empty(value):
                continue
            try:
                found[values.address(value)] = None
            except WrongValue as wrong:
                reader.refuse(field, "alias", wrong)
    return tuple(found)


def _names(reader: FieldReader, name: str, given: tuple[str, ...] = ()) -> tuple[str, ...]:
    """Give the tags, categories or authors of every spelling; the unusable are left out with an error."""
    names: list[str] = []
    for field in reader.every(name):
        # Jekyll splits `tags` and `categories` at spaces, but not `category`; nobody splits people's names.
        spaces = field.key.lower() in ("tags", "tag", "categories")
        value = field.value
        if values.is_empty(value):
            continue
        if name == "authors":
            value = [_person(member) for member in (value if isinstance(value, list) else [value])]
            value = value[0] if field.key.lower() == "authors" and len(value) == 1 else value
        try:
            names.extend(values.words(value, spaces=spaces))
        except WrongValue as wrong:
            reader.refuse(field, name, wrong)
    kept, left_out = values.limited((*names, *given))
    for field in reader.every(name)[:1] if left_out else ():
        limits = f"{values.MAX_ITEMS} of at most {values.MAX_ITEM_CHARACTERS} characters"
        message = f"{len(left_out)} left out, from {left_out[0][:40]!a}: at most {limits} are used"
        reader.refuse(field, name, WrongValue(message, "shorten the list or the names"))
    return kept


def _person(value: object) -> object:
    """Give the name of an author who is written as a mapping, as Jekyll and Hugo allow."""
    return value.get("name", value) if isinstance(value, dict) else value


def _image(value: object) -> str:
    """Read an image's address, also from a theme's mapping (`cover: {image: …}`)."""
    if isinstance(value, dict):
        value = next((value[key] for key in ("image", "path", "src", "url") if key in value), value)
    if isinstance(value, list) and value:
        value = value[0]
    return values.reference(value)


def _toc(value: object) -> bool | None:
    """Read whether contents are wanted; a mapping holds another generator's options and says nothing of that."""
    return None if isinstance(value, dict) else values.boolean(value)


def _markup(value: object) -> str:
    name = values.text(value)
    if name not in MARKUPS:
        raise WrongValue("this is no engine", f"write one of {', '.join(MARKUPS)}")
    return name


def _address_problem(path: str, document: Document, addressing: Addressing) -> Problem | None:
    """Give the problem of an address over the limit; only computed where the parts could make one."""
    parts = (document.path, document.title, document.permalink, document.slug, *document.categories)
    if sum(map(len, parts)) + len(addressing.permalink) < values.MAX_ADDRESS_BYTES // 8:
        return None
    size = len(address(document, addressing, document.date).encode()) - len(addressing.base_path.encode())
    if size + len("/2026/12/31/") <= values.MAX_ADDRESS_BYTES or document.permalink:
        return None
    message = f"the address would be {size} bytes long; the limit is {values.MAX_ADDRESS_BYTES}"
    return Problem(path, 0, 0, "address", message, "give it a shorter `slug`")
