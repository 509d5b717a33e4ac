"""`gitblog webhook`, run as a program."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from gitblog.webhooks import PROVIDERS
from tests.history_builder import Builder

TOP = Path(__file__).resolve().parents[2]
SECRET = "a secret that is never printed"


def gitblog(folder: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a command in an empty folder, with nothing set but what is given."""
    known = {"PATH": os.environ["PATH"], "PYTHONPATH": str(TOP), "HOME": str(folder), **environment}
    command = [sys.executable, "-m", "gitblog", *arguments]
    return subprocess.run(command, cwd=folder, env=known, capture_output=True, text=True, check=False, timeout=60)


def addresses(text: str) -> list[str]:
    """Give the addresses that were printed."""
    return [line.split()[-1] for line in text.splitlines() if line.startswith("  address ")]


def expected(origin: str) -> list[str]:
    """Give the address of each forge below an origin."""
    return [f"{origin}/-/webhooks/{name}" for name in sorted(PROVIDERS)]


def test_each_forge_has_its_address_content_type_events_and_secret(tmp_path: Path) -> None:
    """Under SITE_URL where it is set; a slash at its end does not count."""
    done = gitblog(tmp_path, "webhook", SITE_URL="https://blog.example.org/", WEBHOOK_SECRET=SECRET)

    assert (done.returncode, done.stderr) == (0, "")
    assert addresses(done.stdout) == expected("https://blog.example.org")
    for provider in PROVIDERS.values():
        part = done.stdout.split(f"\n{provider.title}: ")[1].split("\n\n")[0]
        assert part.splitlines()[0] == provider.setup.page
        assert f"  content type  {provider.setup.content_type}\n" in part
        assert f"  events        {provider.setup.events}\n" in part
        assert f"  secret        {provider.setup.field}" in part
    assert "HOST-OF-YOURS" not in done.stdout


@pytest.mark.parametrize("variables", [{"WEBHOOK_SECRET": SECRET}, {"WEBHOOK_SECRET": f"{SECRET},{SECRET} too"}])
def test_a_secret_is_never_printed(tmp_path: Path, variables: dict[str, str]) -> None:
    """That it is set is all that is said, with how to change it."""
    done = gitblog(tmp_path, "webhook", **variables)

    assert done.stdout.startswith("WEBHOOK_SECRET is set: ")
    assert "WEBHOOK_SECRET=old,new" in done.stdout
    assert SECRET not in done.stdout + done.stderr


def test_without_a_secret_it_says_so_and_how_to_make_one(tmp_path: Path) -> None:
    """The command that is printed makes one that is long enough."""
    done = gitblog(tmp_path, "webhook")
    make = done.stdout.split("Make a secret with: ")[1].splitlines()[0]
    made = subprocess.run(["bash", "-c", make], capture_output=True, text=True, check=True).stdout.strip()

    assert done.returncode == 0
    assert done.stdout.startswith("WEBHOOK_SECRET is not set: until it is, every delivery is answered with 503.\n")
    assert gitblog(tmp_path, "webhook", WEBHOOK_SECRET=made).stdout.startswith("WEBHOOK_SECRET is set: ")


def test_without_an_address_there_is_a_placeholder_and_what_to_set(tmp_path: Path) -> None:
    """Nothing was published, so nothing is known; and nothing is written."""
    done = gitblog(tmp_path, "webhook")

    assert addresses(done.stdout) == expected("http://HOST-OF-YOURS")
    assert "Set SITE_URL, or url in blog.toml" in done.stdout
    assert list(tmp_path.iterdir()) == []


def test_the_published_url_is_the_address_where_site_url_is_not_set(tmp_path: Path) -> None:
    """Without its path: the webhooks stay at the host's root."""
    Builder(tmp_path / "blog").commit({"blog.toml": b'url = "https://me.example/notes"\n'}, [], 1_600_000_000, "main")
    synced = gitblog(tmp_path, "sync", CONTENT_REPO="blog")
    assert synced.returncode == 0, synced.stderr
    done = gitblog(tmp_path, "webhook", CONTENT_REPO="blog")

    assert addresses(done.stdout) == expected("https://me.example")
    told = gitblog(tmp_path, "webhook", CONTENT_REPO="blog", SITE_URL="https://other.example")
    assert addresses(told.stdout) == expected("https://other.example")


def test_a_wrong_setting_is_one_line_and_status_2(tmp_path: Path) -> None:
    """A secret that is too short is not repeated."""
    done = gitblog(tmp_path, "webhook", WEBHOOK_SECRET="short")

    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("gitblog: WEBHOOK_SECRET is shorter than 16 characters")
    assert done.stderr.count("\n") == 1
    assert '"short"' not in done.stderr
