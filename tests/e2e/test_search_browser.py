"""Search in a real browser: results while one types, and the same page without any script."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright
from werkzeug.serving import make_server

from tests.served_site import ServedSite, post, served_site
from tests.tools import require_tool

FOUND = "#found article h2 a"


@pytest.fixture
def site(tmp_path: Path) -> Iterator[ServedSite]:
    """A blog of two posts."""
    with served_site(tmp_path, f"sqlite:///{tmp_path / 'index.sqlite'}") as opened:
        tree = {"posts/a.md": post(title="Photography", body="fox"), "posts/b.md": post(body="photographs, cat")}
        opened.push({**tree, "static/favicon.ico": "asked for by every browser"})
        yield opened


@pytest.fixture
def origin(site: ServedSite) -> Iterator[str]:
    """The address at which the blog is served over HTTP."""
    server = make_server("127.0.0.1", 0, site.app(), threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def browser() -> Iterator[Browser]:
    """The system's own Chromium."""
    program = require_tool("chromium", "chromium-browser", "google-chrome")
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield opened
        opened.close()


@contextmanager
def visiting(browser: Browser, address: str, *, scripts: bool) -> Iterator[tuple[Page, list[str]]]:
    """Open an address; give the page and what the browser complained about."""
    context = browser.new_context(java_script_enabled=scripts)
    page, complaints = context.new_page(), list[str]()
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(address)
    yield page, complaints
    context.close()


def test_results_appear_while_one_types(browser: Browser, origin: str) -> None:
    """The beginning of a word finds it, the address follows, and reloading shows the finished question."""
    with visiting(browser, f"{origin}/search/", scripts=True) as (page, complaints):
        page.get_by_role("searchbox").press_sequentially("photogr")
        expect(page.locator(FOUND)).to_have_text(["Photography", "A title"])
        expect(page.get_by_role("status")).to_have_text("2 results")
        page.get_by_role("searchbox").fill("-photogr* fox")
        expect(page.locator(FOUND)).to_have_count(0)
        page.get_by_role("searchbox").fill("fox")
        expect(page.locator(FOUND)).to_have_text(["Photography"])
        assert page.locator("#found mark").all_inner_texts() == ["fox"]
        page.wait_for_url(f"{origin}/search/?q=fox")
        page.reload()
        expect(page.locator(FOUND)).to_have_text(["Photography"])
        page.get_by_role("searchbox").fill("")
        expect(page.locator("#found .hints")).to_be_visible()

    assert complaints == []


def test_search_works_by_keyboard_without_scripts(browser: Browser, origin: str) -> None:
    """From the page of a dead link: type, Enter, and the first result is a few tabs away."""
    with visiting(browser, f"{origin}/nothing/", scripts=False) as (page, _):
        page.get_by_role("searchbox").fill('fox -"nothing"')
        page.keyboard.press("Enter")
        page.wait_for_url(f"{origin}/search/?q=fox+-%22nothing%22")
        expect(page.locator(FOUND)).to_have_text(["Photography"])
        page.get_by_role("searchbox").focus()
        for _ in range(2):
            page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        page.wait_for_url(f"{origin}/2026/01/a/")


def test_the_page_before_answers_where_the_network_fails(browser: Browser, origin: str) -> None:
    """What is shown stays; the button leads to the form's address as without a script."""
    with visiting(browser, f"{origin}/search/?q=fox", scripts=True) as (page, complaints):
        page.route("**/search/**", lambda route: route.abort())
        with page.expect_console_message():
            page.get_by_role("searchbox").fill("cat")
        expect(page.locator(FOUND)).to_have_text(["Photography"])
        page.unroute_all()
        page.get_by_role("button", name="Search").click()
        expect(page.locator(FOUND)).to_have_text(["A title"])

    assert complaints
