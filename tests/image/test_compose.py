"""docker-compose.yml, run service by service: what stands in the file is started by podman, in the file's order.

docker itself is not needed. Each container has an address of its own on a bridge, and finds the others by the names
of their services in /etc/hosts, where `web` has as many addresses as replicas.
"""

from __future__ import annotations

import re
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg2
import pytest

from tests.checkout import TOP, make_checkout
from tests.compose_file import read_env, read_services
from tests.git_server import GitServer
from tests.history_builder import Builder, run_git
from tests.image.blog import publish
from tests.image.engine import Engine
from tests.image.network import Network, open_network
from tests.image.servers import provide_server
from tests.image.stack import Stack, opened
from tests.webhook_senders import SECRET, SENDERS

PASSWORD = "a-password.of_this-test"
SIDES = ("postgres", "redis", "nginx")


@pytest.fixture(scope="session")
def servers(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, str]:
    """What runs for each image of another project."""
    variables = {**read_env((TOP / ".env.sample").read_text()), "POSTGRES_PASSWORD": PASSWORD}
    services = read_services([TOP / "docker-compose.yml"], variables, SIDES)
    context = tmp_path_factory.mktemp("servers")
    return {services[name].image: provide_server(engine, services[name].image, context) for name in SIDES}


@dataclass(frozen=True, slots=True)
class Compose:
    """Compose itself, so to say: what it would start of the files in a folder, and with which images."""

    engine: Engine
    image: str
    servers: Mapping[str, str]
    network: Network

    @contextmanager
    def project(self, mode: str = "", top: Path = TOP, **more: str) -> Iterator[Stack]:
        """Give a project whose .env is the sample, a password and `more`; without a mode as a plain `up` sees it."""
        sample = read_env((TOP / ".env.sample").read_text())
        variables = {**sample, "GITBLOG_IMAGE": self.image, "POSTGRES_PASSWORD": PASSWORD, **more}
        files = [top / "docker-compose.yml", *([top / f"docker-compose.{mode}.yml"] if mode else [])]
        services = read_services(files, variables, variables["COMPOSE_PROFILES"].split(","))
        # A service that is named on the command line has its profile active: `run --rm migrate`.
        once = {"migrate": read_services(files, variables, ["migrate"])["migrate"]}
        named = {**services, **once}
        with opened(Stack(self.engine, services, named, self.servers, top, self.network)) as stack:
            yield stack


@pytest.fixture
def compose(engine: Engine, image: str, servers: Mapping[str, str]) -> Iterator[Compose]:
    """The image under test as the file's own, on a network of this test's own."""
    with open_network() as network:
        yield Compose(engine, image, servers, network)


def test_a_plain_up_makes_the_tables_first_and_shows_the_sample_blog(compose: Compose) -> None:
    """migrate is a dependency that has to end well, PostgreSQL one that has to be healthy; the rest has a profile."""
    with compose.project() as stack:
        stack.up()

        assert stack.completed == ["migrate"]
        assert sorted(stack.running) == ["postgres", "web"]
        [web], [postgres] = stack.running["web"], stack.running["postgres"]
        assert "Welcome: from a commit to a page" in web.eventually("/", "Welcome: from a commit to a page")
        assert stack.healthy(web)
        variables = dict(line.split("=", 1) for line in web.run("env").splitlines())
        assert variables["DATABASE_URL"] == f"postgresql://gitblog:{PASSWORD}@postgres/gitblog"
        assert [name for name in variables if name.startswith("POSTGRES")] == []
        assert web.run("sh", "-c", "touch /app/x 2>&1; touch /tmp/x /data/x", check=False).count("Read-only") == 1
        # From outside the containers the database is the same one, under another host.
        connection = psycopg2.connect(host=postgres.place.address, user="gitblog", password=PASSWORD, dbname="gitblog")
        with connection, connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM posts WHERE title LIKE 'Welcome%'")
            assert cursor.fetchone() == (1,)
        connection.close()

        stack.down()
        stack.up()

        assert "Welcome: from a commit to a page" in stack.running["web"][0].eventually("/", "Welcome: from a commit")


