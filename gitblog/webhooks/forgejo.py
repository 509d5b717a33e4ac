"""Forgejo, which grew out of Gitea: the same signature under its own name, and under Gitea's in old versions."""

from __future__ import annotations

from gitblog.webhooks.gitea import make_provider

PROVIDER = make_provider("forgejo", "Forgejo", ("forgejo", "gitea"))
