"""GitLab: a signing token (Standard Webhooks) where one is set, else the secret itself in X-Gitlab-Token.

A delivery that is signed must be signed right: the plain token beside it, which anybody on the way could
have read, does not save it.
"""

from __future__ import annotations

from collections.abc import Sequence

from gitblog.errors import SignatureError
from gitblog.model import PushEvent
from gitblog.webhooks.delivery import Delivery, Ignored, Provider, Setup
from gitblog.webhooks.payload import (
    JSON_TYPE,
    bad_payload,
    commit_of,
    load_json,
    object_of,
    other_event,
    push_event,
    require_type,
    text_of,
)
from gitblog.webhooks.signatures import verify_standard, verify_token

# https://docs.gitlab.com/user/project/integrations/webhooks/#delivery-headers
_TOKEN = "x-gitlab-token"  # noqa: S105 (the name of a header)
_PUSHES = ("Push Hook", "Tag Push Hook")


def _verify(delivery: Delivery, secrets: Sequence[str]) -> None:
    if delivery.headers.get("webhook-signature"):
        verify_standard(delivery, secrets)
    elif token := delivery.headers.get(_TOKEN, ""):
        verify_token(token, secrets, header="X-Gitlab-Token")
    else:
        raise SignatureError(
            "neither webhook-signature nor X-Gitlab-Token came (is a secret set in GitLab?):"
            " set the webhook's signing token or secret token, and put the same into WEBHOOK_SECRET",
            reason="missing_signature",
        )


def _read(delivery: Delivery) -> PushEvent | Ignored:
    require_type(delivery.headers, (JSON_TYPE,))
    event = delivery.headers.get("x-gitlab-event", "")
    if not event:
        raise bad_payload("the header X-Gitlab-Event is missing")
    payload = load_json(delivery.body)
    if event not in _PUSHES:
        return other_event(event, delivery.id)
    project = object_of(payload, "project")
    address = text_of(project, "git_http_url" if "git_http_url" in project else "web_url")
    return push_event("gitlab", delivery.id, address, {text_of(payload, "ref"): commit_of(payload, "after")})


PROVIDER = Provider(
    title="GitLab",
    setup=Setup(
        page="the project's Settings, Webhooks, Add new webhook",
        content_type=f"{JSON_TYPE} (GitLab sends nothing else)",
        events="Push events, all branches",
        field='GitLab makes it ("Signing token"): put it whole, from whsec_ on, into WEBHOOK_SECRET;'
        ' where there is no such field, yours goes into "Secret token"',
    ),
    # The same value under two names; the last is what GitLab sent before 17.4.
    delivery_headers=("webhook-id", "idempotency-key", "x-gitlab-event-uuid"),
    verify=_verify,
    read=_read,
)
