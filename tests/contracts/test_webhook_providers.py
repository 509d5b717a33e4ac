"""What every member of `webhooks.PROVIDERS` must do, whichever forge it is for."""

from __future__ import annotations

import hmac
import json
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import pytest

from gitblog.errors import DeliveryError, SignatureError
from gitblog.model import PushEvent
from gitblog.webhooks import PROVIDERS, Ignored, accept, delivery_id

SECRET = "a secret of this test alone"
OTHER = "another secret, just as long"
COMMIT = "0123456789abcdef" * 2 + "01234567"
REPOSITORY = "https://forge.example/me/blog.git"
PUSH = {
    "ref": "refs/heads/main",
    "after": COMMIT,
    "repository": {"clone_url": REPOSITORY, "full_name": "me/blog"},
}

Signer = Callable[[bytes, str], str]


@dataclass(frozen=True, slots=True)
class Forge:
    """How a forge sends: its headers, how it signs, and its events that ask for nothing."""

    signature: str
    event: str
    delivery: str
    sign: Signer
    idle_events: tuple[str, ...]

    def headers(self, body: bytes, secret: str = SECRET, event: str = "push") -> dict[str, str]:
        """Give the headers of a delivery, names in lower case."""
        return {
            "content-type": "application/json",
            self.event: event,
            self.delivery: "delivery-1",
            self.signature: self.sign(body, secret),
        }


def hexadecimal(body: bytes, secret: str) -> str:
    """Sign as all of these forges do."""
    return hmac.new(secret.encode(), body, "sha256").hexdigest()


FORGES: Mapping[str, Forge] = {
    "github": Forge(
        "x-hub-signature-256",
        "x-github-event",
        "x-github-delivery",
        lambda body, secret: "sha256=" + hexadecimal(body, secret),
        ("ping", "issues", "create", "delete"),
    ),
    "gitea": Forge(
        "x-gitea-signature",
        "x-gitea-event",
        "x-gitea-delivery",
        hexadecimal,
        ("issues", "create", "delete"),
    ),
}


@pytest.fixture(params=sorted(PROVIDERS))
def name(request: pytest.FixtureRequest) -> str:
    """Run the test for each provider."""
    return str(request.param)


@pytest.fixture
def forge(name: str) -> Forge:
    """Give the sending side of the provider under test."""
    return FORGES[name]


def dumped(**changes: object) -> bytes:
    """Give the push with some fields changed; None takes a field away."""
    return json.dumps({key: value for key, value in {**PUSH, **changes}.items() if value is not None}).encode()


def refusal(name: str, headers: Mapping[str, str], body: bytes) -> DeliveryError:
    """Give the error with which a delivery is refused."""
    with pytest.raises(DeliveryError) as caught:
        accept(name, headers, body, [SECRET])
    return caught.value


def test_every_provider_has_its_sending_side_here() -> None:
    """A new member is tested by this suite or the suite says so."""
    assert sorted(FORGES) == sorted(PROVIDERS)


def test_a_signed_push_becomes_an_event(name: str, forge: Forge) -> None:
    """The provider, the delivery, the repository's address, and the ref with its new commit."""
    body = dumped()

    assert accept(name, forge.headers(body), body, [SECRET]) == PushEvent(
        name, "delivery-1", REPOSITORY, {"refs/heads/main": COMMIT}
    )


def test_a_commit_may_be_of_a_sha256_repository(name: str, forge: Forge) -> None:
    """Git has two lengths of ids."""
    body = dumped(after="a" * 64)
    event = accept(name, forge.headers(body), body, [SECRET])

    assert isinstance(event, PushEvent)
    assert event.refs == {"refs/heads/main": "a" * 64}


@pytest.mark.parametrize("secrets", [[SECRET, OTHER], [OTHER, SECRET], ["", SECRET]])
def test_any_of_several_secrets_opens(name: str, forge: Forge, secrets: list[str]) -> None:
    """So a secret is replaced without losing a delivery."""
    body = dumped()

    assert isinstance(accept(name, forge.headers(body), body, secrets), PushEvent)


