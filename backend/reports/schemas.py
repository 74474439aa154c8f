"""What reports take and answer. The `…Args` are the arguments of sync operations and the bodies of the desk alike."""

from __future__ import annotations

from datetime import date
from typing import Any

from apiflask import Schema
from marshmallow import ValidationError, fields, validate

from backend.core.editing import edit_schema
from backend.core.schemas import Both, Id, Instant, Page, Sha256, Text
from backend.reports.models import CAUSES, FIXES, OUTCOMES, RESULTS
from backend.reports.rules.states import STATES
from backend.reports.view import ReportView
from backend.reports.view_schemas import schema_of
from backend.visits.schemas import CheckInWithFixes
from backend.workorders.models import PRIORITIES

PHOTO_TYPES = ("image/jpeg", "image/png", "image/webp")
MAX_EXPORT = 500


class Day(fields.Field[Any]):
    """A local date, written 2026-11-22; kept as a date."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(metadata={"type": "string", "format": "date"}, **kwargs)

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> Any:
        return value.isoformat() if value is not None else None

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        return fields.Date(format="%Y-%m-%d").deserialize(value, attr, data)


def _content_type(value: str) -> None:
    if value in ("image/heic", "image/heif"):
        raise ValidationError("这是 HEIC 照片，请转成 JPEG | This is a HEIC photo; turn it into JPEG")
    validate.OneOf(PHOTO_TYPES)(value)


# ---------------------------------------------------------------- arguments of operations


class ReportStartArgs(Schema):
    work_order_id = Id(required=True)
    visit_id = Id(allow_none=True)
    short_ref = Text(required=True, min=3, max=20)
    language = fields.String(load_default="zh", validate=validate.OneOf(["zh", "en"]))


class ReportFields(Schema):
    guidance = Text()


class FindingFields(Schema):
    asset_id = Id(allow_none=True)
    symptom_found = Text()
    cause_category = fields.String(allow_none=True, validate=validate.OneOf(CAUSES))
    cause_text = Text()
    cause_unknown_until = Day(allow_none=True)
    fix_category = fields.String(allow_none=True, validate=validate.OneOf(FIXES))
    fix_text = Text()
    outcome = fields.String(allow_none=True, validate=validate.OneOf(OUTCOMES))
    not_fixed_reason = Text()
    next_step = Text()


class FindingArgs(FindingFields):
    report_id = Id(required=True)
    work_order_id = Id()


class PartFields(Schema):
    name = Text(required=True, min=1, max=120)
    part_no = Text(max=60)
    quantity = fields.Integer(load_default=1, strict=True, validate=validate.Range(1, 100_000))
    old_serial = Text(max=80)
    new_serial = Text(max=80)
    origin = Text(max=20)


class PartArgs(PartFields):
    finding_id = Id(required=True)
    report_id = Id()
    work_order_id = Id()


class PhotoArgs(Schema):
    work_order_id = Id(required=True)
    visit_id = Id(allow_none=True)
    report_id = Id(allow_none=True)
    finding_id = Id(allow_none=True)
    sha256 = Sha256(required=True)
    size_bytes = fields.Integer(required=True, strict=True, validate=validate.Range(1, 20 * 1024 * 1024))
    content_type = fields.String(required=True, validate=_content_type)
    taken_at = Instant(required=True)
    caption = Text(max=200)


class SignatureArgs(Schema):
    report_id = Id(required=True)
    visit_id = Id(allow_none=True)
    work_order_id = Id()
    document_sha256 = Sha256(required=True)
    strokes_sha256 = Sha256(allow_none=True)
    result = fields.String(required=True, validate=validate.OneOf(RESULTS))
    remarks = Text(allow_none=True)
    reason = Text(allow_none=True)
    signer_name = Text(max=60, allow_none=True)
    signer_title = Text(max=60, allow_none=True)
    rating = fields.Integer(allow_none=True, strict=True, validate=validate.Range(1, 5))
    signed_at = Instant(allow_none=True)
    photo_id = Id(allow_none=True)


class SubmitArgs(Schema):
    solved_at = Instant(allow_none=True)


class AnswerFromAfar(Schema):
    """What the customer said on the telephone; `absent`: she could not be reached."""

    result = fields.String(required=True, validate=validate.OneOf(["accepted", "rejected", "absent"]))
    who = Text(max=60, load_default="")
    note = Text(max=2000, load_default="")


class SubmitAtDesk(SubmitArgs):
    answer = fields.Nested(AnswerFromAfar, allow_none=True)


class VoidArgs(Schema):
    reason = Text(required=True, min=1, max=2000)


# ---------------------------------------------------------------- the desk


class ReportIn(Schema):
    visit_id = Id(allow_none=True)
    language = fields.String(load_default="zh", validate=validate.OneOf(["zh", "en"]))


ReportEdit = edit_schema("ReportEdit", ReportFields)
FindingEdit = edit_schema("FindingEdit", FindingFields)


class FieldComment(Schema):
    path = Text(required=True, min=1, max=200)
    text = Text(required=True, min=1, max=2000)


class ReturnIn(Schema):
    comment = Text(load_default="", max=2000)
    field_comments = fields.List(fields.Nested(FieldComment), load_default=list, validate=validate.Length(max=50))


class ReportComment(Schema):
    """What the office wrote when it returned the report: about all of it, or at one field."""

    kind = fields.String()
    at = Instant()
    author_id = fields.String()
    author_name = fields.String()
    version = fields.Integer()
    field = fields.String(allow_none=True)
    text = fields.String()


class ReportOut(Schema):
    id = fields.String()
    work_order_id = fields.String()
    visit_id = fields.String(allow_none=True)
    author_id = fields.String()
    number = fields.String(allow_none=True)
    short_ref = fields.String()
    language = fields.String()
    state = fields.String(validate=validate.OneOf(STATES))
    version = fields.Integer()
    form_version = fields.Integer()
    guidance = fields.String()
    sent_for_repair_on = Day(allow_none=True)
    repair_count = fields.Integer(allow_none=True)
    handed_over_on = Day(allow_none=True)
    created_at = Instant()
    submitted_at = Instant(allow_none=True)
    received_at = Instant(allow_none=True)
    approved_at = Instant(allow_none=True)
    approved_by_id = fields.String(allow_none=True)
    comments = fields.List(fields.Nested(ReportComment))
    signature_id = fields.String(allow_none=True)


class FindingOut(FindingFields):
    id = fields.String()
    report_id = fields.String()
    work_order_id = fields.String()


class PartOut(PartFields):
    id = fields.String()
    finding_id = fields.String(allow_none=True)
    report_id = fields.String()
    created_at = Instant()
    voided_at = Instant(allow_none=True)
    void_reason = fields.String()


class LocalDay(fields.Date):
    """A day of the calendar that people use."""

    def __init__(self, **kwargs: Any) -> None:
        words = "日期要写成 2026-11-22 这样，1970 到 9000 年 | Write a day as 2026-11-22, from 1970 to 9000"
        bounds = validate.Range(min=date(1970, 1, 1), max=date(9000, 1, 1), error=words)
        super().__init__(error_messages={"invalid": words}, validate=bounds, **kwargs)


class ReportQuery(Schema):
    """The filters of list and exports."""

    since_on = LocalDay(data_key="from", metadata={"description": "first local day at the site"})
    until_on = LocalDay(data_key="until", metadata={"description": "last local day at the site, included"})
    branch_id = Id()
    customer_id = Id()
    engineer_id = Id()
    asset_id = Id()
    work_order_id = Id()
    priority = fields.String(validate=validate.OneOf(PRIORITIES))
    state = fields.String(validate=validate.OneOf([*STATES, "open"]))
    q = Text(max=200)


class ReportListQuery(ReportQuery, Page):
    """One page of the list."""


class ExportQuery(ReportQuery):
    ids = fields.String(validate=validate.Length(max=37 * MAX_EXPORT))
    language = fields.String(validate=validate.OneOf(["zh", "en"]))


class ZipQuery(ExportQuery):
    format = fields.String(load_default="pdf", validate=validate.OneOf(["pdf", "docx"]))


class PaperQuery(Schema):
    language = fields.String(validate=validate.OneOf(["zh", "en"]))


class ProofQuery(PaperQuery):
    work_order_id = Id()


class ReportAsset(Schema):
    id = fields.String()
    label = fields.String()
    serial = fields.String()


class ReportBrief(Schema):
    """A report on its work order's page."""

    id = fields.String()
    number = fields.String(allow_none=True)
    short_ref = fields.String()
    state = fields.String(validate=validate.OneOf(STATES))
    version = fields.Integer()
    visit_id = fields.String(allow_none=True)
    author_id = fields.String()
    created_at = Instant()
    submitted_at = Instant(allow_none=True)


