"""The address of the webhooks: every answer of the contract, through Flask."""

from __future__ import annotations

import hmac
import json
import logging
from collections.abc import Callable, Mapping
from io import BytesIO

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from werkzeug.test import TestResponse

from gitblog.errors import IndexUnavailableError
from gitblog.web.webhooks import (
    MAX_ADDRESSES,
    MAX_BODY_BYTES,
    MAX_FAILURES,
    WINDOW_SECONDS,
    FailureThrottle,
    Shown,
    blueprint,
)

SECRET = "a secret of this test alone"
COMMIT = "b" * 40
PUSH = {
    "ref": "refs/heads/main",
    "after": COMMIT,
    "repository": {"clone_url": "https://forge.example/me/blog.git"},
}
ADDRESS = "/-/webhooks/github"


class Site:
    """An application with nothing but the webhooks; remembers the hints, and its clock is set by hand."""

    def __init__(self, secrets: tuple[str, ...] = (SECRET,), held_at: str = "") -> None:
        self.hints: list[str] = []
        self.now = 1000.0
        self.branch = "main"
        self.failure: Exception | None = None
        self.app = Flask(__name__)
        # Smaller than the webhook's own limit, which must win.
        self.app.config["MAX_CONTENT_LENGTH"] = 1000
        shown = Shown("https://forge.example/me/blog", lambda: self.branch, held_at)
        self.app.register_blueprint(blueprint(secrets, shown, self.hint, lambda: self.now))
        self.client: FlaskClient = self.app.test_client()

    def hint(self, revision: str, delivery: str) -> None:
        if self.failure:
            raise self.failure
        self.hints.append(revision)

    def post(self, body: bytes, *, secret: str = SECRET, headers: Mapping[str, str] | None = None) -> TestResponse:
        """Send a body as GitHub does, signed."""
        signature = hmac.new(secret.encode(), body, "sha256").hexdigest()
        sent = {
            "Content-Type": "application/json",
            "X-GitHub-Event": "push",
            "X-GitHub-Delivery": "delivery-1",
            "X-Hub-Signature-256": f"sha256={signature}",
        }
        return self.client.post(ADDRESS, data=body, headers={**sent, **(headers or {})})


@pytest.fixture
def site() -> Site:
    """Give a site that shows the branch main of me/blog."""
    return Site()


def dumped(**changes: object) -> bytes:
    """Give the push with some fields changed."""
    return json.dumps({**PUSH, **changes}).encode()


def test_a_push_is_accepted_and_becomes_one_hint(site: Site) -> None:
    """202, JSON that says which commit, and the pushed commit for the sync."""
    response = site.post(dumped())

    assert response.status_code == 202
    assert response.get_json() == {
        "status": "accepted",
        "reason": "push",
        "message": f"the site will show {COMMIT[:12]} in a moment",
        "delivery": "delivery-1",
    }
    assert response.headers["Cache-Control"] == "no-store"
    assert site.hints == [COMMIT]


@pytest.mark.parametrize(
    ("body", "event", "reason"),
    [
        (b"{}", "ping", "ping"),
        (b"{}", "issues", "other_event"),
        (dumped(ref="refs/heads/draft"), "push", "other_branch"),
        (dumped(ref="refs/tags/main"), "push", "not_a_branch"),
        (dumped(after="0" * 40), "push", "branch_deleted"),
        (dumped(repository={"clone_url": "https://forge.example/me/shop"}), "push", "other_repository"),
    ],
)
def test_what_asks_for_nothing_is_200_with_the_reason(site: Site, body: bytes, event: str, reason: str) -> None:
    """No hint is given for it."""
    response = site.post(body, headers={"X-GitHub-Event": event})

    assert response.status_code == 200
    assert (response.get_json()["status"], response.get_json()["reason"]) == ("ignored", reason)
    assert site.hints == []


def test_before_the_first_publish_every_branch_is_a_hint(site: Site) -> None:
    """The published branch is not known yet."""
    site.branch = ""

    assert site.post(dumped(ref="refs/heads/any")).status_code == 202
    assert site.hints == [COMMIT]


