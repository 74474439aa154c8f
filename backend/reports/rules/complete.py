"""What a fault report still lacks: asked on the phone before she leaves, and again by the server with the same answer.

Called by reports.services before submit and close. The phone's half is pwa/src/reports/rules/complete.ts; both are held
together by tests/vectors/report-complete.json, labels included.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

Step = Literal["sign", "leave"]

# Blank is spelled out: what Python and JavaScript call white space differs.
_SOMETHING = re.compile("[^ \\t\\r\\n\\u00a0\\u3000\\u200b\\ufeff]")
_NO_CAUSE_NEEDED = ("refused", "no_fault_found")

LABELS = {
    "finding": {"zh": "检查结果", "en": "a finding"},
    "symptom_found": {"zh": "故障现象", "en": "symptom as found"},
    "cause_category": {"zh": "故障原因", "en": "cause"},
    "cause_text": {"zh": "原因说明", "en": "cause in words"},
    "fix_category": {"zh": "处理办法", "en": "fix"},
    "fix_text": {"zh": "处理说明", "en": "fix in words"},
    "outcome": {"zh": "结果", "en": "outcome"},
    "not_fixed_reason": {"zh": "没修好的原因", "en": "why it is not fixed"},
    "next_step": {"zh": "下一步", "en": "next step"},
    "part_line": {"zh": "更换的配件", "en": "the part replaced"},
    "name": {"zh": "配件名称", "en": "part name"},
    "quantity": {"zh": "配件数量", "en": "part quantity"},
    "old_serial": {"zh": "换下件序列号", "en": "serial taken out"},
    "new_serial": {"zh": "换上件序列号", "en": "serial put in"},
    "guidance": {"zh": "向客户说明", "en": "guidance to the customer"},
    "signature": {"zh": "客户签字", "en": "the customer's signature"},
    "signer_name": {"zh": "签字人姓名", "en": "name of who signs"},
    "strokes": {"zh": "笔迹", "en": "ink"},
    "remarks": {"zh": "客户意见", "en": "the customer's remarks"},
    "reason": {"zh": "未签字的原因", "en": "why there is no signature"},
    "photo": {"zh": "一张照片", "en": "a photo"},
}


@dataclass(frozen=True)
class Missing:
    """One thing that is not there: where, and under which label."""

    path: str
    missing: str


def missing_of(report: dict, step: Step) -> tuple[Missing, ...]:
    """Everything a report lacks for a step, in the order of the form.

    report   {guidance, findings: [...], part_lines: [...], signature: {...} or None, requires: ["guidance", ...]}: records as
             synced; `requires` names what the letter or form asks for besides. Voided part lines do not count
    step     sign: before the customer signs; leave: before check-out, the signature included
    source   CORE.md K-2, K-8; letters B-03, B-15; tests/vectors/report-complete.json
    """
    found = [*_missing_in_findings(report), *_missing_in_parts(report)]
    if "guidance" in report.get("requires", ()) and _is_blank(report.get("guidance")):
        found.append(Missing("$.guidance", "guidance"))
    if step == "leave":
        found.extend(_missing_in_signature(report.get("signature")))
    return tuple(found)


def _missing_in_findings(report: dict) -> Iterator[Missing]:
    findings = report.get("findings") or []
    if not findings:
        yield Missing("$.findings", "finding")
    for i, finding in enumerate(findings):
        for field in _required_in(finding):
            if _is_blank(finding.get(field)):
                yield Missing(f"$.findings[{i}].{field}", field)
        has_part = any(p.get("finding_id") == finding.get("id") for p in _live(report))
        if finding.get("fix_category") == "replaced_part" and not has_part:
            yield Missing(f"$.findings[{i}].part_lines", "part_line")


def _required_in(finding: dict) -> Iterator[str]:
    """Fields a finding needs; "cause not known yet, analysis by …" is a legal answer to the cause."""
    outcome = finding.get("outcome")
    yield "symptom_found"
    if outcome not in _NO_CAUSE_NEEDED and _is_blank(finding.get("cause_unknown_until")):
        yield from ("cause_category", "cause_text")
    if outcome not in _NO_CAUSE_NEEDED:
        yield from ("fix_category", "fix_text")
    yield "outcome"
    if outcome == "not_fixed":
        yield "not_fixed_reason"
    if outcome in ("not_fixed", "workaround"):
        yield "next_step"


def _missing_in_parts(report: dict) -> Iterator[Missing]:
    """A part has a name and a number; a serial on one side of the swap asks for the other."""
    for i, part in enumerate(report.get("part_lines") or []):
        if part.get("voided_at"):
            continue
        if _is_blank(part.get("name")):
            yield Missing(f"$.part_lines[{i}].name", "name")
        quantity = part.get("quantity")
        if not isinstance(quantity, int) or isinstance(quantity, bool) or quantity < 1:
            yield Missing(f"$.part_lines[{i}].quantity", "quantity")
        lacks_old, lacks_new = _is_blank(part.get("old_serial")), _is_blank(part.get("new_serial"))
        if lacks_old and not lacks_new:
            yield Missing(f"$.part_lines[{i}].old_serial", "old_serial")
        if lacks_new and not lacks_old:
            yield Missing(f"$.part_lines[{i}].new_serial", "new_serial")


def _missing_in_signature(signature: dict | None) -> Iterator[Missing]:
    """Signed needs ink and a name, remarks where the customer has some; absent or refused needs a reason and a photo."""
    if not signature:
        yield Missing("$.signature", "signature")
        return
    if signature.get("result") in ("absent", "refused"):
        needed = {"reason": "reason", "photo_id": "photo"}
    else:
        needed = {"signer_name": "signer_name", "strokes_sha256": "strokes"}
        if signature.get("result") in ("accepted_with_remarks", "rejected"):
            needed["remarks"] = "remarks"
    for field, label in needed.items():
        if _is_blank(signature.get(field)):
            yield Missing(f"$.signature.{field}", label)


def _live(report: dict) -> list[dict]:
    return [part for part in report.get("part_lines") or [] if not part.get("voided_at")]


def _is_blank(value: object) -> bool:
    return not isinstance(value, str) or _SOMETHING.search(value) is None
