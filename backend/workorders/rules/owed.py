"""What became of what the letters owe: a stand-in machine is owed once the repair was not done in time (D-14). Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from backend.workorders.rules.entries import Entry, in_order

STATES = ("open", "not_needed", "handed_out", "returned")
_NOTHING: dict[str, Any] = {"state": "open", "loaner": "", "to": "", "handed_out_at": None, "returned_at": None}


def standing_of(
    owed: Mapping[str, Any], clocks: Iterable[Mapping[str, Any]], entries: Sequence[Entry]
) -> dict[str, Any]:
    """open · not_needed (repaired in time) · handed_out · returned, with what, when and to whom; instants as they are.

    owed     {what, clause, due}; clocks as settled; entries without voided ones
    """
    if owed["what"] != "loaner":
        return dict(_NOTHING)
    ordered = in_order(entries)
    out = next((e for e in reversed(ordered) if e.what == "loaner_handed_out"), None)
    if out is None:
        kept = any(
            one["name"] == "resolve" and one["clause"] == owed["clause"] and one["state"] in ("met", "idle")
            for one in clocks
        )
        return _NOTHING | {"state": "not_needed" if kept else "open"}
    back = next((e for e in ordered if e.what == "loaner_returned" and e.at >= out.at), None)
    return {
        "state": "returned" if back else "handed_out",
        "loaner": str(out.data.get("loaner") or ""),
        "to": str(out.data.get("to") or ""),
        "handed_out_at": out.at,
        "returned_at": back.at if back else None,
    }
