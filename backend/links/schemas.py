"""What links take and answer. CustomerView is the whole of what a customer ever reads: a field not here is not sent."""

from __future__ import annotations

from apiflask import Schema
from marshmallow import fields, validate

from backend.acknowledgements.rules.ink import MAX_POINTS
from backend.core import clock
from backend.core.ids import spoken
from backend.core.schemas import Both, Id, Instant, Text
from backend.links.models import SCOPES
from backend.workorders.schemas import ChargesOut


class LinkIn(Schema):
    scope = fields.List(
        fields.String(validate=validate.OneOf(SCOPES)),
        load_default=lambda: list(SCOPES),
        validate=validate.Length(max=9),
    )
    days = fields.Integer(load_default=30, strict=True, validate=validate.Range(1, 365))


class LinkOut(Schema):
    id = fields.String()
    ref = fields.Function(lambda row: spoken(row.id), metadata={"type": "string"})
    work_order_id = fields.String()
    scope = fields.List(fields.String(validate=validate.OneOf(SCOPES)))
    state = fields.Function(
        lambda row: row.state_at(clock.now()), metadata={"type": "string", "enum": ["active", "expired", "revoked"]}
    )
    created_by_id = fields.String()
    created_at = Instant()
    expires_at = Instant()
    revoked_at = Instant(allow_none=True)
    last_used_at = Instant(allow_none=True)
    uses = fields.Integer()


class LinkList(Schema):
    rows = fields.List(fields.Nested(LinkOut))


class LinkMade(Schema):
    """The only answer that ever holds the token."""

    link = fields.Nested(LinkOut)
    url = fields.String()
    qr_svg = fields.String()


# ---------------------------------------------------------------- the customer reads


class ContactLine(Schema):
    kind = fields.String()
    label = fields.Nested(Both)
    value = fields.String()


class CompanyLines(Schema):
    name = fields.Nested(Both)
    contacts = fields.List(fields.Nested(ContactLine))


class AssetLine(Schema):
    category = fields.String()
    brand = fields.String()
    model = fields.String()
    serial = fields.String()


class StepLine(Schema):
    what = fields.String()
    at = Instant()
    text = fields.String()
    who = fields.String()
    engineers = fields.List(fields.Nested(Both))


class Sentence(Schema):
    """A clause: what it says, and the words that were signed."""

    clause = fields.String()
    text = fields.Nested(Both)
    quote = fields.String()


class ClockLine(Sentence):
    name = fields.String()
    starts = Instant()
    due = Instant()
    state = fields.String()
    met_at = Instant(allow_none=True)
    reason = fields.String()


class PaysLine(Schema):
    status = fields.String()
    warranty_end = fields.String(allow_none=True)
    charges = fields.Nested(ChargesOut)
    sentences = fields.List(fields.Nested(Sentence))


class SaidLine(Schema):
    what = fields.String()
    at = Instant()
    who = fields.String()
    how = fields.String()
    text = fields.String()


class RatingLine(Schema):
    rating = fields.Integer()
    remark = fields.String()
    at = Instant()


class SignedLine(Schema):
    result = fields.String()
    who = fields.String()
    at = Instant()
    remarks = fields.String()
    document_sha256 = fields.String()


class ReportLine(Schema):
    """A report that was handed in. `to_sign` is the hash of the text that waits for her signature."""

    id = fields.String()
    number = fields.String()
    submitted_at = Instant(allow_none=True)
    is_approved = fields.Boolean()
    to_sign = fields.String(allow_none=True)
    signed = fields.Nested(SignedLine, allow_none=True)


class CustomerView(Schema):
    company = fields.Nested(CompanyLines)
    scope = fields.List(fields.String(validate=validate.OneOf(SCOPES)))
    expires_at = Instant()
    number = fields.String()
    kind = fields.String()
    state = fields.String()
    symptom = fields.String()
    reported_at = Instant()
    site_name = fields.String()
    tz = fields.String()
    assets = fields.List(fields.Nested(AssetLine))
    steps = fields.List(fields.Nested(StepLine))
    promised_for = Instant(allow_none=True)
    clocks = fields.List(fields.Nested(ClockLine))
    pays = fields.Nested(PaysLine)
    said = fields.Nested(SaidLine, allow_none=True)
    rating = fields.Nested(RatingLine, allow_none=True)
    reports = fields.List(fields.Nested(ReportLine))
    may_answer = fields.Boolean()
    may_rate = fields.Boolean()


# ---------------------------------------------------------------- the customer says


class AnswerIn(Schema):
    id = Id(required=True)
    result = fields.String(required=True, validate=validate.OneOf(("accepted", "rejected")))
    who = Text(required=True, max=60)
    remarks = Text(load_default="", max=2000)


class RatingIn(Schema):
    id = Id(required=True)
    rating = fields.Integer(required=True, strict=True, validate=validate.Range(1, 5))
    who = Text(load_default="", max=60)
    remarks = Text(load_default="", max=2000)


Point = fields.List(
    fields.Integer(strict=True, validate=validate.Range(-99_999, 99_999)), validate=validate.Length(equal=2)
)


class StrokesIn(Schema):
    """Ink as the phone keeps it: lines of points in whole units of the pad."""

    width = fields.Integer(required=True, strict=True, validate=validate.Range(1, 99_999))
    height = fields.Integer(required=True, strict=True, validate=validate.Range(1, 99_999))
    lines = fields.List(fields.List(Point, validate=validate.Length(max=MAX_POINTS)), required=True,
                        validate=validate.Length(max=2000))  # fmt: skip


class LinkSignatureIn(Schema):
    id = Id(required=True)
    document_sha256 = fields.String(required=True, validate=validate.Regexp(r"[0-9a-f]{64}\Z"))
    result = fields.String(required=True, validate=validate.OneOf(("accepted", "accepted_with_remarks", "rejected")))
    remarks = Text(load_default="", max=2000)
    signer_name = Text(required=True, max=60)
    signer_title = Text(load_default="", max=60)
    strokes = fields.Nested(StrokesIn, required=True)
