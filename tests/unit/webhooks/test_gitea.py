"""What only Gitea and Forgejo do."""

from __future__ import annotations

import hmac
from urllib.parse import quote

import pytest

from gitblog.errors import DeliveryError, SignatureError
from gitblog.webhooks import Delivery, Ignored, accept

SECRET = "a secret of this test alone"


@pytest.mark.parametrize("name", ["gitea", "forgejo"])
def test_a_form_is_told_the_content_type_and_not_a_wrong_secret(name: str) -> None:
    """Gitea signs the field of a form, so its body never matches: the advice must not be about the secret."""
    signed = b"{}"
    headers = {
        "content-type": "application/x-www-form-urlencoded",
        "x-gitea-event": "push",
        "x-gitea-signature": hmac.new(SECRET.encode(), signed, "sha256").hexdigest(),
    }
    with pytest.raises(DeliveryError, match="application/json") as caught:
        accept(name, Delivery("", headers, b"payload=" + quote(signed).encode(), 0), [SECRET])

    assert caught.value.status == 415


def test_githubs_signature_beside_gitea_s_own_does_not_count() -> None:
    """Gitea sends both; one of them decides."""
    right = hmac.new(SECRET.encode(), b"{}", "sha256").hexdigest()
    headers = {
        "content-type": "application/json",
        "x-gitea-event": "push",
        "x-hub-signature-256": f"sha256={right}",
    }
    with pytest.raises(DeliveryError, match="missing X-Gitea-Signature"):
        accept("gitea", Delivery("", headers, b"{}", 0), [SECRET])


@pytest.mark.parametrize(
    ("forgejo", "gitea", "accepted"),
    [(SECRET, "another", True), ("another", SECRET, False), ("", SECRET, True), (SECRET, "", True)],
)
def test_forgejo_s_own_signature_decides_where_both_came(forgejo: str, gitea: str, *, accepted: bool) -> None:
    """It sends both; a wrong one of its own is not saved by a right one under the old name."""
    body = b'{"commits": []}'
    headers = {"content-type": "application/json", "x-forgejo-event": "issues", "x-gitea-event": "issues"}
    for family, secret in (("forgejo", forgejo), ("gitea", gitea)):
        if secret:
            headers[f"x-{family}-signature"] = hmac.new(secret.encode(), body, "sha256").hexdigest()
    delivery = Delivery("", headers, body, 0)
    if accepted:
        assert isinstance(accept("forgejo", delivery, [SECRET]), Ignored)
    else:
        with pytest.raises(SignatureError, match="X-Forgejo-Signature does not match"):
            accept("forgejo", delivery, [SECRET])
