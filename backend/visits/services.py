"""Visits: planning by the office, and what engineers do before they arrive. Arrivals are in arrivals.py.

Called by routes, by sync handlers and by intake; never commits, never reads the clock. Work done on a visit that was
cancelled or given to somebody else meanwhile is kept as late work: the log says so, the visit's state stays.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from apiflask import Schema
from flask import current_app
from marshmallow import fields
from sqlalchemy.orm import Session

from backend.accounts.models import User
from backend.accounts.services import Actor
from backend.core.editing import edit_row
from backend.core.ids import new_id
from backend.core.problems import Fault, Forbidden, Invalid, NotFound
from backend.core.schemas import Instant
from backend.core.sync import touch
from backend.visits.models import Visit, VisitEngineer
from backend.visits.problems import VisitStepNotAllowed, WorkOrderEnded
from backend.visits.rules import states
from backend.visits.taps import Tap, at_desk
from backend.workorders.models import LogEntry, WorkOrder
from backend.workorders.services import add_log_entry, state_now

ENDED_WORK_ORDERS = ("closed", "cancelled")


class PlanFields(Schema):
    """The office's fields of a visit as JSON, for merging an edit."""

    planned_from = Instant()
    planned_until = Instant(allow_none=True)
    engineer_ids = fields.List(fields.String())
    lead_id = fields.String()
    note = fields.String()


# ---------------------------------------------------------------- who


def get_visit(session: Session, visit_id: str | None) -> Visit:
    """The visit. Raises NotFound."""
    visit = session.get(Visit, visit_id) if visit_id else None
    if visit is None:
        raise NotFound()
    return visit


def order_of(session: Session, visit: Visit) -> WorkOrder:
    """The work order a visit belongs to."""
    return session.get_one(WorkOrder, visit.work_order_id)


def is_assigned(visit: Visit, user_id: str) -> bool:
    return any(engineer.engineer_id == user_id for engineer in visit.engineers)


def was_assigned(session: Session, visit: Visit, user_id: str) -> bool:
    """True when the log says that the user was once sent on this visit."""
    session.flush()
    sent = session.scalars(sa.select(LogEntry.data).where(LogEntry.visit_id == visit.id, LogEntry.what == "sent"))
    return any(user_id in (data or {}).get("engineer_ids", ()) for data in sent)


def is_late(visit: Visit, user_id: str) -> bool:
    """Work of somebody who is no longer on the visit, or on a visit that was called off: kept, and said to be late."""
    return visit.state in ("cancelled", "superseded") or not is_assigned(visit, user_id)


def check_may_act(session: Session, actor: Actor, visit: Visit) -> None:
    """An engineer acts on visits she is or was sent on. Raises NotFound for all others, as if it were not there."""
    if is_assigned(visit, actor.user_id) or was_assigned(session, visit, actor.user_id):
        return
    raise NotFound()


def check_may_plan(actor: Actor, work_order: WorkOrder) -> None:
    """The office of the work order's branch. Raises Forbidden, NotFound."""
    if not actor.may("visits.write"):
        raise Forbidden()
    if not actor.sees_branch(work_order.branch_id):
        raise NotFound()


# ---------------------------------------------------------------- planning by the office


def plan_visit(
    session: Session, actor: Actor, work_order: WorkOrder, values: Mapping[str, Any], now: datetime
) -> Visit:
    """A new visit, its engineers sent.

    values  {engineer_ids, lead_id?, planned_from, planned_until?, note?}
    raises  Invalid, WorkOrderEnded, Forbidden, NotFound
    """
    check_may_plan(actor, work_order)
    if (state := state_now(session, work_order)) in ENDED_WORK_ORDERS:
        raise WorkOrderEnded(extra={"state": state})
    ids = list(dict.fromkeys(values["engineer_ids"]))
    lead_id = values.get("lead_id") or (ids[0] if ids else None)
    _check_plan(session, ids, lead_id, values["planned_from"], values.get("planned_until"))
    visit = Visit(
        id=new_id(),
        work_order_id=work_order.id,
        state="planned",
        planned_from=values["planned_from"],
        planned_until=values.get("planned_until"),
        lead_id=lead_id,
        note=values.get("note") or "",
        created_at=now,
        engineers=[VisitEngineer(engineer_id=engineer_id) for engineer_id in ids],
    )
    session.add(visit)
    session.flush()
    if not _has_entry(session, work_order, "decided_on_site"):
        write_log(session, work_order, "decided_on_site", actor.user_id, at_desk(now), now)
    _write_sent(session, work_order, visit, actor, now)
    return visit


