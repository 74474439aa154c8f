"""What notices take and answer."""

from __future__ import annotations

from apiflask import Schema
from marshmallow import fields, validate

from backend.core.schemas import Instant, Maybe, Page
from backend.letters.rules.words import CLOCKS, STATUSES
from backend.notices.models import KINDS
from backend.prices.schemas import MoneyOut
from backend.visits.rules.states import STATES as VISIT_STATES
from backend.workorders.rules.warnings import THRESHOLDS


class NoticeQuery(Page):
    unread = fields.Boolean(load_default=False)


class NoticeAbout(Schema):
    """What was so when it was told: the clock and its threshold, who goes and who was nearest; the charges."""

    clock = fields.String(allow_none=True, validate=validate.OneOf(CLOCKS))
    clause = fields.String(allow_none=True)
    starts = Instant(allow_none=True)
    due = Instant(allow_none=True)
    threshold = fields.Integer(allow_none=True, validate=validate.OneOf(THRESHOLDS))
    engineer_id = fields.String(allow_none=True)
    sent_at = Instant(allow_none=True)
    offline_since = Instant(allow_none=True)
    nearest_id = fields.String(allow_none=True)
    nearest_name = fields.String(allow_none=True)
    nearest_m = fields.Integer(allow_none=True)
    status_was = fields.String(allow_none=True, validate=validate.OneOf(STATUSES))
    total_was = Maybe(MoneyOut)
    status = fields.String(allow_none=True, validate=validate.OneOf(STATUSES))
    total = Maybe(MoneyOut)


class NoticeOut(Schema):
    """A notice, with its work order and its clock as they stand now: `clock_state` null when its term has moved since."""

    id = fields.String()
    kind = fields.String(validate=validate.OneOf(KINDS))
    work_order_id = fields.String()
    visit_id = fields.String(allow_none=True)
    created_at = Instant()
    read_at = Instant(allow_none=True)
    number = fields.String(allow_none=True)
    customer_name = fields.String()
    site_name = fields.String()
    tz = fields.String()
    about = fields.Nested(NoticeAbout)
    clock_state = fields.String(
        allow_none=True, validate=validate.OneOf(("running", "near", "met", "missed", "idle", "excused"))
    )
    met_at = Instant(allow_none=True)
    visit_state = fields.String(allow_none=True, validate=validate.OneOf(VISIT_STATES))
    seen_at = Instant(allow_none=True)
    engineer_name = fields.String()
    engineer_phone = fields.String()


class NoticePage(Schema):
    rows = fields.List(fields.Nested(NoticeOut))
    next_cursor = fields.String(allow_none=True)


class UnreadOut(Schema):
    unread = fields.Integer()


class ReadAllIn(Schema):
    """`until`: when the newest notice that she has before her was made."""

    until = Instant(required=True)
