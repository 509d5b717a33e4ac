"""The default theme in a real browser and before real checkers: every kind of page of the starter."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.audits import SCHEMES, WIDTHS, audited_files, axe_violations, browser, fetched, html_messages, overflows
from tests.served_site import ServedSite, post, served_site
from tests.starter_site import PAGES, STATUSES, listening, starter_site

# What a reader waits for: the page and its style sheet, beside them the script of the switch.
MAX_REQUESTS = 2
MAX_BYTES = 25_000
POST = PAGES["post of a series"]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedSite]:
    """The starter, as `make run` shows it."""
    with starter_site(tmp_path_factory.mktemp("starter")) as opened:
        yield opened


@pytest.fixture(scope="module")
def base(site: ServedSite) -> Iterator[str]:
    """The address at which it is served."""
    with listening(site) as address:
        yield address


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """One browser for all tests of the file."""
    with browser() as opened:
        yield opened


@pytest.fixture
def context(chromium: Browser) -> Iterator[BrowserContext]:
    """A reader who was never here before."""
    opened = chromium.new_context(color_scheme="light")
    yield opened
    opened.close()


def _open(page: Page, address: str, status: int = 200) -> None:
    answer = page.goto(address)
    assert answer is not None
    assert (address, answer.status) == (address, status)


def _paper(page: Page) -> str:
    colour: str = page.evaluate("getComputedStyle(document.body).backgroundColor")
    return colour


def test_the_checker_of_html_and_css_has_nothing_to_say(site: ServedSite, tmp_path: Path) -> None:
    """No error and no warning of Nu's on any kind of page, nor on the style sheet."""
    files = audited_files(site)
    assert len(files) == len(PAGES) + 1
    for name, address in PAGES.items():
        assert (name, site.status_of(address)) == (name, STATUSES.get(name, 200))

    assert html_messages(files, tmp_path) == []


def test_the_checker_would_have_something_to_say(tmp_path: Path) -> None:
    """An error and a warning of a page and an error of a style sheet: that silence means something."""
    files = {
        "bad.html": b"<!doctype html><html lang=en><title>x</title><p><table align=left></table><section></section>",
        "bad.css": b"a { colour: red }",
    }

    assert len(html_messages(files, tmp_path)) >= 3


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("scheme", SCHEMES)
def test_nothing_keeps_anybody_out(chromium: Browser, base: str, scheme: Any, width: int) -> None:
    """axe-core finds no violation on any kind of page, and nothing is wider than the window."""
    context = chromium.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
    page, found = context.new_page(), {}
    for name, address in PAGES.items():
        _open(page, base + address, STATUSES.get(name, 200))
        if complaints := [*axe_violations(page), *(["wider than the window"] if overflows(page) else [])]:
            found[name] = complaints
    context.close()

    assert found == {}


def test_a_post_is_light(context: BrowserContext, base: str) -> None:
    """Without pictures and without scripts: the page and one style sheet; the switch's script is one more."""
    page = context.new_page()
    with fetched(page) as requests:
        page.goto(base + POST, wait_until="networkidle")
    needed = [url for url, _ in requests if not url.endswith((".js", "/favicon.ico"))]

    assert len(needed) <= MAX_REQUESTS, requests
    assert len([url for url, _ in requests if url.endswith(".js")]) == 1
    assert sum(size for _, size in requests) <= MAX_BYTES, requests


def test_a_choice_of_colours_is_remembered_and_never_flashes(context: BrowserContext, base: str) -> None:
    """System, light, dark, system: the attribute stands before the first paint of the next page."""
    page = context.new_page()
    _open(page, base + "/")
    switch = page.get_by_role("button", name="Colours: system")
    light = _paper(page)
    switch.click()
    expect(page.get_by_role("button", name="Colours: light")).to_be_visible()
    page.get_by_role("button", name="Colours: light").click()
    dark = _paper(page)
    assert dark != light
    page.add_init_script(
        "document.addEventListener('readystatechange', () => "
        "{ window.early = window.early || document.documentElement.dataset.scheme })"
    )
    _open(page, base + "/archive/")

    assert (page.evaluate("window.early"), _paper(page)) == ("dark", dark)
    page.get_by_role("button", name="Colours: dark").click()
    assert (_paper(page), page.evaluate("localStorage.length")) == (light, 0)


