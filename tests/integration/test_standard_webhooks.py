"""Signatures of the Standard Webhooks library, which GitLab checks its own against, through GitLab's webhook."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Sequence

import pytest
from flask import Flask
from flask.testing import FlaskClient

from gitblog.web.webhooks import Shown, blueprint
from tests.npm import npm_packages
from tests.tools import require_tool
from tests.webhook_senders import COMMIT, OTHER_TOKEN, SENDERS, SIGNING_TOKEN

BODIES = (
    SENDERS["gitlab with a signing token"].body(),
    SENDERS["gitlab with a signing token"].body({"refs/heads/ä": COMMIT}),
)
SIGN = """
import { Webhook } from "standardwebhooks";
let text = "";
for await (const chunk of process.stdin) text += chunk;
const { key, seconds, bodies } = JSON.parse(text);
const sign = (body, i) => new Webhook(key).sign(`message-${i}`, new Date(seconds * 1000), body);
process.stdout.write(JSON.stringify(bodies.map(sign)));
"""


def signatures(key: str, seconds: int, bodies: Sequence[bytes]) -> list[str]:
    """Sign bodies with the library; the first is message-0."""
    folder = npm_packages("standardwebhooks-1.0.0", "standardwebhooks@1.0.0")
    command = [str(require_tool("node")), "--input-type=module", "--eval", SIGN]
    asked = json.dumps({"key": key, "seconds": seconds, "bodies": [body.decode() for body in bodies]})
    done = subprocess.run(command, cwd=folder, input=asked, capture_output=True, text=True, timeout=60, check=True)
    signed: list[str] = json.loads(done.stdout)
    return signed


@pytest.fixture
def client() -> FlaskClient:
    """Give a site that knows one signing token."""
    app = Flask(__name__)
    hints: list[str] = []
    app.register_blueprint(
        blueprint(
            [SIGNING_TOKEN], Shown("/srv/blog", lambda: ""), lambda revision, _: hints.append(revision), lambda: 0.0
        )
    )
    return app.test_client()


@pytest.mark.parametrize(("key", "code"), [(SIGNING_TOKEN, 202), (OTHER_TOKEN, 401)])
def test_the_library_s_signature_is_accepted_under_the_right_key_alone(
    client: FlaskClient, key: str, code: int
) -> None:
    """Body, id and time as the library joins them, at the time of day."""
    seconds = int(time.time())
    for number, (body, signature) in enumerate(zip(BODIES, signatures(key, seconds, BODIES), strict=True)):
        headers = {
            "Content-Type": "application/json",
            "X-Gitlab-Event": "Push Hook",
            "webhook-id": f"message-{number}",
            "webhook-timestamp": str(seconds),
            "webhook-signature": signature,
        }
        response = client.post("/-/webhooks/gitlab", data=body, headers=headers)

        assert response.status_code == code, response.get_json()
