"""Gitea: HMAC-SHA256 of the body in hexadecimal digits in X-Gitea-Signature, a push shaped like GitHub's.

JSON only: for a form Gitea signs the field and not the body, so it could only be verified after parsing.
Its own headers decide: it also sends GitHub's, which some proxies strip.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from gitblog.errors import SignatureError
from gitblog.model import PushEvent
from gitblog.webhooks.delivery import Delivery, Ignored, Provider, Setup
from gitblog.webhooks.payload import JSON_TYPE, bad_payload, load_json, other_event, read_push, require_type
from gitblog.webhooks.signatures import verify_hex


def make_provider(name: str, title: str, families: tuple[str, ...]) -> Provider:
    """Make Gitea or a forge that grew out of it; `families` are its names in headers, the first that came decides."""

    def verify(delivery: Delivery, secrets: Sequence[str]) -> None:
        header, signature = _first(delivery.headers, families, "signature")
        if not signature:
            raise SignatureError(
                f"missing {header} (is a secret set in {title}?):"
                " set the webhook's secret to the one in WEBHOOK_SECRET",
                reason="missing_signature",
            )
        # A form's signature never matches its raw body: say so rather than doubt the secret.
        require_type(delivery.headers, (JSON_TYPE,))
        verify_hex(signature, delivery.body, secrets, header=header)

    def read(delivery: Delivery) -> PushEvent | Ignored:
        header, event = _first(delivery.headers, families, "event")
        if not event:
            raise bad_payload(f"the header {header} is missing")
        payload = load_json(delivery.body)
        return read_push(name, delivery.id, payload) if event == "push" else other_event(event, delivery.id)

    return Provider(
        title=title,
        setup=Setup(
            page=f"the repository's Settings, Webhooks, Add Webhook, {title}",
            content_type=JSON_TYPE,
            events="Push Events",
            field='into the field "Secret"',
        ),
        delivery_headers=tuple(_header(family, "delivery") for family in families),
        verify=verify,
        read=read,
    )


def _first(headers: Mapping[str, str], families: tuple[str, ...], kind: str) -> tuple[str, str]:
    """Give name and value of the first of these headers that came, else the first name and ""."""
    names = [_header(family, kind) for family in families]
    name = next((name for name in names if headers.get(name)), names[0])
    return name.title(), headers.get(name, "")


def _header(family: str, kind: str) -> str:
    return f"x-{family}-{kind}"


PROVIDER = make_provider("gitea", "Gitea", ("gitea",))
