"""What only GitLab does: a plain token, or a signature after Standard Webhooks."""

from __future__ import annotations

import base64
import json

import pytest

from gitblog.errors import DeliveryError, SignatureError
from gitblog.model import PushEvent
from gitblog.webhooks import Delivery, Ignored, accept
from gitblog.webhooks.signatures import TOLERANCE_SECONDS
from tests.webhook_senders import (
    COMMIT,
    NOW,
    OTHER_TOKEN,
    SECRET,
    SENDERS,
    SIGNING_TOKEN,
    replaced,
    standard_signature,
)

TOKEN_SENDER = SENDERS["gitlab with a secret token"]
SIGNED = SENDERS["gitlab with a signing token"]
BODY = SIGNED.body()


def deliver(secrets: list[str], at: int = NOW, /, **changed: str) -> PushEvent | Ignored:
    """Accept a signed push with some headers changed, dashes written as underscores."""
    headers = {**SIGNED.headers(BODY), **{name.replace("_", "-"): text for name, text in changed.items()}}
    return accept("gitlab", Delivery("", headers, BODY, at), secrets)


def refusal(secrets: list[str], at: int = NOW, /, **changed: str) -> SignatureError:
    """Give the error with which it is refused."""
    with pytest.raises(SignatureError) as caught:
        deliver(secrets, at, **changed)
    return caught.value


