"""The redirect to the site's own host."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest
from werkzeug.test import Client

from gitblog.web.hosts import canonical_host, origin_of


def _site(environ: Any, start_response: Any) -> Iterable[bytes]:
    start_response("200 OK", [])
    return [b"site"]


def _client(*, compare_scheme: bool = False) -> Client:
    return Client(canonical_host(_site, "https://example.org/b", lambda: "", compare_scheme=compare_scheme))


@pytest.mark.parametrize("host", ["example.org", "EXAMPLE.org", "example.org:443"])
def test_the_sites_own_host_is_served(host: str) -> None:
    """Case and the default port make no other host."""
    assert _client().get("/x", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize("host", ["other.test", "example.org:8000", "example.org.evil.test", "", "a b"])
def test_another_host_is_sent_to_the_sites_own(host: str) -> None:
    """Path and query are kept, and the Location is made of the setting alone."""
    answer = _client().get("/k%C3%A4se/?q=a+b&c=%2F", headers={"Host": host})

    assert answer.status_code == 301
    assert answer.headers["Location"] == "https://example.org/k%C3%A4se/?q=a+b&c=%2F"
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]


def test_probes_and_writes_are_never_redirected() -> None:
    """A webhook comes by the name that the forge knows, and a POST cannot be redirected without its body."""
    assert _client().get("/-/healthz", headers={"Host": "10.0.0.1"}).status_code == 200
    assert _client().post("/x", headers={"Host": "10.0.0.1"}).status_code == 200


def test_the_scheme_counts_only_where_a_proxy_tells_it() -> None:
    """Behind an unknown proxy every request looks like http: comparing would turn in a circle."""
    assert _client().get("/", headers={"Host": "example.org"}).status_code == 200
    assert _client(compare_scheme=True).get("/", headers={"Host": "example.org"}).status_code == 301


@pytest.mark.parametrize(
    ("url", "expected"),
    [("https://example.org/b/", "https://example.org"), ("", ""), ("example.org", ""), ("/b", "")],
)
def test_an_origin_is_scheme_and_host(url: str, expected: str) -> None:
    """A public address without either gives none."""
    assert expected == origin_of(url)
