"""Whom to send: the week of visits, and the engineers with reasons for and against. Read by the console's dispatch page.

Everything comes in a handful of queries however many engineers there are.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from geopy.distance import geodesic
from sqlalchemy.orm import Session

from backend.accounts.models import Branch, Device, User, UserBranch
from backend.accounts.services import Actor
from backend.core import paging
from backend.core.clock import local_date
from backend.core.db import rows_by_id
from backend.customers.models import Customer, Site
from backend.visits.models import CheckIn, CheckInFix, Visit, VisitEngineer
from backend.visits.rules.states import OPEN
from backend.visits.schemas import VisitOut
from backend.visits.services import work_orders_of
from backend.workorders.models import WorkOrder, WorkOrderAsset
from backend.workorders.services import visible

LOAD_DAYS = 5
OFFLINE_AFTER = timedelta(minutes=30)
NEAR_M = 3_000
FRESH = timedelta(hours=8)  # where somebody was yesterday says nothing about now
UNPLANNED_VISIT = timedelta(hours=1)


# ---------------------------------------------------------------- the week


def list_visits(session: Session, actor: Actor, wanted: Mapping[str, Any]) -> tuple[list[dict[str, Any]], str | None]:
    """Visits the actor sees, by planned time; `wanted` as VisitQuery. Returns rows and the next cursor."""
    query = sa.select(Visit).join(WorkOrder, WorkOrder.id == Visit.work_order_id).where(visible(actor))
    if actor.role == "engineer":
        query = query.where(Visit.work_order_id.in_(work_orders_of(actor.user_id)))
    if "since" in wanted:
        query = query.where(Visit.planned_from >= wanted["since"])
    if "until" in wanted:
        query = query.where(Visit.planned_from < wanted["until"])
    if "engineer_id" in wanted:
        mine = sa.select(VisitEngineer.visit_id).where(VisitEngineer.engineer_id == wanted["engineer_id"])
        query = query.where(Visit.id.in_(mine))
    if "branch_id" in wanted:
        query = query.where(WorkOrder.branch_id == wanted["branch_id"])
    if wanted.get("state") == "open":
        query = query.where(Visit.state.in_(OPEN))
    elif "state" in wanted:
        query = query.where(Visit.state == wanted["state"])
    rows, cursor = paging.page(
        session, query, Visit.planned_from, Visit.id, limit=wanted["limit"], cursor=wanted.get("cursor"),
        read=datetime.fromisoformat,
    )  # fmt: skip
    return _with_context(session, rows), cursor


def _with_context(session: Session, visits: Sequence[Visit]) -> list[dict[str, Any]]:
    orders = rows_by_id(session, WorkOrder, {visit.work_order_id for visit in visits})
    customers = rows_by_id(session, Customer, {order.customer_id for order in orders.values()})
    sites = rows_by_id(session, Site, {order.site_id for order in orders.values()})
    there = _presence(session, [visit.id for visit in visits])
    out = []
    for visit in visits:
        order = orders[visit.work_order_id]
        row = {name: getattr(visit, name) for name in VisitOut().fields}
        row |= {
            "number": order.number,
            "work_order_state": order.state,
            "priority": order.priority,
            "symptom": order.symptom,
            "customer_id": order.customer_id,
            "customer_name": customers[order.customer_id].name,
            "site_id": order.site_id,
            "site_name": sites[order.site_id].name,
            "branch_id": order.branch_id,
            "next_due_at": order.next_due_at,
            "clocks": order.clocks,
        }
        out.append(row | there.get(visit.id, {"arrived_at": None, "left_at": None, "verdict": None}))
    return out


def _presence(session: Session, visit_ids: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Per visit: first arrival with its verdict, last departure."""
    out: dict[str, dict[str, Any]] = {}
    query = sa.select(CheckIn).where(CheckIn.visit_id.in_(visit_ids)).order_by(CheckIn.corrected_at)
    for row in session.scalars(query):
        seen = out.setdefault(row.visit_id, {"arrived_at": None, "left_at": None, "verdict": None})
        if row.direction == "in" and seen["arrived_at"] is None:
            seen["arrived_at"], seen["verdict"] = row.corrected_at, row.server_verdict.get("verdict")
        elif row.direction == "out":
            seen["left_at"] = row.corrected_at
    return out


# ---------------------------------------------------------------- engineers


@dataclass
class _Seen:
    """What is known about one engineer, gathered query by query."""

    last_seen_at: datetime | None = None
    visits: list[Visit] = field(default_factory=list)
    fix: tuple[int, int, datetime] | None = None
    repaired_asset: bool = False
    knows_site: bool = False


