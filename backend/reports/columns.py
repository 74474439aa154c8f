"""The columns of an exported list of reports, and its rows in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from backend.reports.evidence import WORDS
from backend.reports.lists import Column
from backend.reports.view import Language
from backend.reports.words import word


def columns_for(tz: str) -> tuple[Column, ...]:
    """The columns, instants in a zone."""
    return (
        Column("number", {"zh": "报告编号", "en": "Report no."}, width=18),
        Column("short_ref", {"zh": "短号", "en": "Short ref."}, width=14),
        Column("state", {"zh": "状态", "en": "State"}, width=10),
        Column("version", {"zh": "版本", "en": "Version"}, "number", 8),
        Column("work_order_number", {"zh": "工单号", "en": "Work order"}, width=18),
        Column("priority", {"zh": "级别", "en": "Priority"}, width=10),
        Column("customer_name", {"zh": "客户", "en": "Customer"}, width=28),
        Column("site_name", {"zh": "现场", "en": "Site"}, width=24),
        Column("assets", {"zh": "设备", "en": "Equipment"}, width=36),
        Column("outcomes", {"zh": "结果", "en": "Outcome"}, width=16),
        Column("engineer_name", {"zh": "维修人员", "en": "Engineer"}, width=12),
        Column("submitted_at", {"zh": "提交", "en": "Handed in"}, "instant", 20, tz),
        Column("received_at", {"zh": "收到", "en": "Received"}, "instant", 20, tz),
        Column("approved_at", {"zh": "批准", "en": "Approved"}, "instant", 20, tz),
        Column("result", {"zh": "客户答复", "en": "Customer’s answer"}, width=16),
        Column("rating", {"zh": "满意度", "en": "Rating"}, "number", 8),
        Column("flags", {"zh": "要看", "en": "To look at"}, width=40),
    )


def texts_of(row: Mapping[str, Any], language: Language) -> dict[str, Any]:
    """A list row with codes as words."""
    comma = "、" if language == "zh" else ", "
    place = 0 if language == "zh" else 1
    flags = [WORDS.get(code, (code.replace("_", " "),) * 2)[place] for code in row["flags"]]
    assets = [" ".join(part for part in (asset["label"], asset["serial"]) if part) for asset in row["assets"]]
    return dict(row) | {
        "state": word("state", row["state"], language),
        "priority": word("priority", row["priority"], language),
        "assets": comma.join(assets),
        "outcomes": comma.join(word("outcome", outcome, language) for outcome in row["outcomes"]),
        "result": word("result", row["result"], language),
        "flags": comma.join(flags),
    }
