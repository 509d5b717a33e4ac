"""GitHub: HMAC-SHA256 of the raw body in X-Hub-Signature-256, a body in JSON or (its default) a form."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from gitblog.errors import SignatureError
from gitblog.model import PushEvent
from gitblog.webhooks.delivery import Delivery, Ignored, Provider, Setup
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
from gitblog.webhooks.signatures import verify_sha256

# https://docs.github.com/en/webhooks/webhook-events-and-payloads#delivery-headers
_SIGNATURE = "x-hub-signature-256"


def _verify(delivery: Delivery, secrets: Sequence[str]) -> None:
    signature = delivery.headers.get(_SIGNATURE, "")
    if not signature:
        only_sha1 = "x-hub-signature" in delivery.headers
        came = "only the SHA-1 signature came" if only_sha1 else "is a secret set in GitHub?"
        raise SignatureError(
            f"missing X-Hub-Signature-256 ({came}): set the webhook's secret to the one in WEBHOOK_SECRET",
            reason="missing_signature",
        )
    verify_sha256(signature, delivery.body, secrets, header="X-Hub-Signature-256")


def _read(delivery: Delivery) -> PushEvent | Ignored:
    media_type = require_type(delivery.headers, (JSON_TYPE, FORM_TYPE))
    event = delivery.headers.get("x-github-event", "")
    if not event:
        raise bad_payload("the header X-GitHub-Event is missing")
    payload = load_form(delivery.body) if media_type == FORM_TYPE else load_json(delivery.body)
    if event == "ping":
        return _pong(delivery.id, payload)
    if event != "push":
        return other_event(event, delivery.id)
    return read_push("github", delivery.id, payload)


def _pong(delivery_id: str, payload: Mapping[str, object]) -> Ignored:
    hook = payload.get("hook")
    events = hook.get("events") if isinstance(hook, dict) else None
    if isinstance(events, list) and "push" not in events and "*" not in events:
        message = "pong: the secret is right, but this webhook sends no push events: choose them in its settings"
    else:
        message = "pong: the secret is right, and every push will be looked at"
    return Ignored("ping", message, delivery_id)


PROVIDER = Provider(
    title="GitHub",
    setup=Setup(
        page="the repository's Settings, Webhooks, Add webhook",
        content_type=JSON_TYPE,
        events="Just the push event",
        field='into the field "Secret"',
    ),
    delivery_headers=("x-github-delivery",),
    verify=_verify,
    read=_read,
)
