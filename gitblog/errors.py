"""The exceptions of gitblog, one tree.

GitblogError                 every error that gitblog raises on purpose; has a stable `reason`
├── SettingsError            a setting of the operator is missing or wrong; the start stops with status 2
├── SourceError              the content repository could not be read; the last publication stays
│   └── ObjectMissingError   the clone lacks an object that git itself names: it is damaged
├── DeliveryError            a webhook delivery that is not accepted; carries the HTTP status
│   └── SignatureError       no secret matches the delivery (401)
├── QueryError               a search that is too long to be answered (400)
├── IndexUnavailableError    the database does not answer, or holds no publication yet (503)
└── FenceError               somebody else published since this sync looked; look again

A mistake in the author's content is not an exception: it is a `Problem` (see `model`), and the sync goes on.
"""

from __future__ import annotations


class GitblogError(Exception):
    """An error with a message for people and a `reason`, a stable lower-case word for logs and tests."""

    def __init__(self, message: str, *, reason: str) -> None:
        super().__init__(message)
        self.message = message
        self.reason = reason


class SettingsError(GitblogError):
    """A setting is missing or wrong; the message names the variable and what to do."""


class SourceError(GitblogError):
    """The content repository could not be read; the message holds no credentials."""


class ObjectMissingError(SourceError):
    """The clone lacks an object that it should hold; a fresh clone mends that."""


class DeliveryError(GitblogError):
    """A webhook delivery is refused with `status` (an HTTP status code)."""

    def __init__(self, message: str, *, reason: str, status: int) -> None:
        super().__init__(message, reason=reason)
        self.status = status


class SignatureError(DeliveryError):
    """No secret matches the delivery."""

    def __init__(self, message: str, *, reason: str) -> None:
        super().__init__(message, reason=reason, status=401)


class QueryError(GitblogError):
    """A reader's search is longer than what is answered; the message says how much is."""


class IndexUnavailableError(GitblogError):
    """The index cannot be asked now: no database, or nothing published yet."""


class FenceError(GitblogError):
    """The publication changed under a sync; nothing was written."""
