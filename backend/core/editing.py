"""Changing fields that others change too: what the console sends, `{base: {field: seen}, fields: {field: new}}`.

Merged field by field by the engine's own function, as a push is (sync/PROTOCOL.md M-33 to M-38): long texts are joined
where two people changed different sentences, 409 only for a field that truly collided, and then nothing is changed.
Which texts are long says the record kind, once for both roads.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, ClassVar

from apiflask import Schema
from marshmallow import fields

from backend.core import clock
from backend.core.problems import Fault, Invalid, Stale
from backend.core.schemas import Text
from backend.core.sync import registry_of
from sync.server.merge import merge_fields
from sync.server.registry import FieldRule


class Collision(Stale):
    slug = "collision"
    title: ClassVar[dict[str, str]] = {
        "zh": "有几项别人刚改成了别的内容，请选一个。",
        "en": "Somebody changed the same fields meanwhile; please choose.",
    }


def edit_schema(name: str, inner: type[Schema], reason: bool = False) -> type[Schema]:
    """The schema of an edit whose `fields` are some of `inner`'s; with a reason where some of them need one."""
    why = {"reason": Text(load_default="", max=2000)} if reason else {}
    return Schema.from_dict(
        {
            **why,
            "base": fields.Dict(
                keys=fields.String(), required=True, metadata={"description": "free: field → the value that was seen"}
            ),
            "fields": fields.Nested(inner(partial=True), required=True),
        },
        name=name,
    )


def texts_of(model: type[Any]) -> frozenset[str]:
    """The long texts of a record, by its kind's own table; none for what is not synced."""
    record = registry_of().of_model.get(model)
    return record.texts if record else frozenset()


def merged(
    current: Mapping[str, Any], base: Mapping[str, Any], new: Mapping[str, Any], texts: frozenset[str]
) -> dict[str, Any]:
    """Field → value to write. All as JSON values; raises Invalid (base), Collision (fields).

    texts  see `texts_of`
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


def note_flags(
    row: Any, flags: Iterable[str], changes: Mapping[str, Any], reason: str, actor: Any, now: datetime
) -> None:
    """A flag that decides who pays is changed with a reason, kept beside it. Raises Invalid where there is none."""
    changed = [name for name in flags if name in changes and changes[name] != getattr(row, name)]
    if not changed:
        return
    if not reason.strip():
        raise Invalid(faults=[Fault("$.reason", {"zh": "请写明原因。", "en": "Please state the reason."})])
    note = {"reason": reason.strip(), "by_id": actor.user_id, "by": actor.name, "at": clock.iso(now)}
    row.flag_notes = {**(row.flag_notes or {}), **dict.fromkeys(changed, note)}


def edit_row(row: Any, out: Schema, base: Mapping[str, Any], changes: Mapping[str, Any]) -> set[str]:
    """Merge loaded `changes` into a row whose JSON is `out`'s; returns the names written."""
    texts, shown = texts_of(type(row)), out.dump(changes)
    written = merged(out.dump(row), base, {name: shown.get(name) for name in changes}, texts)
    for name, value in written.items():
        setattr(row, name, value if name in texts else changes[name])
    return set(written)
