"""The pages of docs/deploy have one shape, and no document names a command or a variable that does not exist."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from gitblog.cli import commands
from gitblog.config import SETTINGS
from tests.checkout import TOP
from tests.docs.test_console_blocks import consoles, documents

DEPLOY = TOP / "docs" / "deploy"
PAGES = {path.name: path.read_text(encoding="utf-8") for path in sorted(DEPLOY.glob("*.md"))}
# Neither the table of ways nor what all of them share is a way.
WAYS = sorted(set(PAGES) - {"README.md", "rollback.md"})
DAILY = [
    "logs",
    "restart",
    "shell",
    "status",
    "roll a post back",
    "roll the site back",
    "new code",
    "roll the code back",
]
# What may stand between the name of an image, a user or a unit that is called gitblog, and a verb of the program.
PROGRAMS = {"gitblog", "flask", "tini", "bash", "python", "git"}
# Variables that are neither settings, nor make's, nor Compose's.
OTHERS = {"PATH", "FLASK_APP", "CI"}


@pytest.mark.parametrize("name", WAYS)
def test_a_page_ends_with_the_everyday_commands(name: str) -> None:
    """Whoever comes back a month later scrolls to the end; a push of code is a row of its own."""
    section = PAGES[name].split("\n## Every day\n")[1]
    rows = dict(re.findall(r"^\| ([a-z ]+) \| (.+) \|$", section, re.MULTILINE))
    rows.pop("what", None)

    assert list(rows) == DAILY
    assert "\n## " not in section
    assert "CONTENT_REVISION" in rows["roll the site back"]
    assert "(rollback.md)" in rows["roll the site back"]


@pytest.mark.parametrize("name", WAYS)
def test_a_page_says_how_it_was_run(name: str) -> None:
    """A reader can tell what was tried from what was only written down."""
    assert "\n## How this was run\n" in PAGES[name]


def test_the_table_leads_to_every_way_with_its_time() -> None:
    """A row is a way, how it was run, and the measured time; a checkout's way is README itself."""
    rows = re.findall(r"^\| \[[^]]+\]\(([^)]+)\) \| (.+) \| (.+) \| (.+) \|$", PAGES["README.md"], re.MULTILINE)

    assert sorted(page for page, *_ in rows if not page.startswith("../")) == WAYS
    assert [page for page, *_ in rows if page.startswith("../")] == ["../../README.md#two-commands"]
    assert [page for page, _, _, seconds in rows if not re.search(r"\d+ s", seconds)] == []
    assert "(rollback.md)" in PAGES["README.md"]


def test_the_deploy_button_names_a_repository_that_is_nobodys() -> None:
    """Heroku takes what the address names, so a name that somebody could register would deploy a stranger's code."""
    readme = (TOP / "README.md").read_text(encoding="utf-8")
    button = re.search(r"\]\((https://www\.heroku\.com/deploy\?template=https://github\.com/([^/)]+)/[^/)]+)\)", readme)

    assert button is not None
    # GitHub's names hold letters, digits and single hyphens.
    assert "_" in button[2]
    assert button[1] in PAGES["heroku.md"]


@pytest.mark.parametrize("document", documents(), ids=lambda path: str(path.relative_to(TOP)))
def test_every_command_that_a_document_names_exists(document: Path) -> None:
    """In blocks and between backticks: verbs and options of gitblog, targets of make."""
    targets = set((TOP / "Makefile").read_text().split(".PHONY:")[1].split("\n\n")[0].split())
    unknown = [row for words in code_of(document) for row in unknown_verbs(words)]
    for words in code_of(document):
        if words[0] == "make":
            unknown += [word for word in words[1:] if re.fullmatch(r"[a-z][a-z-]*", word) and word not in targets]

    assert "test-image" in targets
    assert unknown == []


@pytest.mark.parametrize("document", documents(), ids=lambda path: str(path.relative_to(TOP)))
def test_every_variable_that_a_document_sets_exists(document: Path) -> None:
    """A setting, the `NAME_FILE` of a secret, or one that the Makefile or the Compose files read."""
    known = {setting.name for setting in SETTINGS} | {f"{each.name}_FILE" for each in SETTINGS if each.secret} | OTHERS
    for path in (TOP / "Makefile", *TOP.glob("docker-compose*.yml")):
        known |= set(re.findall(r"\$[({]+([A-Z][A-Z0-9_]+)", path.read_text()))
    named = {name for words in code_of(document) for name in variables(words)}

    assert named - known == set()


