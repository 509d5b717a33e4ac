"""From a body to checked values: strict JSON, its fields, and what a push of refs means.

Whatever a payload holds, the outcome is a value or a `DeliveryError`: nothing here fails in another way.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import NoReturn
from urllib.parse import parse_qsl

from gitblog.errors import DeliveryError
from gitblog.model import PushEvent
from gitblog.webhooks.delivery import Ignored

JSON_TYPE = "application/json"
FORM_TYPE = "application/x-www-form-urlencoded"
BRANCH_PREFIX = "refs/heads/"

_COMMIT_ID = re.compile(r"[0-9a-f]{40}([0-9a-f]{24})?")
_MAX_TEXT = 2048
_MAX_NAMED = 3


def require_type(headers: Mapping[str, str], allowed: tuple[str, ...]) -> str:
    """Give the body's media type if it is allowed, in UTF-8 and not compressed; else raise 415."""
    media_type, _, parameters = headers.get("content-type", "").partition(";")
    media_type = media_type.strip().lower()
    charset = re.search(r"charset\s*=\s*\"?([^\s;\"]*)", parameters, re.IGNORECASE)
    if charset and charset[1].lower() not in {"utf-8", "utf8"}:
        raise _wrong_type("the body's charset is not UTF-8: send it as UTF-8")
    if headers.get("content-encoding", "").strip().lower() not in {"", "identity"}:
        raise _wrong_type("the body is compressed: send it without Content-Encoding")
    if media_type not in allowed:
        raise _wrong_type(f"the content type must be {allowed[0]}: choose it in the webhook's settings")
    return media_type


def load_json(data: bytes) -> Mapping[str, object]:
    """Parse a JSON object, refusing what parsers disagree about: twin keys, NaN, numbers out of range."""
    try:
        value = json.loads(
            data.decode("utf-8"), object_pairs_hook=_object, parse_constant=_no_constant, parse_float=_finite
        )
    except RecursionError:
        raise bad_payload("the JSON is nested too deeply") from None
    except ValueError as exc:  # also UnicodeDecodeError, JSONDecodeError, and integers too long to convert
        raise bad_payload(f"the body is not the JSON that a forge sends ({_kind(exc)})") from exc
    if not isinstance(value, dict):
        raise bad_payload("the JSON is not an object")
    return value


def load_form(body: bytes) -> Mapping[str, object]:
    """Parse the JSON in the field `payload` of a form."""
    try:
        fields = parse_qsl(body.decode("ascii"), keep_blank_values=True, max_num_fields=16, errors="strict")
    except ValueError as exc:
        raise bad_payload("the form cannot be read: choose application/json in the webhook's settings") from exc
    payloads = [value for name, value in fields if name == "payload"]
    if len(payloads) != 1:
        raise bad_payload("the form must hold the field payload once: choose application/json instead")
    return load_json(payloads[0].encode("utf-8"))


def read_push(provider: str, delivery_id: str, payload: Mapping[str, object]) -> PushEvent | Ignored:
    """Read a push of one ref, as GitHub and the forges after its model send it."""
    ref, commit = text_of(payload, "ref"), commit_of(payload, "after")
    repository = object_of(payload, "repository")
    address = text_of(repository, "clone_url" if "clone_url" in repository else "html_url")
    return push_event(provider, delivery_id, address, {ref: "" if payload.get("deleted") is True else commit})


def push_event(provider: str, delivery_id: str, repository: str, refs: Mapping[str, str]) -> PushEvent | Ignored:
    """Make the event of a push from full ref names to new commit ids, "" for a ref that was deleted.

    Tags and deleted branches are left out; a push of nothing else is ignored.
    """
    branches = {ref: commit for ref, commit in refs.items() if ref.startswith(BRANCH_PREFIX)}
    updated = {ref: commit for ref, commit in branches.items() if commit}
    if updated:
        return PushEvent(provider, delivery_id, repository, updated)
    if branches:
        message = f"deleted: {enumerated(branches)}; what was published last stays as it is"
        return Ignored("branch_deleted", message, delivery_id)
    message = f"not a branch: {enumerated(refs) or 'nothing'}; only branches are published"
    return Ignored("not_a_branch", message, delivery_id)


def enumerated(names: Iterable[str]) -> str:
    """Give the first few names for a message; a push may hold thousands of refs."""
    listed = list(names)
    more = len(listed) - _MAX_NAMED
    return ", ".join(listed[:_MAX_NAMED]) + (f" and {more} more" if more > 0 else "")


def text_of(fields: Mapping[str, object], key: str) -> str:
    """Give a text of the payload, or raise 400 where it is missing, empty, too long or could not be printed."""
    value = fields.get(key)
    # Not printable: a control character or a lone surrogate, which could not even be logged.
    if not isinstance(value, str) or not 0 < len(value) <= _MAX_TEXT or not value.isprintable():
        raise bad_payload(f"{key} is missing or not a plain text of at most {_MAX_TEXT} characters")
    return value


def commit_of(fields: Mapping[str, object], key: str) -> str:
    """Give a full commit id of the payload, "" for the zeros that stand for none."""
    commit = text_of(fields, key)
    if not _COMMIT_ID.fullmatch(commit):
        raise bad_payload(f"{key} is not a full commit id")
    return commit if commit.strip("0") else ""


def object_of(fields: Mapping[str, object], key: str) -> Mapping[str, object]:
    """Give an object of the payload, or raise 400."""
    value = fields.get(key)
    if not isinstance(value, dict):
        raise bad_payload(f"{key} is missing or not an object")
    return value


def objects_of(fields: Mapping[str, object], key: str) -> Sequence[Mapping[str, object]]:
    """Give a list of objects of the payload, or raise 400."""
    values = fields.get(key)
    if not isinstance(values, list) or not all(isinstance(value, dict) for value in values):
        raise bad_payload(f"{key} is missing or not a list of objects")
    return values


def other_event(event: str, delivery_id: str) -> Ignored:
    """Ignore an event that is not a push, and say how not to get it."""
    name = "".join(c for c in event[:64] if c.isascii() and c.isprintable())
    message = f"the event {name} changes nothing here; the webhook may be limited to push events"
    return Ignored("other_event", message, delivery_id)


def bad_payload(what: str) -> DeliveryError:
    """Make the answer to a payload that no forge sends."""
    return DeliveryError(
        f"{what}; if a forge sent this, please report it with the payload", reason="bad_payload", status=400
    )


def _wrong_type(message: str) -> DeliveryError:
    return DeliveryError(message, reason="wrong_type", status=415)


def _kind(exc: ValueError) -> str:
    """Say what is wrong without repeating the body."""
    if isinstance(exc, UnicodeDecodeError):
        return f"not UTF-8 at byte {exc.start}"
    if isinstance(exc, json.JSONDecodeError):
        return f"line {exc.lineno}, column {exc.colno}"
    return "a value is ambiguous or out of range"


def _object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise ValueError("a key occurs twice")
    return fields


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError("a number is out of range")
    return number
