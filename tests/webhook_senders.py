"""The sending side of each forge: how it signs, which headers it sends, what a push looks like.

The payloads in `tests/payloads/` hold only fields that the forge documents; a sender changes their refs.
"""

from __future__ import annotations

import base64
import copy
import hmac
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gitblog.webhooks import Delivery, delivery_id

PAYLOADS = Path(__file__).parent / "payloads"
COMMIT = "0123456789abcdef0123456789abcdef01234567"
NO_COMMIT = "0" * 40
NOW = 1_800_000_000
SECRET = "a secret of this test alone"
OTHER = "another secret, just as long"
SIGNING_TOKEN = "whsec_" + base64.b64encode(b"thirty-two bytes of a signing ke").decode()
OTHER_TOKEN = "whsec_" + base64.b64encode(b"thirty-two bytes of another key!").decode()

Payload = dict[str, Any]
Step = str | int
Signer = Callable[[bytes, str, int], Mapping[str, str]]


@dataclass(frozen=True, slots=True)
class Sender:
    """A forge, or one of the ways in which it sends.

    `put_refs(payload, refs)` writes full ref names with their new commits, "" for a deleted one.
    `texts`, `objects` and `lists` are the paths of what a push must hold; `idle` maps events to their reason.
    """

    provider: str
    file: str
    address: str
    signature: str
    event: tuple[str, str]
    delivery: str
    sign: Signer
    put_refs: Callable[[Payload, Mapping[str, str]], None]
    idle: Mapping[str, str]
    texts: tuple[tuple[Step, ...], ...]
    objects: tuple[tuple[Step, ...], ...]
    lists: tuple[tuple[Step, ...], ...] = ()
    several_refs: bool = False
    signs_body: bool = True
    secrets: tuple[str, str] = field(default=(SECRET, OTHER))

    def payload(self, refs: Mapping[str, str] | None = None) -> Payload:
        """Give a push of these refs; without any, of a commit to main."""
        found: Payload = json.loads((PAYLOADS / self.file).read_text(encoding="utf-8"))
        if refs is not None:
            self.put_refs(found, refs)
        return found

    def body(self, refs: Mapping[str, str] | None = None) -> bytes:
        """Give a push as bytes."""
        return json.dumps(self.payload(refs)).encode()

    def headers(
        self, body: bytes, secret: str | None = None, event: str | None = None, at: int = NOW
    ) -> dict[str, str]:
        """Give the headers of a delivery, names in lower case."""
        return {
            "content-type": "application/json",
            self.event[0]: event or self.event[1],
            self.delivery: "delivery-1",
            **self.sign(body, self.secrets[0] if secret is None else secret, at),
        }

    def make(self, body: bytes, headers: Mapping[str, str] | None = None, at: int = NOW) -> Delivery:
        """Give the delivery of a body, signed unless other headers are given, as it is received at a time."""
        sent = self.headers(body) if headers is None else headers
        return Delivery(delivery_id(self.provider, sent), sent, body, at)


def replaced(payload: Payload, path: tuple[Step, ...], value: object) -> Payload:
    """Give a copy with another value at a path; `...` takes the key away."""
    changed = copy.deepcopy(payload)
    place: Any = changed
    for step in path[:-1]:
        place = place[step]
    if value is ...:
        del place[path[-1]]
    else:
        place[path[-1]] = value
    return changed


def hexadecimal(body: bytes, secret: str) -> str:
    """Sign as most forges do."""
    return hmac.new(secret.encode(), body, "sha256").hexdigest()


def standard_signature(body: bytes, secret: str, at: int, message_id: str = "delivery-1") -> str:
    """Sign as Standard Webhooks says."""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    digest = hmac.new(key, f"{message_id}.{at}.".encode() + body, "sha256").digest()
    return "v1," + base64.b64encode(digest).decode()


def _standard(body: bytes, secret: str, at: int) -> Mapping[str, str]:
    signature = standard_signature(body, secret, at)
    return {"webhook-id": "delivery-1", "webhook-timestamp": str(at), "webhook-signature": signature}


def _one_ref(payload: Payload, refs: Mapping[str, str]) -> None:
    [(payload["ref"], commit)] = refs.items()
    payload["after"] = commit or NO_COMMIT
    if "checkout_sha" in payload:
        payload["checkout_sha"] = commit or None


