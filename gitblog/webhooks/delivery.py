"""What every provider is made of, and the answer to a delivery that is right but asks for nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from gitblog.model import PushEvent


@dataclass(frozen=True, slots=True)
class Ignored:
    """A verified delivery with nothing to do: `reason` for programs, `message` for people."""

    reason: str
    message: str
    delivery_id: str = ""


@dataclass(frozen=True, slots=True)
class Provider:
    """A forge: the header that names a delivery, how it is signed, how it is read.

    `verify(headers, body, secrets)` raises `SignatureError` unless one of the secrets signed these bytes.
    `read(delivery_id, headers, body)` is called after it, and raises `DeliveryError` for a bad payload.
    """

    delivery_header: str
    verify: Callable[[Mapping[str, str], bytes, Sequence[str]], None]
    read: Callable[[str, Mapping[str, str], bytes], PushEvent | Ignored]
