"""The services of docker-compose.yml as containers: their images, commands, environment and order, run by podman.

Everything is read from the file (`compose_file`). In place of published ports the tests ask each container's own
address (`network`); restart policies and timers of health checks are docker's own work and are left to it.
"""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.compose_file import Service
from tests.image.engine import Engine
from tests.image.network import Network, Place
from tests.image.running import PATIENCE_SECONDS, Container

_COMPLETED = "service_completed_successfully"
_PORTS = {"web": 8000, "nginx": 80, "postgres": 5432, "redis": 6379}


@dataclass(frozen=True, slots=True)
class Member(Container):
    """A container that is asked at a port of its own network."""

    place: Place

    def read(self, path: str = "/") -> str:
        """Return the body at `path`, whatever its status, or why there was none."""
        return self.place.inside(lambda: Container.read(self, path))


@dataclass(slots=True)
class Stack:
    """A Compose project: `up` starts its `services`; `named` are those that start when they are named, too.

    `images` gives what stands in for the images of other projects, `top` is the file's folder.
    """

    engine: Engine
    services: Mapping[str, Service]
    named: Mapping[str, Service]
    images: Mapping[str, str]
    top: Path
    network: Network
    name: str = field(default_factory=lambda: f"gitblog-test-{secrets.token_hex(4)}")
    places: dict[str, list[Place]] = field(default_factory=dict)
    running: dict[str, list[Member]] = field(default_factory=dict)
    completed: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        for name, service in self.named.items():
            self.places[name] = [self.network.add_place() for _ in range(service.replicas)]

    def run_once(self, name: str) -> None:
        """Do as `docker compose run --rm` and as a condition that asks for completion: it has to end with status 0."""
        self._start_dependencies(name)
        service, place = self.named[name], self.places[name][0]
        options = self._options(service, place)
        self.engine.podman("run", "--rm", *options, self._image(service), *service.command)
        self.completed.append(name)

    def up(self) -> None:
        """Start every service that is not running, after those it depends on."""
        for name in self.services:
            self._start(name)

    def healthy(self, container: Container) -> bool:
        """Say what the container's health check says."""
        return self.engine.podman("healthcheck", "run", container.name, check=False).returncode == 0

    def down(self) -> None:
        """Remove the containers; the volumes stay."""
        for container in [each for replicas in self.running.values() for each in replicas]:
            self.engine.podman("rm", "--force", "--time", "5", container.name, check=False)
        self.running.clear()
        self.completed.clear()

    def remove_volumes(self) -> None:
        """Remove what `down` leaves."""
        for volume in ("data", "postgres"):
            self.engine.podman("volume", "rm", "--force", f"{self.name}-{volume}", check=False)

    def _start(self, name: str) -> None:
        if name in self.running or name in self.completed:
            return
        if any(each.depends_on.get(name) == _COMPLETED for each in self.services.values()):
            self.run_once(name)
            return
        self._start_dependencies(name)
        service = self.services[name]
        self.running[name] = []
        for number, place in enumerate(self.places[name], start=1):
            container = Member(self.engine, f"{self.name}-{name}-{number}", _PORTS.get(name, 0), place)
            options = self._options(service, place)
            run = ("run", "--detach", "--name", container.name)
            self.engine.podman(*run, *options, self._image(service), *service.command)
            self.running[name].append(container)

    def _start_dependencies(self, name: str) -> None:
        for other, condition in self.named[name].depends_on.items():
            assert condition in {_COMPLETED, "service_healthy"}
            self._start(other)
            for container in self.running.get(other, ()):
                self._wait_until_healthy(container)

    def _wait_until_healthy(self, container: Container) -> None:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not self.healthy(container):
            if time.monotonic() > deadline:
                pytest.fail(f"{container.name} does not become healthy:\n{container.logs()[-3000:]}")
            time.sleep(0.2)

    def _image(self, service: Service) -> str:
        return self.images.get(service.image, service.image)

    def _options(self, service: Service, place: Place) -> tuple[str, ...]:
        names = [f"--add-host={name}:{each.address}" for name, places in self.places.items() for each in places]
        variables = [f"--env={name}={value}" for name, value in service.environment.items()]
        volumes = [f"--volume={self._volume(volume)}" for volume in service.volumes]
        return (place.option, *names, *variables, *volumes, *service.confinement, *_health(service))

    def _volume(self, volume: str) -> str:
        source, _, target = volume.partition(":")
        if source.startswith("."):
            return f"{(self.top / source).resolve()}:{target}"
        return f"{self.name}-{source}:{target}"


def _health(service: Service) -> tuple[str, ...]:
    """Give the options of its health check; one that only sets times keeps the image's own command."""
    if service.healthcheck.get("disable"):
        return ("--no-healthcheck",)
    test = service.healthcheck.get("test")
    if not test:
        return ()
    assert test[0] == "CMD"
    return ("--health-cmd", json.dumps(test[1:]))


@contextmanager
def opened(stack: Stack) -> Iterator[Stack]:
    """Give a project of which nothing runs yet; its containers and volumes go when the block ends."""
    try:
        yield stack
    except BaseException as error:
        for container in [each for replicas in stack.running.values() for each in replicas]:
            error.add_note(f"--- {container.name}\n{container.logs()[-1500:]}")
        raise
    finally:
        stack.down()
        stack.remove_volumes()
