"""What the image is: small, without secrets, and built again in seconds after a change of the code."""

from __future__ import annotations

import gzip
import json
import shutil
import tarfile
from io import BytesIO
from pathlib import Path

import pytest

from tests.checkout import TOP
from tests.image.conftest import CANARY, Build
from tests.image.engine import Engine
from tests.image.running import configuration

COMPRESSED_BYTES = 200_000_000


@pytest.fixture(scope="session")
def layers(engine: Engine, image: str, tmp_path_factory: pytest.TempPathFactory) -> tuple[bytes, ...]:
    """The layers as a registry stores them."""
    folder = tmp_path_factory.mktemp("pushed") / "image"
    engine.buildah("push", image, f"oci:{folder}")
    blobs = folder / "blobs"

    def read(digest: str) -> bytes:
        return (blobs / digest.replace(":", "/")).read_bytes()

    manifest = json.loads(read(json.loads((folder / "index.json").read_text())["manifests"][0]["digest"]))
    found = tuple(read(layer["digest"]) for layer in manifest["layers"])
    shutil.rmtree(folder)
    return found


def test_a_change_of_the_code_installs_nothing_again(build: Build) -> None:
    """The requirements are copied and installed before the code; the code itself is copied anew."""
    pip = [step for step in build.steps if "pip" in step.instruction]
    apt = [step for step in build.steps if "apt-get" in step.instruction]
    code = [step for step in build.steps if step.instruction == "COPY gitblog gitblog"]

    assert [step.cached for step in pip] == [True]
    assert [step.cached for step in apt] == [True]
    assert [step.cached for step in code] == [False]
    assert "Successfully installed" not in "".join(step.output for step in build.steps)


def test_no_layer_holds_a_secret_that_lay_about(layers: tuple[bytes, ...]) -> None:
    """Nothing is copied but what .dockerignore names; git's own folder is left out too."""
    names: list[str] = []
    holding: list[str] = []
    for layer in layers:
        with tarfile.open(fileobj=BytesIO(gzip.decompress(layer))) as archive:
            for member in archive:
                names.append(member.name)
                file = archive.extractfile(member) if member.isfile() else None
                if file and CANARY.encode() in file.read():
                    holding.append(member.name)

    assert "app/gitblog/app.py" in names
    assert holding == []
    assert [name for name in names if name.startswith("app/") and "/." in name] == []


def test_the_image_is_small(engine: Engine, image: str, build: Build, layers: tuple[bytes, ...]) -> None:
    """At most 200 MB come over the line; what the layers become on disk is printed."""
    compressed = sum(map(len, layers))
    size = int(engine.podman("image", "inspect", "--format", "{{.Size}}", image).stdout)
    print(f"compressed {compressed / 1e6:.0f} MB, on disk {size / 1e6:.0f} MB; the base was {build.base}")

    assert compressed <= COMPRESSED_BYTES


def test_any_command_can_be_run_and_nothing_runs_as_root(engine: Engine, image: str) -> None:
    """No entry point, exec forms everywhere, and a user by number, which Kubernetes can check."""
    found = configuration(engine, image)
    variables = dict(each.split("=", 1) for each in found["Env"])

    assert not found.get("Entrypoint")
    assert found["Cmd"][:3] == ["tini", "--", "gunicorn"]
    assert found["User"] == "10001"
    assert found["Healthcheck"]["Test"][:2] == ["CMD", "python"]
    assert list(found["Volumes"]) == ["/data"]
    assert {"FLASK_APP": "gitblog", "HOST": "0.0.0.0", "DATA_DIR": "/data"}.items() <= variables.items()  # noqa: S104


def test_what_the_image_leaves_out(engine: Engine, image: str) -> None:
    """Neither tests nor the repository of the code; the code belongs to root, so that nothing can change it."""
    told = engine.podman("run", "--rm", image, "find", "/app", "-maxdepth", "1", "-printf", "%P %u\\n").stdout

    assert sorted(told.split("\n")) == ["", " root", "content root", "gitblog root"]


def test_the_context_needs_no_folder_but_these() -> None:
    """A new file at the top is left out until somebody names it."""
    named = [line[1:] for line in (TOP / ".dockerignore").read_text().splitlines() if line.startswith("!")]

    assert named == ["requirements.txt", "content", "gitblog"]
    assert [name for name in named if not Path(TOP / name).exists()] == []
