"""Bitbucket, Cloud and Data Center: HMAC-SHA256 of the raw body in X-Hub-Signature, several refs in one push.

The event's key tells which of the two it is; what a push looks like has nothing in common.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from gitblog.errors import SignatureError
from gitblog.model import PushEvent
from gitblog.webhooks.delivery import Delivery, Ignored, Provider, Setup
from gitblog.webhooks.payload import (
    BRANCH_PREFIX,
    JSON_TYPE,
    bad_payload,
    commit_of,
    load_json,
    object_of,
    objects_of,
    other_event,
    push_event,
    require_type,
    text_of,
)
from gitblog.webhooks.signatures import verify_sha256

# https://support.atlassian.com/bitbucket-cloud/docs/event-payloads/
# https://confluence.atlassian.com/bitbucketserver/event-payload-938025882.html
_CLOUD_PUSH = "repo:push"
_DATA_CENTER_PUSH = "repo:refs_changed"
_PING = "diagnostics:ping"


def _verify(delivery: Delivery, secrets: Sequence[str]) -> None:
    signature = delivery.headers.get("x-hub-signature", "")
    if not signature:
        why = "is a secret set in Bitbucket?"
        if delivery.headers.get("x-event-key") == _PING:
            why += " its test of the connection may come unsigned: then push a commit to try it"
        raise SignatureError(
            f"missing X-Hub-Signature ({why}): set the webhook's secret to the one in WEBHOOK_SECRET",
            reason="missing_signature",
        )
    verify_sha256(signature, delivery.body, secrets, header="X-Hub-Signature")


def _read(delivery: Delivery) -> PushEvent | Ignored:
    require_type(delivery.headers, (JSON_TYPE,))
    event = delivery.headers.get("x-event-key", "")
    if not event:
        raise bad_payload("the header X-Event-Key is missing")
    payload = load_json(delivery.body)
    if event == _CLOUD_PUSH:
        return push_event("bitbucket", delivery.id, _cloud_address(payload), _cloud_refs(payload))
    if event == _DATA_CENTER_PUSH:
        return push_event("bitbucket", delivery.id, _data_center_address(payload), _data_center_refs(payload))
    if event == _PING:
        return Ignored("ping", "pong: the secret is right, and every push will be looked at", delivery.id)
    return other_event(event, delivery.id)


def _cloud_address(payload: Mapping[str, object]) -> str:
    links = object_of(object_of(payload, "repository"), "links")
    return text_of(object_of(links, "html"), "href")


def _cloud_refs(payload: Mapping[str, object]) -> dict[str, str]:
    refs = {}
    for change in objects_of(object_of(payload, "push"), "changes"):
        deleted = change.get("new") is None
        ref = object_of(change, "old" if deleted else "new")
        prefix = BRANCH_PREFIX if text_of(ref, "type") == "branch" else "refs/tags/"
        refs[prefix + text_of(ref, "name")] = "" if deleted else commit_of(object_of(ref, "target"), "hash")
    return refs


def _data_center_address(payload: Mapping[str, object]) -> str:
    """Give the address over http, else the first; "" for a version that sends none."""
    repository = object_of(payload, "repository")
    if "links" not in repository:
        return ""
    clones = objects_of(object_of(repository, "links"), "clone")
    chosen = next((clone for clone in clones if clone.get("name") == "http"), clones[0] if clones else None)
    return text_of(chosen, "href") if chosen else ""


def _data_center_refs(payload: Mapping[str, object]) -> dict[str, str]:
    changes = objects_of(payload, "changes")
    return {text_of(object_of(change, "ref"), "id"): commit_of(change, "toHash") for change in changes}


PROVIDER = Provider(
    title="Bitbucket",
    setup=Setup(
        page="Repository settings, Webhooks, Add webhook (Data Center: Create webhook)",
        content_type=f"{JSON_TYPE} (Bitbucket sends nothing else)",
        events="Repository, Push",
        field='into the field "Secret"',
    ),
    # Cloud's, and Data Center's.
    delivery_headers=("x-request-uuid", "x-request-id"),
    verify=_verify,
    read=_read,
)
