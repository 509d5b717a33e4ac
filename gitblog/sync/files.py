"""The rows of files that could be served, and their bytes on the way into the index."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from gitblog.index.rows import FileRow, ProblemRow
from gitblog.model import Problem, TreeEntry
from gitblog.parse.markers import is_lfs_pointer
from gitblog.parse.paths import is_servable
from gitblog.sync.documents import problem_rows
from gitblog.sync.heads import ReadBlobs

MAX_FILE_BYTES = 32 * 1024 * 1024


@dataclass(slots=True)
class FileRows:
    """What `file_rows` found."""

    files: list[FileRow] = field(default_factory=list)
    problems: list[ProblemRow] = field(default_factory=list)


def file_rows(
    entries: Iterable[TreeEntry], read: ReadBlobs, keep: Callable[[Iterable[tuple[str, bytes]]], None]
) -> FileRows:
    """Give the rows of the servable files among `entries`, handing each one's bytes to `keep` as they are read."""
    found = FileRows()
    paths: dict[str, list[str]] = defaultdict(list)
    for entry in entries:
        if is_servable(entry.path):
            paths[entry.blob_id].append(entry.path)
    keep(_served(paths, read, found))
    return found


def _served(paths: dict[str, list[str]], read: ReadBlobs, found: FileRows) -> Iterator[tuple[str, bytes]]:
    for blob_id, data in read(paths, MAX_FILE_BYTES):
        refusal = _refusal(data)
        for path in paths[blob_id]:
            if refusal is not None:
                found.problems.extend(problem_rows(path, [Problem(path, 0, 0, *refusal)]))
            elif data is not None:
                found.files.append(FileRow(path, blob_id, len(data)))
        if refusal is None and data is not None:
            yield blob_id, data


def _refusal(data: bytes | None) -> tuple[str, str, str] | None:
    if data is None:
        message = f"the file is over {MAX_FILE_BYTES // 1024 // 1024} MiB and is not served"
        return "too-large", message, "make it smaller, or link to it where it can be downloaded"
    if is_lfs_pointer(data):
        message = "the repository holds a Git LFS pointer, not the file itself; it answers 404"
        return "lfs", message, "take the file out of Git LFS (git lfs untrack, then commit it anew)"
    return None
