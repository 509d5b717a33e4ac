"""Caddy before gitblog with the configuration of `deploy/caddy`."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.checkout import TOP
from tests.deploy.front_contract import FrontContract
from tests.front_servers import (
    Front,
    Gitblog,
    free_port,
    make_blog,
    make_certificates,
    rewritten,
    running,
    serving_blog,
    wait_until_answering,
)

PROGRAM = str(Path(sys.executable).with_name("caddy"))
HTTPS_NAMES = "https://blog.example.org, https://example.org {"


@contextmanager
def caddy_before(gitblog: Gitblog, folder: Path) -> Iterator[Front]:
    """Run Caddy over the shipped configuration, with ports of the test's and certificates that nobody is asked for."""
    certificates = make_certificates(folder / "certificates")
    http_port, https_port = free_port(), free_port()
    config = folder / "Caddyfile"
    config.write_text((TOP / "deploy" / "caddy" / "Caddyfile").read_text())
    rewritten(
        config,
        {
            "auto_https disable_redirects": f"auto_https disable_redirects\n\tadmin off\n\tskip_install_trust\n"
            f"\thttp_port {http_port}\n\thttps_port {https_port}\n\tdefault_bind 127.0.0.1",
            HTTPS_NAMES: f"{HTTPS_NAMES}\n\ttls {certificates.certificate} {certificates.key}",
            "127.0.0.1:8000": f"127.0.0.1:{gitblog.port}",
        },
    )
    made = Front(gitblog, http_port, https_port, certificates, (folder / "caddy.log",))
    command = [PROGRAM, "run", "--config", str(config), "--adapter", "caddyfile"]
    own = {"PATH": os.environ["PATH"], "HOME": str(folder), "XDG_DATA_HOME": str(folder)}
    with running(command, folder / "caddy.log", own):
        wait_until_answering(made)
        yield made


@pytest.fixture(scope="class")
def front(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Front]:
    """A running Caddy before a running gitblog."""
    folder = tmp_path_factory.mktemp("caddy")
    with serving_blog(folder / "blog", WEB_CONCURRENCY="1") as gitblog, caddy_before(gitblog, folder) as made:
        yield made


@pytest.fixture
def lonely_front(tmp_path: Path) -> Iterator[Front]:
    """A running Caddy before a gitblog that does not run."""
    with caddy_before(make_blog(tmp_path / "blog"), tmp_path) as made:
        yield made


class TestCaddy(FrontContract):
    """What every front does; Caddy stores nothing."""