def test_the_example_of_the_specification_is_right() -> None:
    """Key, id, time, body and signature of the libraries that the specification names."""
    headers = {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
        "content-type": "application/json",
        "x-gitlab-event": "Issue Hook",
    }
    delivery = Delivery("", headers, b'{"test": 2432232314}', 1614265330)

    assert isinstance(accept("gitlab", delivery, ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"]), Ignored)


@pytest.mark.parametrize("seconds", [-TOLERANCE_SECONDS, 0, TOLERANCE_SECONDS])
def test_clocks_may_differ_by_the_tolerance(seconds: int) -> None:
    """Both ways."""
    assert isinstance(deliver([SIGNING_TOKEN], NOW + seconds), PushEvent)


@pytest.mark.parametrize(
    ("seconds", "said"), [(TOLERANCE_SECONDS + 1, "301 s old"), (-TOLERANCE_SECONDS - 1, "301 s ahead")]
)
def test_an_old_delivery_is_refused_and_told_from_a_wrong_clock(seconds: int, said: str) -> None:
    """Whoever recorded it cannot send it again; the message says which clock to look at."""
    error = refusal([SIGNING_TOKEN], NOW + seconds)

    assert (error.status, error.reason) == (401, "stale_signature")
    assert said in error.message


def test_only_who_knows_the_key_is_told_about_the_clock() -> None:
    """A stranger learns nothing about this machine's time."""
    assert refusal([OTHER_TOKEN], NOW + 10_000).reason == "wrong_signature"


@pytest.mark.parametrize(
    "signatures",
    [
        "v1,{wrong} {right}",
        "{right} v1,{wrong}",
        "v1a,{wrong} v2,{wrong} {right}",
        "  {right}  ",
    ],
)
def test_of_several_signatures_one_right_one_is_enough(signatures: str) -> None:
    """So the key is changed at the forge without losing a delivery; unknown versions are passed over."""
    right = standard_signature(BODY, SIGNING_TOKEN, NOW)
    wrong = standard_signature(BODY, OTHER_TOKEN, NOW).removeprefix("v1,")

    given = signatures.format(right=right, wrong=wrong)
    assert isinstance(deliver([SIGNING_TOKEN], webhook_signature=given), PushEvent)


@pytest.mark.parametrize("prefix", ["", "v1", "v0,", "v1a,", "V1,", "v1, "])
def test_only_the_first_version_counts(prefix: str) -> None:
    """Another one's signature is made in another way."""
    digest = standard_signature(BODY, SIGNING_TOKEN, NOW).removeprefix("v1,")

    assert refusal([SIGNING_TOKEN], webhook_signature=prefix + digest).reason == "wrong_signature"


def test_another_spelling_of_the_same_bytes_is_refused() -> None:
    """The last letter of base64 holds bits that decoding drops."""
    right = standard_signature(BODY, SIGNING_TOKEN, NOW)
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    spelled = right[:-2] + alphabet[alphabet.index(right[-2]) ^ 1] + "="

    assert base64.b64decode(spelled[3:]) == base64.b64decode(right[3:])
    assert refusal([SIGNING_TOKEN], webhook_signature=spelled).reason == "wrong_signature"


@pytest.mark.parametrize("changed", [{"webhook_id": "another"}, {"webhook_timestamp": str(NOW + 1)}])
def test_id_and_time_are_signed_too(changed: dict[str, str]) -> None:
    """Else an old delivery could be sent again with a new time."""
    assert refusal([SIGNING_TOKEN], NOW, **changed).reason == "wrong_signature"


@pytest.mark.parametrize(
    "changed",
    [
        {"webhook_id": ""},
        {"webhook_id": "é"},
        {"webhook_timestamp": ""},
        {"webhook_timestamp": "soon"},
        {"webhook_timestamp": f"{NOW}.5"},
        {"webhook_timestamp": f"+{NOW}"},
        {"webhook_timestamp": "١٢٣"},
        {"webhook_timestamp": "9" * 5000},
    ],
)
def test_a_signature_without_a_usable_id_or_time_is_malformed(changed: dict[str, str]) -> None:
    """Nothing is guessed, and no long number is converted."""
    assert refusal([SIGNING_TOKEN], NOW, **changed).reason == "malformed_signature"


@pytest.mark.parametrize("secret", ["whsec_", "whsec_c2hvcnQ=", "whsec_" + base64.b64encode(b"x" * 15).decode()])
def test_a_key_that_could_be_guessed_opens_nothing(secret: str) -> None:
    """Not even what was signed with it."""
    assert refusal([secret], webhook_signature=standard_signature(BODY, secret, NOW)).reason == "wrong_signature"


@pytest.mark.parametrize("secret", [SECRET, SIGNING_TOKEN.removeprefix("whsec_"), "whsec_not base64 at all!"])
def test_a_secret_that_is_no_signing_token_opens_nothing(secret: str) -> None:
    """No prefix or no base64: the message says how it must look."""
    error = refusal([secret])

    assert error.reason == "wrong_signature"
    assert "from whsec_ on" in error.message


def test_a_wrong_signature_is_not_saved_by_a_right_token() -> None:
    """Whoever read a token once could else send any body."""
    assert refusal([OTHER_TOKEN, SECRET], x_gitlab_token=SECRET).reason == "wrong_signature"


def test_a_right_signature_needs_no_right_token() -> None:
    """Both fields may be filled in, and only one of them is known here."""
    assert isinstance(deliver([SIGNING_TOKEN], x_gitlab_token="something else"), PushEvent)


def test_a_token_may_hold_any_letters() -> None:
    """Headers arrive as bytes, shown as latin-1."""
    secret = "ein Geheimnis mit Umlaut: ä€"
    sent = TOKEN_SENDER.headers(BODY, secret.encode("utf-8").decode("latin-1"))

    assert isinstance(accept("gitlab", Delivery("", sent, BODY, NOW), [secret]), PushEvent)


@pytest.mark.parametrize("token", [SECRET + " ", " " + SECRET, SECRET[:-1], SECRET + "," + SECRET, f"{SECRET}\0"])
def test_a_token_is_compared_whole(token: str) -> None:
    """A part, or more than it, is not the secret."""
    with pytest.raises(SignatureError, match="X-Gitlab-Token does not match"):
        accept("gitlab", TOKEN_SENDER.make(BODY, TOKEN_SENDER.headers(BODY, token)), [SECRET])


@pytest.mark.parametrize(("ref", "reason"), [("refs/tags/v1", "not_a_branch"), ("refs/heads/main", None)])
def test_a_pushed_tag_has_an_event_of_its_own(ref: str, reason: str | None) -> None:
    """It is told as what it is."""
    body = SIGNED.body({ref: COMMIT})
    outcome = accept("gitlab", SIGNED.make(body, SIGNED.headers(body, event="Tag Push Hook")), [SIGNING_TOKEN])

    assert (outcome.reason if isinstance(outcome, Ignored) else None) == reason


def test_a_project_without_http_is_known_by_its_page() -> None:
    """An instance may have git over http switched off."""
    payload = replaced(SIGNED.payload(), ("project",), {"web_url": "https://forge.example/me/blog"})
    body = json.dumps(payload).encode()
    event = accept("gitlab", SIGNED.make(body), [SIGNING_TOKEN])

    assert isinstance(event, PushEvent)
    assert event.repository == "https://forge.example/me/blog"


def test_a_form_is_told_the_content_type() -> None:
    """GitLab sends JSON alone; somebody else's form is not read."""
    headers = {**SIGNED.headers(b"payload=%7B%7D"), "content-type": "application/x-www-form-urlencoded"}
    with pytest.raises(DeliveryError) as caught:
        accept("gitlab", SIGNED.make(b"payload=%7B%7D", headers), [SIGNING_TOKEN])

    assert caught.value.status == 415
