"""Faults: what is wrong with facts, a contract or a letter file, all at once, each with its path."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Fault:
    """One wrong place. `path` is `$.asset.accepted_on`, or `clocks[2].due` in a letter file, with its line."""

    path: str
    zh: str
    en: str
    file: str | None = None
    line: int | None = None

    def as_json(self) -> dict[str, Any]:
        out: dict[str, Any] = {"path": self.path, "message": {"zh": self.zh, "en": self.en}}
        if self.file is not None:
            out |= {"file": self.file, "line": self.line}
        return out


class Faulty(Exception):
    """Something given to the engine cannot be read; `faults` holds every reason."""

    def __init__(self, faults: list[Fault]) -> None:
        super().__init__("; ".join(f"{fault.path}: {fault.en}" for fault in faults))
        self.faults = faults


class FactsFaulty(Faulty):
    """The facts, or the contract, are wrong."""


class LetterFaulty(Faulty):
    """A letter file is wrong."""


class LetterUnknown(Faulty):
    """No letter of that name is installed, or no file is there."""