@pytest.mark.parametrize("secrets", [[], [""]])
def test_without_a_secret_nothing_is_accepted(name: str, forge: Forge, secrets: list[str]) -> None:
    """Not even what was signed with the empty one."""
    body = dumped()
    with pytest.raises(DeliveryError, match="WEBHOOK_SECRET") as caught:
        accept(name, forge.headers(body, ""), body, secrets)

    assert (caught.value.status, caught.value.reason) == (503, "no_secret")


def test_a_missing_signature_is_told_from_a_wrong_one(name: str, forge: Forge) -> None:
    """The person reads which of the two it is, and that a secret may be missing at the forge."""
    body = dumped()
    headers = forge.headers(body)
    signature = headers.pop(forge.signature)
    missing = refusal(name, headers, body)
    wrong = refusal(name, {**headers, forge.signature: forge.sign(body, OTHER)}, body)

    assert (missing.status, missing.reason) == (401, "missing_signature")
    assert "is a secret set in" in missing.message
    assert (wrong.status, wrong.reason) == (401, "wrong_signature")
    assert "WEBHOOK_SECRET" in wrong.message
    assert signature not in wrong.message
    assert SECRET not in wrong.message


@pytest.mark.parametrize(
    "distort",
    [
        str.upper,
        lambda text: text[:-1],
        lambda text: text + "0",
        lambda text: text + "," + text,
        lambda text: text + "\n",
        lambda text: "sha1=" + text[-40:],
        lambda text: "sha256=sha256=" + text[-64:],
        lambda text: text[:-1] + "é",
        lambda text: text[:-1] + "\udce9",
        lambda text: text[:-1] + "１",
        lambda text: "",
        lambda text: "sha256=",
    ],
)  # fmt: skip
def test_a_distorted_signature_is_refused_and_never_an_error(
    name: str, forge: Forge, distort: Callable[[str], str]
) -> None:
    """`compare_digest` raises for text that is not ASCII: that must not become a 500."""
    body = dumped()
    headers = forge.headers(body)

    assert refusal(name, {**headers, forge.signature: distort(headers[forge.signature])}, body).status == 401


def test_of_ten_thousand_forgeries_none_is_accepted(name: str, forge: Forge) -> None:
    """A bit flipped in the body or a character changed in the signature; the untouched one is accepted."""
    chance = random.Random(7)
    body = dumped()
    headers = forge.headers(body)
    signature = headers[forge.signature]
    accepted = 0
    for number in range(10_000):
        forged_body, forged = body, signature
        if number % 2:
            position = chance.randrange(len(body))
            forged_body = body[:position] + bytes([body[position] ^ 1 << chance.randrange(8)]) + body[position + 1 :]
        else:
            position = chance.randrange(len(signature))
            other = chance.choice([c for c in "0123456789abcdefABCDEF= ," if c != signature[position]])
            forged = signature[:position] + other + signature[position + 1 :]
        try:
            accept(name, {**headers, forge.signature: forged}, forged_body, [SECRET, OTHER])
        except SignatureError:
            continue
        accepted += 1

    assert accepted == 0
    assert isinstance(accept(name, headers, body, [SECRET, OTHER]), PushEvent)


def test_nothing_is_parsed_before_the_signature_is_right(name: str, forge: Forge) -> None:
    """Garbage without a right signature is 401, not 400."""
    assert refusal(name, forge.headers(b"{", OTHER), b"{").status == 401


def extended(value: bytes) -> bytes:
    """Give a whole, right push with one more value, so that this alone can be what is refused."""
    return dumped()[:-1] + b', "more": ' + value + b"}"


