"""Writes docs/states.md: the states of work order, visit and report, from the tables that the product runs by.

.venv/bin/python tools/states.py
"""

from __future__ import annotations

import sys
from itertools import groupby
from pathlib import Path

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "states.md"
sys.path.insert(0, str(ROOT))

HEAD = """# States

Written by `tools/states.py` from the tables in `rules/states.py` of each slice; a test holds it to them. What a table
does not name does not happen.
"""
ORDER = """
A work order's state is never set: it is where its log leads, entry by entry in the order of their corrected times. An
entry that the table does not know in the present state changes nothing: a late arrival reopens nothing. When the last
open visit of an *assigned* work order is declined, cancelled or superseded, it is again what it was before.
"""


def page() -> str:
    """The whole page."""
    from backend.reports.rules import states as report
    from backend.visits.rules import states as visit
    from backend.workorders.rules import states as order

    steps = [(s.what, s.source, s.target, s.who, s.needs) for s in order.STEPS]
    out = [HEAD, "## Work order\n", ", ".join(order.STATES) + ".\n" + ORDER, table("log entry", steps)]
    for title, module in (("Visit", visit), ("Report", report)):
        steps = [(s.name, s.source, s.target, s.who, s.needs or "") for s in module.STEPS]
        out += [f"## {title}\n", ", ".join(module.STATES) + ".\n", table("step", steps)]
    return "\n".join(out)


def table(name: str, steps: list[tuple[str, str, str, str, str]]) -> str:
    """Steps that differ in where they start alone stand in one row."""
    rows = [f"| {name} | from | to | who | needs |", "|---|---|---|---|---|"]
    for (what, target, who, needs), group in groupby(steps, key=lambda s: (s[0], s[2], s[3], s[4])):
        rows.append(f"| {what} | {', '.join(step[1] for step in group)} | {target} | {who} | {needs} |")
    return "\n".join(rows) + "\n"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
