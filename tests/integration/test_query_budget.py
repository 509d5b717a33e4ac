"""How many statements a page costs on a cold cache: a bound for each kind, however many posts there are."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import event
from werkzeug.test import Client

from tests.served_site import ServedSite, Tree, post

# The publication, and the latest and the next instant of both columns: asked once an era, then known from memory.
ERA = 5
BUDGETS = {
    "/": 10,
    "/page/2/": 15,
    "/tags/": 7,
    "/tags/all/": 15,
    "/categories/": 7,
    "/categories/guide/": 15,
    "/series/": 7,
    "/series/long/": 8,
    "/authors/": 8,
    "/authors/ada/": 15,
    "/archive/": 8,
    "/2025/": 8,
    "/2025/01/": 8,
    "/feed.xml": 12,
    "/sitemap.xml": 5,
    "/robots.txt": 4,
    "/2025/01/p0/": 15,
    "/2025/01/p0/cat.png": 7,
    "/about/": 5,
    "/logo.txt": 4,
    "/old/": 8,
    "/search/?q=file+tag:all": 9,
    "/nothing/": 13,
    "/a/very/deep/address/with/nothing/behind/it/": 14,
}


EXPECTED = {"/old/": 301, "/nothing/": 404, "/a/very/deep/address/with/nothing/behind/it/": 404}


@contextmanager
def _counting(site: ServedSite) -> Iterator[list[str]]:
    """Note the statements that are sent; those that only open a transaction are none."""
    sent: list[str] = []

    def note(connection: Any, cursor: Any, statement: str, *rest: Any) -> None:
        if statement.lstrip().upper().startswith("SELECT"):
            sent.append(statement)

    event.listen(site.database.engine, "before_cursor_execute", note)
    yield sent
    event.remove(site.database.engine, "before_cursor_execute", note)


def _tree(start: int, stop: int) -> Tree:
    tree: Tree = {}
    for number in range(start, stop):
        folder = f"posts/p{number}"
        body = f"[next](../p{number + 1}/index.md) ![c](cat.png) [about](/about/) [file](/logo.txt)"
        filed = ("tags: [all, other]", "categories: [guide]", "series: Long", "authors: [Ada, Bob]")
        tree[f"{folder}/index.md"] = post(*filed, body=body, date="2025-01-05")
        tree[f"{folder}/cat.png"] = f"picture {number}".encode()
    return tree


def _costs(site: ServedSite) -> dict[str, int]:
    client = Client(site.app())
    costs = {}
    for address in BUDGETS:
        with _counting(site) as sent:
            status = client.get(address).status_code
        assert (address, status) == (address, EXPECTED.get(address, 200))
        costs[address] = len(sent) - ERA
    return costs


def test_a_page_costs_a_fixed_number_of_statements(small_site: ServedSite) -> None:
    """Twelve posts or sixty, each with a picture and links: the same statements, within the budget of the kind."""
    extra: Tree = {"pages/about.md": "---\ntitle: About\naliases: /old/\n---\n", "static/logo.txt": b"logo"}
    small_site.push({"blog.toml": "posts_per_page = 5\n", **extra, **_tree(0, 12)})
    few = _costs(small_site)
    small_site.push(_tree(12, 60))
    many = _costs(small_site)

    assert few == many
    assert {address: cost for address, cost in many.items() if cost > BUDGETS[address]} == {}


def test_an_answer_from_the_cache_costs_none_but_the_era(small_site: ServedSite) -> None:
    """A second reader of a page asks the database for nothing of it."""
    small_site.push(_tree(0, 2))
    small_site.get("/")
    with _counting(small_site) as sent:
        small_site.get("/")

    assert len(sent) == ERA


def test_a_probe_costs_one_statement(small_site: ServedSite) -> None:
    """Whoever watches the site asks every few seconds; the bare probe asks the database for nothing."""
    small_site.push(_tree(0, 2))
    costs = {}
    for address in ("/-/healthz", "/-/readyz"):
        with _counting(small_site) as sent:
            assert small_site.status_of(address) == 200
        costs[address] = len(sent)

    assert costs == {"/-/healthz": 0, "/-/readyz": 1}


def test_an_endless_address_costs_nothing(small_site: ServedSite) -> None:
    """No address is that long: thousands of slashes must not become thousands of questions."""
    small_site.push(_tree(0, 2))
    for address in ("/x" * 4000, "/" * 8000, "/2025/01/p0" + "/x" * 4000 + ".png"):
        with _counting(small_site) as sent:
            status = small_site.get(address).status_code

        assert (status, len(sent)) == (404, ERA + 1)


@pytest.mark.parametrize("address", ["/", "/feed.xml"])
def test_a_listing_costs_the_same_however_many_pictures_are_on_it(small_site: ServedSite, address: str) -> None:
    """What links lead to is one question for the whole page, not one a link."""
    small_site.push({"blog.toml": "posts_per_page = 5\n", **_tree(0, 1)})
    costs = []
    for stop in (1, 5):
        small_site.push({**_tree(0, stop), "static/x": str(stop)})
        with _counting(small_site) as sent:
            Client(small_site.app()).get(address)
        costs.append(len(sent))

    assert costs[0] == costs[1]