def test_two_replicas_behind_nginx_show_a_push_that_a_worker_fetched(compose: Compose, repository: Builder) -> None:
    """Everything at once, in the order of `make run-live`. Nobody looks by himself: the delivery alone brings it."""
    with (
        GitServer(repository.path.parent, host=compose.network.gateway) as forge,
        compose.project(
            "live",
            COMPOSE_PROFILES="worker,redis,nginx", WEB_REPLICAS="2", SYNC_MODE="worker", TRUSTED_PROXIES="1",
            REDIS_URL="redis://redis:6379/0", SYNC_INTERVAL_SECONDS="0", WEBHOOK_SECRET=SECRET,
            CONTENT_REPO=forge.url(),
        ) as stack,
    ):  # fmt: skip
        stack.run_once("migrate")
        stack.up()
        one, other = stack.running["web"]
        [nginx], [worker], [redis] = stack.running["nginx"], stack.running["worker"], stack.running["redis"]
        for container in (nginx, one, other):
            assert "First words" in container.eventually("/", "First words")
        assert stack.healthy(nginx)
        assert stack.healthy(redis)
        syncing = [command for _, command in worker.processes().values() if "gitblog worker" in command]
        assert len(syncing) >= 1

        revision = publish(repository, "Second thoughts")
        assert nginx.place.inside(lambda: deliver(revision)) == 202

        assert "First words" not in nginx.eventually("/", "Second thoughts")
        assert "First words" not in one.eventually("/", "Second thoughts")
        assert "First words" not in other.eventually("/", "Second thoughts")
        assert int(redis.run("redis-cli", "dbsize")) > 0
        for away, left in ((one, other), (other, one)):
            compose.engine.podman("stop", "--time", "10", away.name)
            assert "Second thoughts" in nginx.eventually("/", "Second thoughts")
            assert left.read("/-/healthz") != ""
            compose.engine.podman("start", away.name)
            away.eventually("/", "Second thoughts")


def test_code_templates_and_posts_reload_in_the_container(compose: Compose, tmp_path: Path) -> None:
    """`make run-dev`: the checkout is mounted, and gunicorn looks by itself: no process waits for word of a change."""
    checkout = make_checkout(tmp_path / "checkout")
    with compose.project("dev", checkout) as stack:
        stack.run_once("migrate")
        stack.up()
        [web] = stack.running["web"]
        web.eventually("/about/", "This is the blog")
        # ls ends with 2 where a process ended while it looked.
        descriptors = web.run("sh", "-c", "ls -l /proc/[0-9]*/fd 2>/dev/null || true")
        assert "socket:" in descriptors
        assert "inotify" not in descriptors

        template = checkout / "gitblog" / "themes" / "default" / "templates" / "base.html"
        template.write_text(template.read_text().replace("</body>", "<p>template changed</p></body>"))
        web.eventually("/about/", "template changed")

        page = checkout / "content" / "pages" / "about.md"
        page.write_text(page.read_text().replace("This is the blog", "This surely is the blog"))
        run_git(checkout, "commit", "--quiet", "--all", "--message", "edit")
        web.eventually("/about/", "This surely is the blog")

        module = checkout / "gitblog" / "app.py"
        module.write_text(
            module.read_text()
            + "\n_made_app = create_app\n\n\ndef create_app(settings=None):\n"
            + "    app = _made_app(settings)\n"
            + "    app.add_url_rule('/-/changed', 'changed', lambda: 'code changed')\n    return app\n"
        )
        web.eventually("/-/changed", "code changed")
        assert re.search(r"Read-only file system", web.run("sh", "-c", "touch /app/content/x 2>&1", check=False))


def deliver(revision: str) -> int:
    """Send GitHub's delivery for a push of `revision` and return the status of the answer."""
    sender = SENDERS["github"]
    body = sender.body({"refs/heads/main": revision})
    address = "http://127.0.0.1/-/webhooks/github"
    request = urllib.request.Request(address, data=body, headers=sender.headers(body, SECRET))
    with urllib.request.urlopen(request, timeout=10) as answer:
        status: int = answer.status
    return status
