"""The starter's pages judged by tools that are not ours: `make audit-site` prints the counts, tests want zeros.

Nu's HTML checker (with CSS), axe-core in Debian's Chromium, and what a browser really fetches.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from playwright.sync_api import Browser, Page, Request, sync_playwright

from tests.npm import npm_packages
from tests.served_site import ServedSite
from tests.starter_site import PAGES, STATUSES, listening, starter_site
from tests.tools import require_tool

WIDTHS: Final = (360, 1440)
SCHEMES: Final = ("light", "dark")


@contextmanager
def browser() -> Iterator[Browser]:
    """Start Chromium without a window."""
    program = require_tool("chromium", "chromium-browser", "google-chrome")
    with sync_playwright() as playwright:
        # Its sandbox needs rights that a container's root does not have; only our own pages are opened.
        opened = playwright.chromium.launch(executable_path=str(program), args=["--no-sandbox"])
        yield opened
        opened.close()


def html_messages(files: Mapping[str, bytes], folder: Path) -> list[str]:
    """Give what Nu's checker says of files by name ("home.html", "style.css"): errors and warnings, nothing else."""
    java = require_tool("java")
    jar = npm_packages("vnu-jar-26.9.27", "vnu-jar@26.9.27") / "node_modules/vnu-jar/build/dist/vnu.jar"
    for name, data in files.items():
        (folder / name).write_bytes(data)
    paths = [str(folder / name) for name in files]
    command = [str(java), "-Xss2m", "-jar", str(jar), "--format", "json", "--also-check-css", "--exit-zero-always"]
    done = subprocess.run([*command, *paths], capture_output=True, text=True, timeout=300, check=True)
    messages = json.loads(done.stderr or done.stdout)["messages"]
    return [
        f"{Path(each.get('url', '')).name}:{each.get('lastLine', 0)}: {each['message']}"
        for each in messages
        if each["type"] != "info" or each.get("subType") == "warning"
    ]


def audited_files(site: ServedSite) -> dict[str, bytes]:
    """Give a page of each kind and the style sheet, as they are sent, by a file name."""
    pages = {f"{name}.html": site.get(address).data for name, address in PAGES.items()}
    address = next(word for word in site.text("/").split('"') if word.endswith("style.css"))
    return {**pages, "style.css": site.get(address).data}


def axe_violations(page: Page) -> list[str]:
    """Give the rules of axe-core that the open page breaks, each with the element."""
    source = npm_packages("axe-core-4.14.1", "axe-core@4.14.1") / "node_modules/axe-core/axe.min.js"
    page.evaluate(source.read_text(encoding="utf-8"))
    found: list[dict[str, Any]] = page.evaluate("axe.run().then(result => result.violations)")
    return [f"{each['id']}: {node['html'][:120]}" for each in found for node in each["nodes"]]


def overflows(page: Page) -> bool:
    """Say whether the page is wider than its window."""
    wide: bool = page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth")
    return wide


@contextmanager
def fetched(page: Page) -> Iterator[list[tuple[str, int]]]:
    """Note each request with the bytes of its answer's head and body as they came over the wire."""
    found: list[tuple[str, int]] = []

    def note(request: Request) -> None:
        sizes = request.sizes()
        found.append((request.url, sizes["responseBodySize"] + sizes["responseHeadersSize"]))

    page.on("requestfinished", note)
    yield found
    page.remove_listener("requestfinished", note)


def main() -> int:
    """Print how many complaints each judge has; exit 1 where there is one."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        (folder / "pages").mkdir()
        with starter_site(folder) as site, listening(site) as base, browser() as opened:
            said = {"Nu HTML checker": html_messages(audited_files(site), folder / "pages")}
            for scheme in SCHEMES:
                for width in WIDTHS:
                    said[f"axe-core, {scheme}, {width} px"] = _looked_at(opened, base, scheme, width)
    for judge, complaints in said.items():
        print(f"{judge}: {len(complaints)} complaints on {len(PAGES)} pages")
        for complaint in complaints:
            print(f"  {complaint}")
    return 1 if any(said.values()) else 0


def _looked_at(opened: Browser, base: str, scheme: Any, width: int) -> list[str]:
    context = opened.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
    page, complaints = context.new_page(), []
    for name, address in PAGES.items():
        answer = page.goto(base + address)
        if answer is None or answer.status != STATUSES.get(name, 200):
            complaints.append(f"{name}: not answered as it should")
        complaints += [f"{name}: {each}" for each in axe_violations(page)]
        if overflows(page):
            complaints.append(f"{name}: wider than the window")
    context.close()
    return complaints


if __name__ == "__main__":
    sys.exit(main())
