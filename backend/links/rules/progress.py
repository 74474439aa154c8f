"""What a customer is told of a work order's log: the few steps that are hers to know, each once, in order. Pure.

Everything else of the log stays inside: notes, calls between colleagues, positions, who typed what.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from backend.workorders.rules.entries import Entry, in_order
from backend.workorders.rules.states import VISIT_GONE

# log entry → the step as she knows it
TOLD = {
    "reported": "reported",
    "contacted": "contacted",
    "remote_started": "remote",
    "sent": "sent",
    "departed": "on_the_way",
    "arrived": "arrived",
    "waiting": "waiting",
    "resumed": "resumed",
    "solved": "solved",
    "report_submitted": "report",
    "accepted": "accepted",
    "rejected": "rejected",
    "rated": "rated",
    "reopened": "reopened",
    "closed": "closed",
    "cancelled": "cancelled",
}
ONCE = ("reported", "contacted", "remote")
# A reason or a remark that was said to her, or by her; every other note is for colleagues.
WITH_WORDS = ("waiting", "rejected", "rated")


@dataclass(frozen=True)
class Step:
    """One line of her view. `who` she typed herself or said on the phone; `engineer_ids` who is to come."""

    what: str
    at: datetime
    visit_id: str | None = None
    text: str = ""
    who: str = ""
    engineer_ids: tuple[str, ...] = ()


@dataclass(frozen=True)
class CustomerSaid:
    """The customer's last word: accepted or rejected, by whom and how."""

    what: str
    at: datetime
    who: str
    how: str
    text: str


def steps_of(entries: Iterable[Entry]) -> list[Step]:
    """The steps in the order of their time. entries: the log without voided lines, in any order."""
    ordered = in_order(entries)
    gone = {entry.visit_id for entry in ordered if entry.what in VISIT_GONE}
    told: dict[tuple[Any, ...], Step] = {}
    for entry in ordered:
        step = _step_of(entry, gone)
        if step is not None:
            key = (step.what,) if step.what in ONCE else (step.what, step.visit_id or entry.id)
            told.setdefault(key, step)
    return list(told.values())


def _step_of(entry: Entry, gone: set[str | None]) -> Step | None:
    what = TOLD.get(entry.what)
    if what is None or (entry.visit_id in gone and entry.what in ("sent", "departed")):
        return None
    return Step(
        what,
        entry.at,
        entry.visit_id,
        entry.note if what in WITH_WORDS else "",
        str(entry.data.get("who") or ""),
        tuple(entry.data.get("engineer_ids") or ()) if what == "sent" else (),
    )


def said_of(entries: Iterable[Entry]) -> CustomerSaid | None:
    """What the customer said last about the work; None before she answered."""
    found = None
    for entry in in_order(entries):
        if entry.what in ("accepted", "rejected"):
            how, who = str(entry.data.get("how") or ""), str(entry.data.get("who") or "")
            found = CustomerSaid(entry.what, entry.at, who, how, entry.note if entry.what == "rejected" else "")
        elif found is not None and entry.what in _ASKS_ANEW[found.what]:
            found = None
    return found


# What is done after her word and makes it the last round's: she is asked again.
_ASKS_ANEW = {"accepted": ("sent", "reopened"), "rejected": ("solved", "reopened")}


def last_of(entries: Sequence[Entry], what: str) -> Entry | None:
    """The last entry of a kind."""
    return next((entry for entry in reversed(in_order(entries)) if entry.what == what), None)


_DOUBLE = (
    "欧阳",
    "司马",
    "上官",
    "诸葛",
    "司徒",
    "夏侯",
    "皇甫",
    "尉迟",
    "公孙",
    "慕容",
    "令狐",
    "东方",
    "南宫",
    "独孤",
)


def called(name: str, shows: str) -> dict[str, str]:
    """An engineer as the company lets her be named: title · name · none. 李明 → 李工程师, Ana Berg → Engineer Ana."""
    name = name.strip()
    if shows == "none" or not name:
        return {"zh": "工程师", "en": "engineer"}
    if shows == "name":
        return {"zh": name, "en": name}
    is_han = "\u4e00" <= name[0] <= "\u9fff"
    short = (name[:2] if name.startswith(_DOUBLE) else name[0]) if is_han else name.split()[0]
    return {"zh": f"{short}工程师" if is_han else f"工程师 {short}", "en": f"Engineer {short}"}
