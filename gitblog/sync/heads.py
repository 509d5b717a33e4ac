"""The heads of versions: every state of a post, parsed by the rules of each addressing, without its body."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import replace

from gitblog.history.lineages import Version
from gitblog.model import Addressing, Document, Parsed, Problem, SourceFile
from gitblog.parse.documents import holding_lines, parse_document

# One byte over the limit of a post, so that `parse` sees that it is too large.
MAX_DOCUMENT_BYTES = 2 * 1024 * 1024 + 1

ReadBlobs = Callable[[Iterable[str], int], Iterator[tuple[str, bytes | None]]]


class VersionHeads:
    """What parsing said of each version; the `Heads` of `history.addresses`.

    A post that parses but cannot be rendered within its limits is marked and counts as broken from then on.
    """

    def __init__(self, read: ReadBlobs) -> None:
        self._read = read
        self._parsed: dict[tuple[Version, Addressing], Parsed | None] = {}
        self._lines: dict[Version, Mapping[str, str]] = {}
        self._unrenderable: dict[Version, Problem] = {}

    def load(self, versions: Iterable[Version], addressings: Collection[Addressing]) -> None:
        """Parse the versions under each addressing; every blob is read once, and bodies are let go at once."""
        wanted: dict[str, list[Version]] = defaultdict(list)
        for version in versions:
            wanted[version.blob].append(version)
        for blob_id, data in self._read(wanted, MAX_DOCUMENT_BYTES):
            for version in wanted[blob_id]:
                self._lines[version] = holding_lines(data or b"")
                for addressing in addressings:
                    self._parsed[version, addressing] = _head(version, data, addressing)

    def is_good(self, version: Version, addressing: Addressing) -> bool | None:
        """Tell whether the version can be shown; None where the layout sees no document in it."""
        parsed = self._parsed[version, addressing]
        if parsed is None:
            return None
        return parsed.document is not None and version not in self._unrenderable

    def document(self, version: Version, addressing: Addressing) -> Document:
        """Give the document of a good version, without its body."""
        parsed = self._parsed[version, addressing]
        if parsed is None or parsed.document is None:
            raise RuntimeError(f"{version} is not a good version")
        return parsed.document

    def problems(self, version: Version, addressing: Addressing) -> tuple[Problem, ...]:
        """Give what is wrong with a version by itself; nothing where the layout sees no document."""
        parsed = self._parsed[version, addressing]
        return parsed.problems if parsed else ()

    def unrenderable(self, version: Version) -> Problem | None:
        """Give why a version that parses could not be rendered."""
        return self._unrenderable.get(version)

    def mark_unrenderable(self, version: Version, problem: Problem) -> None:
        """Count a version as broken, because rendering it failed."""
        self._unrenderable[version] = problem

    def hides(self, broken: Version, good: Version, *, was_public: bool) -> bool:
        """Tell whether a broken version's raw lines ask to hold what its last good version shows.

        A line that decides visibility differs, or the date's does and the post was not public when it was broken.
        A version that parses says all of this by itself and hides nothing.
        """
        if broken in self._unrenderable:
            return False
        before, after = self._lines[good], self._lines[broken]
        differing = {key for key in before.keys() | after.keys() if before.get(key) != after.get(key)}
        return bool(differing - {"date"}) or ("date" in differing and not was_public)


def _head(version: Version, data: bytes | None, addressing: Addressing) -> Parsed | None:
    if data is None:
        data = b" " * MAX_DOCUMENT_BYTES
    parsed = parse_document(SourceFile(version.path, version.blob, data), addressing)
    if parsed is None or parsed.document is None:
        return parsed
    return replace(parsed, document=replace(parsed.document, body=""))
