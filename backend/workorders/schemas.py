"""What work orders take and answer."""

from __future__ import annotations

from apiflask import Schema
from marshmallow import fields, validate

from backend.accounts.roles import ROLES
from backend.assets.schemas import AssetOut, Money
from backend.assets.services import label_of
from backend.contracts.schemas import ContractOut
from backend.core.editing import edit_schema
from backend.core.schemas import Both, Id, Instant, Maybe, Page, Text
from backend.customers.schemas import ContactOut, CustomerOut, SiteOut
from backend.letters.rules.words import CAUSES, CHARGE_KINDS, CHARGES, CLOCKS, REMEDIES, STATUSES, STEPS
from backend.prices.schemas import MoneyOut, QuoteOut
from backend.workorders.models import CHANNELS, KINDS, PRIORITIES
from backend.workorders.rules.moved import WORDS as MOVED_BY
from backend.workorders.rules.owed import STATES as OWED_STATES
from backend.workorders.rules.states import STATES

MAX_ASSETS = 200


def _word(words: tuple[str, ...], **kwargs: object) -> fields.String:
    return fields.String(validate=validate.OneOf(words), **kwargs)


def _asset_ids() -> fields.List:
    return fields.List(Id(), validate=validate.Length(max=MAX_ASSETS))


class OfficeFields(Schema):
    """What the office may change of a work order."""

    site_id = Id()
    contact_id = Id(allow_none=True)
    contract_id = Id(allow_none=True)
    asset_ids = _asset_ids()
    kind = _word(KINDS)
    channel = _word(CHANNELS)
    priority = _word(PRIORITIES, allow_none=True)
    symptom = Text()
    fault = Text(max=60, allow_none=True)
    caller_name = Text(max=60)
    caller_phone = Text(max=40)
    owner_id = Id(allow_none=True)
    phone_reason = Text(max=2000)
    product_price = Money(allow_none=True)
    upgrade_quote = Money(allow_none=True)
    unrepairable = fields.Boolean()
    branch_id = Id()


class VisitPlan(Schema):
    engineer_ids = fields.List(Id(), required=True, validate=validate.Length(1, 20))
    lead_id = Id()
    planned_from = Instant(required=True)
    planned_until = Instant(allow_none=True)
    note = Text(max=2000)


class WorkOrderIn(OfficeFields):
    id = Id()
    customer_id = Id(required=True)
    site_id = Id(required=True)
    kind = _word(KINDS, load_default="repair")
    channel = _word(CHANNELS, required=True)
    symptom = Text(required=True, min=1)
    reported_at = Instant()
    visit = fields.Nested(VisitPlan, allow_none=True)


class PreviewIn(Schema):
    customer_id = Id(required=True)
    site_id = Id(required=True)
    asset_ids = _asset_ids()
    contract_id = Id(allow_none=True)
    kind = _word(KINDS, load_default="repair")
    channel = _word(CHANNELS, required=True)
    priority = _word(PRIORITIES, allow_none=True)
    reported_at = Instant(allow_none=True)
    fault = Text(max=60, allow_none=True)
    cause_category = _word(CAUSES, allow_none=True)
    product_price = Money(allow_none=True)
    upgrade_quote = Money(allow_none=True)


class DecidedClock(Schema):
    """A measure of a promise as the letters decide it, before anything happened."""

    name = _word(CLOCKS)
    letter = fields.String()
    clause = fields.String()
    starts = Instant(allow_none=True)
    target = Instant(allow_none=True)
    due = Instant(allow_none=True)
    calendar = fields.String()
    is_at_once = fields.Boolean()
    state = _word(("running", "near", "met", "missed", "idle", "excused"))


class MovedOut(Schema):
    """When it was due as first told, under which clause, and what changed that, when."""

    due = Instant()
    clause = fields.String()
    at = Instant()
    why = _word(MOVED_BY)