class AssetReport(ReportBrief):
    """A report in an asset's file, with what was found there."""

    outcome = fields.String(allow_none=True, validate=validate.OneOf(OUTCOMES))
    cause_category = fields.String(allow_none=True, validate=validate.OneOf(CAUSES))
    cause_text = fields.String()
    fix_text = fields.String()


class ReportRow(Schema):
    id = fields.String()
    number = fields.String(allow_none=True)
    short_ref = fields.String()
    state = fields.String(validate=validate.OneOf(STATES))
    version = fields.Integer()
    work_order_id = fields.String()
    work_order_number = fields.String(allow_none=True)
    priority = fields.String(allow_none=True, validate=validate.OneOf(PRIORITIES))
    branch_id = fields.String()
    customer_id = fields.String()
    customer_name = fields.String()
    site_id = fields.String()
    site_name = fields.String()
    tz = fields.String(metadata={"description": "the site's zone"})
    assets = fields.List(fields.Nested(ReportAsset))
    outcomes = fields.List(fields.String())
    engineer_id = fields.String()
    engineer_name = fields.String()
    created_at = Instant()
    submitted_at = Instant(allow_none=True)
    received_at = Instant(allow_none=True)
    approved_at = Instant(allow_none=True)
    result = fields.String(allow_none=True)
    rating = fields.Integer(allow_none=True)
    flags = fields.List(fields.String())


