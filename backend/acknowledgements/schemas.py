"""What acknowledgements take from a phone and show at the desk."""

from __future__ import annotations

from apiflask import Schema
from marshmallow import fields, validate

from backend.acknowledgements.models import ABOUTS, ANSWERS
from backend.core.schemas import Both, Id, Instant, Sha256, Text
from backend.letters.rules.words import CHARGE_KINDS, CHARGES, REMEDIES


class MoneyTold(Schema):
    """An amount as it was said: a plain decimal string with its currency (K-9)."""

    amount = fields.String(required=True, validate=validate.Regexp(r"\d{1,9}(\.\d{1,2})?\Z"))
    currency = fields.String(required=True, validate=validate.Regexp(r"[A-Z]{3}\Z"))


class ChargeTold(Schema):
    """One kind of charge as the customer was told it; `per`: for what one amount is (hour, visit), if not for all."""

    kind = fields.String(required=True, validate=validate.OneOf(CHARGE_KINDS))
    charge = fields.String(required=True, validate=validate.OneOf(CHARGES))
    per = Text(max=30, allow_none=True, required=True)
    amount = fields.Nested(MoneyTold, allow_none=True, required=True)
    clause = Text(max=20, allow_none=True, required=True)


class AcknowledgementArgs(Schema):
    work_order_id = Id(required=True)
    visit_id = Id(allow_none=True)
    about = fields.String(required=True, validate=validate.OneOf(ABOUTS))
    answer = fields.String(required=True, validate=validate.OneOf(ANSWERS))
    document_sha256 = Sha256(required=True)
    strokes_sha256 = Sha256(allow_none=True)
    reason = Text(max=2000)
    photo_id = Id(allow_none=True)
    photo_sha256 = Sha256(allow_none=True)
    signer_name = Text(max=60)
    signer_title = Text(max=60)
    remedy = fields.String(allow_none=True, validate=validate.OneOf(REMEDIES))
    told = fields.List(fields.Nested(ChargeTold), validate=validate.Length(max=20))


class AcknowledgementCheck(Schema):
    """Is the stored text the one that was signed, and does it say what the record says?"""

    ok = fields.Boolean()
    is_pending = fields.Boolean()
    reason = fields.String(allow_none=True)
    text = fields.Nested(Both)


class AcknowledgementFlag(Schema):
    code = fields.String()
    text = fields.Nested(Both)


class AcknowledgementOut(Schema):
    """On the work order's page: what was told, the answer, and whether text and ink are still those that were signed."""

    id = fields.String()
    visit_id = fields.String(allow_none=True)
    about = fields.String(validate=validate.OneOf(ABOUTS))
    answer = fields.String(validate=validate.OneOf(ANSWERS))
    document_sha256 = fields.String()
    strokes_sha256 = fields.String(allow_none=True)
    reason = fields.String()
    photo_sha256 = fields.String(allow_none=True)
    signer_name = fields.String()
    signer_title = fields.String()
    remedy = fields.String(allow_none=True)
    statement = fields.String(allow_none=True)
    told = fields.List(fields.Nested(ChargeTold))
    flags = fields.List(fields.Nested(AcknowledgementFlag))
    author_name = fields.String()
    at = Instant()
    corrected_at = Instant()
    received_at = Instant()
    check = fields.Nested(AcknowledgementCheck)