def change_visit(
    session: Session, actor: Actor, visit: Visit, base: Mapping[str, Any], changes: Mapping[str, Any], now: datetime
) -> Visit:
    """Change the plan; `changes` as loaded, `base` as seen. Returns the visit that now stands.

    When nobody of the old engineers stays on it, the visit is superseded and a new one stands in its place: what the
    first engineer did or still does offline stays hers, and is seen by both.
    """
    work_order = order_of(session, visit)
    check_may_plan(actor, work_order)
    if visit.state in states.ENDED:
        raise VisitStepNotAllowed(extra={"state": visit.state})
    before = _plan_of(visit)
    changes = dict(changes)
    if "engineer_ids" in changes:
        changes["engineer_ids"] = list(dict.fromkeys(changes["engineer_ids"]))
    draft = _Draft(before)
    written = edit_row(draft, PlanFields(), base, changes)
    if not written:
        return visit
    after = vars(draft)
    if after["lead_id"] not in after["engineer_ids"] and "lead_id" not in changes:
        after["lead_id"] = next(iter(after["engineer_ids"]), None)
    _check_plan(session, after["engineer_ids"], after["lead_id"], after["planned_from"], after["planned_until"])
    if not set(after["engineer_ids"]) & set(before["engineer_ids"]):
        return _supersede(session, actor, visit, after, now)
    _apply_plan(session, actor, work_order, visit, before, after, now)
    return visit


class _Draft:
    """A plan while it is merged: PlanFields' names as attributes."""

    def __init__(self, values: Mapping[str, Any]) -> None:
        self.__dict__.update(values)


def _plan_of(visit: Visit) -> dict[str, Any]:
    return {
        "planned_from": visit.planned_from,
        "planned_until": visit.planned_until,
        "engineer_ids": visit.engineer_ids,
        "lead_id": visit.lead_id,
        "note": visit.note,
    }


def _apply_plan(
    session: Session, actor: Actor, work_order: WorkOrder, visit: Visit, before: Mapping[str, Any],
    after: Mapping[str, Any], now: datetime,
) -> None:  # fmt: skip
    visit.planned_from, visit.planned_until = after["planned_from"], after["planned_until"]
    visit.lead_id, visit.note = after["lead_id"], after["note"]
    added = [e for e in after["engineer_ids"] if e not in before["engineer_ids"]]
    if set(after["engineer_ids"]) != set(before["engineer_ids"]):
        kept = {engineer.engineer_id: engineer for engineer in visit.engineers}
        visit.engineers = [kept.get(e) or VisitEngineer(engineer_id=e) for e in after["engineer_ids"]]
        touch(session, visit)
    if visit.state == "declined" and added:
        visit.state = "planned"
    session.flush()
    if added:
        _write_sent(session, work_order, visit, actor, now)
    changed = [
        name for name in ("planned_from", "planned_until", "engineer_ids", "lead_id") if before[name] != after[name]
    ]
    if changed:
        data = PlanFields().dump({name: before[name] for name in changed})
        write_log(session, work_order, "visit_changed", actor.user_id, at_desk(now), now, visit=visit,
                  data={"before": data})  # fmt: skip


def _supersede(session: Session, actor: Actor, visit: Visit, plan: Mapping[str, Any], now: datetime) -> Visit:
    work_order = order_of(session, visit)
    was = visit.state
    new = plan_visit(session, actor, work_order, plan, now)
    visit.state = "superseded"
    session.flush()
    write_log(session, work_order, "visit_superseded", actor.user_id, at_desk(now), now, visit=visit,
              data={"by_visit_id": new.id, "was": was})  # fmt: skip
    return new


def cancel_visit(session: Session, actor: Actor, visit: Visit, reason: str, now: datetime) -> Visit:
    """Call a visit off. A visit where somebody is on site already is not called off but checked out."""
    work_order = order_of(session, visit)
    check_may_plan(actor, work_order)
    if states.is_done_already("cancel", visit.state):
        return visit
    if not step_to(visit, "cancel"):
        raise VisitStepNotAllowed(extra={"state": visit.state})
    write_log(session, work_order, "visit_cancelled", actor.user_id, at_desk(now), now, visit=visit, note=reason)
    return visit


def _check_plan(
    session: Session, engineer_ids: Sequence[str], lead_id: str | None, planned_from: datetime,
    planned_until: datetime | None,
) -> None:  # fmt: skip
    faults = []
    if not engineer_ids:
        faults.append(_fault("engineer_ids", "至少派一名工程师。", "Send at least one engineer."))
    who = sa.select(User.id).where(User.id.in_(engineer_ids), User.role == "engineer", User.disabled_at.is_(None))
    if set(engineer_ids) - set(session.scalars(who)):
        faults.append(
            _fault(
                "engineer_ids",
                "这里只能选在用的工程师账号。",
                "These are ids of engineers whose accounts are in use.",
            )
        )
    if lead_id not in engineer_ids:
        faults.append(
            _fault("lead_id", "负责人要是这次上门的工程师之一。", "The lead is one of the visit's engineers.")
        )
    if planned_until is not None and planned_until <= planned_from:
        faults.append(_fault("planned_until", "结束要晚于开始。", "The end lies after the start."))
    if faults:
        raise Invalid(faults=faults)


def _fault(name: str, zh: str, en: str) -> Fault:
    return Fault(f"$.{name}", {"zh": zh, "en": en})


# ---------------------------------------------------------------- what the engineer does before she arrives


