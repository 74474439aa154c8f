"""Work orders: who may see them, the one way into the log, changing, cancelling, closing, reopening.

Called by routes, by sync handlers and by the slices to the right. Never commits, never reads the clock. Making one is
in intake.py, what follows from the log in settling.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from backend.accounts.models import Branch, User
from backend.assets.models import Asset
from backend.contracts.models import Contract
from backend.core import clock
from backend.core.editing import edit_row
from backend.core.ids import new_id
from backend.core.problems import Fault, Forbidden, Invalid, NotFound
from backend.core.sync import who_entered
from backend.customers.models import Contact, Customer, Site
from backend.letters.rules.words import CLOCKS
from backend.workorders import again, ports, settling
from backend.workorders.chosen import faults_of_choice
from backend.workorders.ground import entries_of
from backend.workorders.models import LogEntry, WorkOrder, WorkOrderAsset
from backend.workorders.problems import GatesOpen, StepNotAllowed
from backend.workorders.rules import counted, spells, states
from backend.workorders.rules.entries import WHATS

# ---------------------------------------------------------------- whose


def visible(actor: Any) -> sa.ColumnElement[bool]:
    """Work orders that the actor sees: an admin all, a dispatcher those of her branches and of their customers, an
    engineer those she owns or has or had a visit on."""
    if actor.role == "admin":
        return sa.true()
    if actor.role == "dispatcher":
        customers = sa.select(Customer.id).where(Customer.branch_id.in_(actor.branch_ids))
        return sa.or_(WorkOrder.branch_id.in_(actor.branch_ids), WorkOrder.customer_id.in_(customers))
    mine = [WorkOrder.id.in_(answer(actor.user_id)) for answer in ports.work_of_engineer.answers]
    return sa.or_(WorkOrder.owner_id == actor.user_id, *mine)


def customers_of_engineer(user_id: str) -> sa.Select[tuple[str]]:
    """Ids of the customers whose work an engineer owns or visits."""
    mine = [WorkOrder.id.in_(answer(user_id)) for answer in ports.work_of_engineer.answers]
    return sa.select(WorkOrder.customer_id).where(sa.or_(WorkOrder.owner_id == user_id, *mine))


def work_order_for(session: Session, actor: Any, work_order_id: str) -> WorkOrder:
    """The work order, if the actor sees it. Raises NotFound."""
    row = session.scalar(sa.select(WorkOrder).where(WorkOrder.id == work_order_id, visible(actor)))
    if row is None:
        raise NotFound()
    return row


# ---------------------------------------------------------------- the log


def add_log_entry(
    session: Session, work_order: WorkOrder, *, what: str, at: datetime, now: datetime,
    corrected_at: datetime | None = None, quality: str = "server", received_at: datetime | None = None,
    author_id: str | None = None, entered_by_id: str | None = None, source: str = "office",
    visit_id: str | None = None, note: str = "", data: Mapping[str, Any] | None = None, entry_id: str | None = None,
) -> LogEntry:  # fmt: skip
    """The one way into the log (K-3). The work order is settled before the transaction ends.

    at            as claimed; corrected_at as the server counts it (the same when not given)
    author_id     whose word it is; entered_by_id who typed it, where that is somebody else
    """
    if what not in WHATS:
        raise ValueError(f"no such log entry: {what}")
    row = LogEntry(
        id=entry_id or new_id(), work_order_id=work_order.id, visit_id=visit_id, what=what, at=at,
        corrected_at=corrected_at or at, quality=quality, received_at=received_at or now, author_id=author_id,
        entered_by_id=entered_by_id or (who_entered(author_id) if author_id else None), source=source, note=note, data=dict(data or {}),
    )  # fmt: skip
    session.add(row)
    _follow(session, work_order, what, now)
    return row


def void_log_entry(
    session: Session, entry: LogEntry, *, reason: str, now: datetime, author_id: str | None = None
) -> LogEntry:
    """A wrong line no longer counts, and stays readable with the reason."""
    if entry.voided_at is None:
        entry.voided_at, entry.void_reason = now, reason
        entry.data = {**(entry.data or {}), "voided_by_id": author_id}
        session.flush()
        work_order = session.get_one(WorkOrder, entry.work_order_id)
        work_order.state = state_by_log(session, work_order.id)
        _follow(session, work_order, entry.what, now)
    return entry


def state_now(session: Session, work_order: WorkOrder) -> str:
    """Its state at this point of the transaction, also while what was logged in it waits to be settled."""
    return state_by_log(session, work_order.id) if settling.is_marked(session, work_order.id) else work_order.state


def state_by_log(session: Session, work_order_id: str) -> str:
    """The state that the log says."""
    session.flush()
    return states.state_of(entries_of(session, [work_order_id])[work_order_id])


# what other work on the same assets counts too: time out of use (D-10), and repairs on record (D-07)
COUNT_ELSEWHERE = (*spells.WHATS, "signed", "report_approved", "report_returned", "report_withdrawn")


def _follow(session: Session, work_order: WorkOrder, what: str, now: datetime) -> None:
    """Whether it ended is known at once, the rest when the transaction ends; a remark changes nothing that is derived."""
    if what == "note":
        return
    if what in COUNT_ELSEWHERE:
        again.assets_told_of(session, work_order.asset_ids or ())
    if what in states.ENDING:
        state = state_by_log(session, work_order.id)
        ends = (state in states.ENDED) != (work_order.state in states.ENDED)
        work_order.state = state
        if ends:
            for tell in ports.scope_changed.answers:
                tell(session, work_order.id, now)
    settling.mark(session, work_order.id, now)


def log_by_hand(
    session: Session, actor: Any, work_order: WorkOrder, values: Mapping[str, Any], now: datetime
) -> LogEntry:
    """A line somebody writes in the console or on her phone. Raises Invalid, Forbidden.

    values  {id?, what, at?, note, data, visit_id?} and, from a phone, {corrected_at, quality, received_at, source}
    """
    check_may_log(actor, values["what"])
    at = values.get("at") or now
    faults = _faults_of_entry(values, at, now)
    if values["what"] == "remedy_chosen":
        settling.settle_all(session)
        faults += faults_of_choice(work_order, values.get("data") or {})
    if faults:
        raise Invalid(faults=faults)
    return add_log_entry(
        session, work_order, what=values["what"], at=at, now=now, corrected_at=values.get("corrected_at"),
        quality=values.get("quality", "server"), received_at=values.get("received_at"), author_id=actor.user_id,
        source=values.get("source", "office"), visit_id=values.get("visit_id"), note=values.get("note") or "",
        data=values.get("data"), entry_id=values.get("id"),
    )  # fmt: skip


def check_may_log(actor: Any, what: str) -> None:
    """Raises Invalid for an unknown word, Forbidden for one that is not the actor's to write."""
    writers = WHATS.get(what)
    if not writers:
        words = ", ".join(word for word, who in WHATS.items() if who)
        raise Invalid(
            faults=[Fault("$.what", {"zh": f"能手写的有：{words}", "en": f"By hand one can write: {words}"})]
        )
    side = "engineer" if actor.role == "engineer" else "office"
    if side not in writers and not (actor.role == "admin"):
        raise Forbidden()


