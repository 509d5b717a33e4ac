"""What every member of `webhooks.PROVIDERS` must do, whichever forge it is for, in each way in which it sends."""

from __future__ import annotations

import json
import random
import string
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gitblog.errors import DeliveryError, SignatureError
from gitblog.model import PushEvent
from gitblog.webhooks import PROVIDERS, Delivery, Ignored, accept, delivery_id
from tests.webhook_senders import COMMIT, NOW, SENDERS, Sender, Step, replaced

MAIN = "refs/heads/main"


@pytest.fixture(params=sorted(SENDERS))
def sender(request: pytest.FixtureRequest) -> Sender:
    """Run the test for each way in which a forge sends."""
    return SENDERS[str(request.param)]


@pytest.fixture(params=sorted(name for name, sender in SENDERS.items() if sender.several_refs))
def sender_of_several(request: pytest.FixtureRequest) -> Sender:
    """Run the test for each way in which one delivery holds several refs."""
    return SENDERS[str(request.param)]


def accepted(sender: Sender, body: bytes, headers: Mapping[str, str] | None = None) -> PushEvent | Ignored:
    """Accept what a forge sends."""
    return accept(sender.provider, sender.make(body, headers), sender.secrets)


def refusal(sender: Sender, body: bytes, headers: Mapping[str, str] | None = None) -> DeliveryError:
    """Give the error with which a delivery is refused."""
    with pytest.raises(DeliveryError) as caught:
        accept(sender.provider, sender.make(body, headers), sender.secrets[:1])
    return caught.value


def test_every_provider_has_its_sending_side_here() -> None:
    """A new member is tested by this suite or the suite says so."""
    assert sorted({sender.provider for sender in SENDERS.values()}) == sorted(PROVIDERS)


def test_a_signed_push_becomes_an_event(sender: Sender) -> None:
    """The provider, the delivery, the repository's address, and the ref with its new commit."""
    assert accepted(sender, sender.body()) == PushEvent(sender.provider, "delivery-1", sender.address, {MAIN: COMMIT})


def test_a_commit_may_be_of_a_sha256_repository(sender: Sender) -> None:
    """Git has two lengths of ids."""
    event = accepted(sender, sender.body({MAIN: "a" * 64}))

    assert isinstance(event, PushEvent)
    assert event.refs == {MAIN: "a" * 64}


def test_a_branch_may_hold_slashes_and_any_letter(sender: Sender) -> None:
    """As git allows it."""
    event = accepted(sender, sender.body({"refs/heads/entwürfe/käse": COMMIT}))

    assert isinstance(event, PushEvent)
    assert event.refs == {"refs/heads/entwürfe/käse": COMMIT}


def test_a_push_of_several_refs_holds_each_branch_that_has_a_new_commit(sender_of_several: Sender) -> None:
    """Tags and deleted branches are left out; forges with one ref a delivery send several deliveries."""
    refs = {"refs/tags/v1": "c" * 40, "refs/heads/old": "", MAIN: COMMIT, "refs/heads/next": "d" * 40}
    event = accepted(sender_of_several, sender_of_several.body(refs))

    assert isinstance(event, PushEvent)
    assert event.refs == {MAIN: COMMIT, "refs/heads/next": "d" * 40}


def test_a_push_of_very_many_refs_is_answered_in_a_short_sentence(sender_of_several: Sender) -> None:
    """Two thousand deleted branches must not become a message of a megabyte."""
    outcome = accepted(
        sender_of_several, sender_of_several.body({f"refs/heads/{number}": "" for number in range(2000)})
    )

    assert isinstance(outcome, Ignored)
    assert outcome.reason == "branch_deleted"
    assert outcome.message.startswith("deleted: refs/heads/0, refs/heads/1, refs/heads/2 and 1997 more;")


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_any_of_several_secrets_opens(sender: Sender, order: tuple[int, int]) -> None:
    """So a secret is replaced without losing a delivery."""
    delivery = sender.make(sender.body())
    secrets = ["", *(sender.secrets[index] for index in order)]

    assert isinstance(accept(sender.provider, delivery, secrets), PushEvent)


@pytest.mark.parametrize("secrets", [[], [""]])
def test_without_a_secret_nothing_is_accepted(sender: Sender, secrets: list[str]) -> None:
    """Not even what was signed with the empty one."""
    body = sender.body()
    with pytest.raises(DeliveryError, match="WEBHOOK_SECRET") as caught:
        accept(sender.provider, sender.make(body, sender.headers(body, "")), secrets)

    assert (caught.value.status, caught.value.reason) == (503, "no_secret")


