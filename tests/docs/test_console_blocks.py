"""The commands that the documents tell people to type, each block run in a fresh copy of the project."""

from __future__ import annotations

import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.checkout import TOP, environment, make_checkout

BLOCK = re.compile(r"^```console(?P<info>[^\n`]*)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
COMMAND = re.compile(r"^\$ (?:.*\\\n)*.*$", re.MULTILINE)
NOT_RUN = "no-test:"


@dataclass(frozen=True, slots=True)
class Console:
    """A console block of a document: where it starts, what its info string says, and its commands."""

    place: str
    info: str
    script: str


def documents() -> tuple[Path, ...]:
    """Return the documents whose commands people follow; the sample posts are content, and show examples."""
    return (TOP / "README.md", TOP / "CONTRIBUTING.md", *sorted((TOP / "docs").rglob("*.md")))


def consoles() -> tuple[Console, ...]:
    """Return every console block; a line that starts with `$ ` is a command, and so is what follows a backslash.

    All other lines are output.
    """
    found = []
    for document in documents():
        text = document.read_text()
        for match in BLOCK.finditer(text):
            line = text.count("\n", 0, match.start()) + 1
            commands = [command[2:] for command in COMMAND.findall(match["text"])]
            place = f"{document.relative_to(TOP)}:{line}"
            found.append(Console(place, match["info"].strip(), "\n".join(commands)))
    return tuple(found)


def forget_what_is_written(console: Console, checkout: Path) -> None:
    """Take away the files that a block writes: whoever runs the tests may have followed the document before."""
    for path in re.findall(r" > (\S+)", console.script):
        if (checkout / path).is_file():
            command = ["git", "rm", "--quiet", path]
            subprocess.run(command, cwd=checkout, env=environment(checkout), check=True)
            command = ["git", "commit", "--quiet", "--message", f"without {path}"]
            subprocess.run(command, cwd=checkout, env=environment(checkout), check=True)


CONSOLES = consoles()


@pytest.mark.parametrize("console", CONSOLES, ids=[console.place for console in CONSOLES])
def test_every_console_block_works_as_it_is_printed(console: Console, tmp_path: Path) -> None:
    """The commands of a block end with status 0 in a fresh copy; one that cannot run is a skip."""
    if console.info.startswith(NOT_RUN):
        pytest.skip(f"{console.place} is not run: {console.info.removeprefix(NOT_RUN).strip()}")
    checkout = make_checkout(tmp_path / "checkout")
    forget_what_is_written(console, checkout)

    done = subprocess.run(
        ["bash", "-euc", console.script],
        cwd=checkout,
        env=environment(checkout),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )

    assert done.returncode == 0, f"{console.script}\n{done.stdout}{done.stderr}"


@pytest.mark.parametrize("console", CONSOLES, ids=[console.place for console in CONSOLES])
def test_a_console_block_has_commands_and_is_run_or_says_why_not(console: Console) -> None:
    """An info string is empty, or `no-test:` and a reason; without a `$ ` line nothing is proved."""
    assert console.script
    assert re.fullmatch(rf"|{NOT_RUN} \S.+", console.info)


def test_the_readme_has_commands_that_are_run() -> None:
    """Were the pattern for blocks wrong, the tests above would pass on nothing."""
    run = [console for console in CONSOLES if console.place.startswith("README.md") and not console.info]

    assert len(run) >= 3