@pytest.mark.parametrize("scheme", SCHEMES)
def test_without_javascript_the_system_decides(chromium: Browser, base: str, scheme: Any) -> None:
    """Everything can be read and reached; what would not work is not shown."""
    context = chromium.new_context(java_script_enabled=False, color_scheme=scheme)
    page = context.new_page()
    for name, address in PAGES.items():
        _open(page, base + address, STATUSES.get(name, 200))
        expect(page.locator("h1").first).to_be_visible()
        if address.startswith("/-/"):
            continue
        expect(page.locator(".scheme")).to_be_hidden()
        expect(page.get_by_role("navigation", name="Site").get_by_role("link").first).to_be_visible()
    context.close()


def test_the_whole_page_is_reached_by_the_keyboard(context: BrowserContext, base: str) -> None:
    """The first stop leads past the menu; each stop shows where it is; what scrolls sideways is one of them."""
    page = context.new_page()
    _open(page, base + PAGES["post with code"])
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to content")).to_be_focused()
    expect(page.get_by_role("link", name="Skip to content")).to_be_in_viewport()
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()
    wanted = page.locator("main :is(a[href], summary, pre):visible").count()
    stops = []
    for _ in range(wanted):
        page.keyboard.press("Tab")
        stops.append(page.evaluate("document.activeElement.tagName"))
        assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") != "none", stops

    assert {"A", "SUMMARY", "PRE"} <= set(stops)
    assert page.evaluate("document.querySelector('main').contains(document.activeElement)")


def test_paper_gets_no_menus_and_no_night(context: BrowserContext, base: str) -> None:
    """A print is black on white whatever the reader chose, and says where its links lead."""
    page = context.new_page()
    _open(page, base + "/")
    page.evaluate("localStorage.setItem('gitblog-scheme', 'dark')")
    _open(page, base + POST)
    page.emulate_media(media="print")

    assert _paper(page) == "rgb(255, 255, 255)"
    expect(page.get_by_role("navigation", name="Site")).to_be_hidden()
    expect(page.locator("h1")).to_be_visible()


# Where the first line of a text begins in its box, by the geometry of its glyphs.
_EDGE = """() => {
  const range = document.createRange();
  range.selectNodeContents(document.querySelector("article h1"));
  const box = range.getBoundingClientRect();
  return box.left > innerWidth - box.right ? "right" : "left";
}"""
_SCRIPTS = {
    "ar": ("البحر والميناء", "كلمات عن البحر والسفن. ", "right"),
    "he": ("הים והנמל", "מילים על הים. ", "right"),
    "ja": ("港と海", "港について書きます。", "left"),
    "zh": ("港口与大海", "关于港口的文字。", "left"),
}


@pytest.mark.parametrize("language", _SCRIPTS)
def test_other_scripts_begin_at_their_own_edge(chromium: Browser, tmp_path: Path, language: str) -> None:
    """The whole page is mirrored, code is not, and a phone shows it without scrolling sideways."""
    title, words, edge = _SCRIPTS[language]
    text = words * 20
    code = "```python\nprint(1)\n```"
    body = f"{text}\n\n> [!NOTE]\n> {text}\n\n- [x] {title}\n\n{code}\n\n| {title} | b |\n|---|---|\n| a | b |"
    config = f'title = "{title}"\nlanguage = "{language}"\n'
    with served_site(tmp_path, f"sqlite:///{tmp_path / 'index.sqlite'}") as site, listening(site) as base:
        site.push({"blog.toml": config, "posts/a.md": post(title=title, body=body)})
        context = chromium.new_context(viewport={"width": 360, "height": 800})
        page = context.new_page()
        for address in ("/", "/archive/", "/2026/01/a/"):
            _open(page, base + address)
            assert (axe_violations(page), overflows(page)) == ([], False)
        found = page.evaluate(_EDGE), page.evaluate("getComputedStyle(document.querySelector('pre')).direction")
        context.close()

    assert found == (edge, "ltr")
