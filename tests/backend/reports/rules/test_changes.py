"""What one version of a report says otherwise than another: each field once, in the form's order."""

from __future__ import annotations

import pytest

from backend.reports.rules.changes import changes_between

PART = {
    "id": "p1",
    "name": "电源模块",
    "part_no": None,
    "quantity": 1,
    "old_serial": "A",
    "new_serial": "B",
    "origin": None,
}
FINDING = {"id": "f1", "asset_id": "a1", "symptom_found": "红灯", "cause_category": "wear", "cause_text": "磨损",
           "fix_text": "换件", "outcome": "fixed", "parts": [PART]}  # fmt: skip
REPORT = {"report_id": "r1", "guidance": "说明", "findings": [FINDING], "photos": ["1", "2"]}


def version(finding=None, **report):
    return REPORT | report | ({"findings": [FINDING | finding]} if finding else {})


CASES = [
    ({}, []),
    ({"guidance": ""}, [(None, "guidance", "说明", None)]),
    ({"finding": {"cause_text": "轴承磨损"}}, [(1, "cause_text", "磨损", "轴承磨损")]),
    ({"finding": {"cause_category": "quality", "fix_text": None}},
     [(1, "cause_category", "wear", "quality"), (1, "fix_text", "换件", None)]),
    ({"finding": {"parts": []}}, [(1, "part_line", "电源模块 ×1 A → B", None)]),
    ({"finding": {"parts": [PART | {"old_serial": None, "new_serial": None, "quantity": 2}]}},
     [(1, "part_line", "电源模块 ×1 A → B", "电源模块 ×2")]),
    ({"photos": ["1", "3"]}, [(None, "photo", "×2", "×2")]),
    ({"findings": [FINDING, {"id": "f2", "outcome": "refused"}]}, [(2, "outcome", None, "refused")]),
]  # fmt: skip


@pytest.mark.parametrize(("after", "expected"), CASES)
def test_every_change_is_told_once_and_nothing_else(after, expected):
    found = changes_between(REPORT, version(**after))
    assert [(c["finding"], c["field"], c["before"], c["after"]) for c in found] == expected


def test_a_finding_that_is_gone_is_told_with_what_it_said():
    found = changes_between(REPORT, version(findings=[]))
    assert {c["field"]: (c["before"], c["after"]) for c in found}["cause_text"] == ("磨损", None)
