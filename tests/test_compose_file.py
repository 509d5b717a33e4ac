"""What docker-compose.yml and its two modes promise, read as Compose reads them; tests/image/ runs it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

import pytest
import yaml

from gitblog.config import SETTINGS
from tests.checkout import TOP
from tests.compose_file import MissingVariableError, Service, read_env, read_services

BASE = TOP / "docker-compose.yml"
FILES = {mode: (BASE, TOP / f"docker-compose.{mode}.yml") for mode in ("dev", "live")}
PROFILES = ("worker", "redis", "nginx")
SAMPLE = read_env((TOP / ".env.sample").read_text())
VARIABLES = {**SAMPLE, "POSTGRES_PASSWORD": "a-password"}
OURS = ("migrate", "web", "worker")
# What the image sets, and what the address inside the network follows from.
OF_THE_IMAGE = {"HOST", "PORT", "DATA_DIR"}


def services(mode: str = "", profiles: Iterable[str] = PROFILES, **more: str) -> Mapping[str, Service]:
    """Give the services of a mode; without one, those of a plain `docker compose up`."""
    return read_services(FILES.get(mode, (BASE,)), {**VARIABLES, **more}, profiles)


def test_only_the_password_has_to_be_set() -> None:
    """.env.sample holds all other values; a secret has no default anywhere."""
    with pytest.raises(MissingVariableError, match=r"POSTGRES_PASSWORD: .*\.env"):
        read_services((BASE,), SAMPLE)

    assert sorted(services(profiles=())) == ["migrate", "postgres", "web"]


def test_without_an_env_file_the_first_sentence_says_what_to_do() -> None:
    """Compose prints what stands behind the question mark."""
    with pytest.raises(MissingVariableError, match=r"[A-Z_]+: copy \.env\.sample to \.env"):
        read_services((BASE,), {})


@pytest.mark.parametrize("name", OURS)
def test_the_program_is_told_of_its_database_in_one_variable(name: str) -> None:
    """It reads no POSTGRES_*; Compose builds the address once, for all three."""
    environment = services()[name].environment

    assert environment["DATABASE_URL"] == "postgresql://gitblog:a-password@postgres/gitblog"
    assert [each for each in environment if each.startswith("POSTGRES")] == []
    assert BASE.read_text().count("postgresql://") == 1


@pytest.mark.parametrize("name", OURS)
def test_every_setting_is_passed_through(name: str) -> None:
    """What is set in .env or the shell reaches the container, and what is not set there is not set inside."""
    settings = {setting.name for setting in SETTINGS} - OF_THE_IMAGE
    given = {each: f"value of {each}" for each in settings - {"DATABASE_URL"}}
    environment = read_services((BASE,), {**VARIABLES, **given}, PROFILES)[name].environment

    assert set(environment) == settings
    assert given.items() <= environment.items()
    assert set(services()[name].environment) == {"DATABASE_URL"}


def test_the_image_and_the_published_ports_are_named_in_the_env_file_alone() -> None:
    """The file has a variable in their place, without a default."""
    found = services(GITBLOG_IMAGE="example.org/blog:7", WEB_PORT="1001", NGINX_PORT="1002", POSTGRES_PORT="1003")

    assert {found[name].image for name in OURS} == {"example.org/blog:7"}
    assert found["web"].ports == ("127.0.0.1:1001:8000",)
    assert found["nginx"].ports == ("1002:80",)
    assert found["postgres"].ports == ("127.0.0.1:1003:5432",)
    assert [name for name, each in found.items() if each.ports] == ["postgres", "web", "nginx"]


@pytest.mark.parametrize("name", OURS)
def test_a_container_of_ours_can_write_to_its_data_and_to_tmp_alone(name: str) -> None:
    """As docs/deploy/container.md says of the image."""
    found = services()[name]

    assert found.confinement == (
        "--read-only", "--read-only-tmpfs=false", "--tmpfs=/tmp", "--cap-drop=all", "--security-opt=no-new-privileges",
    )  # fmt: skip
    assert found.volumes == ("data:/data",)


def test_every_service_has_a_health_check_or_says_that_it_has_none() -> None:
    """In exec form; web's is the image's own, and what serves nothing would fail it."""
    found = services()

    assert [name for name, each in found.items() if each.healthcheck.get("disable")] == ["migrate", "worker"]
    tests = {name: each.healthcheck["test"][0] for name, each in found.items() if "test" in each.healthcheck}
    assert tests == {"postgres": "CMD", "redis": "CMD", "nginx": "CMD"}
    assert "interval" in found["web"].healthcheck


def test_nobody_starts_before_what_he_needs() -> None:
    """PostgreSQL is healthy, then the tables are made, then the program starts, then what stands in front of it."""
    found = services()
    ready = {"postgres": "service_healthy", "migrate": "service_completed_successfully"}

    assert found["migrate"].depends_on == {"postgres": "service_healthy"}
    assert found["web"].depends_on == ready
    assert found["worker"].depends_on == ready
    assert found["nginx"].depends_on == {"web": "service_healthy"}


@pytest.mark.parametrize("mode", ["dev", "live"])
def test_under_make_the_tables_are_made_by_a_container_that_leaves(mode: str) -> None:
    """`up` does not start it a second time; `run --rm migrate` names it, and so activates its profile."""
    found = services(mode)

    assert "migrate" not in found
    assert found["web"].depends_on == {"postgres": "service_healthy"}
    assert found["worker"].depends_on == {"postgres": "service_healthy"}
    assert services(mode, ("migrate",))["migrate"].command == ("gitblog", "db", "upgrade")


def test_one_service_builds_the_image() -> None:
    """Several builds at once under one name would get in each other's way."""
    assert [name for name, each in services().items() if each.builds] == ["web"]


