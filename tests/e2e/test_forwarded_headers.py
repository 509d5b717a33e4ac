"""Whose word counts about where a request came from: gunicorn's own defaults would believe the whole machine."""

from __future__ import annotations

import socket
from pathlib import Path

from tests.front_servers import serving_blog


def _status_line(port: int, headers: str) -> bytes:
    with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
        connection.sendall(f"GET / HTTP/1.1\r\nHost: x\r\n{headers}Connection: close\r\n\r\n".encode())
        return connection.makefile("rb").readline().strip()


def test_without_trusted_proxies_no_header_moves_the_site(tmp_path: Path) -> None:
    """Neither a prefix nor a scheme, also where the client is of this machine; and none of them is an error."""
    with serving_blog(tmp_path / "blog", TRUSTED_PROXIES="0", SITE_URL="") as gitblog:
        for headers in ("", "SCRIPT_NAME: /elsewhere\r\n", "X-Forwarded-Ssl: on\r\nX-Forwarded-Proto: http\r\n"):
            assert (headers, _status_line(gitblog.port, headers)) == (headers, b"HTTP/1.1 200 OK")