def see_visit(session: Session, actor: Actor, visit: Visit, tap: Tap) -> Visit:
    """She has opened it on her phone; the first time stays. Who was taken off it meanwhile has seen it for herself."""
    check_may_act(session, actor, visit)
    one = _own(visit, actor.user_id)
    if one is not None and one.seen_at is None:
        one.seen_at = tap.corrected_at
        one.delivered_at = one.delivered_at or one.seen_at
        touch(session, visit)
    return visit


def _own(visit: Visit, user_id: str) -> VisitEngineer | None:
    return next((one for one in visit.engineers if one.engineer_id == user_id), None)


def note_delivered(session: Session, engineer_id: str, visit_ids: Sequence[str], now: datetime) -> None:
    """These visits are on one of her phones."""
    query = sa.select(VisitEngineer).where(
        VisitEngineer.engineer_id == engineer_id, VisitEngineer.visit_id.in_(visit_ids),
        VisitEngineer.delivered_at.is_(None),
    )  # fmt: skip
    for one in session.scalars(query):
        one.delivered_at = now


def accept_visit(session: Session, actor: Actor, visit: Visit, tap: Tap, now: datetime) -> Visit:
    """I take it. Raises VisitStepNotAllowed when it was called off meanwhile."""
    one = _own(visit, actor.user_id)
    if one is not None:
        one.accepted_at = one.accepted_at or tap.corrected_at
    return _answer(session, actor, visit, "accept", "visit_accepted", tap, now)


def decline_visit(session: Session, actor: Actor, visit: Visit, reason: str, tap: Tap, now: datetime) -> Visit:
    """I cannot go, and why. Raises VisitStepNotAllowed, Invalid."""
    if not reason.strip():
        raise Invalid(faults=[_fault("reason", "请写一句为什么去不了。", "Say in a few words why you cannot go.")])
    return _answer(session, actor, visit, "decline", "visit_declined", tap, now, note=reason)


def _answer(
    session: Session, actor: Actor, visit: Visit, step: str, what: str, tap: Tap, now: datetime, note: str = ""
) -> Visit:
    check_may_act(session, actor, visit)
    if states.is_done_already(step, visit.state):
        return visit
    is_passed = states.is_passed_already(step, visit.state)
    if is_late(visit, actor.user_id) or not (is_passed or step_to(visit, step)):
        raise VisitStepNotAllowed(extra={"state": visit.state})
    write_log(session, order_of(session, visit), what, actor.user_id, tap, now, visit=visit, note=note)
    return visit


def depart(session: Session, actor: Actor, visit: Visit, tap: Tap, now: datetime) -> Visit:
    """On the way. On a visit that was called off or given away it is kept as late work."""
    check_may_act(session, actor, visit)
    late = is_late(visit, actor.user_id)
    if not late:
        step_to(visit, "depart")
    write_log(session, order_of(session, visit), "departed", actor.user_id, tap, now, visit=visit,
              data={"late": True} if late else None)  # fmt: skip
    return visit


def step_to(visit: Visit, step: str) -> bool:
    """Move the visit where a step of the table leads; False when the table has no such way."""
    target = states.after(step, visit.state)
    if target is not None:
        visit.state = target
    return target is not None


# ---------------------------------------------------------------- the log


def write_log(
    session: Session, work_order: WorkOrder, what: str, author_id: str | None, tap: Tap, now: datetime, *,
    visit: Visit | None = None, note: str = "", data: Mapping[str, Any] | None = None, entered_by_id: str | None = None,
    entry_id: str | None = None,
) -> LogEntry:  # fmt: skip
    """One line of the work-order log, from a tap."""
    return add_log_entry(
        session,
        work_order,
        what=what,
        at=tap.at,
        corrected_at=tap.corrected_at,
        quality=tap.quality,
        received_at=tap.received_at,
        author_id=author_id,
        entered_by_id=entered_by_id,
        source=tap.source,
        visit_id=visit.id if visit else None,
        note=note,
        data=dict(data or {}),
        now=now,
        entry_id=entry_id,
    )


def _write_sent(session: Session, work_order: WorkOrder, visit: Visit, actor: Actor, now: datetime) -> None:
    for one in visit.engineers:
        if one.sent_at is None:
            one.sent_at = now
            one.call_at = now + timedelta(seconds=current_app.config["CALL_HER_AFTER_S"])
    data = {"engineer_ids": visit.engineer_ids, "planned_from": PlanFields().dump(_plan_of(visit))["planned_from"]}
    write_log(session, work_order, "sent", actor.user_id, at_desk(now), now, visit=visit, data=data)


def _has_entry(session: Session, work_order: WorkOrder, what: str) -> bool:
    session.flush()
    found = sa.select(LogEntry.id).where(
        LogEntry.work_order_id == work_order.id, LogEntry.what == what, LogEntry.voided_at.is_(None)
    )
    return session.scalar(found.limit(1)) is not None


# ---------------------------------------------------------------- whose


def work_orders_of(engineer_id: str) -> sa.Select[tuple[str]]:
    """Ids of the work orders an engineer has or had a visit on, made one or not: what she may see."""
    return (
        sa.select(Visit.work_order_id)
        .join(VisitEngineer, VisitEngineer.visit_id == Visit.id)
        .where(VisitEngineer.engineer_id == engineer_id)
    )
