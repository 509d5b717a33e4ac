"""A network of containers as Compose makes one: each has an address and all its ports to itself.

podman's own networks need firewall tools; a bridge and a name space for each container need nothing but the kernel.
Names are not answered by a name server but stand in each container's /etc/hosts.
"""

from __future__ import annotations

import ctypes
import secrets
import subprocess
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import pytest

from tests.tools import require_tool

Answer = TypeVar("Answer")

_SPACES = Path("/run/netns")
# linux/sched.h
_CLONE_NEWNET = 0x40000000


@dataclass(frozen=True, slots=True)
class Place:
    """Where a container stands: the name space of its network, and its address."""

    space: Path
    address: str

    @property
    def option(self) -> str:
        """What podman is told."""
        return f"--network=ns:{self.space}"

    def inside(self, ask: Callable[[], Answer]) -> Answer:
        """Run `ask` as if it stood in the container: 127.0.0.1 is the container's own.

        A thread moves there and never comes back.
        """
        with ThreadPoolExecutor(1, initializer=self._enter) as thread:
            return thread.submit(ask).result()

    def _enter(self) -> None:
        with self.space.open() as space:
            # os.setns came with Python 3.12.
            refused = ctypes.CDLL(None, use_errno=True).setns(space.fileno(), _CLONE_NEWNET)
        if refused:
            raise OSError(ctypes.get_errno(), f"could not enter {self.space}")


@dataclass(slots=True)
class Network:
    """A bridge of this machine, whose own address on it is `gateway`."""

    name: str
    prefix: str
    places: list[Place] = field(default_factory=list)

    @property
    def gateway(self) -> str:
        """The address at which containers reach what listens on this machine."""
        return f"{self.prefix}.1"

    def add_place(self) -> Place:
        """Make room for one more container."""
        number = len(self.places) + 2
        space, outside = f"{self.name}-{number}", f"{self.name}v{number}"
        place = Place(_SPACES / space, f"{self.prefix}.{number}")
        self.places.append(place)
        _ip(f"netns add {space}")
        _ip(f"link add {outside} type veth peer name eth0 netns {space}")
        _ip(f"link set {outside} master {self.name} up")
        _ip(f"-n {space} addr add {place.address}/24 dev eth0")
        _ip(f"-n {space} link set eth0 up")
        _ip(f"-n {space} link set lo up")
        return place

    def remove(self) -> None:
        """Remove the bridge and all places."""
        for number in range(2, len(self.places) + 2):
            _ip(f"netns delete {self.name}-{number}", check=False)
        _ip(f"link delete {self.name}", check=False)


@contextmanager
def open_network() -> Iterator[Network]:
    """Give a network while the block lasts; skip with the reason where the kernel refuses."""
    require_tool("ip")
    network = Network(f"gb{secrets.token_hex(3)}", f"10.{200 + secrets.randbelow(50)}.{secrets.randbelow(250)}")
    refused = _ip(f"link add {network.name} type bridge", check=False)
    if refused:
        pytest.skip(f"no bridge between containers can be made here: {refused}")
    try:
        _ip(f"addr add {network.gateway}/24 dev {network.name}")
        _ip(f"link set {network.name} up")
        yield network
    finally:
        network.remove()


def _ip(arguments: str, *, check: bool = True) -> str:
    """Run `ip` and return what it complained about."""
    done = subprocess.run(["ip", *arguments.split()], capture_output=True, text=True, check=False)
    if check and done.returncode:
        pytest.fail(f"ip {arguments}: {done.stderr}")
    return done.stderr.strip()
