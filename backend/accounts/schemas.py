"""What accounts take and answer."""

from __future__ import annotations

from apiflask import Schema
from marshmallow import fields, validate

from backend.accounts.roles import ROLES
from backend.core.editing import edit_schema
from backend.core.schemas import Id, Instant, Text, Whole, Zone


class SignInIn(Schema):
    name = fields.String(required=True, validate=validate.Length(1, 120))
    password = fields.String(required=True, validate=validate.Length(1, 256))


class UserOut(Schema):
    id = fields.String()
    name = fields.String()
    sign_in_name = fields.String()
    role = fields.String(validate=validate.OneOf(ROLES))
    branch_id = fields.String(allow_none=True)
    branch_ids = fields.Function(
        lambda user: sorted(b.branch_id for b in user.branches),
        metadata={"type": "array", "items": {"type": "string"}},
    )
    phone = fields.String()
    staff_no = fields.String()
    skills = fields.List(fields.String())
    language = fields.String(validate=validate.OneOf(["zh", "en"]))
    disabled_at = Instant(allow_none=True)


class SignedIn(Schema):
    user = fields.Nested(UserOut)
    permissions = fields.List(fields.String())


class UserIn(Schema):
    name = fields.String(required=True, validate=validate.Length(1, 60))
    sign_in_name = fields.String(required=True, validate=validate.Length(1, 60))
    password = fields.String(required=True, validate=validate.Length(1, 256))
    role = fields.String(required=True, validate=validate.OneOf(ROLES))
    branch_id = Id(allow_none=True)
    branch_ids = fields.List(Id(), validate=validate.Length(max=100))
    phone = fields.String(validate=validate.Length(max=40))
    staff_no = fields.String(validate=validate.Length(max=20))
    skills = fields.List(fields.String(validate=validate.Length(max=60)), validate=validate.Length(max=50))
    language = fields.String(validate=validate.OneOf(["zh", "en"]))


class UserChange(Schema):
    name = fields.String(validate=validate.Length(1, 60))
    password = fields.String(validate=validate.Length(1, 256))
    role = fields.String(validate=validate.OneOf(ROLES))
    branch_id = Id(allow_none=True)
    branch_ids = fields.List(Id(), validate=validate.Length(max=100))
    phone = fields.String(validate=validate.Length(max=40))
    staff_no = fields.String(validate=validate.Length(max=20))
    skills = fields.List(fields.String(validate=validate.Length(max=60)), validate=validate.Length(max=50))
    language = fields.String(validate=validate.OneOf(["zh", "en"]))
    is_disabled = fields.Boolean()


class SelfChange(Schema):
    language = fields.String(validate=validate.OneOf(["zh", "en"]))
    old_password = fields.String(validate=validate.Length(1, 256))
    password = fields.String(validate=validate.Length(1, 256))


class DeviceIn(Schema):
    id = Id(required=True)
    user_id = Id(metadata={"description": "whose database it is; refused when the session is somebody else's"})
    label = fields.String(validate=validate.Length(max=120))
    public_key = fields.Dict(keys=fields.String(), allow_none=True, metadata={"description": "free: a JSON web key"})


class DeviceOut(Schema):
    id = fields.String()
    user_id = fields.String()
    label = fields.String()
    created_at = Instant()
    last_seen_at = Instant(allow_none=True)
    unsent = fields.Integer(
        allow_none=True, metadata={"description": "what it had not sent yet when it was last seen"}
    )
    revoked_at = Instant(allow_none=True)


class BranchOut(Schema):
    id = fields.String()
    name = fields.String()
    province = fields.String(allow_none=True)
    tz = fields.String()
    phone = fields.String()


class CompanyName(Schema):
    zh = Text(required=True, min=1, max=120)
    en = Text(required=True, min=1, max=120)


class CompanyFields(Schema):
    name = Whole(CompanyName)
    hotline = Text(max=40)
    email = Text(max=120)
    complaint_phone = Text(max=40)
    currency = fields.String(validate=validate.Regexp(r"[A-Z]{3}\Z"))
    tz = Zone()
    languages = fields.List(fields.String(validate=validate.OneOf(["zh", "en"])), validate=validate.Length(1, 2))


class CompanyOut(CompanyFields):
    id = fields.String()
    is_demo = fields.Boolean()


CompanyEdit = edit_schema("CompanyEdit", CompanyFields)
