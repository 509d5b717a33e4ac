"""The pages of docs/forges say of each forge what the program says, and their commands work."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from gitblog.webhooks import PROVIDERS
from gitblog.webhooks.instructions import MAKE_A_SECRET
from tests.docs.test_configuration_docs import DOCUMENT, section

ROOT = Path(__file__).parents[2]
# A page may be about two forges of one family.
PAGES = {path.stem: path.read_text(encoding="utf-8") for path in sorted((ROOT / "docs" / "forges").glob("*.md"))}
PAGE_OF = {name: "gitea" if name == "forgejo" else name for name in PROVIDERS}


def test_there_is_a_page_for_each_forge_and_no_other() -> None:
    """A new member brings its page."""
    assert sorted(set(PAGE_OF.values())) == sorted(PAGES)


@pytest.mark.parametrize("name", sorted(PROVIDERS))
def test_a_page_names_address_content_type_events_and_where_they_are_entered(name: str) -> None:
    """In the words of `gitblog webhook`."""
    page, setup = PAGES[PAGE_OF[name]], PROVIDERS[name].setup
    place = setup.page.removesuffix(f", {PROVIDERS[name].title}")

    assert f"`https://YOUR-HOST/-/webhooks/{name}`" in page
    assert f"`{setup.content_type.split(' ')[0]}`" in page
    assert f"| {setup.events} |" in page
    assert place in page


@pytest.mark.parametrize("name", sorted(PAGES))
def test_a_page_tells_secret_answers_and_credentials(name: str) -> None:
    """The parts that each page must have."""
    page = PAGES[name]

    assert all(word in page for word in ("WEBHOOK_SECRET", "CONTENT_TOKEN=", "CONTENT_SSH_KEY=", "202"))
    assert "(../configuration.md#the-webhook)" in page
    assert "\n### The webhook\n" in DOCUMENT


@pytest.mark.parametrize("name", sorted(PAGES))
def test_the_commands_of_a_page_work(name: str) -> None:
    """Each makes a secret, the same as `gitblog webhook` says."""
    commands = re.findall(r"^ *\$ (.*)$", PAGES[name], re.MULTILINE)

    assert commands == [MAKE_A_SECRET]
    made = subprocess.run(["bash", "-c", commands[0]], capture_output=True, text=True, check=True).stdout
    assert len(made.strip()) >= 16


def test_the_table_of_settings_leads_to_the_pages() -> None:
    """Whoever looks for the webhook finds the forge."""
    text = section("Settings")

    assert all(f"`/-/webhooks/{name}`" in text for name in PROVIDERS)
    assert "](forges/)" in text
