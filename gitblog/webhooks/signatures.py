"""How forges prove that they know the secret. Takes the same time whichever secret or byte is wrong."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Iterable, Sequence

from gitblog.errors import SignatureError
from gitblog.webhooks.delivery import Delivery

# https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
_KEY_PREFIX = "whsec_"
_MIN_KEY_BYTES = 16
TOLERANCE_SECONDS = 300
"""What the specification's own libraries allow between the sender's clock and ours."""

_PREFIX = "sha256="
_HEX_DIGEST = re.compile(r"[0-9a-f]{64}")
_TIMESTAMP = re.compile(r"[0-9]{1,15}", re.ASCII)


def verify_sha256(signature: str, body: bytes, secrets: Sequence[str], *, header: str) -> None:
    """Raise `SignatureError` unless `signature` is `sha256=` and the body's digest under one secret."""
    if not signature.startswith(_PREFIX):
        raise SignatureError(f"{header} must start with {_PREFIX}", reason="malformed_signature")
    verify_hex(signature.removeprefix(_PREFIX), body, secrets, header=header)


def verify_hex(digest: str, body: bytes, secrets: Sequence[str], *, header: str) -> None:
    """Raise `SignatureError` unless `digest` (64 lower-case hex digits) is the body's under one secret."""
    if not _HEX_DIGEST.fullmatch(digest):
        raise SignatureError(
            f"{header} is not a SHA-256 signature: it must hold 64 lower-case hexadecimal digits, once",
            reason="malformed_signature",
        )
    expected = [hmac.digest(secret.encode("utf-8"), body, "sha256").hex().encode("ascii") for secret in secrets]
    if not _any_equal([digest.encode("ascii")], expected):
        raise SignatureError(
            f"{header} does not match: the secret at the forge must be one of those in WEBHOOK_SECRET,"
            " and nothing on the way may change the body",
            reason="wrong_signature",
        )


def verify_token(token: str, secrets: Sequence[str], *, header: str) -> None:
    """Raise `SignatureError` unless `token` is one of the secrets. The body is not covered by it."""
    # A header holds bytes, which arrive as latin-1 characters, one a byte (PEP 3333). Digests are compared,
    # so that the time does not tell a secret's length either.
    given = hashlib.sha256(token.encode("latin-1", "backslashreplace")).digest()
    if not _any_equal([given], [hashlib.sha256(secret.encode("utf-8")).digest() for secret in secrets]):
        raise SignatureError(
            f"{header} does not match: the secret at the forge must be one of those in WEBHOOK_SECRET",
            reason="wrong_signature",
        )


def verify_standard(delivery: Delivery, secrets: Sequence[str]) -> None:
    """Raise `SignatureError` unless a `webhook-signature` is right under one `whsec_` secret, and fresh.

    This is the form that Standard Webhooks describes: id, time and body are signed together, and several
    signatures may stand side by side while the sender changes its key.
    """
    message_id, timestamp, signatures = (
        delivery.headers.get(name, "") for name in ("webhook-id", "webhook-timestamp", "webhook-signature")
    )
    if not message_id.isascii() or not message_id or not _TIMESTAMP.fullmatch(timestamp):
        raise SignatureError(
            "webhook-signature came without a webhook-id and a webhook-timestamp in whole seconds:"
            " nothing on the way may take them away",
            reason="malformed_signature",
        )
    signed = f"{message_id}.{timestamp}.".encode("ascii") + delivery.body
    expected = [b"v1," + base64.b64encode(hmac.digest(key, signed, "sha256")) for key in _signing_keys(secrets)]
    # The text is compared and not what it decodes to: several texts decode to the same bytes.
    given = [signature.encode("utf-8", "backslashreplace") for signature in signatures.split(" ")]
    if not _any_equal(given, expected):
        raise SignatureError(
            "webhook-signature does not match: WEBHOOK_SECRET must hold the signing token whole, from whsec_ on,"
            " and nothing on the way may change the body",
            reason="wrong_signature",
        )
    seconds = delivery.received_at - int(timestamp)
    if abs(seconds) > TOLERANCE_SECONDS:
        raise SignatureError(
            f"the signature is right, but its webhook-timestamp is {abs(seconds)} s"
            f" {'old' if seconds > 0 else 'ahead'}, more than {TOLERANCE_SECONDS} s:"
            " set the clock of this machine or of the forge right, or send the event anew",
            reason="stale_signature",
        )


def _signing_keys(secrets: Sequence[str]) -> Iterable[bytes]:
    for secret in secrets:
        if secret.startswith(_KEY_PREFIX):
            try:
                key = base64.b64decode(secret.removeprefix(_KEY_PREFIX), validate=True)
            except (ValueError, binascii.Error):
                continue
            if len(key) >= _MIN_KEY_BYTES:
                yield key


def _any_equal(given: Sequence[bytes], expected: Sequence[bytes]) -> bool:
    matched = False
    for one in given:
        for other in expected:
            # No early exit: the time must not tell which of the secrets is in use.
            matched |= hmac.compare_digest(one, other)
    return matched
