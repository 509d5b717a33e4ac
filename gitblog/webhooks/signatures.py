"""HMAC-SHA256 over the raw body, as forges sign. Takes the same time whichever secret or byte is wrong."""

from __future__ import annotations

import hmac
import re
from collections.abc import Sequence

from gitblog.errors import SignatureError

_HEX_DIGEST = re.compile(r"[0-9a-f]{64}")


def verify_hex(digest: str, body: bytes, secrets: Sequence[str], *, header: str) -> None:
    """Raise `SignatureError` unless `digest` (64 lower-case hex digits) is the body's under one secret."""
    if not _HEX_DIGEST.fullmatch(digest):
        raise SignatureError(
            f"{header} is not a SHA-256 signature: it must hold 64 lower-case hexadecimal digits, once",
            reason="malformed_signature",
        )
    given = digest.encode("ascii")
    matched = False
    for secret in secrets:
        expected = hmac.digest(secret.encode("utf-8"), body, "sha256").hex().encode("ascii")
        # No early exit: the time must not tell which of the secrets is in use.
        matched |= hmac.compare_digest(given, expected)
    if not matched:
        raise SignatureError(
            f"{header} does not match: the secret at the forge must be one of those in WEBHOOK_SECRET,"
            " and nothing on the way may change the body",
            reason="wrong_signature",
        )