BAD_BODIES = {
    "empty": b"",
    "no JSON": b"{",
    "an array": b"[]",
    "null": b"null",
    "NaN": extended(b"NaN"),
    "infinity": extended(b"-Infinity"),
    "out of range": extended(b"1e400"),
    "a long number": extended(b"1" * 5000),
    "a key twice": extended(b'1, "ref": "refs/heads/main"'),
    "deep": b'{"x": ' + b"[" * 100_000,
    "deep objects": b'{"x":' * 100_000,
    "a byte order mark": b"\xef\xbb\xbf" + dumped(),
    "UTF-16": dumped().decode().encode("utf-16"),
    "not UTF-8": extended(b'"\xff"'),
    "a lone surrogate": dumped(ref="refs/heads/\ud800"),
    "a line break in the ref": dumped(ref="refs/heads/a\nb"),
    "a number for the ref": dumped(ref=1),
    "an empty ref": dumped(ref=""),
    "a long ref": dumped(ref="refs/heads/" + "a" * 5000),
    "no ref": dumped(ref=None),
    "no after": dumped(after=None),
    "after is no id": dumped(after="--upload-pack=id"),
    "after is short": dumped(after="abc123"),
    "after in capitals": dumped(after="A" * 40),
    "no repository": dumped(repository=None),
    "a text for the repository": dumped(repository="me/blog"),
    "a repository without address": dumped(repository={}),
    "a number for the address": dumped(repository={"clone_url": 1}),
}


@pytest.mark.parametrize("body", BAD_BODIES.values(), ids=BAD_BODIES.keys())
def test_a_bad_payload_is_400(name: str, forge: Forge, body: bytes) -> None:
    """Well signed, and still nothing that a forge sends: a refusal with a sentence, never a crash."""
    error = refusal(name, forge.headers(body), body)

    assert (error.status, error.reason) == (400, "bad_payload")
    assert error.message.isprintable()


def test_a_missing_event_is_400(name: str, forge: Forge) -> None:
    """What kind of payload it is cannot be guessed."""
    body = dumped()
    headers = forge.headers(body)
    del headers[forge.event]

    assert refusal(name, headers, body).status == 400


@pytest.mark.parametrize(
    "changed",
    [
        {"content-type": "text/plain"},
        {"content-type": ""},
        {"content-type": "application/json; charset=utf-16"},
        {"content-encoding": "gzip"},
    ],
)
def test_another_content_type_is_415(name: str, forge: Forge, changed: dict[str, str]) -> None:
    """The message names the setting at the forge."""
    body = dumped()

    assert refusal(name, {**forge.headers(body), **changed}, body).status == 415


@pytest.mark.parametrize("content_type", ["application/json; charset=UTF-8", 'Application/JSON;charset="utf-8"'])
def test_json_in_utf8_may_say_so(name: str, forge: Forge, content_type: str) -> None:
    """Parameters and capitals do not count."""
    body = dumped()
    headers = {**forge.headers(body), "content-type": content_type}

    assert isinstance(accept(name, headers, body, [SECRET]), PushEvent)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"ref": "refs/tags/v1"}, "not_a_branch"),
        ({"ref": "refs/tags/main"}, "not_a_branch"),
        ({"ref": "main"}, "not_a_branch"),
        ({"after": "0" * 40}, "branch_deleted"),
        ({"after": "0" * 64}, "branch_deleted"),
        ({"deleted": True}, "branch_deleted"),
    ],
)
def test_a_push_without_a_new_commit_of_a_branch_is_ignored(
    name: str, forge: Forge, changes: dict[str, object], reason: str
) -> None:
    """Tags and deleted branches publish nothing."""
    body = dumped(**changes)
    outcome = accept(name, forge.headers(body), body, [SECRET])

    assert isinstance(outcome, Ignored)
    assert (outcome.reason, outcome.delivery_id) == (reason, "delivery-1")


def test_other_events_are_ignored_with_a_reason(name: str, forge: Forge) -> None:
    """Whatever they hold, as long as it is JSON."""
    for event in forge.idle_events:
        outcome = accept(name, forge.headers(b"{}", event=event), b"{}", [SECRET])

        assert isinstance(outcome, Ignored)
        assert outcome.reason == ("ping" if event == "ping" else "other_event")


def test_the_name_of_a_delivery_is_safe_to_log(name: str, forge: Forge) -> None:
    """It comes from anybody: printable, and cut to 64 characters."""
    header = PROVIDERS[name].delivery_header

    assert delivery_id(name, {}) == ""
    assert delivery_id(name, {header: "a\r\nb\x1b[1mé"}) == "a??b?[1m?"
    assert delivery_id(name, {header: "x" * 10_000}) == "x" * 64


def test_an_unknown_provider_is_404() -> None:
    """The message names those that exist."""
    error = refusal("sourcehut", {}, b"")

    assert error.status == 404
    assert all(name in error.message for name in PROVIDERS)
