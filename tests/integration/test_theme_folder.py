"""THEME_DIR: an operator's files over the theme's, one by one, and what is refused at the start."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from werkzeug.test import Client

from gitblog.config import from_env
from gitblog.errors import SettingsError
from gitblog.web import Serving
from gitblog.web.theme import load_theme
from tests.served_site import VERSION, ServedSite, post

ROOT = Path(__file__).parents[2]
DEFAULT = ROOT / "gitblog/themes/default"
DOCUMENT = (ROOT / "docs/themes.md").read_text(encoding="utf-8")


def _write(folder: Path, **files: str) -> Path:
    for name, text in files.items():
        path = folder / name.replace("__", "/").replace("_DOT_", ".")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder


def test_a_file_of_the_operators_takes_the_place_of_the_themes_own(small_site: ServedSite, tmp_path: Path) -> None:
    """One template and one static file; all others stay, and their address changes with the hash."""
    small_site.push({"posts/a.md": post()})
    before = small_site.text("/")
    theme = _write(tmp_path / "theme", templates__404_DOT_html="MY OWN {{ site.title }}", static__new_DOT_txt="new")
    client = Client(small_site.app(Serving(VERSION, theme_dir=theme)))
    missing, home = client.get("/nothing/"), client.get("/")
    digest = re.search(r"/-/theme/(\w+)/", home.get_data(as_text=True))

    assert (missing.status_code, missing.get_data(as_text=True)) == (404, "MY OWN A blog")
    assert digest is not None
    assert home.get_data(as_text=True).replace(digest[1], "") == re.sub(r"(?<=/-/theme/)\w+", "", before)
    assert digest[1] not in before
    assert client.get(f"/-/theme/{digest[1]}/new.txt").data == b"new"


@pytest.mark.parametrize(
    ("files", "advice"),
    [
        ({}, "make one of them"),
        ({"templates__post_DOT_html": "{% if %}\n"}, "templates/post.html, line 1"),
        ({"templates__parts_DOT_html": "\n{{ a b }}\n"}, "templates/parts.html, line 2"),
    ],
)
def test_a_theme_that_cannot_be_used_stops_the_start(tmp_path: Path, files: dict[str, str], advice: str) -> None:
    """Exit status 2 and one line, before any process serves; the same from `create_app`."""
    theme = _write(tmp_path / "theme", **files)
    environment = {"PATH": os.environ["PATH"], "THEME_DIR": str(theme), "DATA_DIR": str(tmp_path / "data")}
    command = [
        sys.executable,
        "-m",
        "gunicorn",
        "-c",
        "python:gitblog.server",
        "--check-config",
        "gitblog:create_app()",
    ]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60, check=False)

    assert done.returncode == 2
    assert done.stderr.startswith("gitblog: THEME_DIR ")
    assert advice in done.stderr
    assert done.stderr.count("\n") == 1
    with pytest.raises(SettingsError, match=re.escape(advice)):
        load_theme(from_env(environment).theme_dir)


def test_every_template_is_documented() -> None:
    """docs/themes.md has a row for each, and for nothing else."""
    rows = re.findall(r"^\| `([a-z0-9_]+\.html)` \|", DOCUMENT, re.MULTILINE)

    assert sorted(rows) == sorted(path.name for path in (DEFAULT / "templates").iterdir())


def test_the_example_of_the_document_works(small_site: ServedSite, tmp_path: Path) -> None:
    """The template that it tells people to write is written and used."""
    example = re.search(r"```jinja\n(.*?)```", DOCUMENT, re.DOTALL)
    assert example is not None
    small_site.push({"posts/a.md": post(title="A post")})
    theme = _write(tmp_path / "theme", templates__post_DOT_html=example[1])
    html = Client(small_site.app(Serving(VERSION, theme_dir=theme))).get("/2026/01/a/").get_data(as_text=True)

    assert "<h1>A post</h1>" in html
    assert "Some words." in html
    assert '<nav aria-label="Site">' in html
