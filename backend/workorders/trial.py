"""Letters tried on facts from a form, shown as a work order's decision is; and the facts of a work order to begin with.

Stores nothing. Called by routes; the faults of bad facts are those of `python -m backend explain`.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from backend.core import clock
from backend.letters import workshop
from backend.workorders.decision import facts_of, letters_named
from backend.workorders.ground import case_of, ground_of
from backend.workorders.models import WorkOrder

RUNNING = "running"


def tried(session: Session, facts: Any, text: str | None) -> dict[str, Any]:
    """What the letters decide for the facts; instants as `…Z` (K-9). Raises Invalid."""
    answer = workshop.tried(session, facts, text)
    for one in answer["clocks"]:
        one |= {name: _z(one[name]) for name in ("starts", "target", "due")}
        one |= {"is_at_once": one["starts"] == one["due"], "state": RUNNING}
    for owed in answer["owed"]:
        owed["due"] = _z(owed["due"])
    answer["entitlement"]["if_user_damage"] = None
    return answer


def facts_by_asset(session: Session, work_order: WorkOrder, now: datetime) -> list[dict[str, Any]]:
    """The facts of each asset of a work order, or one object where it names none."""
    case = case_of(ground_of(session, [work_order]), work_order)
    out = []
    for asset in case.assets or [None]:
        contract = case.contracts.get(asset.contract_id or "") if asset else None
        letters = letters_named((contract or case.contract).letters if contract or case.contract else [])
        out.append(facts_of(case, asset, case.spells.get(asset.id, ()) if asset else (), letters, now))
    return out


def _z(text: str | None) -> str | None:
    return clock.iso(clock.parse(text)) if text else None