def list_engineers(
    session: Session,
    actor: Actor,
    work_order: WorkOrder | None,
    branch_id: str | None,
    on: date | None,
    now: datetime,
) -> list[dict[str, Any]]:
    """Engineers of the actor's branches with load, last contact, distance to the work order's site and reasons.

    on  first local day of the load; today when None
    """
    engineers = _engineers(session, actor, branch_id)
    tz = _tz(session, work_order, actor)
    first = on or local_date(now, tz)
    seen = _gather(session, engineers, work_order, first, tz)
    site = session.get(Site, work_order.site_id) if work_order else None
    customer = session.get(Customer, work_order.customer_id) if work_order else None
    rows = [_engineer_row(e, seen[e.id], site, customer, first, tz, now) for e in engineers]
    if work_order is not None:
        rows.sort(key=lambda row: (-_score(row), row["distance_m"] is None, row["distance_m"] or 0, row["name"]))
    return rows


def _engineers(session: Session, actor: Actor, branch_id: str | None) -> list[User]:
    users = session.scalars(
        sa.select(User).where(User.role == "engineer", User.disabled_at.is_(None)).order_by(User.name, User.id)
    )
    out = []
    for user in users:
        branches = {user.branch_id, *(b.branch_id for b in user.branches)} - {None}
        if not any(actor.sees_branch(b) for b in branches) or (branch_id and branch_id not in branches):
            continue
        out.append(user)
    return out


def offline_since(session: Session, engineer_id: str, now: datetime) -> datetime | None:
    """When her phone was last heard, if that is so long ago that she may not have got what was sent."""
    last = session.scalar(sa.select(sa.func.max(Device.last_seen_at)).where(Device.user_id == engineer_id))
    return last if last is not None and now - last > OFFLINE_AFTER else None


def nearest(
    session: Session, work_order: WorkOrder, without: Sequence[str], now: datetime
) -> tuple[User, int] | None:
    """The engineer of the branch who was last seen nearest to the site today, and her metres; None when nobody was."""
    site = session.get_one(Site, work_order.site_id)
    if site.lat_e7 is None or site.lng_e7 is None:
        return None
    branches = sa.select(UserBranch.user_id).where(UserBranch.branch_id == work_order.branch_id)
    query = sa.select(User).where(
        User.role == "engineer", User.disabled_at.is_(None), User.id.not_in(without),
        sa.or_(User.branch_id == work_order.branch_id, User.id.in_(branches)),
    )  # fmt: skip
    engineers = {user.id: user for user in session.scalars(query)}
    there = (site.lat_e7 / 1e7, site.lng_e7 / 1e7)
    metres = [
        (int(geodesic((lat / 1e7, lng / 1e7), there).meters), user_id)
        for user_id, (lat, lng, at) in _last_fixes(session, list(engineers)).items()
        if now - at <= FRESH
    ]
    return (engineers[min(metres)[1]], min(metres)[0]) if metres else None


def _tz(session: Session, work_order: WorkOrder | None, actor: Actor) -> str:
    if work_order is not None:
        return session.get_one(Site, work_order.site_id).tz
    branch = session.get(Branch, actor.branch_id) if actor.branch_id else None
    return branch.tz if branch else "Asia/Shanghai"


def _gather(
    session: Session, engineers: Sequence[User], work_order: WorkOrder | None, first: date, tz: str
) -> dict[str, _Seen]:
    seen = {engineer.id: _Seen() for engineer in engineers}
    ids = list(seen)
    contact = sa.select(Device.user_id, sa.func.max(Device.last_seen_at)).where(Device.user_id.in_(ids))
    for user_id, last in session.execute(contact.group_by(Device.user_id)):
        seen[user_id].last_seen_at = last
    start = datetime.combine(first, time(), ZoneInfo(tz))
    planned = (
        sa.select(VisitEngineer.engineer_id, Visit)
        .join(Visit, Visit.id == VisitEngineer.visit_id)
        .where(VisitEngineer.engineer_id.in_(ids), Visit.state.in_((*OPEN, "done", "futile")),
               Visit.planned_from >= start, Visit.planned_from < start + timedelta(days=LOAD_DAYS))
        .order_by(Visit.planned_from, Visit.id)
    )  # fmt: skip
    for user_id, visit in session.execute(planned):
        seen[user_id].visits.append(visit)
    for user_id, fix in _last_fixes(session, ids).items():
        seen[user_id].fix = fix
    if work_order is not None:
        _gather_experience(session, seen, work_order)
    return seen


def _last_fixes(session: Session, ids: Sequence[str]) -> dict[str, tuple[int, int, datetime]]:
    """Where each was last: the newest fix that placed a check-in on site or nearly so."""
    newest = (
        sa.select(CheckInFix.engineer_id, sa.func.max(CheckInFix.received_at).label("at"))
        .join(CheckIn, CheckIn.id == CheckInFix.check_in_id)
        .where(CheckInFix.engineer_id.in_(ids), CheckInFix.lat_e7.is_not(None), CheckInFix.lng_e7.is_not(None))
        .group_by(CheckInFix.engineer_id)
        .subquery()
    )
    query = sa.select(CheckInFix, CheckIn.corrected_at).join(CheckIn, CheckIn.id == CheckInFix.check_in_id).join(
        newest, sa.and_(newest.c.engineer_id == CheckInFix.engineer_id, newest.c.at == CheckInFix.received_at)
    )  # fmt: skip
    return {
        fix.engineer_id: (fix.lat_e7, fix.lng_e7, corrected_at)
        for fix, corrected_at in session.execute(query)
        if fix.server_verdict.get("verdict") != "no_fix"
    }


