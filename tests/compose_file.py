"""What Compose makes of this project's files: variables filled in, the mode's file laid over, profiles chosen.

Only what these files use is understood; a key that is not raises, so that nothing in them passes unread.
https://docs.docker.com/reference/compose-file/
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

# `$$`, `${NAME}`, `${NAME:-default}` and `${NAME:?what to do}`.
_VARIABLE = re.compile(r"\$(?:(?P<dollar>\$)|\{(?P<name>[A-Z_]+)(?::(?P<kind>[-?])(?P<text>[^}]*))?\})")
_UNDERSTOOD = {
    "build", "cap_drop", "command", "depends_on", "environment", "healthcheck", "image", "ports", "profiles",
    "read_only", "restart", "scale", "security_opt", "tmpfs", "volumes",
}  # fmt: skip


class MissingVariableError(Exception):
    """A variable without which nothing starts; the text is the file's own."""


@dataclass(frozen=True, slots=True)
class Service:
    """A service as it would be started; `environment` holds what is set, `depends_on` conditions by service."""

    name: str
    image: str
    builds: bool
    command: tuple[str, ...]
    environment: Mapping[str, str]
    depends_on: Mapping[str, str]
    healthcheck: Mapping[str, Any]
    volumes: tuple[str, ...]
    ports: tuple[str, ...]
    profiles: tuple[str, ...]
    confinement: tuple[str, ...]
    replicas: int
    restart: str


def read_env(text: str) -> Mapping[str, str]:
    """Read plain NAME=value lines of an .env file."""
    pairs = (line.partition("=") for line in text.splitlines() if line and not line.startswith("#"))
    return {name: value for name, _, value in pairs}


def read_services(
    files: Sequence[Path], variables: Mapping[str, str], profiles: Iterable[str] = ()
) -> Mapping[str, Service]:
    """Give the services that `up` starts with these profiles; what is not required and not active is no dependency."""
    merged: dict[str, Any] = {}
    for file in files:
        for name, service in yaml.safe_load(file.read_text())["services"].items():
            merged[name] = _merge(merged.get(name, {}), service)
    active = set(profiles)
    chosen = {name: each for name, each in merged.items() if not each.get("profiles") or active & set(each["profiles"])}
    return {name: _service(name, _fill(each, variables), variables, chosen) for name, each in chosen.items()}


def _merge(under: Any, over: Any) -> Any:
    """Lay a value over another: mappings key by key, lists behind each other, but a command replaces."""
    if isinstance(under, dict) and isinstance(over, dict):
        kept = {key: value for key, value in under.items() if key not in over}
        laid = {k: v if k in {"command", "test"} else _merge(under.get(k), v) for k, v in over.items()}
        return {**kept, **laid}
    if isinstance(under, list) and isinstance(over, list):
        return [*under, *over]
    return over


def _fill(value: Any, variables: Mapping[str, str]) -> Any:
    if isinstance(value, dict):
        return {key: _fill(each, variables) for key, each in value.items()}
    if isinstance(value, list):
        return [_fill(each, variables) for each in value]
    return _VARIABLE.sub(lambda match: _value(match, variables), value) if isinstance(value, str) else value


def _value(match: re.Match[str], variables: Mapping[str, str]) -> str:
    if match["dollar"]:
        return "$"
    found = variables.get(match["name"], "")
    if not found and match["kind"] == "?":
        raise MissingVariableError(f"{match['name']}: {match['text']}")
    return found or (match["text"] if match["kind"] == "-" else "")


def _service(name: str, raw: Mapping[str, Any], variables: Mapping[str, str], chosen: Mapping[str, Any]) -> Service:
    if unknown := set(raw) - _UNDERSTOOD:
        raise ValueError(f"{name} has keys that this test does not understand: {sorted(unknown)}")
    environment = (
        {key: variables.get(key) if value is None else value for key, value in raw["environment"].items()}
        if "environment" in raw
        else {}
    )
    return Service(
        name=name,
        image=raw["image"],
        builds="build" in raw,
        command=tuple(raw.get("command", ())),
        environment={key: value for key, value in environment.items() if value is not None},
        depends_on=_dependencies(name, raw.get("depends_on", {}), chosen),
        healthcheck=raw.get("healthcheck", {}),
        volumes=tuple(raw.get("volumes", ())),
        ports=tuple(raw.get("ports", ())),
        profiles=tuple(raw.get("profiles", ())),
        confinement=_confinement(raw),
        replicas=int(raw.get("scale", 1)),
        restart=raw.get("restart", "no"),
    )


def _dependencies(name: str, raw: Mapping[str, Any], chosen: Mapping[str, Any]) -> Mapping[str, str]:
    found = {other: each["condition"] for other, each in raw.items() if other in chosen or each.get("required", True)}
    if absent := set(found) - set(chosen):
        raise ValueError(f"{name} depends on services that no active profile has: {sorted(absent)}")
    return found


def _confinement(raw: Mapping[str, Any]) -> tuple[str, ...]:
    """Give the options of `podman run` for what confines a container."""
    read_only = ("--read-only", "--read-only-tmpfs=false") if raw.get("read_only") else ()
    return (
        *read_only,
        *(f"--tmpfs={path}" for path in raw.get("tmpfs", ())),
        *(f"--cap-drop={name.lower()}" for name in raw.get("cap_drop", ())),
        *(f"--security-opt={each.removesuffix(':true')}" for each in raw.get("security_opt", ())),
    )
