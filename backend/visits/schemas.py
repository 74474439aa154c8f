"""What visits take and answer."""

from __future__ import annotations

from apiflask import Schema
from marshmallow import fields, validate

from backend.core.editing import edit_schema
from backend.core.schemas import Both, Id, Instant, Maybe, Page, Text
from backend.visits.rules.states import STATES
from backend.workorders.models import PRIORITIES
from backend.workorders.rules.states import STATES as WORK_ORDER_STATES
from backend.workorders.schemas import ClockOut, VisitPlan

VERDICT_WORDS = ("on_site", "uncertain", "off_site", "no_fix")


VisitEdit = edit_schema("VisitEdit", VisitPlan)


class VisitReasonIn(Schema):
    reason = Text(required=True, min=1, max=2000)


class NoteIn(Schema):
    note = Text(max=2000, load_default="")


class SendingOut(Schema):
    """How far word of a visit has come with one of its engineers; null: not yet, or not known of older visits."""

    engineer_id = fields.String()
    sent_at = Instant(allow_none=True)
    delivered_at = Instant(allow_none=True)
    seen_at = Instant(allow_none=True)
    accepted_at = Instant(allow_none=True)


class VisitOut(Schema):
    id = fields.String()
    work_order_id = fields.String()
    state = fields.String(validate=validate.OneOf(STATES))
    planned_from = Instant()
    planned_until = Instant(allow_none=True)
    engineer_ids = fields.List(fields.String())
    lead_id = fields.String()
    note = fields.String()
    sending = fields.List(fields.Nested(SendingOut))


class Verdict(Schema):
    verdict = fields.String(validate=validate.OneOf(VERDICT_WORDS))
    distance_m = fields.Integer(allow_none=True)
    accuracy_m = fields.Integer(allow_none=True)
    radius_m = fields.Integer(allow_none=True)
    reason = fields.String(allow_none=True)


class FixOut(Schema):
    id = fields.String()
    lat_e7 = fields.Integer(allow_none=True)
    lng_e7 = fields.Integer(allow_none=True)
    accuracy_m = fields.Integer(allow_none=True)
    fix_at = Instant(allow_none=True)
    age_s = fields.Integer(allow_none=True)
    received_at = Instant()
    phone_verdict = Maybe(Verdict)
    server_verdict = fields.Nested(Verdict)
    flags = fields.List(fields.String())


class CheckInOut(Schema):
    id = fields.String()
    visit_id = fields.String()
    work_order_id = fields.String()
    engineer_id = fields.String()
    direction = fields.String(validate=validate.OneOf(["in", "out"]))
    tapped_at = Instant()
    corrected_at = Instant()
    quality = fields.String()
    received_at = Instant()
    reason_code = fields.String(allow_none=True)
    reason_text = fields.String()
    phone_verdict = Maybe(Verdict)
    server_verdict = fields.Nested(Verdict)
    flags = fields.List(fields.String())
    clock_offset_ms = fields.Integer(allow_none=True)
    is_accepted_by_office = fields.Boolean()


class CheckInWithFixes(CheckInOut):
    """A check-in with the positions that followed it."""

    fixes = fields.List(fields.Nested(FixOut))


class VisitQuery(Page):
    since = Instant(data_key="from")
    until = Instant()
    engineer_id = Id()
    branch_id = Id()
    state = fields.String(validate=validate.OneOf([*STATES, "open"]))


class VisitRow(VisitOut):
    """A visit in the dispatch week, with what a dispatcher reads in its cell."""

    number = fields.String(allow_none=True)
    work_order_state = fields.String(validate=validate.OneOf(WORK_ORDER_STATES))
    priority = fields.String(allow_none=True, validate=validate.OneOf(PRIORITIES))
    symptom = fields.String()
    customer_id = fields.String()
    customer_name = fields.String()
    site_id = fields.String()
    site_name = fields.String()
    branch_id = fields.String()
    next_due_at = Instant(allow_none=True)
    clocks = fields.List(fields.Nested(ClockOut))
    arrived_at = Instant(allow_none=True)
    left_at = Instant(allow_none=True)
    verdict = fields.String(allow_none=True, validate=validate.OneOf(VERDICT_WORDS))


class VisitPage(Schema):
    rows = fields.List(fields.Nested(VisitRow))
    next_cursor = fields.String(allow_none=True)


class EngineerQuery(Schema):
    work_order_id = Id()
    branch_id = Id()
    on = fields.Date()


class DayLoad(Schema):
    on = fields.Date()
    visits = fields.Integer()
    minutes = fields.Integer()


class EngineerReason(Schema):
    """Why she fits or does not: a code, whether it speaks for her, the sentence in both languages."""

    code = fields.String()
    is_good = fields.Boolean()
    text = fields.Nested(Both)


class EngineerRow(Schema):
    id = fields.String()
    name = fields.String()
    phone = fields.String()
    skills = fields.List(fields.String())
    branch_id = fields.String(allow_none=True)
    staff_no = fields.String()
    load = fields.List(fields.Nested(DayLoad))
    last_seen_at = Instant(allow_none=True)
    today = fields.List(fields.Nested(VisitOut))
    distance_m = fields.Integer(allow_none=True)
    distance_at = Instant(allow_none=True)
    reasons = fields.List(fields.Nested(EngineerReason))


class EngineerList(Schema):
    rows = fields.List(fields.Nested(EngineerRow))
