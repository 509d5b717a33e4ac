"""Gitea: HMAC-SHA256 of the body in hexadecimal digits in X-Gitea-Signature, a push shaped like GitHub's.

JSON only: for a form Gitea signs the field and not the body, so it could only be verified after parsing.
Its own headers decide: it also sends GitHub's, which some proxies strip.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from gitblog.errors import SignatureError
from gitblog.model import PushEvent
from gitblog.webhooks.delivery import Ignored, Provider
from gitblog.webhooks.payload import JSON_TYPE, bad_payload, load_json, other_event, read_push, require_type
from gitblog.webhooks.signatures import verify_hex

_SIGNATURE = "x-gitea-signature"


def _verify(headers: Mapping[str, str], body: bytes, secrets: Sequence[str]) -> None:
    signature = headers.get(_SIGNATURE, "")
    if not signature:
        raise SignatureError(
            "missing X-Gitea-Signature (is a secret set in Gitea?):"
            " set the webhook's secret to the one in WEBHOOK_SECRET",
            reason="missing_signature",
        )
    # A form's signature never matches its raw body: say so rather than doubt the secret.
    require_type(headers, (JSON_TYPE,))
    verify_hex(signature, body, secrets, header="X-Gitea-Signature")


def _read(delivery_id: str, headers: Mapping[str, str], body: bytes) -> PushEvent | Ignored:
    event = headers.get("x-gitea-event", "")
    if not event:
        raise bad_payload("the header X-Gitea-Event is missing")
    payload = load_json(body)
    if event != "push":
        return other_event(event, delivery_id)
    return read_push("gitea", delivery_id, payload)


PROVIDER = Provider(delivery_header="x-gitea-delivery", verify=_verify, read=_read)