def void_by_hand(
    session: Session, actor: Any, work_order: WorkOrder, entry_id: str, reason: str, now: datetime
) -> LogEntry:
    """Take back a line: one's own, or for the office any that can be written by hand. Raises Invalid, Forbidden."""
    entry = session.get(LogEntry, entry_id)
    if entry is None or entry.work_order_id != work_order.id:
        raise NotFound()
    if not reason.strip():
        raise Invalid(faults=[Fault("$.reason", {"zh": "请写明原因。", "en": "Please state the reason."})])
    if not WHATS.get(entry.what) or (actor.role == "engineer" and entry.author_id != actor.user_id):
        raise Forbidden()
    return void_log_entry(session, entry, reason=reason, now=now, author_id=actor.user_id)


SAID_BY = ("phone", "onsite", "mail")  # how the customer gave her word to the office
_NEEDS_NOTE = ("waiting", "rejected", "excused", "missed_reason")
_NAMES_A_CLOCK = ("excused", "missed_reason")


def _faults_of_entry(values: Mapping[str, Any], at: datetime, now: datetime) -> list[Fault]:
    data = values.get("data") or {}
    faults = []
    if at > now and "corrected_at" not in values:
        faults.append(Fault("$.at", {"zh": "这个时间还没有到。", "en": "This time has not come yet."}))
    if values["what"] in _NEEDS_NOTE and not (values.get("note") or "").strip():
        faults.append(Fault("$.note", {"zh": "请写明原因。", "en": "Please state the reason."}))
    if values["what"] in ("accepted", "rejected"):  # whose word it was, and how she gave it
        if not str(data.get("who") or "").strip():
            faults.append(Fault("$.data.who", {"zh": "请写是谁说的。", "en": "State who said it."}))
        if data.get("how") not in SAID_BY:
            words = {"zh": "请选她是怎么说的：电话、当面、来信。", "en": f"State how: {', '.join(SAID_BY)}."}
            faults.append(Fault("$.data.how", words))
    if values["what"] == "promised":
        try:
            clock.parse(data.get("promised_for"))
        except (TypeError, ValueError):
            words = {"zh": "请写明承诺的时间。", "en": "State the promised time, with its zone."}
            faults.append(Fault("$.data.promised_for", words))
    if values["what"] == "loaner_handed_out":
        said = {
            "loaner": {"zh": "请写明是哪台备用机。", "en": "State which machine stands in."},
            "to": {"zh": "请写明交给了谁。", "en": "State to whom it was given."},
        }
        faults += [Fault(f"$.data.{name}", words) for name, words in said.items() if not _is_said(data.get(name))]
    if values["what"] == "counted":
        said = [name for name in counted.UNITS if data.get(name) not in (None, "")]
        words = {"zh": "请写数字，最多两位小数。", "en": "Give a number with at most two decimals."}
        faults += [
            Fault(f"$.data.{name}", words) for name in said or counted.UNITS if not counted.is_count(data.get(name))
        ]
    if values["what"] in _NAMES_A_CLOCK and data.get("clock") not in CLOCKS:
        faults.append(Fault("$.data.clock", {"zh": "请写明哪一个时限。", "en": "State which clock."}))
    return faults


