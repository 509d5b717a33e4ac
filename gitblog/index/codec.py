"""Values as the text that a column holds, and back: canonical JSON, equal values give equal bytes."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict

from gitblog.model import Addressing, Author, Heading, Look, MenuItem, Regime, SiteConfig, SyncReport


def dump(value: object) -> str:
    """Give the one JSON text of a value."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def dump_configuration(config: SiteConfig) -> str:
    """Write a site's configuration."""
    return dump(asdict(config))


def load_configuration(text: str) -> SiteConfig:
    """Read what `dump_configuration` wrote."""
    fields = json.loads(text)
    fields["authors"] = tuple(Author(**author) for author in fields["authors"])
    fields["menu"] = tuple(MenuItem(**item) for item in fields["menu"])
    fields["social"] = tuple(MenuItem(**item) for item in fields.get("social", ()))
    fields["look"] = Look(**fields.get("look", {}))
    fields["addressing"] = Addressing(**fields["addressing"])
    return SiteConfig(**fields)


def dump_regimes(regimes: Iterable[Regime]) -> str:
    """Write regimes, in their order."""
    return dump([asdict(regime) for regime in regimes])


def load_regimes(text: str) -> tuple[Regime, ...]:
    """Read what `dump_regimes` wrote."""
    return tuple(
        Regime(Addressing(**fields["addressing"]), fields["start"], fields["end"]) for fields in json.loads(text)
    )


def dump_outline(outline: Iterable[Heading]) -> str:
    """Write a table of contents."""
    return dump([[heading.level, heading.id, heading.text] for heading in outline])


def load_outline(text: str) -> tuple[Heading, ...]:
    """Read what `dump_outline` wrote."""
    return tuple(Heading(*entry) for entry in json.loads(text))


def dump_report(report: SyncReport) -> str:
    """Write a sync report."""
    return dump({**asdict(report), "counts": dict(report.counts)})


def load_report(text: str) -> SyncReport:
    """Read what `dump_report` wrote, in a newer program too: what this one does not know it leaves out."""
    stored = json.loads(text)
    fields = {name: stored[name] for name in SyncReport.__dataclass_fields__ if name in stored}
    fields["warnings"] = tuple(fields["warnings"])
    fields["problems"] = tuple(fields.get("problems", ()))
    return SyncReport(**fields)