def test_live_starts_everything_again() -> None:
    """After a crash and after a reboot; the plain file and dev leave that to the person who looks on."""
    assert {each.restart for each in services("live").values()} == {"unless-stopped"}
    assert {each.restart for each in services("dev").values()} == {"no"}
    assert {each.restart for each in services().values()} == {"no"}


def test_dev_differs_from_the_image_by_reloading_alone() -> None:
    """The same server with the same options, from the mounted checkout, watching by looking."""
    found = services("dev")["web"].command
    line = next(each for each in (TOP / "Dockerfile").read_text().splitlines() if each.startswith("CMD "))
    reloading = ("--reload", "--reload-engine", "poll", "--reload-extra-file", "gitblog/themes/**")

    assert [each for each in found if each not in reloading] == yaml.safe_load(line.removeprefix("CMD "))
    assert [each for each in found if each in reloading] == list(reloading)
    assert {name for name, each in services("dev").items() if ".:/app:ro" in each.volumes} == {"web", "worker"}


def test_what_is_mounted_is_there() -> None:
    """docker would make an empty folder of a missing file, and nginx would not start."""
    sources = [volume.partition(":")[0] for each in services("dev").values() for volume in each.volumes]
    paths = [Path(source) for source in sources if source.startswith(".")]

    assert len(paths) >= 5
    assert [path for path in paths if not (TOP / path).exists()] == []


def test_two_replicas_need_two_ports() -> None:
    """A range is as many ports as there are replicas; .env.sample says so."""
    found = services(WEB_REPLICAS="2", WEB_PORT="8000-8001")["web"]

    assert found.replicas == 2
    assert found.ports == ("127.0.0.1:8000-8001:8000",)


def test_scripts_and_the_makefile_have_linux_line_ends_everywhere() -> None:
    """A checkout on Windows is mounted into the container, and `\\r` would be part of every command."""
    assert "* text=auto eol=lf" in (TOP / ".gitattributes").read_text().splitlines()
    for name in ("Makefile", "Dockerfile", ".ci/run", ".env.sample"):
        assert b"\r" not in (TOP / name).read_bytes()
