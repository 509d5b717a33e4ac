"""The blog that the containers of these tests show."""

from __future__ import annotations

from tests.history_builder import Builder


def publish(repository: Builder, title: str) -> str:
    """Push a post with this title and return its commit."""
    tree = {"posts/a.md": f"---\ntitle: {title}\ndate: 2026-01-02\n---\n\nText.\n".encode()}
    revision = repository.commit(tree, date=1_767_323_045)
    repository.set_branch("main", revision)
    return revision
