"""GitHub: HMAC-SHA256 of the raw body in X-Hub-Signature-256, a body in JSON or (its default) a form."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from gitblog.errors import SignatureError
from gitblog.model import PushEvent
from gitblog.webhooks.delivery import Ignored, Provider
from gitblog.webhooks.payload import (
    FORM_TYPE,
    JSON_TYPE,
    bad_payload,
    load_form,
    load_json,
    other_event,
    read_push,
    require_type,
)
from gitblog.webhooks.signatures import verify_hex

# https://docs.github.com/en/webhooks/webhook-events-and-payloads#delivery-headers
_SIGNATURE = "x-hub-signature-256"
_PREFIX = "sha256="


def _verify(headers: Mapping[str, str], body: bytes, secrets: Sequence[str]) -> None:
    signature = headers.get(_SIGNATURE, "")
    if not signature:
        only_sha1 = "x-hub-signature" in headers
        came = "only the SHA-1 signature came" if only_sha1 else "is a secret set in GitHub?"
        raise SignatureError(
            f"missing X-Hub-Signature-256 ({came}): set the webhook's secret to the one in WEBHOOK_SECRET",
            reason="missing_signature",
        )
    if not signature.startswith(_PREFIX):
        raise SignatureError("X-Hub-Signature-256 must start with sha256=", reason="malformed_signature")
    verify_hex(signature.removeprefix(_PREFIX), body, secrets, header="X-Hub-Signature-256")


def _read(delivery_id: str, headers: Mapping[str, str], body: bytes) -> PushEvent | Ignored:
    media_type = require_type(headers, (JSON_TYPE, FORM_TYPE))
    event = headers.get("x-github-event", "")
    if not event:
        raise bad_payload("the header X-GitHub-Event is missing")
    payload = load_form(body) if media_type == FORM_TYPE else load_json(body)
    if event == "ping":
        return _pong(delivery_id, payload)
    if event != "push":
        return other_event(event, delivery_id)
    return read_push("github", delivery_id, payload)


def _pong(delivery_id: str, payload: Mapping[str, object]) -> Ignored:
    hook = payload.get("hook")
    events = hook.get("events") if isinstance(hook, dict) else None
    if isinstance(events, list) and "push" not in events and "*" not in events:
        message = "pong: the secret is right, but this webhook sends no push events: choose them in its settings"
    else:
        message = "pong: the secret is right, and every push will be looked at"
    return Ignored("ping", message, delivery_id)


PROVIDER = Provider(delivery_header="x-github-delivery", verify=_verify, read=_read)
