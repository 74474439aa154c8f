"""The proof sheet (PDF): how long an asset is free, line by line, with the clause and the source of each figure."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from backend.accounts.models import Company
from backend.assets.models import Asset
from backend.assets.services import label_of
from backend.core import clock
from backend.reports.paper.pdf import proof_renderer_for
from backend.workorders.models import WorkOrder
from backend.workorders.proof import proof_for

WORDS: dict[str, tuple[str, str]] = {
    "title": ("保修计算单", "Warranty sheet"),
    "as_of": ("按 {on} 计算", "Counted as of {on}"),
    "order": ("工单 {number}", "Work order {number}"),
    "letter": ("承诺书 {refs}", "Letters {refs}"),
    "no_letter": ("没有适用的承诺书", "No letter applies"),
    "warranty": ("保修期", "Warranty"),
    "window": ("期限", "Window"),
    "purchased_on": ("购买日期", "Purchased on"),
    "invoiced_on": ("发票日期", "Invoiced on"),
    "accepted_on": ("验收日期", "Accepted on"),
    "term": ("期限", "Term"),
    "term_said": ("{n}，首日不计，到 {end}", "{n}, the first day not counted, to {end}"),
    "years": ("{n} 年", "{n} years"),
    "years_1": ("{n} 年", "{n} year"),
    "months": ("{n} 个月", "{n} months"),
    "months_1": ("{n} 个月", "{n} month"),
    "days": ("{n} 天", "{n} days"),
    "days_1": ("{n} 天", "{n} day"),
    "spell_repair": ("停用：修理", "Out of service: repair"),
    "spell_parts": ("停用：等配件", "Out of service: waiting for a part"),
    "spell": ("{first} 至 {last}，加 {days} 天，到 {end}", "{first} to {last}: {days} more days, to {end}"),
    "still": ("今天（还没恢复）", "today (still out)"),
    "extended": ("扣除停用后到", "With these days until"),
    "opens": ("从哪天起", "Opens on"),
    "rollover": ("最后一天遇休息日", "If the last day is a rest day"),
    "rolled": ("是休息日，顺延到 {day}（{year} 年放假通知）", "it is: moves to {day} (public holidays of {year})"),
    "not_rolled": ("不用顺延（{year} 年放假通知）", "nothing moves (public holidays of {year})"),
    "provisional": ("暂定：{year} 年放假通知还没有公布", "provisional: the holidays of {year} are not announced"),
    "last_day": ("免费的最后一天", "Last free day"),
    "window_last": ("最后一天", "Last day"),
    "state": ("按报修当天", "On the day reported"),
    "open": ("在期限内", "inside the term"),
    "over": ("不在期限内", "outside the term"),
    "missing": ("还缺", "Not known"),
    "sources": ("停用时段的来源", "Where the days out of service come from"),
    "imported": ("录入的停用记录", "entered record"),
    "from_order": ("工单 {number} 的经过", "log of work order {number}"),
    "repairs": ("计入三包的维修", "Repairs that count"),
    "no_repairs": ("没有", "none"),
    "foot": (
        "每一行都按签订的条款计算，同一天只算一次。",
        "Each line is counted by the signed clauses; no day counts twice.",
    ),
}


def proof_pdf(
    session: Session, asset: Asset, work_order: WorkOrder | None, language: str, now: datetime, font_dirs: str
) -> bytes:
    """The sheet as PDF in `zh` or `en`. The same facts give the same bytes."""
    sheet = sheet_of(session, asset, work_order, language, now)
    return proof_renderer_for(font_dirs).set(sheet | {"made_s": int(now.timestamp())})


def sheet_of(
    session: Session, asset: Asset, work_order: WorkOrder | None, language: str, now: datetime
) -> dict[str, Any]:
    """Everything the sheet says, as finished strings in reading order."""

    def say(name: str, **values: object) -> str:
        return WORDS[name][0 if language == "zh" else 1].format(**values)

    proof = proof_for(session, asset, work_order, now)
    company = session.scalar(sa.select(Company).limit(1))
    on = clock.local_date(work_order.reported_at if work_order else now, proof["site"].tz)
    refs = " ".join(letter.ref for letter in proof["letters"])
    order = say("order", number=work_order.number or work_order.short_ref) if work_order else ""
    head = [label_of(asset), f"{proof['customer'].name} · {proof['site'].name}",
            " · ".join(part for part in (say("letter", refs=refs) if refs else say("no_letter"), order,
                                         say("as_of", on=on)) if part)]  # fmt: skip
    reason_of = {(first, last): why for first, last, why, _ in proof["spells"]}
    sections = [_section(one, say, reason_of, proof["clauses"], language) for one in proof["periods"]]
    if proof["spells"]:
        sections.append({"title": say("sources"), "rows": [
            _row(f"{first} – {last or say('still')}", say("from_order", number=number) if number else say("imported"))
            for first, last, _, number in proof["spells"]]})  # fmt: skip
    rows = [_row(f"{one.on}", one.report) for one in proof["repairs"]] or [_row("—", say("no_repairs"))]
    sections.append({"title": say("repairs"), "rows": rows})
    return {
        "lang": language, "title": say("title"), "company": company.name.get(language, "") if company else "",
        "head": head, "sections": sections, "foot": say("foot"),
    }  # fmt: skip


def _section(one: dict[str, Any], say: Any, reason_of: dict[Any, str], clauses: dict[str, Any], language: str) -> Any:
    kind = "warranty" if one["is_warranty"] else "window"
    text = clauses.get(one["clause"] or "", {}).get(language, "")
    title = f"{say(kind)} · {one['letter']}{'：' if language == 'zh' else ': '}{text}" if text else say(kind)
    if one["missing"]:
        return {"title": title, "rows": [_row(say("missing"), say(one["anchor"]), one["clause"])]}
    rows = [
        _row(say(one["anchor"]), one["start"]),
        _row(say("term"), say("term_said", n=_length(one, say), end=one["counted"]), one["clause"]),
    ]
    for spell in one["spells"]:
        why = reason_of.get((spell["first"], spell["last"])) or reason_of.get((spell["first"], None)) or "repair"
        said = say("spell", first=spell["first"], last=spell["last"], days=spell["days"], end=spell["end"])
        rows.append(_row(say(f"spell_{why}"), said, one["pause_clause"]))
    if one["spells"]:
        rows.append(_row(say("extended"), one["extended"], one["pause_clause"]))
    if one["opens"]:
        rows.append(_row(say("opens"), one["opens"], one["clause"]))
    year = one["extended"].year
    moved = (
        say("rolled", day=one["last_day"], year=year)
        if one["last_day"] != one["extended"]
        else say("not_rolled", year=year)
    )
    rows.append(
        _row(
            say("rollover"), say("provisional", year=year) if one["is_provisional"] else moved, one["rollover_clause"]
        )
    )
    rows.append(
        _row(say("last_day" if one["is_warranty"] else "window_last"), one["last_day"], one["clause"], strong=True)
    )
    rows.append(_row(say("state"), say("open" if one["is_open"] else "over")))
    return {"title": title, "rows": rows}


def _length(one: dict[str, Any], say: Any) -> str:
    """A term in whole years, months or days."""
    months = one["months"]
    if not months:
        n, unit = one["days"], "days"
    else:
        n, unit = (months, "months") if months % 12 else (months // 12, "years")
    return say(f"{unit}_1" if n == 1 else unit, n=n)


def _row(label: str | date, value: str | date, clause: str | None = None, strong: bool = False) -> dict[str, Any]:
    return {"label": str(label), "value": str(value), "clause": clause or "", "strong": strong}