def _is_said(value: Any) -> bool:
    return isinstance(value, str) and 0 < len(value.strip()) <= 200


# ---------------------------------------------------------------- changing


def change(
    session: Session, actor: Any, work_order: WorkOrder, out: Any, base: Mapping[str, Any], fields: Mapping[str, Any],
    now: datetime,
) -> set[str]:  # fmt: skip
    """Merge the office's changes; what they alter in the decision is decided again. Returns the fields written."""
    check_references(session, work_order, fields, "$.fields.")
    check_branch(session, actor, fields.get("branch_id"), "$.fields.")
    written = edit_row(work_order, out, base, fields)
    if not written:
        return written
    if "asset_ids" in written:
        keep_pairs(session, work_order)
    session.flush()
    whys = (
        ("priority", "priority"),
        ("contract_id", "contract"),
        ("asset_ids", "assets"),
        ("customer_id", "customer"),
    )
    settling.mark(session, work_order.id, now, next((why for name, why in whys if name in written), None))
    if written - {"symptom", "caller_name", "caller_phone", "phone_reason", "contact_id"}:
        _log_change(session, actor, work_order, {name: base[name] for name in sorted(written)}, now)
    if written & {"upgrade_quote", "product_price"}:
        _check_ceiling(session, work_order)
    if written & {"owner_id", "site_id", "customer_id", "contact_id", "asset_ids"}:
        for tell in ports.scope_changed.answers:
            tell(session, work_order.id, now)
    return written


