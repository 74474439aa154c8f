"""A line of the work-order log as a value, and the words it may use."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

# what → who may write it by hand: engineer, office (with dispatcher and admin), admin; () only the product itself.
WHATS: dict[str, tuple[str, ...]] = {
    "reported": (),
    "contacted": ("engineer", "office"),
    "remote_started": ("engineer", "office"),
    "decided_on_site": ("engineer", "office"),
    "promised": ("engineer", "office"),
    "sent": (),
    "visit_changed": (),
    "visit_accepted": (),
    "visit_declined": (),
    "visit_cancelled": (),
    "visit_superseded": (),
    "departed": (),
    "arrived": ("office",),
    "left": (),
    "check_in_reason": (),
    "check_in_accepted": (),
    "handed_in": ("engineer", "office"),
    "waiting": ("engineer", "office"),
    "resumed": ("engineer", "office"),
    "handed_back": ("engineer", "office"),
    "backup_notice": ("engineer", "office"),
    "user_damage_notice": ("engineer", "office"),
    "fee_accepted": ("engineer", "office"),
    "remedy_chosen": ("engineer", "office"),
    "counted": ("engineer", "office"),
    "acknowledgement_declined": (),
    "training_signoff": ("engineer", "office"),
    "solved": ("engineer", "office"),
    "accepted": ("office",),
    "rejected": ("office",),
    "report_started": (),
    "report_submitted": (),
    "report_returned": (),
    "report_approved": (),
    "report_withdrawn": (),
    "signed": (),
    "rated": (),
    "excused": ("admin",),
    "missed_reason": ("engineer", "office"),
    "loaner_handed_out": ("engineer", "office"),
    "loaner_returned": ("engineer", "office"),
    "exchanged": (),
    "overridden": (),
    "changed": (),
    "note": ("engineer", "office"),
    "closed": (),
    "cancelled": (),
    "reopened": (),
}


@dataclass(frozen=True)
class Entry:
    """What a rule sees of a log entry; `at` is the corrected time. Voided ones are left out before."""

    id: str
    what: str
    at: datetime
    visit_id: str | None = None
    note: str = ""
    data: Mapping[str, Any] = field(default_factory=dict)
    received_at: datetime | None = None


def in_order(entries: Iterable[Entry]) -> list[Entry]:
    """By corrected time; entries of one instant in the order of a work order's life, then by id."""
    return sorted(entries, key=lambda entry: (entry.at, _RANK.get(entry.what, 0), entry.id))


_RANK = {what: rank for rank, what in enumerate(WHATS)}
