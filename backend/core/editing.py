"""Changing fields that others change too: what the console sends, `{base: {field: seen}, fields: {field: new}}`.

Merged field by field as a push is (sync/PROTOCOL.md M-32, M-33): 409 only for a field that truly collided, and then
nothing is changed. Values are compared as canonical JSON, as both languages do.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from apiflask import Schema
from marshmallow import fields

from backend.core.problems import Fault, Invalid, Stale
from sync.server.merge import merge_fields
from sync.server.registry import FieldRule


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


def merged(
    current: Mapping[str, Any], base: Mapping[str, Any], new: Mapping[str, Any], texts: frozenset[str] = frozenset()
) -> dict[str, Any]:
    """Field → value to write. All as JSON values; raises Invalid (base), Collision (fields).

    texts  long texts, joined where two people changed different sentences
    """
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
    rules = {name: FieldRule(frozenset(), False, "text" if name in texts else "value") for name in new}
    try:
        result = merge_fields(rules, current, base, new, False)
    except TypeError:
        words = {"zh": "这里有不能比较的内容。", "en": "This holds a value that cannot be compared."}
        raise Invalid(faults=[Fault("$.base", words)]) from None
    if result.collisions:
        words = {"zh": "别人刚改过这一项。", "en": "Somebody changed this field meanwhile."}
        faults = [Fault(f"$.fields.{collision.field}", words) for collision in result.collisions]
        raise Collision(faults=faults, extra={"current": dict(current)})
    return result.changes


def edit_row(
    row: Any, out: Schema, base: Mapping[str, Any], changes: Mapping[str, Any], texts: frozenset[str] = frozenset()
) -> set[str]:
    """Merge loaded `changes` into a row whose JSON is `out`'s; returns the names written."""
    shown = out.dump(changes)
    written = merged(out.dump(row), base, {name: shown.get(name) for name in changes}, texts)
    for name, value in written.items():
        setattr(row, name, value if name in texts else changes[name])
    return set(written)
