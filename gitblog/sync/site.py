"""The site at a tip: its configuration (the last good one where it is broken), its regimes, its fingerprints."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from importlib.metadata import version as package_version

from gitblog.history.lineages import Version, trace
from gitblog.history.regimes import end_of_no_configuration, regimes_of
from gitblog.model import Addressing, Change, Fingerprints, OrderedCommit, Problem, Regime, SiteConfig, SourceFile
from gitblog.parse.configuration import ParsedConfiguration, parse_configuration
from gitblog.parse.paths import CONFIGURATION_FILES, is_configuration
from gitblog.parse.search.terms import fingerprint as terms_fingerprint
from gitblog.render.documents import fingerprint as renderer_fingerprint
from gitblog.sync.heads import ReadBlobs

# Raised by whoever changes what addresses, rows or the log mean: every stored row is then computed again.
RULES_VERSION = 2
_MAX_CONFIGURATION_BYTES = 64 * 1024 + 1


@dataclass(frozen=True, slots=True)
class Configured:
    """The configuration in force at a tip, where it came from, and what is wrong with the file that is there."""

    blob: str
    config: SiteConfig
    regimes: tuple[Regime, ...]
    problems: tuple[Problem, ...]


def configure(
    changes: Iterable[Change], commits: Mapping[str, OrderedCommit], blob: str, read: ReadBlobs
) -> Configured:
    """Read the history of the configuration file; `blob` is the tip's ("" for none)."""
    path = CONFIGURATION_FILES[0]
    own = [change for change in changes if path in (change.path, change.old_path)]
    live = {path: blob} if blob else {}
    history = trace(own, commits, live, is_configuration)
    parsed = _parse_all(history.spans, read)

    def addressing_of(version: Version) -> Addressing | None:
        config = parsed[version].config
        return config.addressing if config else None

    regimes = regimes_of(
        history,
        configuration_of=addressing_of,
        defaults=Addressing(),
        defaults_end=end_of_no_configuration(own, commits, is_live=bool(blob)),
    )
    if not blob:
        return Configured("", SiteConfig(), regimes, ())
    tip = Version(path, blob)
    shown = history.stood_for(tip, lambda version: parsed[version].config is not None)
    config = parsed[shown[0]].config if shown else None
    return Configured(blob, config or SiteConfig(), regimes, parsed[tip].problems)


def fingerprints(shape: str, branch: str, config: SiteConfig) -> Fingerprints:
    """Hash what shapes the log, the addresses, the bodies and the terms; equal fingerprints promise equal results."""
    addressing = asdict(config.addressing)
    log = _hash(RULES_VERSION, shape)
    return Fingerprints(
        log=log,
        address=_hash(log, branch, addressing, package_version("tzdata")),
        render=_hash(RULES_VERSION, renderer_fingerprint(), config.markdown, config.addressing.layout),
        search=_hash(RULES_VERSION, terms_fingerprint(config.language)),
    )


def _parse_all(versions: Iterable[Version], read: ReadBlobs) -> dict[Version, ParsedConfiguration]:
    by_blob = {version.blob: version for version in versions}
    found = {}
    for blob, data in read(by_blob, _MAX_CONFIGURATION_BYTES):
        version = by_blob[blob]
        content = b" " * _MAX_CONFIGURATION_BYTES if data is None else data
        found[version] = parse_configuration(SourceFile(version.path, version.blob, content))
    return found


def _hash(*parts: object) -> str:
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()
