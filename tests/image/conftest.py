"""The image under test: built twice from a copy of this project in which secrets lie about.

These tests run where they are asked for by name (`make test-image`), not with the suite: they build for minutes.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.by_name import left_out
from tests.checkout import make_checkout
from tests.history_builder import Builder
from tests.image.base import provide_base
from tests.image.blog import publish
from tests.image.engine import Engine, open_engine

HERE = Path(__file__).parent
IMAGE = "localhost/gitblog:test"
CHANGED = "localhost/gitblog:test-changed"
REQUIREMENTS = "localhost/gitblog:test-requirements"
CANARY = "canary-7f3b9a51c0de"


@dataclass(frozen=True, slots=True)
class Step:
    """A step of a build: its instruction, what it wrote, and whether the last build's result was taken."""

    instruction: str
    output: str
    cached: bool


@dataclass(frozen=True, slots=True)
class Build:
    """The image, where its base came from, and the steps of a build after a change of one line of Python."""

    image: str
    base: str
    steps: tuple[Step, ...]


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leave this folder out, unless the command line names it."""
    return left_out(HERE, config)


@pytest.fixture(scope="session")
def engine() -> Engine:
    """buildah and podman, with what the last run left to build upon."""
    return open_engine(Path.home() / ".cache" / "gitblog" / "image")


@pytest.fixture(scope="session")
def build(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Build]:
    """Build, change a module, and build again; the first image stays, so that the next run builds upon it."""
    base = provide_base(engine)
    context = make_checkout(tmp_path_factory.mktemp("image") / "checkout")
    for name in (".env", "id_ed25519", "gitblog/.env", "content/.env", ".git/config", "instance/token"):
        (context / name).parent.mkdir(exist_ok=True)
        (context / name).write_text(f"TOKEN={CANARY}\n")
    engine.build(context, IMAGE)
    with (context / "gitblog" / "app.py").open("a") as module:
        module.write(f"\n# changed: {secrets.token_hex(8)}\n")
    yield Build(CHANGED, base, _steps(engine.build(context, CHANGED)))
    # What no name leads to goes, but for the requirements: they are a stage of their own, and cost most.
    engine.build(context, REQUIREMENTS, "--target", "requirements")
    engine.podman("rmi", CHANGED)
    engine.podman("image", "prune", "--force")


@pytest.fixture(scope="session")
def image(build: Build) -> str:
    """The name of the image."""
    return build.image


def _steps(log: str) -> tuple[Step, ...]:
    parts = re.split(r"^(?:\[\d+/\d+\] )?STEP \d+/\d+: ", log, flags=re.MULTILINE)[1:]
    split = [part.partition("\n") for part in parts]
    return tuple(Step(head, output, "--> Using cache" in output) for head, _, output in split)


@pytest.fixture
def repository(tmp_path: Path) -> Iterator[Builder]:
    """A bare repository with one post."""
    with Builder(tmp_path / "blog.git") as builder:
        publish(builder, "First words")
        yield builder
