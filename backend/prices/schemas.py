"""What the price list takes and answers."""

from __future__ import annotations

from apiflask import Schema
from marshmallow import fields, validate

from backend.assets.schemas import Money
from backend.core.editing import edit_schema
from backend.core.schemas import Both, Id, Instant, Text, Whole
from backend.prices.rules.money import CURRENCIES
from backend.prices.rules.quote import ALL_PERS, KINDS, PRICED


class PriceFields(Schema):
    kind = fields.String(required=True, validate=validate.OneOf(KINDS))
    charge = fields.String(required=True, validate=validate.OneOf(PRICED))
    per = fields.String(required=True, validate=validate.OneOf(ALL_PERS))
    amount = Money(required=True)
    currency = fields.String(validate=validate.OneOf(CURRENCIES))
    part_no = Text(max=60)
    text = Whole(Both, required=True)
    valid_from = fields.Date(required=True)
    valid_until = fields.Date(allow_none=True)
    branch_id = Id(allow_none=True)
    contract_id = Id(allow_none=True)


class PriceOut(PriceFields):
    id = fields.String()
    changed_at = Instant()
    changed_by_id = fields.String(allow_none=True)


class PriceList(Schema):
    rows = fields.List(fields.Nested(PriceOut))


class MoneyOut(Schema):
    """An amount of money (K-9)."""

    amount = fields.String()
    currency = fields.String()


class QuoteLine(Schema):
    """One charge with its price; `amount` null: counted when the work is done, or there is no price. `counted`: how many
    hours or kilometres, as the visits say or as somebody entered."""

    kind = fields.String(validate=validate.OneOf((*KINDS, "upgrade")))
    charge = fields.String(allow_none=True)
    per = fields.String(allow_none=True)
    unit_amount = fields.Nested(MoneyOut, allow_none=True)
    amount = fields.Nested(MoneyOut, allow_none=True)
    clause = fields.String(allow_none=True)
    quantity = fields.Integer(allow_none=True)
    counted = fields.String(allow_none=True, dump_default=None)
    counted_by = fields.String(allow_none=True, dump_default=None, validate=validate.OneOf(("visits", "entered")))
    part_no = fields.String(allow_none=True)
    text = fields.Nested(Both, allow_none=True)


class QuoteOut(Schema):
    """What the decision costs the customer."""

    currency = fields.String()
    lines = fields.List(fields.Nested(QuoteLine))
    total = fields.Nested(MoneyOut, allow_none=True)


PriceEdit = edit_schema("PriceEdit", PriceFields)