class ClockOut(DecidedClock):
    """One running measure of a promise."""

    near_at = Instant(allow_none=True)
    governs = fields.Boolean()
    met_at = Instant(allow_none=True)
    met_by = fields.String(allow_none=True)
    met_received_at = Instant(allow_none=True, dump_default=None)
    excused_by = fields.String(allow_none=True)
    excuse = fields.String()
    missed_reason = fields.String(dump_default="")
    moved = Maybe(MovedOut, dump_default=None)


class DecidedGate(Schema):
    """A step that stands before dispatch, work or closing."""

    gate = fields.String()
    before = _word(STEPS)
    clause = fields.String()


class RecordLink(Schema):
    """A record to go to."""

    kind = fields.String()
    id = fields.String()


class GateOut(DecidedGate):
    """A step with how it stands: does it hold, why not, where to mend it."""

    holds = fields.Boolean()
    is_overridden = fields.Boolean()
    why = Maybe(Both)
    link = Maybe(RecordLink)


class OwedOut(Schema):
    """Something owed, and what became of it: for a stand-in machine what was handed out, when and to whom."""

    what = fields.String()
    clause = fields.String()
    due = Instant(allow_none=True)
    state = _word(OWED_STATES, dump_default="open")
    loaner = fields.String(dump_default="")
    to = fields.String(dump_default="")
    handed_out_at = Instant(allow_none=True, dump_default=None)
    returned_at = Instant(allow_none=True, dump_default=None)


class DecisionReason(Schema):
    """A sentence of the decision and the clause it stands on."""

    letter = fields.String()
    clause = fields.String()
    text = fields.Nested(Both)


ChargesOut = Schema.from_dict({kind: _word(CHARGES, allow_none=True) for kind in CHARGE_KINDS}, name="ChargesOut")


class SuspendedOut(Schema):
    """A suspension that the office overrode: the clauses invoked, and why it serves all the same."""

    reasons = fields.List(fields.Nested(DecisionReason))
    note = fields.String()
    at = Instant()
    entry_id = fields.String()


class CountedRepair(Schema):
    """An earlier repair of the same fault, by its report."""

    report = fields.String()
    report_id = fields.String()
    on = fields.String()


class RemedyOut(Schema):
    """What the customer chose among the offered remedies."""

    remedy = _word(REMEDIES)
    by = fields.String()
    how = fields.String()
    at = Instant()
    entry_id = fields.String()
    is_offered = fields.Boolean()
    refund = fields.Nested(MoneyOut, allow_none=True)


class EntitlementOf(Schema):
    """Who pays and what is owed, with reasons."""

    status = _word(STATUSES)
    warranty_end = fields.String(allow_none=True)
    warranty_end_provisional = fields.Boolean()
    charges = fields.Nested(ChargesOut)
    remedies = fields.List(_word(REMEDIES))
    refund = fields.String(allow_none=True)
    upgrade_ceiling = fields.String(allow_none=True)
    reasons = fields.List(fields.Nested(DecisionReason))
    suspended = fields.Nested(SuspendedOut, allow_none=True, dump_default=None)
    repairs = fields.List(fields.Nested(CountedRepair), dump_default=list)


class EntitlementOfAsset(EntitlementOf):
    asset_id = fields.String()


class IfUserDamage(Schema):
    """What would be decided were the cause damage by the user: the phone tells the customer so without a network."""

    status = _word(STATUSES)
    charges = fields.Nested(ChargesOut)
    reasons = fields.List(fields.Nested(DecisionReason))
    gates = fields.List(fields.Nested(DecidedGate))
    quote = fields.Nested(QuoteOut)


class EntitlementOut(EntitlementOf):
    """Of the job: the gravest of its assets; where they are several, each asset's own beside it."""

    by_asset = fields.List(fields.Nested(EntitlementOfAsset), dump_default=list)
    if_user_damage = Maybe(IfUserDamage, dump_default=None)


