"""What assets take and answer."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from apiflask import Schema
from marshmallow import ValidationError, fields, validate

from backend.assets.models import CATEGORIES, MATERIALS
from backend.core.editing import edit_schema
from backend.core.schemas import FlagNote, Id, Page, Text


class Money(fields.Decimal):
    """An amount as a string with two decimals, in the company's currency."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(places=2, as_string=True, validate=_in_range, metadata={"type": "string"}, **kwargs)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Decimal:
        if not isinstance(value, str):
            raise ValidationError('金额写成 "5200.00" 这样的文字 | Write an amount as text, "5200.00"')
        return super()._deserialize(value, attr, data, **kwargs)


def _in_range(amount: Decimal) -> None:
    if not 0 <= amount < 10**12:
        raise ValidationError("金额在 0 到一万亿之间 | An amount lies between 0 and 10^12")


class AssetFields(Schema):
    site_id = Id(required=True)
    contract_id = Id(allow_none=True)
    category = fields.String(required=True, validate=validate.OneOf(CATEGORIES))
    brand = Text(max=60)
    model = Text(max=80)
    serial = Text(max=80)
    place = Text(max=120)
    material = fields.String(validate=validate.OneOf(MATERIALS), allow_none=True)
    stores_data = fields.Boolean(allow_none=True)
    is_genuine = fields.Boolean()
    purchased_on = fields.Date(allow_none=True)
    invoiced_on = fields.Date(allow_none=True)
    accepted_on = fields.Date(allow_none=True)
    price = Money(allow_none=True)
    is_provisional = fields.Boolean()


class AssetOut(AssetFields):
    id = fields.String()
    customer_id = fields.String()
    replaced_by_id = fields.String(allow_none=True)
    flag_notes = fields.Dict(keys=fields.String(), values=fields.Nested(FlagNote), allow_none=True)


class SpellOut(Schema):
    id = fields.String()
    from_on = fields.Date()
    to_on = fields.Date(allow_none=True)
    reason = fields.String()


class AssetDetail(AssetOut):
    replaces_id = fields.String(allow_none=True)
    out_of_service = fields.List(fields.Nested(SpellOut))
    log_spells = fields.List(fields.Nested("LogSpell"))
    work_orders = fields.List(fields.Nested("WorkOrderBrief"))
    reports = fields.List(fields.Nested("AssetReport"))


class AssetPage(Schema):
    rows = fields.List(fields.Nested(AssetOut))
    next_cursor = fields.String(allow_none=True)


class AssetQuery(Page):
    q = fields.String(validate=validate.Length(max=200))
    customer_id = Id()
    site_id = Id()


AssetEdit = edit_schema("AssetEdit", AssetFields, reason=True)
