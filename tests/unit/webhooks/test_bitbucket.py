"""What only Bitbucket does, as Cloud and as Data Center."""

from __future__ import annotations

import json

import pytest

from gitblog.errors import DeliveryError, SignatureError
from gitblog.model import PushEvent
from gitblog.webhooks import Ignored, accept, reason_to_ignore
from tests.webhook_senders import COMMIT, SECRET, SENDERS, Payload, Sender, replaced

CLOUD = SENDERS["bitbucket cloud"]
DATA_CENTER = SENDERS["bitbucket data center"]


def deliver(sender: Sender, payload: Payload) -> PushEvent | Ignored:
    """Sign and accept a payload."""
    return accept("bitbucket", sender.make(json.dumps(payload).encode()), [SECRET])


def test_the_documented_signature_is_right() -> None:
    """Atlassian documents secret, body and signature; the body is no JSON, so it is refused only after that."""
    headers = {
        "x-hub-signature": "sha256=a4771c39fbe90f317c7824e83ddef3caae9cb3d976c214ace1f2937e133263c9",
        "content-type": "application/json",
        "x-event-key": "repo:push",
    }
    with pytest.raises(DeliveryError, match="not the JSON"):
        accept("bitbucket", CLOUD.make(b"Hello World!", headers), ["It's a Secret to Everybody"])


@pytest.mark.parametrize("kind", ["tag", "annotated_tag", "named_branch", "bookmark"])
def test_what_is_no_branch_at_cloud_is_ignored(kind: str) -> None:
    """Its name may be that of the branch."""
    outcome = deliver(CLOUD, replaced(CLOUD.payload(), ("push", "changes", 0, "new", "type"), kind))

    assert isinstance(outcome, Ignored)
    assert outcome.reason == "not_a_branch"


@pytest.mark.parametrize(("sender", "path"), [(CLOUD, ("push", "changes")), (DATA_CENTER, ("changes",))])
def test_a_push_without_changes_is_ignored(sender: Sender, path: tuple[str, ...]) -> None:
    """There is nothing to name, and it is no error of anybody's."""
    outcome = deliver(sender, replaced(sender.payload(), path, []))

    assert isinstance(outcome, Ignored)
    assert outcome.reason == "not_a_branch"


def test_a_change_at_cloud_with_neither_side_is_refused() -> None:
    """A new branch has no old side and a deleted one no new side; without both there is no name."""
    change = {"new": None, "old": None}
    with pytest.raises(DeliveryError, match="old is missing"):
        deliver(CLOUD, replaced(CLOUD.payload(), ("push", "changes", 0), change))


def test_a_new_branch_at_cloud_has_no_old_side() -> None:
    """As after the first push."""
    event = deliver(CLOUD, replaced(CLOUD.payload(), ("push", "changes", 0, "old"), None))

    assert isinstance(event, PushEvent)
    assert event.refs == {"refs/heads/main": COMMIT}


@pytest.mark.parametrize(
    ("links", "address"),
    [
        (..., ""),
        ({"clone": []}, ""),
        (
            {"clone": [{"href": "ssh://git@forge.example:7999/me/blog.git", "name": "ssh"}]},
            "ssh://git@forge.example:7999/me/blog.git",
        ),
    ],
)
def test_data_center_may_send_no_address_over_http(links: object, address: str) -> None:
    """Old versions send none, and then no repository is taken for another one."""
    event = deliver(DATA_CENTER, replaced(DATA_CENTER.payload(), ("repository", "links"), links))

    assert isinstance(event, PushEvent)
    assert event.repository == address
    assert reason_to_ignore(event, "https://forge.example/scm/me/blog.git", "main") is None


@pytest.mark.parametrize(
    ("ours", "reason"),
    [
        ("https://forge.example/scm/me/blog.git", None),
        ("ssh://git@forge.example:7999/me/blog.git", None),
        ("ssh://git@forge.example:7999/ME/blog.git", None),
        ("https://forge.example/scm/me/shop.git", "other_repository"),
        ("ssh://git@forge.example:7999/you/blog.git", "other_repository"),
    ],
)
def test_data_center_s_two_addresses_are_one_repository(ours: str, reason: str | None) -> None:
    """Over http there is a folder that ssh lacks."""
    event = deliver(DATA_CENTER, DATA_CENTER.payload())
    assert isinstance(event, PushEvent)
    ignored = reason_to_ignore(event, ours, "main")

    assert (ignored.reason if ignored else None) == reason


def test_an_unsigned_test_of_the_connection_is_told_so() -> None:
    """Data Center signs pushes but not its test in every version: the secret may be right all the same."""
    headers = DATA_CENTER.headers(b'{"test": true}', event="diagnostics:ping")
    del headers["x-hub-signature"]
    with pytest.raises(SignatureError, match="test of the connection may come unsigned") as caught:
        accept("bitbucket", DATA_CENTER.make(b'{"test": true}', headers), [SECRET])

    assert caught.value.status == 401