def _log_change(session: Session, actor: Any, work_order: WorkOrder, shown: dict[str, Any], now: datetime) -> None:
    """What was changed, and which clocks it moved: both terms stay readable (C-08, D-14)."""
    before = {(c["name"], c["clause"]): c["due"] for c in work_order.clocks or []}
    settling.settle_all(session)
    after = {(c["name"], c["clause"]): c["due"] for c in work_order.clocks}
    moved = [
        {"name": name, "clause": clause, "due": due, "now_due": after.get((name, clause))}
        for (name, clause), due in before.items()
        if due != after.get((name, clause))
    ]
    data = {"before": shown} | ({"clocks": moved} if moved else {})
    add_log_entry(session, work_order, what="changed", at=now, now=now, author_id=actor.user_id, data=data)


def _check_ceiling(session: Session, work_order: WorkOrder) -> None:
    """Raises Invalid for an upgrade quoted above what the letter allows (A-14)."""
    settling.settle_all(session)
    above = next((gate for gate in work_order.gates if gate["gate"] == "quote_above_ceiling"), None)
    if above is not None and not above["is_overridden"]:
        raise Invalid(faults=[Fault("$.fields.upgrade_quote", above["why"])])


def lift_suspension(session: Session, actor: Any, work_order: WorkOrder, reason: str, now: datetime) -> WorkOrder:
    """Serve although the letter lets one decline (A-15…A-17); logged with the reason. Raises Invalid, StepNotAllowed."""
    settling.settle_all(session)
    if not reason.strip():
        raise Invalid(faults=[Fault("$.reason", {"zh": "请写明原因。", "en": "Please state the reason."})])
    if work_order.entitlement["status"] != "suspended":
        raise StepNotAllowed(extra={"state": work_order.entitlement["status"]})
    clauses = [one["clause"] for one in work_order.entitlement["reasons"]]
    add_log_entry(session, work_order, what="overridden", at=now, now=now, author_id=actor.user_id, note=reason,
                  data={"suspended": clauses})  # fmt: skip
    return work_order


def suspend_again(session: Session, actor: Any, work_order: WorkOrder, reason: str, now: datetime) -> WorkOrder:
    """Take back a lifted suspension: its line is voided with the reason, and the letter decides. Raises Invalid, StepNotAllowed."""
    if not reason.strip():
        raise Invalid(faults=[Fault("$.reason", {"zh": "请写明原因。", "en": "Please state the reason."})])
    query = sa.select(LogEntry).where(
        LogEntry.work_order_id == work_order.id, LogEntry.what == "overridden", LogEntry.voided_at.is_(None)
    )
    lifts = [entry for entry in session.scalars(query) if entry.data.get("suspended")]
    if not lifts:
        raise StepNotAllowed(extra={"state": work_order.entitlement["status"]})
    for entry in lifts:
        void_log_entry(session, entry, reason=reason, now=now, author_id=actor.user_id)
    return work_order


def check_references(session: Session, work_order: WorkOrder, fields: Mapping[str, Any], path: str = "$.") -> None:
    """Raises Invalid where site, contact, assets, contract or owner do not belong. `work_order` may be unsaved."""
    customer_id = work_order.customer_id
    faults = []

    def wrong(name: str, zh: str, en: str) -> None:
        faults.append(Fault(f"{path}{name}", {"zh": zh, "en": en}))

    site = session.get(Site, fields.get("site_id") or work_order.site_id)
    if site is None or site.customer_id != customer_id:
        wrong("site_id", "这个客户没有这个现场。", "The customer has no such site.")
    for name, model in (("contact_id", Contact), ("contract_id", Contract)):
        row = session.get(model, fields[name]) if fields.get(name) else None
        if fields.get(name) and (row is None or row.customer_id != customer_id):
            wrong(name, "这个客户没有这一条。", "The customer has no such record.")
    ids = fields.get("asset_ids") or []
    known = set(session.scalars(sa.select(Asset.id).where(Asset.id.in_(ids), Asset.customer_id == customer_id)))
    if set(ids) - known:
        wrong("asset_ids", "这些设备不是这个客户的。", "These assets are not the customer's.")
    owner = session.get(User, fields["owner_id"]) if fields.get("owner_id") else None
    if fields.get("owner_id") and (owner is None or owner.disabled_at is not None):
        wrong("owner_id", "没有这个人，或者账号已停用。", "There is no such person, or the account is disabled.")
    if faults:
        raise Invalid(faults=faults)


