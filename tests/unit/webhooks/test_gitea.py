"""What only Gitea does."""

from __future__ import annotations

import hmac
from urllib.parse import quote

import pytest

from gitblog.errors import DeliveryError
from gitblog.webhooks import accept

SECRET = "a secret of this test alone"


def test_a_form_is_told_the_content_type_and_not_a_wrong_secret() -> None:
    """Gitea signs the field of a form, so its body never matches: the advice must not be about the secret."""
    signed = b"{}"
    headers = {
        "content-type": "application/x-www-form-urlencoded",
        "x-gitea-event": "push",
        "x-gitea-signature": hmac.new(SECRET.encode(), signed, "sha256").hexdigest(),
    }
    with pytest.raises(DeliveryError, match="application/json") as caught:
        accept("gitea", headers, b"payload=" + quote(signed).encode(), [SECRET])

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
        accept("gitea", headers, b"{}", [SECRET])
