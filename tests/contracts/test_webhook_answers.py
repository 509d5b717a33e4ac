"""Every answer of the webhooks' address, for each way in which each forge sends, through Flask."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from io import BytesIO

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from gitblog.errors import IndexUnavailableError
from gitblog.web.webhooks import MAX_BODY_BYTES, MAX_FAILURES, WINDOW_SECONDS, Shown, blueprint
from tests.webhook_senders import COMMIT, SENDERS, Sender

MAIN = "refs/heads/main"


class Site:
    """An application with nothing but the webhooks, that shows main of me/blog; what it hears comes from one forge."""

    def __init__(self, sender: Sender, *, secrets: tuple[str, ...] | None = None, repository: str = "me/blog") -> None:
        self.sender = sender
        self.hints: list[str] = []
        self.failing = False
        self.address = f"/-/webhooks/{sender.provider}"
        app = Flask(__name__)
        known = sender.secrets[:1] if secrets is None else secrets
        repository = f"https://forge.example/{repository}"
        app.register_blueprint(blueprint(known, Shown(repository, lambda: "main"), self.hint, lambda: 1000.0))
        self.client = app.test_client()

    def hint(self, revision: str, delivery: str) -> None:
        if self.failing:
            raise IndexUnavailableError("the database is away", reason="no-database")
        self.hints.append(revision)

    def send(self, body: bytes | None = None, headers: Mapping[str, str] | None = None) -> TestResponse:
        """Send a body, by default a push to main, as the forge does; some headers may be others."""
        body = self.sender.body() if body is None else body
        sent = {**self.sender.headers(body, at=int(time.time())), **(headers or {})}
        return self.client.post(self.address, data=body, headers={name: text for name, text in sent.items() if text})

    def send_forged(self) -> TestResponse:
        """Send a push that is signed with another secret."""
        body = self.sender.body()
        return self.send(body, self.sender.headers(body, self.sender.secrets[1], at=int(time.time())))


@pytest.fixture(params=sorted(SENDERS))
def site(request: pytest.FixtureRequest) -> Site:
    """Give a site for each way in which a forge sends."""
    return Site(SENDERS[str(request.param)])


def told(response: TestResponse) -> tuple[int, str, str]:
    """Give the code, what became of the delivery and why; every answer holds a sentence beside them."""
    found = response.get_json()
    assert set(found) == {"status", "reason", "message", "delivery"}
    assert len(found["message"]) > 10
    return response.status_code, found["status"], found["reason"]


def test_a_push_is_202_and_one_hint(site: Site) -> None:
    """The message names the commit, and the delivery has the forge's own name."""
    response = site.send()

    assert told(response) == (202, "accepted", "push")
    assert response.get_json()["message"] == f"the site will show {COMMIT[:12]} in a moment"
    assert response.get_json()["delivery"] == "delivery-1"
    assert site.hints == [COMMIT]


@pytest.mark.parametrize(
    ("refs", "reason", "said"),
    [
        ({"refs/heads/draft": COMMIT}, "other_branch", "pushed to draft; this site shows main"),
        ({"refs/tags/v1": COMMIT}, "not_a_branch", "refs/tags/v1"),
        ({MAIN: ""}, "branch_deleted", "stays as it is"),
    ],
)
def test_a_push_with_nothing_to_do_is_200(site: Site, refs: dict[str, str], reason: str, said: str) -> None:
    """With the reason, and no hint."""
    response = site.send(site.sender.body(refs))

    assert told(response) == (200, "ignored", reason)
    assert said in response.get_json()["message"]
    assert site.hints == []


def test_of_several_refs_the_published_branch_counts(site: Site) -> None:
    """The hint holds its commit, wherever it stands; without it the push is another branch's."""
    if not site.sender.several_refs:
        # One delivery for each ref: what stands beside it comes by itself, and changes nothing.
        assert told(site.send(site.sender.body({"refs/heads/draft": "d" * 40})))[2] == "other_branch"
        assert told(site.send())[2] == "push"
    else:
        assert told(site.send(site.sender.body({"refs/heads/draft": "d" * 40, MAIN: COMMIT})))[2] == "push"
        both = site.send(site.sender.body({"refs/heads/draft": "d" * 40, MAIN: ""}))
        assert told(both) == (200, "ignored", "other_branch")
    assert site.hints == [COMMIT]


