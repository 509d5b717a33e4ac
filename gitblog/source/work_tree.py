"""A folder as it lies on disk, uncommitted changes included, in the same terms as a revision's tree."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from gitblog.errors import SourceError
from gitblog.model import TreeEntry

Reader = Callable[[Iterable[str], int], Iterator[tuple[str, bytes | None]]]
"""Like `Repository.read`: gives (blob id, bytes), None for a file above the limit."""


def read_folder(path: Path, content_dir: str = "") -> tuple[tuple[TreeEntry, ...], Reader]:
    """List the regular files below the site's root, and give what reads them by blob id.

    Symbolic links are not followed, and git's own folders are left out. Ids are those that git would give the
    same bytes, without its conversions (line ends, LFS). A file that changes meanwhile is read
    as it then is.
    """
    root = path / content_dir if content_dir else path
    if not root.is_dir():
        raise SourceError(f"{root} is not a folder; give the folder that holds the posts", reason="no-folder")
    entries: list[TreeEntry] = []
    places: dict[str, Path] = {}
    for file in _files(root):
        try:
            blob, size = _blob_id(file)
        except OSError as exc:
            raise SourceError(f"cannot read {file}: {exc.strerror}; make it readable", reason="no-permission") from exc
        entries.append(TreeEntry(file.relative_to(root).as_posix(), blob, size))
        places[blob] = file
    return tuple(sorted(entries, key=lambda entry: entry.path)), _reader(places)


def _files(root: Path) -> Iterator[Path]:
    for folder, folders, names in os.walk(root):
        # A work tree of its own (a submodule, a nested clone) is another repository's business, as in git.
        folders[:] = [name for name in folders if name != ".git" and not (Path(folder) / name / ".git").exists()]
        for name in names:
            file = Path(folder) / name
            if name != ".git" and stat.S_ISREG(file.lstat().st_mode):
                yield file


def _blob_id(file: Path) -> tuple[str, int]:
    with file.open("rb") as stream:
        size = os.fstat(stream.fileno()).st_size
        digest = hashlib.sha1(b"blob %d\0" % size, usedforsecurity=False)
        while block := stream.read(1 << 20):
            digest.update(block)
    return digest.hexdigest(), size


def _reader(places: dict[str, Path]) -> Reader:
    def read(blob_ids: Iterable[str], max_bytes: int) -> Iterator[tuple[str, bytes | None]]:
        for blob in blob_ids:
            file = places[blob]
            try:
                yield blob, None if file.stat().st_size > max_bytes else file.read_bytes()
            except OSError as exc:
                raise SourceError(
                    f"cannot read {file}: {exc.strerror}; it was there a moment ago, try again",
                    reason="changed",
                ) from exc

    return read