@pytest.mark.parametrize("document", documents(), ids=lambda path: str(path.relative_to(TOP)))
def test_every_link_inside_the_project_leads_somewhere(document: Path) -> None:
    """To a file or folder that is there, and to a heading of it."""
    dead = []
    for link in re.findall(r"\]\((?!https?:)([^)\s]+)\)", document.read_text(encoding="utf-8")):
        path, _, heading = link.partition("#")
        target = (document.parent / path).resolve() if path else document
        if not target.exists() or (heading and heading not in headings(target)):
            dead.append(link)

    assert dead == []


def test_an_invented_command_or_variable_would_be_found() -> None:
    """Were the patterns wrong, the tests above would pass on nothing."""
    assert unknown_verbs(["podman", "run", "gitblog", "gitblog", "publish"]) == ["gitblog publish"]
    assert unknown_verbs(["gitblog", "db", "downgrade"]) == ["gitblog db downgrade"]
    assert unknown_verbs(["gitblog", "status", "--yaml"]) == ["gitblog status --yaml"]
    assert unknown_verbs(["python", "-m", "gitblog", "status", "--json", "|", "jq", "--raw"]) == []
    assert list(variables(["podman", "run", "--env", "ONE=1", "--env", "TWO", "image"])) == ["ONE", "TWO"]


def code_of(document: Path) -> Iterator[list[str]]:
    """Give the words of every command in a document's console blocks and between its backticks."""
    place = f"{document.relative_to(TOP)}:"
    scripts = [each.script.replace("\\\n", " ") for each in consoles() if each.place.startswith(place)]
    prose = re.sub(r"^```.*?^```$", "", document.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    for command in [*"\n".join(scripts).splitlines(), *re.findall(r"(?<!`)`([^`\n]+)`(?!`)", prose)]:
        if words := split(command):
            yield words


def split(command: str) -> list[str]:
    """Split as the shell does; what is no command, such as a lone quote, has no words."""
    try:
        return shlex.split(command)
    except ValueError:
        return []


def unknown_verbs(words: list[str]) -> list[str]:
    """Give each use of gitblog that click would refuse, as far as verbs and options go."""
    found = []
    for place, (before, word) in enumerate(zip(["", *words], words, strict=False)):
        rest = words[place + 1 :]
        called = word == "gitblog" or word.endswith("/bin/gitblog")
        if called and before != "--app" and rest and re.fullmatch(r"[a-z]+", rest[0]) and rest[0] not in PROGRAMS:
            found += unknown_parts(commands, ["gitblog"], rest)
    return found


def unknown_parts(command: click.Command, said: list[str], rest: list[str]) -> list[str]:
    """Follow groups to the verb, then look at the options up to the end of this program's part of the line."""
    if isinstance(command, click.Group):
        verb = command.commands.get(rest[0]) if rest else None
        return unknown_parts(verb, [*said, rest[0]], rest[1:]) if verb else [" ".join([*said, *rest[:1]])]
    known = {name for parameter in command.params for name in parameter.opts}
    until = next((place for place, word in enumerate(rest) if word in {"|", "&&", ";", ">"}), len(rest))
    options = [word.partition("=")[0] for word in rest[:until] if word.startswith("-")]
    return [" ".join([*said, option]) for option in options if option not in {*known, "--help"}]


def variables(words: list[str]) -> Iterator[str]:
    """Give the names that a command sets, or hands on to a container."""
    for before, word in zip(["", *words], words, strict=False):
        if (given := re.match(r"([A-Z][A-Z0-9_]+)=", word)) or (
            before in {"--env", "-e"} and (given := re.fullmatch(r"([A-Z][A-Z0-9_]+)", word))
        ):
            yield given[1]


def headings(document: Path) -> set[str]:
    """Give the anchors that GitHub makes of a document's headings."""
    titles = re.findall(r"^#+ (.+)$", document.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}
