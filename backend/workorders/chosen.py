"""The customer's choice among the offered remedies (D-05…D-07), as the log tells it. Called by settling and services."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from backend.core import clock
from backend.core.problems import Fault
from backend.prices.rules.money import money
from backend.workorders.models import WorkOrder
from backend.workorders.rules.entries import Entry, in_order

EXCHANGE = "exchange"
HOWS = ("in_person", "phone", "message", "link")
WORDS = {
    "refund": ("退货", "refund"),
    "exchange": ("换货", "exchange"),
    "repair": ("修理", "repair"),
    "maintenance": ("维护", "maintenance"),
}


def offered_words(remedies: Sequence[str]) -> dict[str, str]:
    """The remedies on offer, in words."""
    return {
        "zh": "、".join(WORDS[one][0] for one in remedies) or "没有",
        "en": ", ".join(WORDS[one][1] for one in remedies) or "none",
    }


def chosen_of(entries: Sequence[Entry], entitlement: Mapping[str, Any], currency: str) -> dict[str, Any] | None:
    """The choice that stands: the last one logged, with the refund the engine computed; None before there is one."""
    said = [entry for entry in in_order(entries) if entry.what == "remedy_chosen" and entry.data.get("remedy")]
    if not said:
        return None
    entry = said[-1]
    remedy = entry.data["remedy"]
    refund = entitlement["refund"] if remedy == "refund" else None
    return {
        "remedy": remedy,
        "by": str(entry.data.get("by") or entry.data.get("signer_name") or ""),
        "how": str(entry.data.get("how") or ("in_person" if entry.data.get("acknowledgement_id") else "")),
        "at": clock.iso(entry.at),
        "entry_id": entry.id,
        "is_offered": remedy in entitlement["remedies"],
        "refund": money(Decimal(refund), currency) if refund else None,
    }


def faults_of_choice(work_order: WorkOrder, data: Mapping[str, Any]) -> list[Fault]:
    """What a choice lacks, and that it is one of those offered."""
    faults = []
    offered = work_order.entitlement["remedies"]
    if data.get("remedy") not in offered:
        said = offered_words(offered)
        words = {"zh": f"承诺书现在给出的是：{said['zh']}。", "en": f"The letter now offers: {said['en']}."}
        faults.append(Fault("$.data.remedy", words))
    if not str(data.get("by") or "").strip():
        faults.append(Fault("$.data.by", {"zh": "请写是谁选的。", "en": "State who chose."}))
    if data.get("how") not in HOWS:
        words = {"zh": f"怎么选的：{'、'.join(HOWS)}", "en": f"How it was chosen: {', '.join(HOWS)}"}
        faults.append(Fault("$.data.how", words))
    return faults