class QuoteBefore(Schema):
    """What the customer was told before the charges changed."""

    status = _word(STATUSES)
    charges = fields.Nested(ChargesOut)
    total = fields.Nested(MoneyOut, allow_none=True)
    at = Instant()


class StoredQuote(QuoteOut):
    was = fields.Nested(QuoteBefore, allow_none=True, dump_default=None)


class WorkOrderOut(OfficeFields):
    id = fields.String()
    number = fields.String(allow_none=True)
    short_ref = fields.String(allow_none=True)
    customer_id = fields.String()
    letters = fields.List(fields.String())
    state = _word(STATES)
    reported_at = Instant()
    created_at = Instant()
    created_by_id = fields.String(allow_none=True)
    closed_at = Instant(allow_none=True)
    last_contact_at = Instant(allow_none=True)
    next_due_at = Instant(allow_none=True)
    clocks = fields.List(fields.Nested(ClockOut))
    entitlement = fields.Nested(EntitlementOut)
    quote = fields.Nested(StoredQuote, allow_none=True)
    remedy = fields.Nested(RemedyOut, allow_none=True)
    gates = fields.List(fields.Nested(GateOut))
    owed = fields.List(fields.Nested(OwedOut))
    missing = fields.List(fields.String())


class AssetLabel(Schema):
    id = fields.String()
    label = fields.String()


class EngineerName(Schema):
    id = fields.String()
    name = fields.String()


class WorkOrderRow(WorkOrderOut):
    customer_name = fields.String()
    site_name = fields.String()
    owner_name = fields.String()
    assets = fields.List(fields.Nested(AssetLabel))
    engineers = fields.List(fields.Nested(EngineerName))
    next_visit_at = Instant(allow_none=True)
    visit_state = fields.String(allow_none=True)


class WorkOrderPage(Schema):
    rows = fields.List(fields.Nested(WorkOrderRow))
    next_cursor = fields.String(allow_none=True)


class WorkOrderQuery(Page):
    state = _word(("open", "all", *STATES), load_default="all")
    branch_id = Id()
    customer_id = Id()
    site_id = Id()
    engineer_id = Id()
    owner_id = Id()
    asset_id = Id()
    priority = _word(PRIORITIES)
    kind = _word(KINDS)
    q = fields.String(validate=validate.Length(max=200))
    since = Instant(data_key="from")
    until = Instant()
    clock = _word(("missed", "near"))
    sort = _word(("reported", "due"), load_default="reported")


class LogEntryOut(Schema):
    id = fields.String()
    work_order_id = fields.String()
    visit_id = fields.String(allow_none=True)
    what = fields.String()
    at = Instant()
    corrected_at = Instant()
    quality = fields.String()
    received_at = Instant()
    author_id = fields.String(allow_none=True)
    entered_by_id = fields.String(allow_none=True)
    source = fields.String()
    note = fields.String()
    data = fields.Dict(metadata={"description": "free: what the entry's kind says beside its note"})
    voided_at = Instant(allow_none=True)
    void_reason = fields.String()


class LogEntryIn(Schema):
    id = Id()
    what = fields.String(required=True, validate=validate.Length(1, 30))
    at = Instant()
    note = Text()
    data = fields.Dict(keys=fields.String(), metadata={"description": "free: what the entry's kind says"})
    visit_id = Id(allow_none=True)


class AssetInDetail(AssetOut):
    label = fields.Function(label_of, metadata={"type": "string"})


class PersonName(Schema):
    name = fields.String()
    phone = fields.String()
    role = _word(ROLES)


class WorkOrderBrief(Schema):
    """A work order in the file of its customer or asset."""

    id = fields.String()
    number = fields.String(allow_none=True)
    short_ref = fields.String(allow_none=True)
    state = _word(STATES)
    kind = _word(KINDS)
    priority = _word(PRIORITIES, allow_none=True)
    symptom = fields.String()
    reported_at = Instant()


