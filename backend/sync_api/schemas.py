"""What the console's side of sync takes and answers: conflicts, stuck operations, a record's history."""

from __future__ import annotations

from apiflask import Schema
from marshmallow import fields, validate

from backend.core.schemas import Both, Instant
from backend.sync_api.services import CHOICES


def _value(what: str, **kwargs: object) -> fields.Raw:
    """A value of whichever field it is about."""
    return fields.Raw(allow_none=True, metadata={"description": what}, **kwargs)


class ConflictOut(Schema):
    """Two people changed one field: both values, who and when, and what it became (M-34)."""

    id = fields.String()
    record_kind = fields.String()
    record_id = fields.String()
    field = fields.String()
    base_value = _value("free: what the phone had seen")
    server_value = _value("free: the live value")
    server_author_id = fields.String(allow_none=True)
    server_at = Instant(allow_none=True)
    phone_value = _value("free: what the phone wrote")
    phone_author_id = fields.String()
    phone_at = Instant()
    op_id = fields.String()
    state = fields.String()
    choice = fields.String(allow_none=True, validate=validate.OneOf(CHOICES))
    settled_by_id = fields.String(allow_none=True)
    settled_at = Instant(allow_none=True)


class EraseIn(Schema):
    reason = fields.String(required=True, validate=validate.Length(1, 500))


class ErasedOut(Schema):
    """The photo is void; are its bytes gone, or does another record still name them?"""

    id = fields.String()
    sha256 = fields.String()
    is_gone = fields.Boolean()


class ConflictsOut(Schema):
    conflicts = fields.List(fields.Nested(ConflictOut))


class SettleIn(Schema):
    choice = fields.String(required=True, validate=validate.OneOf(CHOICES))
    seen = _value("free: the live value the person saw", required=True)
    value = _value("free: with choice edit: the new value")


class StuckFault(Schema):
    path = fields.String()
    message = fields.Nested(Both)


class StuckTexts(Schema):
    title = fields.Nested(Both)
    detail = fields.Nested(Both)


class StuckProblem(Schema):
    """Why it was refused, as the phone was told (M-67); switch on the slug of `type`."""

    type = fields.String()
    title = fields.String()
    detail = fields.String()
    texts = fields.Nested(StuckTexts)
    field = fields.String(allow_none=True, dump_default=None)
    faults = fields.List(fields.Nested(StuckFault), dump_default=list)


class StuckOperation(Schema):
    """An operation that waits for somebody (M-28)."""

    id = fields.String()
    op_id = fields.String(allow_none=True)
    device_id = fields.String()
    seq = fields.Integer()
    author_id = fields.String()
    type = fields.String(allow_none=True)
    record_kind = fields.String(allow_none=True)
    record_id = fields.String(allow_none=True)
    status = fields.String()
    problem = fields.Nested(StuckProblem)
    payload = _value("free: the operation as it came")
    blocked_by = fields.String(allow_none=True)
    occurred_at = fields.String(allow_none=True)
    received_at = Instant()
    state = fields.String()
    mended_by = fields.String(allow_none=True)


class StuckOut(Schema):
    stuck_operations = fields.List(fields.Nested(StuckOperation))


class MendIn(Schema):
    args = fields.Dict(metadata={"description": "free: instead of the stuck operation's arguments"})
    base = fields.Dict(
        metadata={"description": "free: for an edit, the values that were seen; by default the live ones"}
    )


class ResultOut(Schema):
    result = fields.Dict(metadata={"description": "free: the operation's result (M-25)"})


class HistoryLine(Schema):
    """A value that was written over, and by whom."""

    field = fields.String()
    old_value = _value("free: the value before")
    rev = fields.Integer()
    author_id = fields.String(allow_none=True)
    op_id = fields.String(allow_none=True)
    at = Instant()


class HistoryOut(Schema):
    history = fields.List(fields.Nested(HistoryLine))
