"""Plays the cases of sync/vectors/protocol.json against a server and compares answers with their wildcards."""

from __future__ import annotations

import re
from typing import Any

UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\Z")
INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z\Z")


class Exchange:
    """One case: what `$uuid:x` and `$cursor:n` were bound to so far."""

    def __init__(self) -> None:
        self.bound: dict[str, Any] = {}

    def filled(self, value: Any) -> Any:
        """A request with its bound names put in."""
        if isinstance(value, dict):
            return {name: self.filled(item) for name, item in value.items()}
        if isinstance(value, list):
            return [self.filled(item) for item in value]
        return self.bound.get(value, value) if isinstance(value, str) else value

    def differences(self, expected: Any, got: Any, path: str = "$") -> list[str]:
        """Where an answer is not what the vector says."""
        if isinstance(expected, dict) and isinstance(got, dict):
            return self._of_objects(expected, got, path)
        if isinstance(expected, list) and isinstance(got, list):
            out = [] if len(expected) == len(got) else [f"{path}: {len(expected)} expected, {len(got)} came: {got}"]
            for place, (one, other) in enumerate(zip(expected, got, strict=False)):
                out += self.differences(one, other, f"{path}[{place}]")
            return out
        if isinstance(expected, str) and expected.startswith("$"):
            return [] if self._fits(expected, got) else [f"{path}: {expected} expected, {got!r} came"]
        return (
            []
            if type(expected) is type(got) and expected == got
            else [f"{path}: {expected!r} expected, {got!r} came"]
        )

    def _of_objects(self, expected: dict[str, Any], got: dict[str, Any], path: str) -> list[str]:
        open_ended = "..." in expected
        out = [f"{path}.{name}: missing" for name in expected if name != "..." and name not in got]
        if not open_ended:
            out += [f"{path}.{name}: not expected: {got[name]!r}" for name in got if name not in expected]
        for name in expected:
            if name != "..." and name in got:
                out += self.differences(expected[name], got[name], f"{path}.{name}")
        return out

    def _fits(self, wanted: str, got: Any) -> bool:
        if wanted in self.bound:
            return self.bound[wanted] == got
        fits = {
            "$any": True,
            "$text": isinstance(got, str),
            "$int": type(got) is int,
            "$instant": isinstance(got, str) and INSTANT.match(got) is not None,
            "$uuid": isinstance(got, str) and UUID.match(got) is not None,
            "$cursor": isinstance(got, str),
        }[wanted.split(":")[0]]
        if fits and ":" in wanted:
            self.bound[wanted] = got
        return fits