def test_another_event_is_200(site: Site) -> None:
    """A ping too; the message says how not to get the others."""
    for event, reason in site.sender.idle.items():
        body = b"{}"
        response = site.send(body, site.sender.headers(body, event=event, at=int(time.time())))

        assert told(response) == (200, "ignored", reason)
        assert "push" in response.get_json()["message"]
    assert site.hints == []


def test_another_repository_of_the_same_forge_is_200(site: Site) -> None:
    """One secret may serve many repositories."""
    other = Site(site.sender, repository="me/shop")
    response = other.send()

    assert told(response) == (200, "ignored", "other_repository")
    assert "CONTENT_REPO" in response.get_json()["message"]
    assert other.hints == []


@pytest.mark.parametrize(
    ("send", "code", "reason", "said"),
    [
        (lambda site: site.send(b"{"), 400, "bad_payload", "JSON"),
        (lambda site: site.send(b"{}"), 400, "bad_payload", "report it"),
        (lambda site: site.send(headers={site.sender.signature: ""}), 401, "missing_signature", "WEBHOOK_SECRET"),
        (lambda site: site.send_forged(), 401, "wrong_signature", "WEBHOOK_SECRET"),
        (lambda site: site.client.get(site.address), 405, "wrong_method", "POST"),
        (lambda site: site.client.put(site.address, data=b"{}"), 405, "wrong_method", "POST"),
        (lambda site: site.send(b" " * (MAX_BODY_BYTES + 1)), 413, "too_large", "next look"),
        (lambda site: site.send(headers={"content-type": "text/plain"}), 415, "wrong_type", "application/json"),
    ],
)
def test_a_wrong_delivery_is_refused_in_json(
    site: Site, send: Callable[[Site], TestResponse], code: int, reason: str, said: str
) -> None:
    """The sentence tells what to set right; no hint is given."""
    response = send(site)

    assert told(response) == (code, "refused", reason)
    assert said in response.get_json()["message"]
    assert response.headers.get("Allow") == ("POST" if code == 405 else None)
    assert site.hints == []


def test_a_body_without_length_is_411(site: Site) -> None:
    """It is refused unread."""
    headers = {**site.sender.headers(b""), "Transfer-Encoding": "chunked"}
    response = site.client.post(site.address, input_stream=BytesIO(site.sender.body()), headers=headers)

    assert told(response) == (411, "refused", "no_length")


def test_too_many_failed_signatures_are_429_and_right_ones_pass(site: Site) -> None:
    """The answer says how long to wait, and still what is wrong."""
    codes = [site.send_forged().status_code for _ in range(MAX_FAILURES)]
    throttled = site.send_forged()

    assert codes == [401] * MAX_FAILURES
    assert told(throttled) == (429, "refused", "too_many_failures")
    assert throttled.headers["Retry-After"] == str(WINDOW_SECONDS)
    assert "WEBHOOK_SECRET" in throttled.get_json()["message"]
    assert told(site.send())[0] == 202


def test_without_a_secret_it_is_503(site: Site) -> None:
    """The message names what to set."""
    response = Site(site.sender, secrets=()).send()

    assert told(response) == (503, "refused", "no_secret")
    assert "WEBHOOK_SECRET" in response.get_json()["message"]


def test_a_hint_that_cannot_be_given_is_503(site: Site) -> None:
    """And nothing is lost."""
    site.failing = True
    response = site.send()

    assert told(response) == (503, "failed", "no_hint")
    assert "found at the next look" in response.get_json()["message"]


def test_no_answer_holds_a_secret(site: Site) -> None:
    """Whatever was sent, a secret or a signature is not repeated."""
    forged = site.sender.headers(site.sender.body(), site.sender.secrets[1])[site.sender.signature]
    texts = [answer.get_data(as_text=True) for answer in (site.send(), site.send_forged(), site.send(b"{"))]

    assert not [text for text in texts for secret in (*site.sender.secrets, forged) if secret in text]