@pytest.mark.parametrize(
    ("send", "code", "reason"),
    [
        (lambda site: site.post(b"{"), 400, "bad_payload"),
        (lambda site: site.post(dumped(), secret="x"), 401, "wrong_signature"),
        (lambda site: site.client.post("/-/webhooks/sourcehut", data=b"{}"), 404, "unknown_provider"),
        (lambda site: site.client.get(ADDRESS), 405, "wrong_method"),
        (lambda site: site.client.put(ADDRESS, data=b"{}"), 405, "wrong_method"),
        (lambda site: site.client.options(ADDRESS), 405, "wrong_method"),
        (lambda site: site.post(dumped(), headers={"Content-Type": "text/plain"}), 415, "wrong_type"),
        (lambda site: site.post(b" " * (MAX_BODY_BYTES + 1)), 413, "too_large"),
    ],
)
def test_a_wrong_request_is_refused_in_json(
    site: Site, send: Callable[[Site], TestResponse], code: int, reason: str
) -> None:
    """A sentence for the person who reads the forge's log; no hint."""
    response = send(site)

    assert response.status_code == code
    assert response.get_json()["status"] == "refused"
    assert response.get_json()["reason"] == reason
    assert len(response.get_json()["message"]) > 10
    assert response.headers.get("Allow") == ("POST" if code == 405 else None)
    assert site.hints == []


def test_head_is_refused_without_a_body(site: Site) -> None:
    """As HTTP wants it."""
    response = site.client.head(ADDRESS)

    assert (response.status_code, response.data, response.headers["Allow"]) == (405, b"", "POST")


@pytest.mark.parametrize("address", [f"{ADDRESS}/", f"{ADDRESS}?x=1"])
def test_a_final_slash_or_a_query_does_not_lose_deliveries(site: Site, address: str) -> None:
    """The address is typed by people."""
    body = dumped()
    signature = "sha256=" + hmac.new(SECRET.encode(), body, "sha256").hexdigest()
    headers = {"Content-Type": "application/json", "X-GitHub-Event": "push", "X-Hub-Signature-256": signature}

    assert site.client.post(address, data=body, headers=headers).status_code == 202


def test_without_a_length_the_body_is_not_read(site: Site) -> None:
    """Werkzeug cuts a chunked body at the limit and goes on; so it is refused."""
    response = site.client.post(ADDRESS, input_stream=BytesIO(dumped()), headers={"Transfer-Encoding": "chunked"})

    assert (response.status_code, response.get_json()["reason"]) == (411, "no_length")


