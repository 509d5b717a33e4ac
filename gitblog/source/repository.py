"""The content repository: fetched where it is remote, read in place where it is a path.

Everything is read by object id from git's own files, never from a work tree, so that a revision always gives
the same answer and nothing in the repository is followed or run.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from gitblog.errors import ObjectMissingError, SourceError
from gitblog.model import ABSENT, TreeEntry
from gitblog.source.clone import Clone
from gitblog.source.command import Git, make_git, revision_argument
from gitblog.source.failures import translate
from gitblog.source.in_place import InPlace
from gitblog.source.locations import Location, check_branch, check_content_dir, check_location, check_revision
from gitblog.source.log import LOG_ARGUMENTS, Log, Tracking, decode_path, parse_log, parse_raw

logger = logging.getLogger(__name__)

# So much is read with one git: a process costs a few milliseconds, and this much memory is always there.
_BATCH_BYTES = 8 * 1024 * 1024
_BATCH_OBJECTS = 2_000

_RAW_DIFF = (
    "diff-tree",
    "-r",
    "-z",
    "--raw",
    "--no-abbrev",
    "--no-renames",
    "--no-ext-diff",
    "--no-textconv",
)
# git knows the empty tree without storing it, by the id that each of its two hashes gives it.
_EMPTY_TREES = {
    40: "4b825dc642cb6eb9a060e54bf8d69288fbee4904",
    64: "6ef19b41225c5369f1c104d45d8d85efa9b057b53b14b4b9b939dd74decc5321",
}
_REGULAR = ("100644", "100755")


class ChangedPath(NamedTuple):
    """A path whose regular file differs between two revisions; `ABSENT` where one has none."""

    path: str
    old_blob: str
    new_blob: str


def open_repository(location: Location, *, lock_descriptor: int | None = None, writes_clone: bool = True) -> Repository:
    """Check the location and prepare to read it; nothing is fetched yet.

    `lock_descriptor` is the descriptor of DATA_DIR's lock, which every git inherits. Where `writes_clone` is false,
    somebody else holds the lock, and what he fetched is all that is read. Raises `SourceError` with the reason
    "location" where a part of the location is not acceptable.
    """
    complaints = {
        "CONTENT_REPO": check_location(location.url_or_path, with_token=bool(location.token)),
        "CONTENT_BRANCH": check_branch(location.branch),
        "CONTENT_REVISION": check_revision(location.revision),
        "CONTENT_DIR": check_content_dir(location.content_dir),
    }
    for variable, complaint in complaints.items():
        if complaint:
            raise SourceError(f"{variable} {complaint}", reason="location")
    return Repository(make_git(location, lock_descriptor), writes_clone=writes_clone)


class Repository:
    """One repository with one branch and one folder; see `open_repository`.

    Only `fetch`, `discard` and `pack` write, and only to a clone of ours; they want the lock of DATA_DIR.
    An `ObjectMissingError` from any method means a damaged clone: `discard` and fetch again.
    """

    def __init__(self, git: Git, *, writes_clone: bool = True) -> None:
        self._git = git
        self._location = git.location
        self._writes_clone = writes_clone
        self._clone = Clone(git) if git.location.remote else None
        self._in_place = InPlace(git)
        self._branch: str | None = None
        self._shape: str | None = None

    @property
    def branch(self) -> str:
        """The branch that is read: known once fetched; "" before, and for a detached HEAD."""
        if self._branch is None:
            self._branch = self._clone.branch if self._clone else self._in_place.branch()
        return self._branch

    @property
    def content_dir(self) -> str:
        """The folder of the repository that is the site's root; "" for the repository's own root."""
        return self._location.content_dir

    @property
    def present(self) -> bool:
        """Whether there is something to read without a fetch: a path, or a clone of this repository."""
        return self._clone is None or self._clone.branch != ""

    def fetch(self) -> str:
        """Fetch the branch and return its tip, a full commit id, or the commit of it that the location names.

        Raises `SourceError`; what was fetched before stays as it was, and the next call tries again.
        """
        self._shape = None
        if not self._location.revision:
            return self._fetch_tip()
        try:
            tip = self._fetch_tip()
        except SourceError as exc:
            # Going back must not wait for a remote that is away, as long as the commit is here.
            if not (held := self._held_tip()):
                raise
            logger.warning("a remote that does not answer is not needed", extra={"problem": exc.message})
            try:
                return self._named_commit(held)
            except SourceError:
                raise exc from None
        return self._named_commit(tip)

    def discard(self) -> None:
        """Remove the clone, so that the next fetch makes a new one; nothing for a path."""
        if self._clone and self._writes_clone:
            self._clone.discard()

    def pack(self) -> None:
        """Pack the clone where it pays, after a publish; nothing for a path. Never raises a `SourceError`."""
        if self._clone and self._writes_clone:
            self._clone.pack()

    @property
    def warnings(self) -> tuple[str, ...]:
        """What the operator should know: each is a sentence."""
        if not self._shallow_commits():
            return ()
        return (
            f"{self._location.url_or_path} is a shallow clone: dates, redirects and last good versions "
            "before its first commit are not known; run `git fetch --unshallow` in it",
        )

    def has(self, revision: str) -> bool:
        """Tell whether the commit can be read here."""
        arguments = ["cat-file", "-e", f"{revision_argument(revision)}^{{commit}}"]
        return self._git.ask(self._here(arguments), what="look for a commit").status == 0

    def is_ancestor(self, older: str, newer: str) -> bool:
        """Tell whether `newer` is `older` or comes from it; both must be present."""
        arguments = ["merge-base", "--is-ancestor", revision_argument(older), revision_argument(newer)]
        answer = self._git.ask(self._here(arguments), what="compare two commits")
        if answer.status not in (0, 1):
            raise translate("compare two commits", answer.complaint)
        return answer.status == 0

    def lags(self, live: str, tip: str) -> bool:
        """Tell whether a remote shows what came before `live`: a replica of it may lag.

        A path never does, and whoever names a commit goes back because he means it.
        """
        may_lag = self._clone is not None and not self._location.revision
        return may_lag and live != tip and self.has(live) and self.is_ancestor(tip, live)

    def log(self, tip: str, known: str | None, tracking: Tracking) -> Log:
        """Read the commits of `tip` that `known` lacks; of the whole history where it is None or not here.

        git lists too much where clocks run backwards, never too little.
        """
        revisions = [revision_argument(tip)]
        if known is not None and self.has(known):
            revisions.append(f"^{known}")
        return parse_log(self._read([*LOG_ARGUMENTS, *revisions, "--"], "read the history"), tracking)

    def commit_ids(self, tip: str) -> frozenset[str]:
        """Give the ids of `tip` and of all that it comes from."""
        output = self._read(["rev-list", revision_argument(tip), "--"], "list the history")
        return frozenset(output.decode("ascii").split())

    def tree(self, revision: str) -> tuple[TreeEntry, ...]:
        """List the regular files below the site's root, with paths relative to it.

        Raises `SourceError` with the reason "no-folder" where CONTENT_DIR is not a folder of this revision.
        """
        arguments = ["ls-tree", "-r", "-z", "-l", "--full-tree", self._site_tree(revision)]
        entries = tuple(_tree_entries(self._read(arguments, "list the files")))
        for entry in entries:
            if entry.size < 0:
                raise self._missing(entry.blob_id)
        return entries

    def changed_paths(self, old: str, new: str) -> tuple[ChangedPath, ...]:
        """List the paths below the site's root whose file differs; renames are a path gone and a path come.

        A site's root that `old` lacks counts as empty.
        """
        new_tree = self._site_tree(new)
        try:
            old_tree = self._site_tree(old)
        except SourceError as exc:
            if exc.reason != "no-folder":
                raise
            old_tree = _EMPTY_TREES[len(old)]
        output = self._read([*_RAW_DIFF, old_tree, new_tree, "--"], "compare two revisions")
        return tuple(
            ChangedPath(
                (entry.new or entry.old or (ABSENT, ABSENT))[0],
                entry.old[1] if entry.old else ABSENT,
                entry.new[1] if entry.new else ABSENT,
            )
            for entry in parse_raw(output)
            if entry.old != entry.new
        )

    def read(self, blob_ids: Iterable[str], max_bytes: int) -> Iterator[tuple[str, bytes | None]]:
        """Give each blob once, with its bytes, or None where it is larger than `max_bytes`.

        A few megabytes are in memory at a time, or one blob. Raises `ObjectMissingError` where one is not
        here.
        """
        batch: list[tuple[str, int]] = []
        for blob, size in self._sizes(blob_ids):
            if size > max_bytes:
                yield blob, None
                continue
            if batch and (len(batch) == _BATCH_OBJECTS or sum(known for _, known in batch) + size > _BATCH_BYTES):
                yield from self._read_batch(batch)
                batch = []
            batch.append((blob, size))
        if batch:
            yield from self._read_batch(batch)

    def shape(self) -> str:
        """Describe what shapes the log besides the commits; where it differs, the log is read again.

        Asked of git once after each fetch: a sync compares it several times.
        """
        if self._shape is None:
            self._shape = self._describe_shape()
        return self._shape

    def _describe_shape(self) -> str:
        version = self._git.run(["version"], what="ask git for its version").decode(errors="replace")
        match = re.search(r"(\d+\.\d+)", version)
        return "\n".join(
            (
                f"folder {self._location.content_dir}",
                f"repository {self._location.url_or_path}",
                f"git {match[1] if match else version.strip()}",
                *(f"shallow {commit}" for commit in self._shallow_commits()),
            )
        )

    def _fetch_tip(self) -> str:
        if self._clone:
            if not self._writes_clone:
                return self._tip_of_another()
            self._branch, revision = self._clone.fetch()
            return revision
        self._in_place.forget()
        self._branch = self._in_place.branch()
        return self._in_place.tip(self._branch)

    def _tip_of_another(self) -> str:
        if tip := self._held_tip():
            return tip
        raise SourceError(
            f"nothing of {self._location.url_or_path} has been fetched yet; wait until the process that syncs has, "
            "or end it",
            reason="locked",
        )

    def _held_tip(self) -> str:
        """Give the tip that was fetched before; "" for a path, and where there is no clone of this branch."""
        if self._clone is None or self._location.branch not in ("", self._clone.branch):
            return ""
        self._branch = self._clone.branch
        return self._clone.tip

    def _named_commit(self, tip: str) -> str:
        """Give the one commit of `tip`'s history that CONTENT_REVISION names; nothing outside it is published.

        Asked by id alone: git would take a branch or tag of that name first.
        """
        named, branch = self._location.revision, self.branch or "HEAD"
        ids = self._read(["rev-parse", f"--disambiguate={named}"], "look for a commit").decode("ascii").split()
        commits = [each for each in ids if self._kind(each) == "commit"]
        found = [each for each in commits if self.is_ancestor(each, tip)]
        if len(found) == 1:
            return found[0]
        if found:
            message = f"CONTENT_REVISION {named} begins the ids of {len(found)} commits; write more of its characters"
            raise SourceError(message, reason="no-revision")
        what = "a commit, but none of" if commits else "no commit of"
        raise SourceError(
            f"CONTENT_REVISION {named} is {what} the branch {branch} of {self._location.url_or_path}; "
            f"set it to one that `git log {branch}` lists, or unset it to serve the newest",
            reason="no-revision",
        )

    def _kind(self, object_id: str) -> str:
        return self._read(["cat-file", "-t", revision_argument(object_id)], "look at an object").decode().strip()

    def _here(self, arguments: Sequence[str]) -> list[str]:
        return [f"--git-dir={self._git_dir()}", *arguments]

    def _read(self, arguments: Sequence[str], what: str, data: bytes = b"") -> bytes:
        return self._git.run(self._here(arguments), what=what, data=data)

    def _git_dir(self) -> Path:
        return self._clone.path if self._clone else self._in_place.path

    def _shallow_commits(self) -> tuple[str, ...]:
        return () if self._clone else self._in_place.shallow_commits()

    def _site_tree(self, revision: str) -> str:
        """Give the id of the site's root as a tree of `revision`."""
        content_dir = self._location.content_dir
        names = (f"{revision_argument(revision)}^{{tree}}", f"{revision}:{content_dir}")
        data = "".join(f"{name}\n" for name in names).encode("utf-8", "surrogateescape")
        whole, folder = self._read(["cat-file", "--batch-check"], "find the site's folder", data).splitlines()[:2]
        if whole.endswith(b" missing"):
            raise ObjectMissingError(
                f"commit {revision} is not in {self._location.url_or_path}; fetch again", reason="no-commit"
            )
        fields = folder.split(b" ")
        if len(fields) != 3 or fields[1] != b"tree":
            what = "is a file" if len(fields) == 3 and fields[1] == b"blob" else "does not exist"
            raise SourceError(
                f"CONTENT_DIR {content_dir} {what} in commit {revision}; set it to the folder of the site",
                reason="no-folder",
            )
        return fields[0].decode("ascii")

    def _sizes(self, blob_ids: Iterable[str]) -> Iterator[tuple[str, int]]:
        unique = dict.fromkeys(revision_argument(blob) for blob in blob_ids)
        if not unique:
            return
        data = "".join(f"{blob}\n" for blob in unique).encode("ascii")
        for line in self._read(["cat-file", "--batch-check"], "look up files", data).splitlines():
            fields = line.decode("ascii").split(" ")
            if len(fields) != 3 or fields[1] != "blob":
                raise self._missing(fields[0])
            yield fields[0], int(fields[2])

    def _read_batch(self, batch: Sequence[tuple[str, int]]) -> Iterator[tuple[str, bytes]]:
        data = "".join(f"{blob}\n" for blob, _ in batch).encode("ascii")
        answer = self._git.ask(self._here(["cat-file", "--batch"]), what="read files", data=data)
        start = 0
        for blob, size in batch:
            header = f"{blob} blob {size}\n".encode("ascii")
            end = start + len(header) + size
            # A broken object ends the output early, whatever the status.
            if not answer.output.startswith(header, start) or answer.output[end : end + 1] != b"\n":
                raise self._missing(blob)
            yield blob, answer.output[start + len(header) : end]
            start = end + 1

    def _missing(self, blob: str) -> ObjectMissingError:
        return ObjectMissingError(
            f"object {blob} of {self._location.url_or_path} is missing or damaged; "
            "a clone is made anew by itself, mend a local repository with `git fsck`",
            reason="damaged",
        )


def _tree_entries(output: bytes) -> Iterator[TreeEntry]:
    for line in output.split(b"\0"):
        if line:
            facts, _, path = line.partition(b"\t")
            mode, _, blob, size = facts.decode("ascii").split()
            if mode in _REGULAR:
                # git prints BAD for the size of a blob that it cannot read.
                yield TreeEntry(decode_path(path), blob, int(size) if size.isdigit() else -1)