def _gather_experience(session: Session, seen: Mapping[str, _Seen], work_order: WorkOrder) -> None:
    """Who was here before, and who worked on one of these assets."""
    done = (
        sa.select(VisitEngineer.engineer_id, WorkOrder.id)
        .join(Visit, Visit.id == VisitEngineer.visit_id)
        .join(WorkOrder, WorkOrder.id == Visit.work_order_id)
        .where(VisitEngineer.engineer_id.in_(list(seen)), Visit.state == "done", WorkOrder.id != work_order.id)
    )
    for user_id, _ in session.execute(done.where(WorkOrder.site_id == work_order.site_id)):
        seen[user_id].knows_site = True
    if work_order.asset_ids:
        same = sa.select(WorkOrderAsset.work_order_id).where(WorkOrderAsset.asset_id.in_(work_order.asset_ids))
        for user_id, _ in session.execute(done.where(WorkOrder.id.in_(same))):
            seen[user_id].repaired_asset = True


def _engineer_row(
    engineer: User, seen: _Seen, site: Site | None, customer: Customer | None, first: date, tz: str, now: datetime
) -> dict[str, Any]:
    distance_m, distance_at = None, None
    if seen.fix and site is not None and site.lat_e7 is not None and site.lng_e7 is not None:
        here = (seen.fix[0] / 1e7, seen.fix[1] / 1e7)
        distance_m = int(geodesic(here, (site.lat_e7 / 1e7, site.lng_e7 / 1e7)).meters)
        distance_at = seen.fix[2]
    return {
        "id": engineer.id,
        "name": engineer.name,
        "phone": engineer.phone,
        "skills": engineer.skills,
        "branch_id": engineer.branch_id,
        "staff_no": engineer.staff_no,
        "load": _load(seen.visits, first, tz),
        "last_seen_at": seen.last_seen_at,
        "today": [visit for visit in seen.visits if local_date(visit.planned_from, tz) == local_date(now, tz)],
        "distance_m": distance_m,
        "distance_at": distance_at,
        "reasons": _reasons(engineer, seen, customer, distance_m, now) if site is not None else [],
    }


def _load(visits: Sequence[Visit], first: date, tz: str) -> list[dict[str, Any]]:
    counts: dict[date, list[int]] = defaultdict(lambda: [0, 0])
    for visit in visits:
        until = visit.planned_until or visit.planned_from + UNPLANNED_VISIT
        day = counts[local_date(visit.planned_from, tz)]
        day[0] += 1
        day[1] += int((until - visit.planned_from).total_seconds() // 60)
    days = [first + timedelta(days=i) for i in range(LOAD_DAYS)]
    return [{"on": day, "visits": counts[day][0], "minutes": counts[day][1]} for day in days]


def _reasons(
    engineer: User, seen: _Seen, customer: Customer | None, distance_m: int | None, now: datetime
) -> list[dict[str, Any]]:
    out = []

    def add(code: str, is_good: bool, zh: str, en: str) -> None:
        out.append({"code": code, "is_good": is_good, "text": {"zh": zh, "en": en}})

    if customer is not None and customer.account_manager_id == engineer.id:
        add("account_manager", True, "是这位客户的客户经理", "is this customer’s account manager")
    if seen.repaired_asset:
        add("repaired_asset", True, "修过这台", "has worked on this asset")
    if seen.knows_site:
        add("knows_site", True, "去过这个现场", "knows this site")
    if distance_m is not None and distance_m <= NEAR_M and seen.fix and now - seen.fix[2] <= FRESH:
        add("near", True, "就在附近", "is nearby")
    there = next((v for v in seen.visits if v.state == "on_site"), None)
    if there is not None:
        add("on_site_elsewhere", False, "正在另一处现场", "is on site elsewhere")
    soon = next((v for v in seen.visits if v.state in OPEN and v is not there
                 and now <= v.planned_from <= now + timedelta(hours=2)), None)  # fmt: skip
    if soon is not None:
        add("visit_soon", False, "两小时内还有一处要去", "has another visit within two hours")
    elif there is None:
        add("free", True, "两小时内没有安排", "has nothing planned for two hours")
    if seen.last_seen_at is None or now - seen.last_seen_at > OFFLINE_AFTER:
        add("offline", False, "手机没有联网", "phone is offline")
    return out


def _score(row: Mapping[str, Any]) -> int:
    return sum(1 if reason["is_good"] else -1 for reason in row["reasons"])
