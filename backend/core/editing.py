"""Changing fields that others change too: what the console sends, `{base: {field: seen}, fields: {field: new}}`.

Merged field by field as a push is (sync/PROTOCOL.md M-32, M-33): 409 only for a field that truly collided, and then
nothing is changed. Values are compared as canonical JSON, as both languages do.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import rfc8785
from apiflask import Schema
from marshmallow import fields

from backend.core.problems import Fault, Invalid, Stale


class Collision(Stale):
    slug = "collision"
    title: ClassVar[dict[str, str]] = {
        "zh": "有几项别人刚改成了别的内容，请选一个。",
        "en": "Somebody changed the same fields meanwhile; please choose.",
    }


def edit_schema(name: str, inner: type[Schema]) -> type[Schema]:
    """The schema of an edit whose `fields` are some of `inner`'s."""
    return Schema.from_dict(
        {
            "base": fields.Dict(keys=fields.String(), required=True),
            "fields": fields.Nested(inner(partial=True), required=True),
        },
        name=name,
    )


def fields_to_write(current: Mapping[str, Any], base: Mapping[str, Any], new: Mapping[str, Any]) -> set[str]:
    """Names of fields to write. All three as JSON values; raises Invalid (base), Collision (fields)."""
    faults = [
        Fault(
            f"$.base.{name}", {"zh": "缺少改之前看到的内容。", "en": "The value seen before the change is missing."}
        )
        for name in new
        if name not in base
    ]
    faults += [
        Fault(f"$.base.{name}", {"zh": "这一项没有要改的内容。", "en": "There is no change to this field."})
        for name in base
        if name not in new
    ]
    if faults:
        raise Invalid(faults=faults)
    collided, written = [], set()
    for name, value in new.items():
        if _same(value, current[name]):
            continue
        if not _same(base[name], current[name]):
            collided.append(name)
        written.add(name)
    if collided:
        words = {"zh": "别人刚改过这一项。", "en": "Somebody changed this field meanwhile."}
        raise Collision(
            faults=[Fault(f"$.fields.{name}", words) for name in collided], extra={"current": dict(current)}
        )
    return written


def edit_row(row: Any, out: Schema, base: Mapping[str, Any], changes: Mapping[str, Any]) -> set[str]:
    """Merge loaded `changes` into a row whose JSON is `out`'s; returns the names written."""
    current = out.dump(row)
    shown = out.dump(changes)
    written = fields_to_write(current, base, {name: shown.get(name) for name in changes})
    for name in written:
        setattr(row, name, changes[name])
    return written


def _same(one: Any, other: Any) -> bool:
    try:
        return bool(rfc8785.dumps(one) == rfc8785.dumps(other))
    except rfc8785.CanonicalizationError:
        return False
