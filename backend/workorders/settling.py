"""Settling a work order: state, clocks, charges and gates derived anew from facts and log, and kept for reading.

Everything that may change them marks the work order; it is settled once, last in the same write transaction. So a
batch of two hundred log entries decides a work order once, what they read is read together (ground.py), and opening a
list decides nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy.orm import Session

from backend.core import clock
from backend.core.db import rows_by_id
from backend.workorders import acknowledged, chosen, ports
from backend.workorders.decision import decided
from backend.workorders.ground import Ground, case_of, ground_of, job_of
from backend.workorders.models import NOT_URGENT, WorkOrder
from backend.workorders.quoting import quote_for
from backend.workorders.rules import clocks as clock_rules
from backend.workorders.rules import owed as owed_rules
from backend.workorders.rules import warnings
from backend.workorders.rules.entries import Entry
from backend.workorders.rules.moved import moved_of
from backend.workorders.rules.states import ENDED, state_of

_DUE, _WHY = "work_orders_to_settle", "why_to_settle"
TOGETHER = 200  # work orders that are read at once
CONTACTS = ("reported", "contacted", "remote_started", "arrived", "solved", "accepted", "rejected", "left")


def mark(session: Session, work_order_id: str, now: datetime, why: str | None = None) -> None:
    """This work order is to be settled before the transaction ends.

    why  what beside its log changed (rules/moved.py); kept with clocks whose due it moves
    """
    session.info.setdefault(_DUE, {})[work_order_id] = now
    if why:
        session.info.setdefault(_WHY, {}).setdefault(work_order_id, why)


def is_marked(session: Session, work_order_id: str) -> bool:
    """Is it to be settled before the transaction ends?"""
    return work_order_id in session.info.get(_DUE, {})


def settle_all(session: Session) -> None:
    """Settle what is marked; runs before every commit, and where an answer needs the result at once."""
    marked, why = session.info.pop(_DUE, {}), session.info.pop(_WHY, {})
    if not marked:
        return
    session.flush()
    ids = sorted(marked)
    for start in range(0, len(ids), TOGETHER):
        part = ids[start : start + TOGETHER]
        rows = rows_by_id(session, WorkOrder, part)
        found = [rows[ident] for ident in part if ident in rows]
        ground = ground_of(session, found)
        before = {work_order.id: charged(work_order) for work_order in found}
        for work_order in found:
            settle(session, work_order, ground, marked[work_order.id], why.get(work_order.id))
        _tell_charges(session, [(work_order, before[work_order.id]) for work_order in found])
    session.flush()


def charged(work_order: WorkOrder) -> dict[str, Any] | None:
    """What it is charged, as decided last; None while that is undecided."""
    said, quote = work_order.entitlement, work_order.quote
    if quote is None or said["status"] == "undecided":
        return None
    return {"status": said["status"], "charges": said["charges"], "total": quote["total"]}


def _tell_charges(session: Session, settled: Sequence[tuple[WorkOrder, dict[str, Any] | None]]) -> None:
    """What was decided before and is charged otherwise now is told, once: what is stored now is the next before."""
    others = [(row, was) for row, was in settled if was is not None and was["charges"] != row.entitlement["charges"]]
    for tell in ports.charges_changed.answers if others else ():
        tell(session, others, clock.now())


def settle(session: Session, work_order: WorkOrder, ground: Ground, now: datetime, why: str | None = None) -> None:
    """Derive everything about one work order anew. The result does not depend on the order in which entries came; what
    was told before (charges, dues) is kept beside it."""
    entries = ground.entries[work_order.id]
    state = state_of(entries)
    was_open = work_order.state not in ENDED
    if state != work_order.state:
        work_order.state = state
        if was_open != (state not in ENDED):
            for tell in ports.scope_changed.answers:
                tell(session, work_order.id, now)
    ended = [entry.at for entry in entries if entry.what == state]
    work_order.closed_at = max(ended) if state in ENDED and ended else None
    contacts = [entry.at for entry in entries if entry.what in CONTACTS]
    work_order.last_contact_at = max(contacts, default=None)
    answer = decided(case_of(ground, work_order), now)
    quote = quote_for(answer, job_of(ground, work_order), ground.prices)
    work_order.quote = quote | {"was": was_before(work_order, answer, now)}
    work_order.entitlement = answer["entitlement"]
    work_order.remedy = chosen.chosen_of(entries, answer["entitlement"], quote["currency"])
    work_order.missing = answer["missing"]
    work_order.letters = answer["letters"]
    clocks = _with_outcomes(answer["clocks"], entries, work_order.channel, now)
    work_order.clocks = moved_of(work_order.clocks or (), clocks, why, clock.iso(now))
    work_order.owed = [one | _standing(one, work_order.clocks, entries) for one in answer["owed"]]
    gates = answer["gates"] + acknowledged.fee_gate(answer, entries)
    work_order.gates = [gate | _held(work_order, ground, gate) for gate in gates]
    _keep_for_lists(work_order)
    keep_watch(work_order, now)


def was_before(work_order: WorkOrder, answer: dict[str, Any], now: datetime) -> dict[str, Any] | None:
    """What the customer was told first, where the charges are others now; null once they are the same again."""
    before = charged(work_order)
    told = (work_order.quote or {}).get("was") or (before and before | {"at": clock.iso(now)})
    return told if told and told["charges"] != answer["entitlement"]["charges"] else None


_NOT_BEGUN: dict[str, Any] = {
    "near_at": None, "governs": True, "state": "idle", "met_at": None, "met_by": None, "met_received_at": None,
    "excused_by": None, "excuse": "", "missed_reason": "",
}  # fmt: skip


def _with_outcomes(
    decided_clocks: Sequence[dict[str, Any]], entries: Sequence[Entry], channel: str, now: datetime
) -> list[dict[str, Any]]:
    """Each decided clock with its state and the entry that made it so."""
    begun = [c for c in decided_clocks if c["starts"]]
    measured = [
        clock_rules.Clock(c["name"], c["clause"], clock.parse(c["starts"]), clock.parse(c["due"]), c["is_at_once"])
        for c in begun
    ]
    governs = clock_rules.governing(measured)
    out = []
    for given, measure in zip(begun, measured, strict=True):
        outcome = clock_rules.outcome_of(measure, entries, channel, now)
        near = clock_rules.near_at(measure)
        out.append(
            given
            | {
                "near_at": clock.iso(near.replace(microsecond=near.microsecond // 1000 * 1000)),
                "governs": governs[measure.name] is measure,
                "state": outcome.state,
                "met_at": clock.iso(outcome.met_at),
                "met_by": outcome.met_by,
                "met_received_at": clock.iso(outcome.met_received_at),
                "excused_by": outcome.excused_by,
                "excuse": outcome.excuse,
                "missed_reason": outcome.missed_reason,
            }
        )
    return out + [given | _NOT_BEGUN for given in decided_clocks if not given["starts"]]


def _standing(owed: dict[str, Any], clocks: Sequence[dict[str, Any]], entries: Sequence[Entry]) -> dict[str, Any]:
    """What became of one thing owed, as it is kept."""
    found = owed_rules.standing_of(owed, clocks, entries)
    return found | {name: clock.iso(found[name]) for name in ("handed_out_at", "returned_at")}


def _held(work_order: WorkOrder, ground: Ground, gate: dict[str, Any]) -> dict[str, Any]:
    """Does a gate hold, why not, and where to mend it."""
    name, entries = gate["gate"], ground.entries[work_order.id]
    if any(e.what == "overridden" and name in e.data.get("gates", ()) for e in entries):
        return {"holds": True, "why": {}, "link": {}, "is_overridden": True}
    said = _own_answer(work_order, name, entries) or ground.gates.get((work_order.id, name))
    if said is not None:
        return {"holds": said.holds, "why": dict(said.why), "link": dict(said.link), "is_overridden": False}
    why = {"zh": "系统里还没有这一步的凭据。", "en": "There is no record of this step yet."}
    return {"holds": False, "why": why, "link": {}, "is_overridden": False}


def _own_answer(work_order: WorkOrder, gate: str, entries: Sequence[Entry]) -> ports.GateAnswer | None:
    """Gates that the work order and its log answer by themselves."""
    whats = {entry.what for entry in entries}
    here: dict[str, str | None] = {"kind": "work_order", "id": work_order.id}
    answers = {
        "quote_above_ceiling": (
            False,
            f"报价 {work_order.upgrade_quote} 高于上限 {work_order.entitlement['upgrade_ceiling']}。",
            f"The quote {work_order.upgrade_quote} is above the ceiling of {work_order.entitlement['upgrade_ceiling']}.",
        ),
        "owner_required": (work_order.owner_id is not None, "还没有指定负责人。", "No owner is named."),
        "phone_reason": (
            bool(work_order.phone_reason.strip()) or "sent" in whats or work_order.channel != "phone",
            "电话处理要写明理由，或者派人上门。",
            "Handling by phone needs a stated reason, or somebody is sent.",
        ),
        "onsite_required": ("sent" in whats, "必须派人上门，不能只在电话里处理。", "Somebody must be sent."),
        "training_signoff": ("training_signoff" in whats, "培训还没有签字确认。", "The training is not signed off."),
    }  # fmt: skip
    if gate == "customer_acceptance" and _is_accepted(entries):
        return ports.GateAnswer(True)
    if gate in acknowledged.WHATS:
        return acknowledged.answer(gate, entries, here)
    if gate not in answers:
        return None
    holds, zh, en = answers[gate]
    return ports.GateAnswer(holds, {} if holds else {"zh": zh, "en": en}, {} if holds else here)


def _is_accepted(entries: Sequence[Entry]) -> bool:
    """The customer accepted and did not reject afterwards."""
    words = [e for e in sorted(entries, key=lambda e: (e.at, e.id)) if e.what in ("accepted", "rejected")]
    return bool(words) and words[-1].what == "accepted"


def _keep_for_lists(work_order: WorkOrder) -> None:
    """The few columns that lists and the board ask by."""
    running = [c for c in work_order.clocks if c["state"] == "running" and not c["excused_by"]]
    unmet = running + [c for c in work_order.clocks if c["state"] == "missed" and not c["met_at"]]
    work_order.urgent_at = min((clock.parse(c["due"]) for c in unmet), default=NOT_URGENT)
    work_order.next_due_at = min((clock.parse(c["due"]) for c in running), default=None)
    work_order.next_near_at = min((clock.parse(c["near_at"]) for c in running), default=None)
    work_order.has_missed_clock = any(c["state"] == "missed" for c in work_order.clocks)


def keep_watch(work_order: WorkOrder, now: datetime) -> None:
    """When one of its clocks is to warn next; a work order that has ended warns of nothing."""
    clocks = () if work_order.state in ENDED else work_order.clocks
    work_order.warned, work_order.next_warning_at = warnings.watched(clocks, work_order.warned or {}, now)


def clocks_at(stored: Sequence[dict[str, Any]], now: datetime) -> list[dict[str, Any]]:
    """Stored clocks as they stand at `now`: a running one turns near and missed (or excused) by itself. Decides nothing."""
    text = clock.iso(now.astimezone(UTC)) or ""
    out = []
    for one in stored or []:
        state = one["state"]
        if state == "running":
            over = "excused" if one["excused_by"] else "missed"
            state = over if text > one["due"] else "near" if text >= one["near_at"] else "running"
        out.append({**one, "state": state})
    return out
