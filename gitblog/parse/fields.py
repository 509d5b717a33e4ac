"""The fields of one file, looked up by gitblog's names, and the complaints about them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

from gitblog.model import FrontMatter, Problem, Severity
from gitblog.parse.keys import SYNONYMS, canonical, fold, near_miss
from gitblog.parse.values import WrongValue, is_empty

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Field:
    """A key as the author wrote it, its value, and its line in the file."""

    key: str
    value: object
    line: int


class FieldReader:
    """Gives the fields of a file under their canonical names and gathers `problems`.

    `broken` says that one of them holds the whole file back.
    """

    def __init__(self, path: str, front_matter: FrontMatter) -> None:
        self.path = path
        self.problems: list[Problem] = []
        self.broken = False
        self._fields: dict[str, list[Field]] = {}
        for key, value in front_matter.fields.items():
            field = Field(key, value, front_matter.lines.get(key, 1))
            name = canonical(key)
            if name:
                self._fields.setdefault(name, []).append(field)
            elif meant := near_miss(key):
                self.warn(field, "unknown-key", f"the key `{_cut(key)}` is unknown", f"did you mean `{meant}`?")
        for name, fields in self._fields.items():
            names = SYNONYMS[name]
            self._fields[name] = sorted(fields, key=partial(_rank, names))

    def every(self, name: str) -> list[Field]:
        """Give all fields of a name, empty ones too, those with our own spelling first."""
        return self._fields.get(name, [])

    def first(self, name: str) -> Field | None:
        """Give the field of a name that counts: the first that is not empty; None where there is none."""
        return next((field for field in self.every(name) if not is_empty(field.value)), None)

    def read(self, name: str, convert: Callable[[object], T], default: T) -> T:
        """Give a field's typed value; a wrong one is an error and counts as not written."""
        field = self.first(name)
        if field is None:
            return default
        try:
            return convert(field.value)
        except WrongValue as wrong:
            self.refuse(field, name, wrong)
            return default

    def refuse(self, field: Field, reason: str, wrong: WrongValue, *, fatal: bool = False) -> None:
        """Note a wrong value as an error; a fatal one holds the whole file back."""
        self.broken = self.broken or fatal
        self._note(field, reason, f"`{field.key}`: {wrong.message}", wrong.hint, Severity.ERROR)

    def warn(self, field: Field, reason: str, message: str, hint: str) -> None:
        """Note a warning about a field."""
        self._note(field, reason, message, hint, Severity.WARNING)

    def _note(self, field: Field, reason: str, message: str, hint: str, severity: Severity) -> None:
        self.problems.append(Problem(self.path, field.line, 1, reason, message, hint, severity))


def _rank(names: tuple[str, ...], field: Field) -> int:
    return names.index(fold(field.key))


def _cut(key: str) -> str:
    return key if len(key) <= 40 else key[:39] + "…"