class WorkOrderDetail(WorkOrderRow):
    """Everything about it. What slices to the right add is named as they name it (marshmallow finds schemas by name)."""

    log = fields.List(fields.Nested(LogEntryOut))
    customer = fields.Nested(CustomerOut)
    site = fields.Nested(SiteOut)
    contact = fields.Nested(ContactOut, allow_none=True)
    assets = fields.List(fields.Nested(AssetInDetail))
    contracts = fields.List(fields.Nested(ContractOut))
    people = fields.Dict(keys=fields.String(), values=fields.Nested(PersonName))
    visits = fields.List(fields.Nested("VisitOut"))
    check_ins = fields.List(fields.Nested("CheckInWithFixes"))
    acknowledgements = fields.List(fields.Nested("AcknowledgementOut"))
    reports = fields.List(fields.Nested("ReportBrief"))
    conflicts = fields.List(fields.Nested("ConflictOut"))


class OpenOrder(Schema):
    id = fields.String()
    number = fields.String(allow_none=True)
    state = _word(STATES)
    symptom = fields.String()
    reported_at = Instant()
    asset_ids = fields.List(fields.String())


class PreviewOut(Schema):
    letters = fields.List(fields.String())
    clocks = fields.List(fields.Nested(DecidedClock))
    entitlement = fields.Nested(EntitlementOut)
    quote = fields.Nested(QuoteOut)
    gates = fields.List(fields.Nested(DecidedGate))
    owed = fields.List(fields.Nested(OwedOut))
    missing = fields.List(fields.String())
    open_work_orders = fields.List(fields.Nested(OpenOrder))


class TryIn(Schema):
    """Facts as letters/DECISIONS.md has them; `text` is a letter file that stands beside those named, as letter.yaml."""

    facts = fields.Dict(required=True, metadata={"description": "free: the facts of `python -m backend explain`"})
    text = fields.String(allow_none=True, validate=validate.Length(1, 1_048_576))


class TryOut(Schema):
    clocks = fields.List(fields.Nested(DecidedClock))
    entitlement = fields.Nested(EntitlementOut)
    gates = fields.List(fields.Nested(DecidedGate))
    owed = fields.List(fields.Nested(OwedOut))
    missing = fields.List(fields.String())


class FactsOut(Schema):
    """One object of facts per asset; one without an asset where there is none."""

    facts = fields.List(fields.Dict(), metadata={"description": "free: the facts of `python -m backend explain`"})


class AgainOut(Schema):
    left = fields.Integer()


class ExchangeIn(Schema):
    asset_id = Id(required=True)
    serial = Text(required=True, min=1, max=80)
    model = Text(max=80)


class LogSpell(Schema):
    """A spell out of service that a work order's log tells."""

    from_on = fields.Date()
    to_on = fields.Date(allow_none=True)
    reason = fields.String()
    asset_id = fields.String()
    work_order_id = fields.String()
    number = fields.String()
    from_entry_id = fields.String()
    to_entry_id = fields.String(allow_none=True)


class ReasonIn(Schema):
    reason = Text(load_default="", max=2000)


class BoardOut(Schema):
    open = fields.Integer()
    missed = fields.Integer()
    near = fields.Integer()
    running = fields.Integer()
    paused = fields.Integer()
    unassigned = fields.Integer()
    needs_person = fields.Integer()
    offline_engineers = fields.Integer()


class SearchQuery(Schema):
    q = fields.String(required=True, validate=validate.Length(1, 200))
    limit = fields.Integer(load_default=8, validate=validate.Range(1, 50))


class SearchRow(Schema):
    kind = _word(("work_order", "customer", "site", "contact", "asset", "report"))
    id = fields.String()
    title = fields.String()
    subtitle = fields.String()
    customer_id = fields.String(allow_none=True)
    site_id = fields.String(allow_none=True)


class SearchOut(Schema):
    rows = fields.List(fields.Nested(SearchRow))


WorkOrderEdit = edit_schema("WorkOrderEdit", OfficeFields)