def test_a_body_over_the_limit_is_not_read(site: Site) -> None:
    """The length alone decides; a stream that would tell of being read stays untouched."""

    class Untouched(BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            raise AssertionError("the body was read")

    environ = {"CONTENT_LENGTH": str(MAX_BODY_BYTES + 1), "wsgi.input": Untouched()}

    assert site.client.post(ADDRESS, environ_overrides=environ).status_code == 413


def test_a_body_as_large_as_the_limit_is_read(site: Site) -> None:
    """Whatever the application allows elsewhere."""
    body = dumped()

    assert site.post(body + b" " * (MAX_BODY_BYTES - len(body))).status_code == 202


def test_a_body_that_breaks_off_is_400(site: Site) -> None:
    """The client hung up: nothing is believed."""
    response = site.client.post(ADDRESS, environ_overrides={"CONTENT_LENGTH": "100", "wsgi.input": BytesIO(b"{}")})

    assert (response.status_code, response.get_json()["reason"]) == (400, "bad_payload")


def test_without_a_secret_the_answer_says_what_to_set() -> None:
    """503: the feature is closed until then."""
    response = Site(secrets=()).post(dumped(), secret="")

    assert response.status_code == 503
    assert response.get_json()["reason"] == "no_secret"
    assert "WEBHOOK_SECRET" in response.get_json()["message"]


def test_a_hint_that_cannot_be_given_is_503(site: Site) -> None:
    """The person reads that nothing is lost."""
    site.failure = IndexUnavailableError("the database is away", reason="index_unavailable")
    response = site.post(dumped())

    assert response.status_code == 503
    assert (response.get_json()["status"], response.get_json()["reason"]) == ("failed", "no_hint")
    assert "found at the next look" in response.get_json()["message"]


def test_failed_signatures_are_throttled_and_good_ones_never(site: Site) -> None:
    """The eleventh failure in a minute is 429; a right delivery passes all the same; later all is well."""
    codes = [site.post(dumped(), secret="x").status_code for _ in range(MAX_FAILURES)]
    throttled = site.post(dumped(), secret="x")
    good = site.post(dumped())
    site.now += WINDOW_SECONDS
    later = site.post(dumped(), secret="x")

    assert codes == [401] * MAX_FAILURES
    assert throttled.status_code == 429
    assert throttled.headers["Retry-After"] == str(WINDOW_SECONDS)
    assert throttled.get_json()["reason"] == "too_many_failures"
    assert "WEBHOOK_SECRET" in throttled.get_json()["message"]
    assert good.status_code == 202
    assert later.status_code == 401


def test_addresses_are_throttled_one_by_one_in_a_bounded_table() -> None:
    """Neighbours do not suffer, and a flood of addresses costs no memory."""
    throttle = FailureThrottle(lambda: 0.0)
    for _ in range(MAX_FAILURES):
        assert throttle.fail("192.0.2.1") == 0
    assert throttle.fail("192.0.2.2") == 0
    assert throttle.fail("192.0.2.1") > 0
    for number in range(MAX_ADDRESSES):
        assert throttle.fail(f"198.51.100.{number}") == 0

    assert throttle.fail("192.0.2.1") == 0


def test_each_delivery_is_one_line_in_the_log(site: Site, caplog: pytest.LogCaptureFixture) -> None:
    """With the delivery's name, made safe, and without body or secret."""
    with caplog.at_level(logging.INFO, "gitblog"):
        site.post(dumped(), headers={"X-GitHub-Delivery": "a\x1b[31m" + "x" * 100})
        site.post(dumped(), secret="x")
        site.client.post("/-/webhooks/evil%0Aline", data=b"")

    lines = [(r.levelname, r.getMessage(), vars(r)["provider"], vars(r)["reason"]) for r in caplog.records]
    assert lines == [
        ("INFO", "webhook delivery", "github", "push"),
        ("INFO", "webhook delivery", "github", "wrong_signature"),
        ("INFO", "webhook delivery", "", "unknown_provider"),
    ]
    assert vars(caplog.records[0])["delivery_id"] == "a?[31m" + "x" * 58
    assert SECRET not in str([vars(record) for record in caplog.records])


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
PAYLOADS = st.fixed_dictionaries(
    {},
    optional={
        "ref": JSON | st.sampled_from(["refs/heads/main", "refs/tags/x"]),
        "after": JSON | st.sampled_from([COMMIT, "0" * 40]),
        "deleted": JSON,
        "repository": JSON
        | st.fixed_dictionaries({}, optional={"clone_url": JSON, "html_url": JSON | st.just("https://[x")}),
        "hook": JSON | st.fixed_dictionaries({"events": JSON}),
    },
)
BODIES = st.binary(min_size=1, max_size=200) | (PAYLOADS | JSON).map(lambda value: json.dumps(value).encode())


@settings(
    max_examples=400,
    derandomize=True,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(body=BODIES, event=st.sampled_from(["push", "ping", "issues"]), form=st.booleans())
def test_no_signed_body_is_ever_a_server_error(body: bytes, event: str, form: bool) -> None:
    """Whatever a payload holds, the answer is one of the contract's."""
    content_type = "application/x-www-form-urlencoded" if form else "application/json"
    sent = b"payload=" + body if form else body
    response = Site().post(sent, headers={"X-GitHub-Event": event, "Content-Type": content_type})

    assert response.status_code in {200, 202, 400}
    assert set(response.get_json()) == {"status", "reason", "message", "delivery"}


def test_a_push_while_the_site_is_held_is_answered_with_what_holds_it() -> None:
    """200 and the setting's name, so that nobody waits for a page; other reasons to do nothing come first."""
    site = Site(held_at="abcdef0")
    answer = site.post(dumped())

    assert (answer.status_code, answer.get_json()["reason"]) == (200, "held")
    assert answer.get_json()["message"].startswith("CONTENT_REVISION holds the site at abcdef0; unset it")
    assert site.hints == []
