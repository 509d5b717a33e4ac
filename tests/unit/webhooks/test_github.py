"""What only GitHub does: the prefix, the SHA-1 header, forms, pings."""

from __future__ import annotations

import hmac
import json
from urllib.parse import urlencode

import pytest

from gitblog.errors import DeliveryError
from gitblog.model import PushEvent
from gitblog.webhooks import Delivery, Ignored, accept

SECRET = "It's a Secret to Everybody"
COMMIT = "f" * 40
PUSH = json.dumps({"ref": "refs/heads/käse", "after": COMMIT, "repository": {"html_url": "https://github.com/me/b"}})
FORM = "application/x-www-form-urlencoded"


def deliver(body: bytes, event: str = "push", content_type: str = "application/json") -> PushEvent | Ignored:
    """Sign and accept a body."""
    headers = {
        "content-type": content_type,
        "x-github-event": event,
        "x-hub-signature-256": "sha256=" + hmac.new(SECRET.encode(), body, "sha256").hexdigest(),
    }
    return accept("github", Delivery("", headers, body, 0), [SECRET])


def test_the_documented_signature_is_right() -> None:
    """GitHub documents the signature of "Hello, World!": it passes, and only then parsing fails."""
    signature = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"
    headers = {"x-hub-signature-256": signature, "content-type": "application/json", "x-github-event": "push"}
    with pytest.raises(DeliveryError) as caught:
        accept("github", Delivery("", headers, b"Hello, World!", 0), [SECRET])

    assert caught.value.reason == "bad_payload"


def test_a_form_is_verified_as_it_came() -> None:
    """GitHub's default content type; the signature covers the form, not the JSON in it."""
    event = deliver(urlencode({"payload": PUSH}).encode(), content_type=FORM)

    assert event == PushEvent("github", "", "https://github.com/me/b", {"refs/heads/käse": COMMIT})


def test_a_deleted_branch_may_be_told_by_its_flag_alone() -> None:
    """`deleted` decides, whatever commit stands beside it."""
    outcome = deliver(json.dumps({**json.loads(PUSH), "deleted": True}).encode())

    assert isinstance(outcome, Ignored)
    assert outcome.reason == "branch_deleted"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"payload=",
        b"other=1",
        b"payload=%7B%7D&payload=%7B%7D",
        b"payload=%ff",
        b"payload=\xc3\xa4",
        b"&".join(b"a=1" for _ in range(100)),
        b"payload=" + b"[" * 100_000,
    ],
)
def test_a_bad_form_is_400(body: bytes) -> None:
    """Not the field once, not UTF-8, too many fields, no JSON in it."""
    with pytest.raises(DeliveryError) as caught:
        deliver(body, content_type=FORM)

    assert (caught.value.status, caught.value.reason) == (400, "bad_payload")


@pytest.mark.parametrize(
    ("headers", "reason", "said"),
    [
        ({"x-hub-signature": "sha1=" + "0" * 40}, "missing_signature", "only the SHA-1 signature came"),
        ({"x-hub-signature-256": "0" * 64}, "malformed_signature", "must start with sha256="),
        ({"x-gitea-signature": "0" * 64}, "missing_signature", "is a secret set in GitHub"),
    ],
)
def test_the_message_says_which_header_is_wrong(headers: dict[str, str], reason: str, said: str) -> None:
    """SHA-1 alone is refused: GitHub sends both."""
    with pytest.raises(DeliveryError, match=said) as caught:
        accept("github", Delivery("", headers, b"{}", 0), [SECRET])

    assert (caught.value.status, caught.value.reason) == (401, reason)


@pytest.mark.parametrize(
    ("payload", "said"),
    [
        ({"hook": {"events": ["push"]}}, "every push will be looked at"),
        ({"hook": {"events": ["*"]}}, "every push will be looked at"),
        ({"hook": {"events": ["issues"]}}, "sends no push events"),
        ({"hook": 1}, "every push will be looked at"),
        ({}, "every push will be looked at"),
    ],
)
def test_a_ping_says_whether_pushes_will_come(payload: dict[str, object], said: str) -> None:
    """It is the first thing a person sees after saving the webhook."""
    outcome = deliver(json.dumps(payload).encode(), "ping")

    assert isinstance(outcome, Ignored)
    assert outcome.reason == "ping"
    assert said in outcome.message
