"""What contracts take and answer."""

from __future__ import annotations

from apiflask import Schema
from marshmallow import fields, validate

from backend.core.editing import edit_schema
from backend.core.schemas import Id, Page, Text

LETTER = validate.Regexp(r"[A-Za-z][A-Za-z0-9_]{0,19}(@[1-9][0-9]{0,3})?\Z", error="写成 B 或 B@1 | Written B or B@1")


class ContractFields(Schema):
    number = Text(max=60)
    letters = fields.List(fields.String(validate=LETTER), required=True, validate=validate.Length(1, 20))
    signed_on = fields.Date(required=True)
    starts_on = fields.Date(required=True)
    ends_on = fields.Date(allow_none=True)
    report_due_s = fields.Integer(strict=True, allow_none=True, validate=validate.Range(0, 31_536_000))
    visit_every_months = fields.Integer(strict=True, allow_none=True, validate=validate.Range(1, 60))


class ContractIn(ContractFields):
    customer_id = Id(required=True)


class ContractOut(ContractFields):
    id = fields.String()
    customer_id = fields.String()


class ContractPage(Schema):
    rows = fields.List(fields.Nested(ContractOut))
    next_cursor = fields.String(allow_none=True)


class ContractQuery(Page):
    customer_id = Id()


ContractEdit = edit_schema("ContractEdit", ContractFields)
