"""What customers, sites and contacts take and answer."""

from __future__ import annotations

from typing import Any

from apiflask import Schema
from marshmallow import ValidationError, fields, validate

from backend.core.editing import edit_schema
from backend.core.schemas import FlagNote, Id, Instant, Page, Text, Zone
from backend.customers.rules.datum import DATUMS
from backend.customers.rules.points import PointFault, point_of, written


class Point(fields.Field[Any]):
    """{lat, lng: decimal strings, datum} in; WGS-84 out. Loads to a `SitePoint`, null takes the point away."""

    def __init__(self, **kwargs: Any) -> None:
        members = {"lat": {"type": "string"}, "lng": {"type": "string"}, "datum": {"enum": [*DATUMS]}}
        super().__init__(metadata={"type": "object", "required": [*members], "properties": members}, **kwargs)

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> Any:
        return None if value is None else written(value)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        try:
            return point_of(value)
        except PointFault as fault:
            raise ValidationError({fault.member: [fault.words]} if fault.member else [fault.words]) from None


class CustomerFields(Schema):
    name = Text(required=True, min=1, max=120)
    short_name = Text(max=60)
    code = Text(max=40, allow_none=True)
    province = Text(max=20, allow_none=True)
    branch_id = Id()
    account_manager_id = Id(allow_none=True)
    payment_breach = fields.Boolean()
    confidentiality_breach = fields.Boolean()
    training_completed = fields.Boolean(allow_none=True)
    notes = Text()


class SiteFields(Schema):
    name = Text(required=True, min=1, max=120)
    address = Text(max=200)
    province = Text(max=20, allow_none=True)
    point = Point(allow_none=True)
    radius_m = fields.Integer(strict=True, validate=validate.Range(10, 20_000))
    tz = Zone()
    notes = Text()


class SiteIn(SiteFields):
    customer_id = Id(required=True)


class ContactFields(Schema):
    site_id = Id(allow_none=True)
    name = Text(required=True, min=1, max=60)
    phone = Text(max=40)
    title = Text(max=60)
    is_main = fields.Boolean()


class ContactIn(ContactFields):
    customer_id = Id(required=True)


class CustomerOut(CustomerFields):
    id = fields.String()
    flag_notes = fields.Dict(keys=fields.String(), values=fields.Nested(FlagNote), allow_none=True)
    created_at = Instant()


class SiteOut(SiteFields):
    id = fields.String()
    customer_id = fields.String()
    lat_e7 = fields.Integer(allow_none=True)
    lng_e7 = fields.Integer(allow_none=True)
    datum_entered = fields.String()


class ContactOut(ContactFields):
    id = fields.String()
    customer_id = fields.String()


class CustomerDetail(CustomerOut):
    """The complete file. What slices to the right add is named as they name it (marshmallow finds schemas by name)."""

    sites = fields.List(fields.Nested(SiteOut))
    contacts = fields.List(fields.Nested(ContactOut))
    assets = fields.List(fields.Nested("AssetOut"))
    contracts = fields.List(fields.Nested("ContractOut"))
    work_orders = fields.List(fields.Nested("WorkOrderBrief"))


class CustomerPage(Schema):
    rows = fields.List(fields.Nested(CustomerOut))
    next_cursor = fields.String(allow_none=True)


class CustomerQuery(Page):
    q = fields.String(validate=validate.Length(max=200))


CustomerEdit = edit_schema("CustomerEdit", CustomerFields, reason=True)
SiteEdit = edit_schema("SiteEdit", SiteFields)
ContactEdit = edit_schema("ContactEdit", ContactFields)
