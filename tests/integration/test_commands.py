"""The commands of writers, run as programs."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from tests.history_builder import run_git

TOP = Path(__file__).resolve().parents[2]


def _gitblog(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(TOP), "HOME": str(folder)}
    command = [sys.executable, "-m", "gitblog", *arguments]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


def _listed(answer: subprocess.CompletedProcess[str]) -> dict[str, tuple[str, str | None]]:
    assert answer.returncode == 0, answer.stderr
    lines = [json.loads(line) for line in answer.stdout.splitlines()]
    return {line["source_path"]: (line["status"], line["reason"]) for line in lines}


def test_init_makes_a_repository_whose_posts_are_published(tmp_path: Path) -> None:
    """A first commit is there without any git identity on the machine."""
    made = _gitblog(tmp_path, "init", "blog")
    assert made.returncode == 0, made.stderr
    assert run_git(tmp_path / "blog", "log", "--format=%s") == "start a blog"

    found = _listed(_gitblog(tmp_path, "list", "blog", "--json"))
    assert found["posts/welcome.md"] == ("published", None)
    assert found["drafts/ideas.md"] == ("held", "draft")
    assert found["posts/a-letter-to-2030.md"] == ("held", "scheduled")
    assert _gitblog(tmp_path, "check", "blog").returncode == 0


def test_init_refuses_a_folder_that_holds_something(tmp_path: Path) -> None:
    """Nobody's files are mixed with the starter's."""
    (tmp_path / "blog").mkdir()
    (tmp_path / "blog" / "mine.txt").write_text("mine")
    refused = _gitblog(tmp_path, "init", "blog")

    assert (refused.returncode, "choose another" in refused.stderr) == (1, True)
    assert [path.name for path in (tmp_path / "blog").iterdir()] == ["mine.txt"]


def test_new_writes_a_post_once_and_never_over_another(tmp_path: Path) -> None:
    """The path is printed, and the file is a post that `list` sees before any commit."""
    _gitblog(tmp_path, "init", "blog")
    made = _gitblog(tmp_path / "blog", "new", 'A "quoted" title')
    assert made.stdout.strip() == "posts/a-quoted-title.md"

    again = _gitblog(tmp_path / "blog", "new", "A quoted title")
    assert (again.returncode, "is there already" in again.stderr) == (1, True)
    assert _listed(_gitblog(tmp_path, "list", "blog", "--json"))["posts/a-quoted-title.md"] == ("published", None)


def test_check_tells_file_line_and_column_of_an_uncommitted_mistake(tmp_path: Path) -> None:
    """The message is what a person needs; the repository itself is left as it was."""
    _gitblog(tmp_path, "init", "blog")
    (tmp_path / "blog" / "posts" / "bad.md").write_text('---\ntitle: "x\n---\nText.\n')
    before = run_git(tmp_path / "blog", "status", "--porcelain")
    checked = _gitblog(tmp_path, "check", "blog")

    assert checked.returncode == 1
    assert checked.stdout == "posts/bad.md:2:8: front-matter: a quote is opened here and never closed (close it)\n"
    assert run_git(tmp_path / "blog", "status", "--porcelain") == before == "?? posts/bad.md"


def test_list_reads_a_plain_folder_without_git(tmp_path: Path) -> None:
    """No front matter, no repository: the title is the heading, the folder a tag."""
    (tmp_path / "notes" / "python").mkdir(parents=True)
    (tmp_path / "notes" / "python" / "venv.md").write_text("# Virtual environments\n\nText.\n")
    # Windows leaves one beside each download; from there it comes along into WSL2.
    (tmp_path / "notes" / "python" / "venv.md:Zone.Identifier").write_text("[ZoneTransfer]\n")
    answer = _gitblog(tmp_path, "list", "notes", "--json")

    line = json.loads(answer.stdout)
    assert (line["url"], line["title"], line["tags"]) == ("/python/venv/", "Virtual environments", ["python"])
    assert not (tmp_path / "notes" / ".git").exists()


def test_a_wrong_setting_stops_with_status_2_and_one_line(tmp_path: Path) -> None:
    """The line names the variable."""
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(TOP), "PORT": "many"}
    command = [sys.executable, "-m", "gitblog", "status"]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)

    assert (done.returncode, done.stderr.count("\n"), "PORT" in done.stderr) == (2, 1, True)