def _cloud_refs(payload: Payload, refs: Mapping[str, str]) -> None:
    def change(ref: str, commit: str) -> Payload:
        _, kind, name = ref.split("/", 2)
        side = {"type": "branch" if kind == "heads" else "tag", "name": name, "target": {"hash": commit or COMMIT}}
        return {"new": side if commit else None, "old": None if commit else side, "closed": not commit}

    payload["push"]["changes"] = [change(*pair) for pair in refs.items()]


def _data_center_refs(payload: Payload, refs: Mapping[str, str]) -> None:
    payload["changes"] = [
        {"ref": {"id": ref}, "refId": ref, "toHash": commit or NO_COMMIT, "type": "UPDATE" if commit else "DELETE"}
        for ref, commit in refs.items()
    ]


def _like_github(provider: str, header: str, family: str, *, prefix: str = "") -> Sender:
    idle = {"issues": "other_event", "create": "other_event", "delete": "other_event"}
    return Sender(
        provider=provider,
        file="github-push.json" if provider == "github" else "gitea-push.json",
        address="https://forge.example/me/blog.git",
        signature=header,
        event=(f"x-{family}-event", "push"),
        delivery=f"x-{family}-delivery",
        sign=lambda body, secret, _: {header: prefix + hexadecimal(body, secret)},
        put_refs=_one_ref,
        idle=idle | ({"ping": "ping"} if provider == "github" else {}),
        texts=(("ref",), ("after",), ("repository", "clone_url")),
        objects=(("repository",),),
    )


def _gitlab(header: str, sign: Signer, secrets: tuple[str, str], *, signs_body: bool) -> Sender:
    return Sender(
        provider="gitlab",
        file="gitlab-push.json",
        address="https://forge.example/me/blog.git",
        signature=header,
        event=("x-gitlab-event", "Push Hook"),
        delivery="idempotency-key",
        sign=sign,
        put_refs=_one_ref,
        idle={"Issue Hook": "other_event", "Pipeline Hook": "other_event", "System Hook": "other_event"},
        texts=(("ref",), ("after",), ("project", "git_http_url")),
        objects=(("project",),),
        signs_body=signs_body,
        secrets=secrets,
    )


def _bitbucket_signature(body: bytes, secret: str, _: int) -> Mapping[str, str]:
    return {"x-hub-signature": "sha256=" + hexadecimal(body, secret)}


_NEW = ("push", "changes", 0, "new")
SENDERS: Mapping[str, Sender] = {
    "github": _like_github("github", "x-hub-signature-256", "github", prefix="sha256="),
    "gitea": _like_github("gitea", "x-gitea-signature", "gitea"),
    "forgejo": _like_github("forgejo", "x-forgejo-signature", "forgejo"),
    "forgejo before it had headers of its own": _like_github("forgejo", "x-gitea-signature", "gitea"),
    "gitlab with a secret token": _gitlab(
        "x-gitlab-token", lambda _, secret, __: {"x-gitlab-token": secret}, (SECRET, OTHER), signs_body=False
    ),
    "gitlab with a signing token": _gitlab(
        "webhook-signature", _standard, (SIGNING_TOKEN, OTHER_TOKEN), signs_body=True
    ),
    "bitbucket cloud": Sender(
        provider="bitbucket",
        file="bitbucket-cloud-push.json",
        address="https://forge.example/me/blog",
        signature="x-hub-signature",
        event=("x-event-key", "repo:push"),
        delivery="x-request-uuid",
        sign=_bitbucket_signature,
        put_refs=_cloud_refs,
        idle={"issue:created": "other_event", "pullrequest:created": "other_event"},
        texts=(("repository", "links", "html", "href"), (*_NEW, "type"), (*_NEW, "name"), (*_NEW, "target", "hash")),
        objects=(
            ("repository",),
            ("repository", "links"),
            ("repository", "links", "html"),
            ("push",),
            (*_NEW, "target"),
        ),
        lists=(("push", "changes"),),
        several_refs=True,
    ),
    "bitbucket data center": Sender(
        provider="bitbucket",
        file="bitbucket-data-center-push.json",
        address="https://forge.example/scm/me/blog.git",
        signature="x-hub-signature",
        event=("x-event-key", "repo:refs_changed"),
        delivery="x-request-id",
        sign=_bitbucket_signature,
        put_refs=_data_center_refs,
        idle={"pr:opened": "other_event", "diagnostics:ping": "ping"},
        texts=(("repository", "links", "clone", 1, "href"), ("changes", 0, "ref", "id"), ("changes", 0, "toHash")),
        objects=(("repository",), ("changes", 0, "ref")),
        lists=(("changes",), ("repository", "links", "clone")),
        several_refs=True,
    ),
}
