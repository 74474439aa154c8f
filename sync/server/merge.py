"""Merge per field with a base value: M-32 to M-35. Values in, frozen value out; vectors: ../vectors/merge.json."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sync.server.canonical import same
from sync.server.model import Collision
from sync.server.problems import Refused
from sync.server.registry import FieldRule
from sync.server.text import merge_texts

MAX_TEXT = 20_000


@dataclass(frozen=True)
class Merged:
    """What an edit may write, what collided, which texts were joined, and the status of M-35."""

    changes: dict[str, Any]
    collisions: tuple[Collision, ...]
    joined: tuple[str, ...]
    status: str


def require_writer(fields: Mapping[str, FieldRule], args: Mapping[str, Any], side: str, *, inserting: bool) -> None:
    """Refuse the first field that does not exist or that this side may not write (M-32)."""
    for name in args:
        rule = fields.get(name)
        if rule is None:
            raise Refused("unknown-field", f"args.{name}")
        if side not in rule.writers and not (inserting and rule.on_insert):
            raise Refused("not-owner", f"args.{name}")


def require_base(args: Mapping[str, Any], base: Mapping[str, Any]) -> None:
    """An edit's base has exactly the members of its args (M-09)."""
    for name in [*args, *base]:
        if name not in args or name not in base:
            raise Refused("base-missing", f"base.{name}")


def merge_fields(
    fields: Mapping[str, FieldRule],
    current: Mapping[str, Any],
    base: Mapping[str, Any],
    args: Mapping[str, Any],
    others_wrote: bool,
) -> Merged:
    """Decide every field of an edit.

    current       the row as it stands
    base, args    as the person saw it · as she left it (same members)
    others_wrote  someone else's write lies above the edit's base_rev
    """
    changes: dict[str, Any] = {}
    collisions, joined, moved = [], [], False
    for name, new in args.items():
        live, seen = current.get(name), base[name]
        moved = moved or not same(live, seen)
        if same(live, new):
            continue
        if same(live, seen):
            changes[name] = new
            continue
        text = _joined(fields[name], seen, new, live)
        if text is None:
            collisions.append(Collision(name, seen, live, new))
        else:
            joined.append(name)
            if text != live:
                changes[name] = text
    status = "conflict" if collisions else "merged" if moved or others_wrote else "applied"
    return Merged(changes, tuple(collisions), tuple(joined), status)


def _joined(rule: FieldRule, seen: Any, new: Any, live: Any) -> str | None:
    if rule.merge != "text" or not (isinstance(seen, str) and isinstance(new, str) and isinstance(live, str)):
        return None
    text = merge_texts(seen, new, live)
    return text if text is not None and len(text) <= MAX_TEXT else None
