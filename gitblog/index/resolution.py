"""Who holds an address now: documents, files, aliases, former addresses. Always a query, never a row.

The order of claims: visible document, file, (generated pages, which `web` knows), alias, former address.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, exists, or_, select

from gitblog.index import tables
from gitblog.index.stored import batches
from gitblog.index.views import Gone, Redirect, ServedFile

_document = tables.document.c
_address = tables.address.c
_file = tables.file.c
STATIC_FOLDER = "static/"


def is_visible(document: Any, now: int) -> ColumnElement[bool]:
    """Tell of a document (the table or an alias of it) whether readers may see it at `now`."""
    return and_(document.c.hold == "", document.c.visible_from <= now, document.c.visible_until > now)


def holds_its_address(now: int) -> ColumnElement[bool]:
    """Tell whether a document is the first visible one at its address; the others are shadowed."""
    other = tables.document.alias("other")
    first = and_(other.c.address == _document.address, is_visible(other, now), other.c.rank < _document.rank)
    return ~exists().where(first)


def document_at(connection: Connection, address: str, now: int) -> str | None:
    """Give the path of the visible document that holds an address: the first to begin among them."""
    asked = select(_document.path).where(_document.address == address, is_visible(tables.document, now))
    return connection.scalar(asked.order_by(_document.rank).limit(1))


def file_at(connection: Connection, relative: str, base: str, now: int) -> ServedFile | None:
    """Give the file served at an address (without its base path): static, of a bundle, or referred to."""
    path = relative.removeprefix("/")
    if not path:
        return None
    if static := _file_row(connection, STATIC_FOLDER + path):
        return static
    return _bundled(connection, relative, base, now) or _referred(connection, path, now)


def fallback(connection: Connection, address: str, base: str, now: int) -> Redirect | Gone | None:
    """Tell where an address leads that nothing holds: to the post that had it, or `Gone`, or nowhere (None)."""
    asked = select(tables.address).where(_address.address == address)
    rows = connection.execute(asked).all()
    targets = {row.target for row in rows if row.target}
    visible = _visible_addresses(connection, targets, now)
    aliases = [row for row in rows if row.kind == "alias" and row.target in visible]
    if aliases:
        return Redirect(visible[min(aliases, key=lambda row: row.rank).target])
    # Those whose target is held step aside; of the rest the one whose holding ended last answers.
    former = [row for row in rows if row.kind == "former" and (not row.target or row.target in visible)]
    if former:
        latest = max(row.ended for row in former)
        first = min((row for row in former if row.ended == latest), key=lambda row: (row.rank, row.source))
        return Redirect(visible[first.target]) if first.target else Gone()
    return _former_bundle(connection, address, base, now)


def addresses_of(connection: Connection, targets: Collection[str], base: str, now: int) -> dict[str, str]:
    """Give the address of each link target: a path under the root, or an address where it starts with "/".

    A path that is neither a visible document nor a served file is absent.
    """
    found = {target: base + target for target in targets if target.startswith("/")}
    paths = {target for target in targets if not target.startswith("/")}
    found.update(_visible_addresses(connection, paths, now))
    # A folder stands for the document whose bundle it is.
    folders = {path.rstrip("/") for path in paths - found.keys()}
    found.update(_bundle_addresses(connection, paths - found.keys(), folders, now))
    for path in _existing_files(connection, paths - found.keys()):
        if (address := _file_address(connection, path, base, now)) is not None:
            found[path] = address
    return found


def _visible_addresses(connection: Connection, paths: Iterable[str], now: int) -> dict[str, str]:
    found: dict[str, str] = {}
    for batch in batches(sorted(paths)):
        asked = select(_document.path, _document.address).where(_document.path.in_(batch))
        rows = connection.execute(asked.where(is_visible(tables.document, now)))
        found.update((row.path, row.address) for row in rows)
    return found


def _bundle_addresses(
    connection: Connection, targets: Collection[str], folders: Collection[str], now: int
) -> dict[str, str]:
    if not folders:
        return {}
    asked = select(_document.bundle, _document.address).where(_document.bundle.in_(sorted(folders)))
    rows = {row.bundle: row.address for row in connection.execute(asked.where(is_visible(tables.document, now)))}
    return {target: rows[target.rstrip("/")] for target in targets if target.rstrip("/") in rows}


def _existing_files(connection: Connection, paths: Collection[str]) -> list[str]:
    if not paths:
        return []
    return list(connection.scalars(select(_file.path).where(_file.path.in_(sorted(paths)))))


def _file_address(connection: Connection, path: str, base: str, now: int) -> str | None:
    """Give the address at which a file is served now, None where it is not."""
    if path.startswith(STATIC_FOLDER):
        return f"{base}/{path.removeprefix(STATIC_FOLDER)}"
    bundle = _bundle_of(connection, path)
    if bundle is None:
        return f"{base}/{path}"
    if not _is_visible_row(bundle, now):
        return None
    return _below(bundle.address) + path[len(bundle.bundle) + 1 :]


def _below(address: str) -> str:
    return address if address.endswith("/") else address + "/"


def _file_row(connection: Connection, path: str) -> ServedFile | None:
    row = connection.execute(select(_file.path, _file.blob, _file.size).where(_file.path == path)).one_or_none()
    return ServedFile(*row) if row else None


def _prefixes(text: str) -> list[str]:
    """Give every leading part of a path that ends before a "/", longest first."""
    return [text[:place] for place in range(len(text) - 1, 0, -1) if text[place] == "/"]


def _bundled(connection: Connection, relative: str, base: str, now: int) -> ServedFile | None:
    """Find a file below the address of the visible document in whose bundle it lies."""
    for prefix in _prefixes(relative):
        rest = relative[len(prefix) + 1 :]
        for address in (f"{base}{prefix}/", f"{base}{prefix}"):
            path = document_at(connection, address, now)
            if path is not None:
                bundle = connection.scalar(select(_document.bundle).where(_document.path == path))
                return _own_file(connection, f"{bundle}/{rest}", path) if bundle else None
    return None


def _own_file(connection: Connection, path: str, document: str) -> ServedFile | None:
    bundle = _bundle_of(connection, path)
    return _file_row(connection, path) if bundle is not None and bundle.path == document else None


def _referred(connection: Connection, path: str, now: int) -> ServedFile | None:
    """Find a file outside static and bundles that a visible document refers to."""
    if path.startswith(STATIC_FOLDER) or _bundle_of(connection, path) is not None:
        return None
    found = _file_row(connection, path)
    if found is None:
        return None
    refers = and_(tables.link.c.source == _document.path, tables.link.c.target.in_([path, f"/{path}"]))
    referring = select(_document.path).where(exists().where(refers), is_visible(tables.document, now)).limit(1)
    shown = select(_document.path).where(_document.image.in_([path, f"/{path}"]), is_visible(tables.document, now))
    return found if connection.scalar(referring) or connection.scalar(shown.limit(1)) else None


def _bundle_of(connection: Connection, path: str) -> Any | None:
    """Give the document in whose bundle a file lies, the innermost; held ones too."""
    folders = _prefixes(path)
    if not folders:
        return None
    asked = select(
        _document.path,
        _document.bundle,
        _document.address,
        _document.hold,
        _document.visible_from,
        _document.visible_until,
    ).where(or_(_document.bundle.in_(folders), _document.path.in_([f"{folder}/index.md" for folder in folders])))
    rows = connection.execute(asked).all()
    return max(rows, key=lambda row: (len(row.bundle or row.path), row.path), default=None)


def _is_visible_row(row: Any, now: int) -> bool:
    return bool(row.hold == "" and row.visible_from <= now < row.visible_until)


def _former_bundle(connection: Connection, address: str, base: str, now: int) -> Redirect | None:
    """Send the old address of a bundle's file along with its post."""
    for prefix in _prefixes(address):
        rows = connection.execute(select(tables.address).where(_address.address == f"{prefix}/")).all()
        targets = [row.target for row in rows if row.target]
        if not targets:
            continue
        visible = _visible_addresses(connection, targets, now)
        for row in sorted(rows, key=lambda row: row.ended, reverse=True):
            if row.target not in visible:
                continue
            moved = _below(visible[row.target]) + address[len(prefix) + 1 :]
            if file_at(connection, moved.removeprefix(base), base, now) is not None:
                return Redirect(moved)
    return None
