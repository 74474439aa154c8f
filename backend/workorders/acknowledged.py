"""Gates before work that a customer's answer opens: who was told what, and the record that shows it.

Called by settling. An answer comes as a log entry: from the phone's signed acknowledgement, or written by hand.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from backend.workorders.ports import GateAnswer
from backend.workorders.rules.entries import Entry, in_order

# gate → the log entry that opens it, the `about` of its acknowledgement, what is missing until then
WHATS: dict[str, tuple[str, str, str, str]] = {
    "backup_notice": (
        "backup_notice", "backup_notice", "客户还没有确认备份提醒。", "The back-up notice is not acknowledged.",
    ),
    "user_damage_notice": (
        "user_damage_notice", "user_damage_notice", "人为损坏：动手之前要先告知费用并请客户确认。",
        "User damage: tell the price and have it acknowledged before work.",
    ),
    "fee_acceptance": (
        "fee_accepted", "fee", "这次要收费：动手之前要先告知费用并请客户确认。",
        "This work is charged: tell the price and have it accepted before work.",
    ),
}  # fmt: skip
CHARGED = ("chargeable", "at_cost")
SAID = {
    "declined": ("客户不同意", "The customer declined"),
    "absent": ("客户不在", "The customer was absent"),
    "refused": ("客户不愿签字", "The customer would not sign"),
}


def fee_gate(answer: Mapping[str, Any], entries: Sequence[Entry]) -> list[dict[str, str]]:
    """Chargeable work on site wants the price accepted before it; user damage has a gate of its own for that."""
    entitlement, cited = answer["entitlement"], answer["cited"]
    is_sent = any(entry.what == "sent" for entry in entries)
    told_anyway = any(gate["gate"] == "user_damage_notice" for gate in answer["gates"])
    charged = [kind for kind, charge in entitlement["charges"].items() if charge not in (None, "free")]
    if entitlement["status"] not in CHARGED or not charged or not is_sent or told_anyway:
        return []
    return [{"gate": "fee_acceptance", "before": "work", "clause": cited.get(charged[0]) or ""}]


def answer(gate: str, entries: Sequence[Entry], here: dict[str, str | None]) -> GateAnswer:
    """Open once the customer agreed, with the way to the record; else why not, a refusal in her words."""
    what, about, zh, en = WHATS[gate]
    ordered = in_order(entries)
    agreed = next((entry for entry in reversed(ordered) if entry.what == what), None)
    if agreed is not None:
        return GateAnswer(True, {}, _link(agreed) or here)
    said = [e for e in ordered if e.what == "acknowledgement_declined" and e.data.get("about") == about]
    if not said:
        return GateAnswer(False, {"zh": zh, "en": en}, here)
    note = said[-1].note
    said_zh, said_en = SAID.get(str(said[-1].data.get("answer")), SAID["declined"])
    why = {"zh": f"{said_zh}{'：' + note if note else ''}。", "en": f"{said_en}{': ' + note if note else ''}."}
    return GateAnswer(False, why, _link(said[-1]) or here)


def _link(entry: Entry) -> dict[str, str | None]:
    ident = entry.data.get("acknowledgement_id")
    return {"kind": "acknowledgement", "id": str(ident)} if ident else {}