def check_branch(session: Session, actor: Any, branch_id: str | None, path: str = "$.") -> None:
    """Raises Invalid for a branch that is not there, Forbidden for work given to a branch one does not see."""
    if branch_id is None:
        return
    if session.get(Branch, branch_id) is None:
        words = {"zh": "没有这个分公司。", "en": "There is no such branch."}
        raise Invalid(faults=[Fault(f"{path}branch_id", words)])
    if not actor.sees_branch(branch_id):
        raise Forbidden()


def keep_pairs(session: Session, work_order: WorkOrder) -> None:
    """The pairs of work order and asset say what `asset_ids` says."""
    work_order.asset_ids = list(dict.fromkeys(work_order.asset_ids or []))
    session.flush()
    session.execute(sa.delete(WorkOrderAsset).where(WorkOrderAsset.work_order_id == work_order.id))
    for asset_id in work_order.asset_ids:
        session.add(WorkOrderAsset(work_order_id=work_order.id, asset_id=asset_id))
    session.flush()


# ---------------------------------------------------------------- ends and beginnings anew


def cancel(session: Session, actor: Any, work_order: WorkOrder, reason: str, now: datetime) -> WorkOrder:
    """Call the work off; open visits are called off with it. What engineers did and still send stays attached."""
    return _step(session, actor, work_order, "cancelled", reason, now)


def reopen(session: Session, actor: Any, work_order: WorkOrder, reason: str, now: datetime) -> WorkOrder:
    """It was not over after all."""
    return _step(session, actor, work_order, "reopened", reason, now)


def close(session: Session, actor: Any, work_order: WorkOrder, reason: str, now: datetime) -> WorkOrder:
    """Close when every gate holds; an admin may override with a reason. Raises GatesOpen listing what is missing."""
    settling.settle_all(session)
    if states.after(work_order.state, "closed") is None:
        raise StepNotAllowed(extra={"state": work_order.state})
    missing = [gate for gate in work_order.gates if not gate["holds"]]
    early = work_order.state in states.WORKING
    if missing or early:
        if not actor.may("work_orders.override") or not reason.strip():
            raise GatesOpen(faults=_faults_of_gates(missing, early), extra={"gates": missing})
        gates = [gate["gate"] for gate in missing]
        add_log_entry(session, work_order, what="overridden", at=now, now=now, author_id=actor.user_id, note=reason,
                      data={"gates": gates})  # fmt: skip
    return _step(session, actor, work_order, "closed", reason, now, needs_reason=False)


def _faults_of_gates(missing: list[dict[str, Any]], early: bool) -> list[Fault]:
    faults = [Fault(f"$.gates.{gate['gate']}", gate["why"]) for gate in missing]
    if early:
        words = {"zh": "故障还没有解决。", "en": "It is not solved yet."}
        faults.append(Fault("$.state", words))
    return faults


def _step(
    session: Session, actor: Any, work_order: WorkOrder, what: str, reason: str, now: datetime, *,
    needs_reason: bool = True,
) -> WorkOrder:  # fmt: skip
    if needs_reason and not reason.strip():
        raise Invalid(faults=[Fault("$.reason", {"zh": "请写明原因。", "en": "Please state the reason."})])
    state = state_now(session, work_order)
    if states.after(state, what) is None:
        raise StepNotAllowed(extra={"state": state})
    add_log_entry(session, work_order, what=what, at=now, now=now, author_id=actor.user_id, note=reason)
    if work_order.state in states.ENDED:
        for tell in ports.ended.answers:
            tell(session, work_order, actor, reason, now)
    return work_order
