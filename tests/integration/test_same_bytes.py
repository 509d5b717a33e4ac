"""A body is the same bytes in every process: an index that one machine made equals that of another."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from gitblog.render.markup import ENGINES

TOP = Path(__file__).resolve().parents[2]
# Hash seeds of Python and of the Rust libraries differ from process to process; two of them may agree by chance.
PROCESSES = 8
RENDER_ALL = """
import sys
from pathlib import Path
from gitblog.model import Addressing, SourceFile
from gitblog.parse.documents import parse_document
from gitblog.render import render_document

for path in sorted(Path("content").glob("*/**/*.md")):
    name = path.relative_to("content").as_posix()
    parsed = parse_document(SourceFile(name, "", path.read_bytes()), Addressing())
    if parsed is not None and parsed.document is not None:
        print(render_document(parsed.document, sys.argv[1]))
"""


@pytest.mark.parametrize("engine", sorted(ENGINES))
def test_every_post_of_the_starter_is_the_same_bytes_in_every_process(engine: str) -> None:
    """nh3 once added two attributes in an order that each process drew anew."""
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(TOP)}
    command = [sys.executable, "-c", RENDER_ALL, engine]
    rendered = {
        subprocess.run(command, cwd=TOP, env=environment, capture_output=True, check=True).stdout
        for _ in range(PROCESSES)
    }

    assert len(rendered) == 1
    assert b"<table>" in rendered.pop()
