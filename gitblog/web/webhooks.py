"""`POST /-/webhooks/PROVIDER`: verify a delivery, give a hint, answer.

No git, no rendering and no parsing before the signature: the answer leaves before any work is done.
Every answer is small JSON for the person who reads the forge's delivery log.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from http import HTTPStatus

from flask import Blueprint, Request, Response, jsonify, request
from werkzeug.exceptions import BadRequest

from gitblog.errors import DeliveryError, GitblogError, SignatureError
from gitblog.model import PushEvent
from gitblog.webhooks import (
    PROVIDERS,
    Delivery,
    Ignored,
    accept,
    delivery_id,
    find_provider,
    pushed_revision,
    reason_to_ignore,
)

MAX_BODY_BYTES = 5 * 1024 * 1024
"""GitHub sends up to 25 MB, but a body must be read whole before its signature can be checked: times the
threads of a small server, this is what a stranger may fill. A push that is larger (thousands of commits) is
answered 413 and found at the next look."""

MAX_FAILURES = 10
WINDOW_SECONDS = 60
MAX_ADDRESSES = 1024

# All of them, so that a wrong one gets this module's JSON and not the site's error page.
_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE")

logger = logging.getLogger(__name__)


class FailureThrottle:
    """Counts failed signatures by client address, in this process, for the latest `MAX_ADDRESSES` of them."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._windows: OrderedDict[str, tuple[float, int]] = OrderedDict()

    def fail(self, address: str) -> int:
        """Count a failure; give the seconds to wait before the next is answered in full, 0 for none."""
        now = self._clock()
        with self._lock:
            started, failures = self._windows.pop(address, (now, 0))
            if now - started >= WINDOW_SECONDS:
                started, failures = now, 0
            self._windows[address] = (started, failures + 1)
            while len(self._windows) > MAX_ADDRESSES:
                self._windows.popitem(last=False)
        return 0 if failures < MAX_FAILURES else max(1, round(started + WINDOW_SECONDS - now))


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP code, what became of the delivery in a word (`status`), a stable `reason` and a message."""

    code: int
    status: str
    reason: str
    message: str
    headers: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Shown:
    """What the site shows, so that a push can be told from one that changes nothing.

    `branch()` names the published branch ("" before the first publish), `held_at` the commit that
    CONTENT_REVISION holds it at ("" for none).
    """

    repository: str
    branch: Callable[[], str]
    held_at: str = ""


def blueprint(
    secrets: Sequence[str],
    shown: Shown,
    give_hint: Callable[[str, str], None],
    clock: Callable[[], float],
) -> Blueprint:
    """Make the address of the webhooks.

    `give_hint(revision, delivery_id)` wakes the sync. It and `shown.branch()` may raise a `GitblogError`, answered
    with 503. `clock` counts seconds and never steps back.
    """
    webhooks = Blueprint("webhooks", __name__)
    throttle = FailureThrottle(clock)

    def answer(provider: str, name: str) -> Answer:
        try:
            find_provider(provider)  # before the body: a wrong address is the first thing to set right
            accepted = accept(provider, _delivery(name, request), secrets)
            return _ignored(accepted) if isinstance(accepted, Ignored) else hint(accepted)
        except SignatureError as exc:
            return _refused_signature(exc, throttle.fail(request.remote_addr or ""))
        except DeliveryError as exc:
            allow = (("Allow", "POST"),) if exc.status == HTTPStatus.METHOD_NOT_ALLOWED else ()
            return Answer(exc.status, "refused", exc.reason, exc.message, allow)
        except GitblogError as exc:
            message = f"the sync could not be told ({exc.reason}); the change will be found at the next look"
            return Answer(503, "failed", "no_hint", message)

    def hint(event: PushEvent) -> Answer:
        published = shown.branch()
        ignored = reason_to_ignore(event, shown.repository, published)
        if ignored:
            return _ignored(ignored)
        if shown.held_at:
            message = f"CONTENT_REVISION holds the site at {shown.held_at}; unset it and restart to follow the branch"
            return _ignored(Ignored("held", message, event.delivery_id))
        revision = pushed_revision(event, published)
        give_hint(revision, event.delivery_id)
        return Answer(202, "accepted", "push", f"the site will show {revision[:12]} in a moment")

    @webhooks.route("/-/webhooks/<provider>", methods=_METHODS, strict_slashes=False, provide_automatic_options=False)
    def deliver(provider: str) -> Response:
        """Answer 202 accepted, 200 nothing to do, 4xx the delivery is wrong, 503 no secret or no hint."""
        delivery = delivery_id(provider, _headers(request)) if provider in PROVIDERS else ""
        outcome = answer(provider, delivery)
        facts = {
            "provider": provider if provider in PROVIDERS else "",
            "delivery_id": delivery,
            "answer": outcome.status,
            "reason": outcome.reason,
            "status": outcome.code,
        }
        logger.info("webhook delivery", extra=facts)
        return _response(outcome, delivery)

    return webhooks


def _delivery(name: str, request: Request) -> Delivery:
    # Not the clock of the throttle: a signature's time is compared with the time of day.
    return Delivery(name, _headers(request), _body(request), int(time.time()))


def _headers(request: Request) -> dict[str, str]:
    return {name.lower(): value for name, value in request.headers.items()}


def _body(request: Request) -> bytes:
    """Read the raw body, all or nothing: without a length Werkzeug would cut a chunked body silently."""
    if request.method != "POST":
        raise DeliveryError("a webhook is a POST", reason="wrong_method", status=405)
    length = request.content_length
    if length is None:
        raise DeliveryError("the request has no Content-Length", reason="no_length", status=411)
    if length > MAX_BODY_BYTES:
        message = f"larger than {MAX_BODY_BYTES} bytes; the change will be found at the next look"
        raise DeliveryError(message, reason="too_large", status=413)
    # The cap above is the one that counts here, whatever the application allows elsewhere.
    request.max_content_length = MAX_BODY_BYTES
    try:
        body = request.get_data(cache=False)
    except BadRequest as exc:  # the client hung up
        message = "the body is shorter than its Content-Length"
        raise DeliveryError(message, reason="bad_payload", status=400) from exc
    return body


def _ignored(ignored: Ignored) -> Answer:
    return Answer(200, "ignored", ignored.reason, ignored.message)


def _refused_signature(error: SignatureError, wait_seconds: int) -> Answer:
    if not wait_seconds:
        return Answer(error.status, "refused", error.reason, error.message)
    message = f"too many failed signatures from this address, wait {wait_seconds} s; the last: {error.message}"
    return Answer(429, "refused", "too_many_failures", message, (("Retry-After", str(wait_seconds)),))


def _response(answer: Answer, delivery: str) -> Response:
    response = jsonify(status=answer.status, reason=answer.reason, message=answer.message, delivery=delivery)
    response.status_code = answer.code
    response.headers.extend(answer.headers)
    response.headers["Cache-Control"] = "no-store"
    return response
