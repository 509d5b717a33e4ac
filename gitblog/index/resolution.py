"""Who holds an address now: documents, files, aliases, former addresses. Always a query, never a row.

The order of claims: visible document, file, (generated pages, which `web` knows), alias, former address.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, exists, select

from gitblog.index import tables
from gitblog.index.stored import batches
from gitblog.index.views import Gone, Redirect, ServedFile

_document = tables.document.c
_address = tables.address.c
_file = tables.file.c
# Made once: an alias copies every column, which took a sixth of a post's page.
_other = tables.document.alias("other")
STATIC_FOLDER = "static/"
_BUNDLES = select(
    _document.path,
    _document.bundle,
    _document.address,
    _document.hold,
    _document.visible_from,
    _document.visible_until,
)


def is_visible(document: Any, now: int) -> ColumnElement[bool]:
    """Tell of a document (the table or an alias of it) whether readers may see it at `now`."""
    return and_(document.c.hold == "", document.c.visible_from <= now, document.c.visible_until > now)


def holds_its_address(now: int) -> ColumnElement[bool]:
    """Tell whether a document is the first visible one at its address; the others are shadowed."""
    first = and_(_other.c.address == _document.address, is_visible(_other, now), _other.c.rank < _document.rank)
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
        return Redirect(visible[first.target]) if first.target else Gone(_date_of(connection, latest))
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
    found.update(_file_addresses(connection, _existing_files(connection, paths - found.keys()), base, now))
    return found


def _date_of(connection: Connection, order: str) -> int | None:
    """Give the date of the commit with this place in the order: its own, which people know, not the corrected one."""
    commit = tables.commit.c
    return connection.scalar(select(commit.date).where(commit.id == order.partition(" ")[2]))


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
    return [
        path
        for batch in batches(sorted(paths))
        for path in connection.scalars(select(_file.path).where(_file.path.in_(batch)))
    ]


def _file_addresses(connection: Connection, paths: Collection[str], base: str, now: int) -> dict[str, str]:
    """Give the address at which each file is served now; one that is not served is absent."""
    below_root = {path for path in paths if not path.startswith(STATIC_FOLDER)}
    bundles = _bundles_of(connection, below_root)
    found = {path: f"{base}/{path.removeprefix(STATIC_FOLDER)}" for path in paths if path not in bundles}
    for path, bundle in bundles.items():
        if _is_visible_row(bundle, now):
            found[path] = _below(bundle.address) + path[len(bundle.bundle) + 1 :]
    return found


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
    prefixes = _prefixes(relative)
    holders: dict[str, Any] = {}
    for batch in batches([f"{base}{prefix}{end}" for prefix in prefixes for end in ("/", "")]):
        asked = select(_document.path, _document.bundle, _document.address).where(_document.address.in_(batch))
        for row in connection.execute(asked.where(is_visible(tables.document, now)).order_by(_document.rank)):
            holders.setdefault(row.address, row)
    for prefix in prefixes:
        # "/a//x" is not "/a/x".
        bare = None if prefix.endswith("/") else holders.get(f"{base}{prefix}")
        holder = holders.get(f"{base}{prefix}/") or bare
        if holder is not None:
            path = f"{holder.bundle}/{relative[len(prefix) + 1 :]}"
            return _own_file(connection, path, holder.path) if holder.bundle else None
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
    return _bundles_of(connection, [path]).get(path)


def _bundles_of(connection: Connection, paths: Iterable[str]) -> dict[str, Any]:
    """Give for each file the document in whose bundle it lies, in one question for all."""
    folders = {path: _prefixes(path) for path in paths}
    owners: dict[str, Any] = {}
    for batch in batches(sorted({each for found in folders.values() for each in found})):
        asked = _BUNDLES.where(_document.bundle.in_(batch)).order_by(_document.path)
        owners.update((row.bundle, row) for row in connection.execute(asked))
    found = {path: next((owners[each] for each in above if each in owners), None) for path, above in folders.items()}
    return {path: row for path, row in found.items() if row is not None}


def _is_visible_row(row: Any, now: int) -> bool:
    return bool(row.hold == "" and row.visible_from <= now < row.visible_until)


def _former_bundle(connection: Connection, address: str, base: str, now: int) -> Redirect | None:
    """Send the old address of a bundle's file along with its post."""
    rows: dict[str, list[Any]] = {}
    for batch in batches([f"{prefix}/" for prefix in _prefixes(address)]):
        for row in connection.execute(select(tables.address).where(_address.address.in_(batch))):
            rows.setdefault(row.address.removesuffix("/"), []).append(row)
    visible = _visible_addresses(connection, {row.target for each in rows.values() for row in each if row.target}, now)
    for prefix in sorted(rows, key=len, reverse=True):
        for row in sorted(rows[prefix], key=lambda row: row.ended, reverse=True):
            if row.target not in visible:
                continue
            moved = _below(visible[row.target]) + address[len(prefix) + 1 :]
            if file_at(connection, moved.removeprefix(base), base, now) is not None:
                return Redirect(moved)
    return None