def test_a_missing_signature_is_told_from_a_wrong_one(sender: Sender) -> None:
    """The person reads which of the two it is, and that a secret may be missing at the forge."""
    body = sender.body()
    headers = sender.headers(body)
    signature = headers.pop(sender.signature)
    missing = refusal(sender, body, headers)
    wrong = refusal(sender, body, sender.headers(body, sender.secrets[1]))

    assert (missing.status, missing.reason) == (401, "missing_signature")
    assert "is a secret set in" in missing.message
    assert (wrong.status, wrong.reason) == (401, "wrong_signature")
    assert "WEBHOOK_SECRET" in wrong.message
    assert signature not in wrong.message
    assert not any(secret in wrong.message for secret in sender.secrets)


@pytest.mark.parametrize(
    "distort",
    [
        str.swapcase,
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
def test_a_distorted_signature_is_refused_and_never_an_error(sender: Sender, distort: Callable[[str], str]) -> None:
    """`compare_digest` raises for text that is not ASCII: that must not become a 500."""
    body = sender.body()
    headers = sender.headers(body)

    assert refusal(sender, body, {**headers, sender.signature: distort(headers[sender.signature])}).status == 401


def test_of_ten_thousand_forgeries_none_is_accepted(sender: Sender) -> None:
    """A bit flipped in the body or a character changed in the signature; the untouched one is accepted.

    A token does not cover the body, so there only the token is changed.
    """
    chance = random.Random(7)
    body = sender.body()
    headers = sender.headers(body)
    signature = headers[sender.signature]
    accepted_ones = 0
    for number in range(10_000):
        forged_body, forged = body, signature
        if number % 2 and sender.signs_body:
            position = chance.randrange(len(body))
            forged_body = body[:position] + bytes([body[position] ^ 1 << chance.randrange(8)]) + body[position + 1 :]
        else:
            position = chance.randrange(len(signature))
            other = chance.choice([c for c in string.printable if c != signature[position]])
            forged = signature[:position] + other + signature[position + 1 :]
        delivery = sender.make(forged_body, {**headers, sender.signature: forged})
        try:
            accept(sender.provider, delivery, sender.secrets)
        except SignatureError:
            continue
        accepted_ones += 1

    assert accepted_ones == 0
    assert isinstance(accepted(sender, body, headers), PushEvent)


def test_nothing_is_parsed_before_the_signature_is_right(sender: Sender) -> None:
    """Garbage without a right signature is 401, not 400."""
    assert refusal(sender, b"{", sender.headers(b"{", sender.secrets[1])).status == 401


def extended(sender: Sender, value: bytes) -> bytes:
    """Give a whole, right push with one more value, so that this alone can be what is refused."""
    return sender.body()[:-1] + b', "more": ' + value + b"}"


BAD_BODIES: Mapping[str, Callable[[Sender], bytes]] = {
    "empty": lambda sender: b"",
    "no JSON": lambda sender: b"{",
    "an array": lambda sender: b"[]",
    "null": lambda sender: b"null",
    "no fields": lambda sender: b"{}",
    "NaN": lambda sender: extended(sender, b"NaN"),
    "infinity": lambda sender: extended(sender, b"-Infinity"),
    "out of range": lambda sender: extended(sender, b"1e400"),
    "a long number": lambda sender: extended(sender, b"1" * 5000),
    "a key twice": lambda sender: extended(sender, b'1, "more": 2'),
    "deep": lambda sender: b'{"x": ' + b"[" * 100_000,
    "deep objects": lambda sender: b'{"x":' * 100_000,
    "a byte order mark": lambda sender: b"\xef\xbb\xbf" + sender.body(),
    "UTF-16": lambda sender: sender.body().decode().encode("utf-16"),
    "not UTF-8": lambda sender: extended(sender, b'"\xff"'),
    "a commit that is an option": lambda sender: sender.body({MAIN: "--upload-pack=id"}),
    "a short commit": lambda sender: sender.body({MAIN: "abc123"}),
    "a commit in capitals": lambda sender: sender.body({MAIN: "A" * 40}),
    "a line break in the ref": lambda sender: sender.body({"refs/heads/a\nb": COMMIT}),
    "a lone surrogate": lambda sender: sender.body({"refs/heads/\ud800": COMMIT}),
}


@pytest.mark.parametrize("bad", BAD_BODIES.values(), ids=BAD_BODIES.keys())
def test_a_bad_payload_is_400(sender: Sender, bad: Callable[[Sender], bytes]) -> None:
    """Well signed, and still nothing that a forge sends: a refusal with a sentence, never a crash."""
    error = refusal(sender, bad(sender))

    assert (error.status, error.reason) == (400, "bad_payload")
    assert error.message.isprintable()


def bad_fields(sender: Sender) -> Iterator[tuple[tuple[Step, ...], object]]:
    """Give each field that a push needs with what it must not be; `...` is a field that is missing."""
    bad_texts: tuple[object, ...] = (..., None, 1, "", "a\nb", "a" * 5000, {}, ["a"])
    bad_objects: tuple[object, ...] = (..., None, 1, "text", [], {})
    bad_lists: tuple[object, ...] = (..., None, 1, "text", {}, [1], [None])
    for paths, values in ((sender.texts, bad_texts), (sender.objects, bad_objects), (sender.lists, bad_lists)):
        yield from ((path, value) for path in paths for value in values)


def test_a_field_that_is_missing_or_of_another_kind_is_400(sender: Sender) -> None:
    """One field at a time: everything else is as the forge sends it."""
    for path, value in bad_fields(sender):
        if sender.file == "bitbucket-data-center-push.json" and (path, value) == (("repository",), {}):
            continue  # old versions send no address at all
        body = json.dumps(replaced(sender.payload(), path, value)).encode()
        error = refusal(sender, body)

        assert (error.status, error.reason) == (400, "bad_payload"), (path, value)
        assert error.message.isprintable()


def places(value: Any, path: tuple[Step, ...] = ()) -> Iterator[tuple[Step, ...]]:
    """Give every path inside a payload."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, part in inner:
        yield (*path, step)
        yield from places(part, (*path, step))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text() | st.just("https://[x"),
    lambda parts: st.lists(parts, max_size=3) | st.dictionaries(st.text(max_size=8), parts, max_size=3),
    max_leaves=8,
)


@settings(
    max_examples=200, derandomize=True, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_no_signed_payload_fails_in_another_way_than_400(sender: Sender, data: st.DataObject) -> None:
    """Any value anywhere: an outcome, or a refusal that says what it is."""
    payload = sender.payload()
    path = data.draw(st.sampled_from(sorted(places(payload), key=str)))
    body = json.dumps(replaced(payload, path, data.draw(JSON))).encode()
    try:
        outcome: object = accepted(sender, body)
    except DeliveryError as error:
        outcome = (error.status, error.reason)

    assert isinstance(outcome, PushEvent | Ignored) or outcome == (400, "bad_payload")


def test_a_missing_event_is_400(sender: Sender) -> None:
    """What kind of payload it is cannot be guessed."""
    body = sender.body()
    headers = sender.headers(body)
    del headers[sender.event[0]]

    assert refusal(sender, body, headers).status == 400


@pytest.mark.parametrize(
    "changed",
    [
        {"content-type": "text/plain"},
        {"content-type": ""},
        {"content-type": "application/json; charset=utf-16"},
        {"content-encoding": "gzip"},
    ],
)
def test_another_content_type_is_415(sender: Sender, changed: dict[str, str]) -> None:
    """The message names the setting at the forge."""
    body = sender.body()

    assert refusal(sender, body, {**sender.headers(body), **changed}).status == 415


@pytest.mark.parametrize("content_type", ["application/json; charset=UTF-8", 'Application/JSON;charset="utf-8"'])
def test_json_in_utf8_may_say_so(sender: Sender, content_type: str) -> None:
    """Parameters and capitals do not count."""
    body = sender.body()

    assert isinstance(accepted(sender, body, {**sender.headers(body), "content-type": content_type}), PushEvent)


@pytest.mark.parametrize(
    ("refs", "reason"),
    [
        ({"refs/tags/v1": COMMIT}, "not_a_branch"),
        ({"refs/tags/main": COMMIT}, "not_a_branch"),
        ({"refs/tags/v1": ""}, "not_a_branch"),
        ({MAIN: ""}, "branch_deleted"),
    ],
)
def test_a_push_without_a_new_commit_of_a_branch_is_ignored(sender: Sender, refs: dict[str, str], reason: str) -> None:
    """Tags and deleted branches publish nothing."""
    outcome = accepted(sender, sender.body(refs))

    assert isinstance(outcome, Ignored)
    assert (outcome.reason, outcome.delivery_id) == (reason, "delivery-1")
    assert next(iter(refs)) in outcome.message


def test_other_events_are_ignored_with_a_reason(sender: Sender) -> None:
    """Whatever they hold, as long as it is JSON."""
    assert sender.idle
    for event, reason in sender.idle.items():
        outcome = accepted(sender, b"{}", sender.headers(b"{}", event=event))

        assert isinstance(outcome, Ignored)
        assert (outcome.reason, outcome.delivery_id) == (reason, "delivery-1")


def test_the_name_of_a_delivery_is_safe_to_log(sender: Sender) -> None:
    """It comes from anybody: printable, and cut to 64 characters."""
    assert delivery_id(sender.provider, {}) == ""
    assert delivery_id(sender.provider, {sender.delivery: ""}) == ""
    assert delivery_id(sender.provider, {sender.delivery: "a\r\nb\x1b[1mé"}) == "a??b?[1m?"
    assert delivery_id(sender.provider, {sender.delivery: "x" * 10_000}) == "x" * 64


def test_an_unknown_provider_is_404() -> None:
    """The message names those that exist."""
    with pytest.raises(DeliveryError) as caught:
        accept("sourcehut", Delivery("", {}, b"", NOW), ["a secret"])

    assert caught.value.status == 404
    assert all(name in caught.value.message for name in PROVIDERS)
