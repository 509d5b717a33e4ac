"""GitHub's own example payloads, signed by GitHub's own library, through the webhook.

Their versions are fixed here.
"""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass

import pytest
from flask import Flask

from gitblog.web.webhooks import Shown, blueprint
from tests.npm import npm_packages
from tests.tools import require_tool

PACKAGES = ("@octokit/webhooks-examples@7.6.1", "@octokit/webhooks-methods@6.0.0")
SECRET = "It's a Secret to Everybody"
SIGN = """
import { sign } from "@octokit/webhooks-methods";
let text = "";
for await (const chunk of process.stdin) text += chunk;
const { secret, bodies } = JSON.parse(text);
const signatures = [];
for (const body of bodies) signatures.push(await sign(secret, body));
process.stdout.write(JSON.stringify(signatures));
"""


@dataclass(frozen=True, slots=True)
class Example:
    """One payload of GitHub's: its event, its body, and the signature that GitHub's library gives it."""

    event: str
    body: str
    signature: str


@pytest.fixture(scope="session")
def examples() -> list[Example]:
    """Give all example payloads of api.github.com, signed."""
    node, folder = require_tool("node"), npm_packages("webhooks-7.6.1-6.0.0", *PACKAGES)
    index = folder / "node_modules/@octokit/webhooks-examples/api.github.com/index.json"
    events = json.loads(index.read_text(encoding="utf-8"))
    bodies = [(event["name"], json.dumps(example)) for event in events for example in event["examples"]]
    asked = json.dumps({"secret": SECRET, "bodies": [body for _, body in bodies]})
    command = [str(node), "--input-type=module", "--eval", SIGN]
    done = subprocess.run(command, cwd=folder, input=asked, capture_output=True, text=True, timeout=60, check=True)
    return [Example(*pair, signature) for pair, signature in zip(bodies, json.loads(done.stdout), strict=True)]


def test_every_example_of_github_gets_the_answer_of_the_contract(examples: list[Example]) -> None:
    """A push to a branch is 202, everything else 200 with its reason; no payload of GitHub's is refused."""
    hints: list[str] = []
    app = Flask(__name__)
    app.register_blueprint(
        blueprint(
            [SECRET],
            Shown("https://github.com/Codertocat/Hello-World", lambda: ""),
            lambda revision, _: hints.append(revision),
            lambda: 0.0,
        )
    )
    client = app.test_client()
    pushed: list[str] = []
    for example in examples:
        payload = json.loads(example.body)
        on_branch = example.event == "push" and payload["ref"].startswith("refs/heads/") and not payload["deleted"]
        response = client.post(
            "/-/webhooks/github",
            data=example.body.encode(),
            headers={
                "Content-Type": "application/json",
                "X-GitHub-Event": example.event,
                "X-GitHub-Delivery": "1",
                "X-Hub-Signature-256": example.signature,
            },
        )
        kind = "ping" if example.event == "ping" else "other_event"
        reasons = {"push", "not_a_branch", "branch_deleted", "other_repository"} if example.event == "push" else {kind}

        assert response.get_json()["reason"] in reasons, example.body[:200]
        ours = on_branch and payload["repository"]["full_name"] == "Codertocat/Hello-World"
        assert response.status_code == (202 if ours else 200), response.get_json()
        if ours:
            pushed.append(payload["after"])

    assert len(examples) > 300
    assert {"push", "ping", "issues", "release"} <= {example.event for example in examples}
    assert pushed
    assert hints == pushed
