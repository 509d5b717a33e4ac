"""From a forge's request to a `PushEvent`. Pure: no clock, no network, no framework.

A delivery is verified on its raw bytes before one of them is parsed, and what it says is only ever compared:
no address, path or command is made from it. Whatever is wrong with it is a `DeliveryError` with its status.
One file per forge; `PROVIDERS`, at the end, is the table of them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from gitblog.errors import DeliveryError
from gitblog.model import PushEvent
from gitblog.webhooks import bitbucket, forgejo, gitea, github, gitlab
from gitblog.webhooks.delivery import Delivery, Ignored, Provider
from gitblog.webhooks.relevance import pushed_revision, reason_to_ignore

__all__ = [
    "PROVIDERS",
    "Delivery",
    "Ignored",
    "Provider",
    "accept",
    "delivery_id",
    "find_provider",
    "pushed_revision",
    "reason_to_ignore",
]


def accept(provider: str, delivery: Delivery, secrets: Sequence[str]) -> PushEvent | Ignored:
    """Verify a delivery, then read it; any of `secrets` may match.

    Raises `SignatureError` when none does, and `DeliveryError` for everything else that is wrong.
    """
    member = find_provider(provider)
    if not any(secrets):
        raise DeliveryError(
            "no secret is set here: put one into WEBHOOK_SECRET, the same at the forge, and restart gitblog",
            reason="no_secret",
            status=503,
        )
    member.verify(delivery, [secret for secret in secrets if secret])
    return member.read(delivery)


def delivery_id(provider: str, headers: Mapping[str, str]) -> str:
    """Give the forge's name for a delivery, safe to log: printable ASCII, at most 64 characters, or ""."""
    names = find_provider(provider).delivery_headers
    text = next((headers[name] for name in names if headers.get(name)), "")[:64]
    return "".join(c if c.isascii() and c.isprintable() else "?" for c in text)


def find_provider(name: str) -> Provider:
    """Give a member of `PROVIDERS`; raise a `DeliveryError` (404) that names them all where there is none."""
    if name not in PROVIDERS:
        known = ", ".join(sorted(PROVIDERS))
        raise DeliveryError(
            f"no such webhook: the address ends in one of {known}", reason="unknown_provider", status=404
        )
    return PROVIDERS[name]


PROVIDERS: Mapping[str, Provider] = {
    "bitbucket": bitbucket.PROVIDER,
    "forgejo": forgejo.PROVIDER,
    "gitea": gitea.PROVIDER,
    "github": github.PROVIDER,
    "gitlab": gitlab.PROVIDER,
}
