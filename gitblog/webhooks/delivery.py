"""What every provider is made of, what it gets, and the answer to a delivery that is right but asks for nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from gitblog.model import PushEvent


@dataclass(frozen=True, slots=True)
class Delivery:
    """One request of a forge: `headers` have lower-case names, `body` is as it came, `received_at` in Unix seconds.

    `id` is the forge's name for it, safe to log (see `delivery_id`).
    """

    id: str
    headers: Mapping[str, str]
    body: bytes
    received_at: int


@dataclass(frozen=True, slots=True)
class Ignored:
    """A verified delivery with nothing to do: `reason` for programs, `message` for people."""

    reason: str
    message: str
    delivery_id: str = ""


@dataclass(frozen=True, slots=True)
class Setup:
    """What a person enters at the forge: the page of its settings, and the words that stand in that form.

    `field` says where the secret goes.
    """

    page: str
    content_type: str
    events: str
    field: str


@dataclass(frozen=True, slots=True)
class Provider:
    """A forge: what it is called, the headers that may name a delivery, how it is signed, how it is read.

    `verify(delivery, secrets)` raises `SignatureError` unless one of the secrets signed these bytes.
    `read(delivery)` is called after it, and raises `DeliveryError` for a bad payload.
    """

    title: str
    setup: Setup
    delivery_headers: tuple[str, ...]
    verify: Callable[[Delivery, Sequence[str]], None]
    read: Callable[[Delivery], PushEvent | Ignored]
