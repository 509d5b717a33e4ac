"""README's two commands on a machine that has Python, git and make, and nothing else."""

from __future__ import annotations

import re
import signal
import socket
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from lxml import etree  # type: ignore[import-untyped]  # it publishes no types

from tests.asking import NO_ANSWER, PATIENCE_SECONDS, eventually, read, wait_for
from tests.checkout import TOP
from tests.fresh.machine import BUNDLE, Machine

CLONE = f"git clone --quiet /{BUNDLE} gitblog"
# A part of each kind: pure, a suite of plug-ins, real git on both databases, over HTTP, documents.
PART = (
    "test_parse_configuration or test_front_matter or test_schedule or test_forge_docs"
    " or test_a_delivery_that_comes_before_its_commit_is_not_lost or (test_console_blocks and README)"
)
KINDS = {"unit", "integration", "e2e", "contracts", "docs"}


@pytest.fixture(scope="module")
def cloned(machine: Machine) -> Machine:
    """The machine with a clone of the project, as README begins."""
    done = machine.run(CLONE)
    assert done.returncode == 0, done.stderr
    return machine


def test_the_machine_has_nothing_that_readme_does_not_ask_for(machine: Machine) -> None:
    """Were there a compiler, pip, or a server, the tests below would prove less."""
    absent = ("gcc", "pip3", "curl", "openssl", "ssh", "postgres", "redis-server", "node", "chromium", "ps")

    told = machine.run(f"id --user --name; pwd; ls -A ~; command -v {' '.join(absent)} || true")

    home = "/root" if machine.user == "root" else f"/home/{machine.user}"
    assert told.returncode == 0, told.stderr
    assert [line for line in told.stdout.splitlines() if not line.startswith(".")] == [machine.user, home]


def test_make_run_serves_the_blog_and_shows_the_next_commit(cloned: Machine) -> None:
    """The page answers as soon as the requirements are there; README's first post follows its commit."""
    start = time.monotonic()
    with serving(cloned) as address:
        eventually(address, "Welcome: from a commit to a page")
        first = time.monotonic() - start

        done = cloned.run(readme("Edit, commit, reload"), "gitblog")
        assert done.returncode == 0, done.stderr
        assert ">Hello</a>" in eventually(address, ">Hello</a>")
        published = time.monotonic() - start

    print(f"{cloned.user}: from a clone to the first page {first:.0f} s, to a post of one's own {published:.0f} s")


def test_make_test_brings_what_the_suite_needs(cloned: Machine) -> None:
    """A part of every kind passes; apt-get brings the browser for root, and a plain user is told that it is missing."""
    start = time.monotonic()
    told = cloned.run(f"make test ARGS='-k \"{PART}\" --junitxml=/tmp/report.xml'", "gitblog", seconds=900)

    assert told.returncode == 0, (told.stdout + told.stderr)[-6000:]
    cases = etree.parse(cloned.root / "tmp/report.xml").findall(".//testcase")
    passed = Counter(str(case.get("classname")).split(".")[1] for case in cases if not list(case))
    assert set(passed) == KINDS
    assert any("[postgresql]" in str(case.get("name")) for case in cases if not list(case))
    assert {"browser": "browser tests are skipped" in told.stderr} == {"browser": cloned.user != "root"}
    assert cloned.run("command -v chromium").returncode == (0 if cloned.user == "root" else 127)
    print(f"{cloned.user}: make test, a part, {time.monotonic() - start:.0f} s: {dict(passed)}")


@contextmanager
def serving(machine: Machine) -> Iterator[str]:
    """Run `make run` on a free port, until it answers at all and then while the block lasts."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    log = machine.root / "tmp/make-run.log"
    with log.open("w") as output:
        process = subprocess.Popen(
            machine.command(f"exec make run PORT={port}", "gitblog"), stdout=output, stderr=output
        )
    address = f"http://127.0.0.1:{port}/"
    try:
        while read(address).startswith(NO_ANSWER):
            assert process.poll() is None, "make run ended"
            time.sleep(0.1)
        yield address
    except BaseException as error:
        error.add_note(log.read_text()[-4000:])
        raise
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait(PATIENCE_SECONDS)
        wait_for(lambda: read(address), lambda said: said.startswith(NO_ANSWER), "the end of the machine's server")


def readme(heading: str) -> str:
    """Give the commands of the first console block below a heading of README."""
    section = (TOP / "README.md").read_text().split(f"\n## {heading}\n")[1].split("\n```\n")[0]
    return "\n".join(re.findall(r"^\$ (.+)$", section, re.MULTILINE))
