"""Who is concerned by a work order: who goes, who owns it, the branch's dispatchers, the admins."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import sqlalchemy as sa
from sqlalchemy.orm import Session

from backend.accounts.models import User
from backend.visits.models import Visit
from backend.workorders.models import WorkOrder

GOING = ("planned", "accepted", "travelling", "on_site")  # one who declined does not go


@dataclass
class Concerned:
    """Ids of people whose accounts are in use. `leads` by visit: who leads it."""

    leads: dict[str, str] = field(default_factory=dict)
    owner: str | None = None
    dispatchers: set[str] = field(default_factory=set)
    admins: set[str] = field(default_factory=set)

    def of(self, *, with_admins: bool) -> set[str]:
        everybody = {*self.leads.values(), self.owner, *self.dispatchers, *(self.admins if with_admins else ())}
        return {one for one in everybody if one}


def concerned(session: Session, work_orders: Sequence[WorkOrder]) -> dict[str, Concerned]:
    """By work order, in three queries however many there are."""
    office = list(
        session.scalars(sa.select(User).where(User.role.in_(("dispatcher", "admin")), User.disabled_at.is_(None)))
    )
    visits = sa.select(Visit.work_order_id, Visit.id, Visit.lead_id).where(
        Visit.work_order_id.in_([row.id for row in work_orders]), Visit.state.in_(GOING)
    )
    leads: dict[str, dict[str, str]] = {}
    for work_order_id, visit_id, lead_id in session.execute(visits):
        leads.setdefault(work_order_id, {})[visit_id] = lead_id
    named = {row.owner_id for row in work_orders} | {lead for each in leads.values() for lead in each.values()}
    query = sa.select(User.id).where(User.id.in_(named - {None}), User.disabled_at.is_(None))
    in_use = set(session.scalars(query))
    out = {}
    for row in work_orders:
        out[row.id] = Concerned(
            {visit: lead for visit, lead in leads.get(row.id, {}).items() if lead in in_use},
            row.owner_id if row.owner_id in in_use else None,
            {one.id for one in office if one.role == "dispatcher" and row.branch_id in _branches_of(one)},
            {one.id for one in office if one.role == "admin"},
        )
    return out


def _branches_of(user: User) -> set[str | None]:
    return {user.branch_id, *(one.branch_id for one in user.branches)}
