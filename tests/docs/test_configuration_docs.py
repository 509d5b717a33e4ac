"""docs/configuration.md and .env.sample say what the code does, no more and no less."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from gitblog.config import SETTINGS, Setting
from gitblog.parse.configuration import KNOWN_KEYS
from gitblog.parse.keys import SYNONYMS

ROOT = Path(__file__).parents[2]
DOCUMENT = (ROOT / "docs" / "configuration.md").read_text(encoding="utf-8")
SAMPLE = (ROOT / ".env.sample").read_text(encoding="utf-8")


def section(title: str) -> str:
    """Give the text of one `##` section."""
    return DOCUMENT.split(f"\n## {title}\n", 1)[1].split("\n## ", 1)[0]


def first_column(text: str, names: str) -> list[str]:
    """Give the names in the first column of a section's tables, in order."""
    return re.findall(rf"^\| `({names})` \|", text, re.MULTILINE)


@pytest.mark.parametrize("setting", SETTINGS, ids=lambda setting: setting.name)
def test_a_setting_is_documented_with_its_default(setting: Setting) -> None:
    """The row of the documentation is made of the row of the code."""
    default = f"`{setting.default}`" if setting.default else setting.unset

    assert f"\n| `{setting.name}` | {default} | {setting.help} |\n" in DOCUMENT


@pytest.mark.parametrize("setting", SETTINGS, ids=lambda setting: setting.name)
def test_a_setting_is_a_comment_in_the_sample(setting: Setting) -> None:
    """The sample holds each setting's help and default, and changes nothing."""
    unset = f"# Without it: {setting.unset}.\n" if setting.unset else ""
    block = f"\n# {setting.help}\n{unset}# {setting.name}={setting.default}\n".replace("`", "")

    assert block in SAMPLE


def test_nothing_is_documented_that_is_not_a_setting() -> None:
    """A row or a line that the code does not know would be a promise nobody keeps."""
    names = [setting.name for setting in SETTINGS]

    assert first_column(section("Settings"), "[A-Z_]+") == names
    assert re.findall(r"^# ([A-Z_]+)=", SAMPLE, re.MULTILINE) == names
    assert set(re.findall(r"^([A-Z_]+)=", SAMPLE, re.MULTILINE)) & set(names) == set()


def test_the_secrets_that_may_be_files_are_named() -> None:
    """The sentence lists exactly the settings that have a NAME_FILE."""
    line = next(line for line in DOCUMENT.splitlines() if "may also be given as `NAME_FILE`" in line)
    named = re.findall(r"`([A-Z_]+)`", line.split(" may ")[0])

    assert named == [setting.name for setting in SETTINGS if setting.secret]


def test_the_keys_of_blog_toml_are_documented() -> None:
    """Each key has its row, in its own table or at the top."""
    expected = [f"{table}.{key}" if table else key for table, keys in KNOWN_KEYS.items() for key in keys]

    assert first_column(section("blog.toml"), r"[\w.]+") == expected


def test_the_keys_of_front_matter_are_documented_with_all_their_names() -> None:
    """Each key has its row, with the other generators' names for it."""
    rows = re.findall(r"^\| `(\w+)` \| ([^|]*) \|", section("Front matter"), re.MULTILINE)
    documented = {key: {key, *re.findall(r"`(\w+)`", others)} for key, others in rows}

    assert documented == {key: {key, *names} for key, names in SYNONYMS.items()}
