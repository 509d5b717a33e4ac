"""The colours of the default theme: text can be read on its paper, by day and by night, in every accent."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from gitblog.parse.configuration import ACCENTS

STYLE = (Path(__file__).parents[3] / "gitblog/themes/default/static/style.css").read_text(encoding="utf-8")
TEXT = ("ink", "soft", "note", "tip", "important", "warning", "caution")
CODE = ("comment", "keyword", "string", "number", "name", "error")
# WCAG 2.2, 1.4.3 (level AA) for text of ordinary size.
ENOUGH = 4.5
# The least that text on a coloured ground may lie above it, the code of a difference included.
GROUNDS = {
    "paper": TEXT,
    "tint": (*TEXT, *(f"code-{name}" for name in CODE)),
    "code-add": ("ink",),
    "code-remove": ("ink",),
    "mark": ("ink",),
}


def _variables(text: str) -> dict[str, str]:
    return dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6});", text))


def _blocks() -> dict[str, dict[str, str]]:
    day = STYLE.split("@media (prefers-color-scheme: dark)", 1)[0]
    night = STYLE.split(':root[data-scheme="dark"] {', 1)[1].split("}", 1)[0]
    return {"day": _variables(day), "night": _variables(night)}


def _accents(time: str) -> dict[str, str]:
    found = {"rust": _variables(STYLE.split("--paper", 1)[0])[f"accent-{time}"]}
    for name, colours in re.findall(r"\.accent-([a-z]+) \{([^}]*)\}", STYLE):
        found[name] = _variables(colours)[f"accent-{time}"]
    return found


def _luminance(colour: str) -> float:
    channels = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [each / 12.92 if each <= 0.04045 else ((each + 0.055) / 1.055) ** 2.4 for each in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _contrast(one: str, other: str) -> float:
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("time", ["day", "night"])
def test_text_can_be_read_on_every_ground(time: str) -> None:
    """Contrast is computed from the style sheet itself, so no change of a colour can forget it."""
    colours = _blocks()[time]
    poor = {
        f"{name} on {ground}": round(_contrast(colours[name], colours[ground]), 2)
        for ground, names in GROUNDS.items()
        for name in names
        if _contrast(colours[name], colours[ground]) < ENOUGH
    }

    assert poor == {}


@pytest.mark.parametrize("time", ["day", "night"])
def test_every_accent_of_blog_toml_can_be_read(time: str) -> None:
    """An author may choose any of them without looking at the other scheme."""
    colours, accents = _blocks()[time], _accents(time)
    poor = {
        f"{name} on {ground}": round(_contrast(accent, colours[ground]), 2)
        for name, accent in accents.items()
        for ground in ("paper", "tint")
        if _contrast(accent, colours[ground]) < ENOUGH
    }

    assert poor == {}
    assert set(accents) == set(ACCENTS)


def test_night_by_choice_is_night_by_the_system() -> None:
    """The dark colours stand twice, since no selector says both; the two lists are one."""
    system = STYLE.split(':root:not([data-scheme="light"]) {', 1)[1].split("}", 1)[0]
    chosen = STYLE.split(':root[data-scheme="dark"] {', 1)[1].split("}", 1)[0]

    assert system.split() == chosen.split()