class ReportPage(Schema):
    rows = fields.List(fields.Nested(ReportRow))
    next_cursor = fields.String(allow_none=True)
    total = fields.Integer()


class PhotoEvidence(Schema):
    """A photo of the report or its visit: are its bytes here, did another job use them?"""

    id = fields.String()
    sha256 = fields.String()
    caption = fields.String()
    taken_at = Instant()
    finding_id = fields.String(allow_none=True)
    content_type = fields.String()
    is_in_report = fields.Boolean()
    is_stored = fields.Boolean()
    is_repeated = fields.Boolean()
    voided_at = Instant(allow_none=True)


class VerificationOut(Schema):
    """Does the signature hold? `path` names the first place that differs."""

    ok = fields.Boolean()
    is_pending = fields.Boolean()
    reason = fields.String(allow_none=True)
    path = fields.String(allow_none=True)
    text = fields.Nested(Both)


class SignatureOut(Schema):
    id = fields.String()
    report_id = fields.String()
    visit_id = fields.String(allow_none=True)
    work_order_id = fields.String()
    version = fields.Integer()
    document_sha256 = fields.String()
    strokes_sha256 = fields.String(allow_none=True)
    result = fields.String(validate=validate.OneOf(RESULTS))
    remarks = fields.String(allow_none=True)
    reason = fields.String(allow_none=True)
    signer_name = fields.String(allow_none=True)
    signer_title = fields.String(allow_none=True)
    rating = fields.Integer(allow_none=True)
    photo_id = fields.String(allow_none=True)
    signed_at = Instant()
    corrected_at = Instant()
    flags = fields.List(fields.String())


class FlagOut(Schema):
    """What a reviewer should look at, as a code and in words."""

    code = fields.String()
    text = fields.Nested(Both)


class ReportStep(Schema):
    """A line of the log about this report."""

    what = fields.String()
    at = Instant()
    received_at = Instant()
    author_id = fields.String(allow_none=True)
    author_name = fields.String(allow_none=True)
    text = fields.String()
    version = fields.Integer(allow_none=True)


class ChangeOut(Schema):
    """One field that this version says otherwise."""

    finding = fields.Integer(allow_none=True)
    field = fields.String()
    before = fields.String(allow_none=True)
    after = fields.String(allow_none=True)


class ChangesOut(Schema):
    """What the report says now, compared with the last version a customer signed before."""

    since = fields.Integer()
    rows = fields.List(fields.Nested(ChangeOut))


class EvidenceOut(Schema):
    """What stands beside the report in the review."""

    check_ins = fields.List(fields.Nested(CheckInWithFixes))
    photos = fields.List(fields.Nested(PhotoEvidence))
    verification = fields.Nested(VerificationOut)
    signatures = fields.List(fields.Nested(SignatureOut))
    flags = fields.List(fields.Nested(FlagOut))
    changes = fields.Nested(ChangesOut, allow_none=True)
    history = fields.List(fields.Nested(ReportStep))


ReportMay = Schema.from_dict(
    {step: fields.Boolean() for step in ("submit", "return", "approve", "withdraw")}, name="ReportMay"
)


class ReportDetail(Schema):
    """A report with its one view, and what stands beside it in the review."""

    report = fields.Nested(ReportOut)
    findings = fields.List(fields.Nested(FindingOut))
    part_lines = fields.List(fields.Nested(PartOut))
    view = fields.Nested(schema_of(ReportView))
    evidence = fields.Nested(EvidenceOut)
    may = fields.Nested(ReportMay)


class Verified(Schema):
    known = fields.Boolean()
    signed_at = Instant(allow_none=True)
    short_ref = fields.String(allow_none=True)
