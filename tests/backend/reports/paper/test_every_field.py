"""Every field of the report view can be read on the PDF and in the Word file, in both languages.

A new field of the view fails here until somebody says how it is printed: `PRINTED` for those that are not simply
written out, `DRAWN` for the few that are lines and not letters.
"""

from __future__ import annotations

import re
from typing import Any

import pytest

from backend.reports import formats
from backend.reports.paper.word import render_docx
from backend.reports.view_json import to_dict
from backend.reports.words import label, word
from tests.backend.reports.paper.conftest import pdf_text, squeezed, word_text
from tests.factories.report_view import sample_photo, sample_view

TZ = "Asia/Shanghai"
DRAWN = {
    "schema": "the view's own version",
    "signed.language": "decides whether the note about the signed language stands there",
    "acceptance.strokes": "ink",
    "engineer_signature.strokes": "ink",
    "added.check_ins[].fix.bearing_deg": "where the dot stands on the dial",
    "added.check_ins[].fix.accuracy_m": "the same figure as the verdict's",
}


def _date_time(value: str, language: str) -> str:
    return formats.date_time(value, TZ)


def _time(value: str, language: str) -> str:
    return formats.clock_time(value, TZ)


def _seconds(value: str, language: str) -> str:
    return formats.clock_time(value, TZ, seconds=True)


def _word(group: str) -> Any:
    return lambda value, language: word(group, value, language)


def _label(name: str, key: str = "n") -> Any:
    return lambda value, language: label(name, language, **{key: value})


def _state(value: str, language: str) -> str:
    said = {"met": "took", "missed": "late", "running": "left_time", "excused": "excused"}[value]
    return label(said, language, t="")


PRINTED: dict[str, Any] = {
    "made_at": _date_time,
    "signed.frozen_at": _date_time,
    "signed.channel": _word("channel"),
    "signed.reported_at": _time,
    "signed.repair_count": _label("nth_time"),
    "signed.engineers[].is_lead": lambda value, language: label("lead", language) if value else "",
    "signed.moments[].what": _word("moment"),
    "signed.moments[].at": _time,
    "signed.findings[].no": _label("finding", "no"),
    "signed.findings[].asset.category": _word("category"),
    "signed.findings[].cause_category": _word("cause"),
    "signed.findings[].fix_category": _word("fix"),
    "signed.findings[].outcome": _word("outcome"),
    "signed.findings[].parts[].quantity": _label("pieces"),
    "signed.findings[].parts[].origin": _word("origin"),
    "signed.findings[].parts[].charge": _word("charge"),
    "signed.charges[].kind": _word("charge_kind"),
    "signed.charges[].charge": _word("charge"),
    "signed.charges[].amount.currency": lambda value, language: formats.SYMBOLS[value],
    "signed.photos[].sha256": lambda value, language: value[:16],
    "signed.photos[].taken_at": _seconds,
    "signed.photos[].finding_no": _label("finding", "no"),
    "acceptance.result": _word("result"),
    "acceptance.signed_at": _date_time,
    "acceptance.photo_sha256": lambda value, language: value[:16],
    "acceptance.rating": _label("rating"),
    "engineer_signature.signed_at": _date_time,
    "added.version": _label("version"),
    "added.state": _word("state"),
    "added.submitted_at": _date_time,
    "added.approved_at": _date_time,
    "added.priority": _word("priority"),
    "added.letters[].version": _label("letter_version"),
    "added.entitlement.status": _word("entitlement"),
    "added.clocks[].name": _word("clock"),
    "added.clocks[].starts_at": _time,
    "added.clocks[].target_at": _time,
    "added.clocks[].due_at": _time,
    "added.clocks[].met_at": _time,
    "added.clocks[].state": _state,
    "added.check_ins[].direction": lambda value, language: label(value, language),
    "added.check_ins[].tapped_at": _seconds,
    "added.check_ins[].corrected_at": _seconds,
    "added.check_ins[].offset_ms": lambda value, language: formats.tenths_of_a_second(value),
    "added.check_ins[].quality": _word("quality"),
    "added.check_ins[].received_at": _time,
    "added.check_ins[].reason_code": _word("reason"),
    "added.check_ins[].fix.lat_e7": lambda value, language: formats.degrees(value),
    "added.check_ins[].fix.lng_e7": lambda value, language: formats.degrees(value),
    "added.check_ins[].fix.age_s": _label("fix_age", "s"),
    "added.check_ins[].phone_verdict.verdict": _word("verdict"),
    "added.check_ins[].server_verdict.verdict": _word("verdict"),
    "added.check_ins[].server_verdict.reason": _word("reason"),
    "added.check_ins[].phone_verdict.reason": _word("reason"),
    "added.check_ins[].phone_verdict.radius_m": _label("radius", "r"),
    "added.check_ins[].flags[]": _word("flag"),
    "added.course[].at": _time,
    "added.course[].what": _word("moment"),
    "added.course[].received_at": _time,
    "added.notes[].at": _time,
    "added.versions[].version": _label("version"),
    "added.versions[].signed_at": _date_time,
}


def _leaves(value: Any, path: str = "") -> list[tuple[str, Any]]:
    pattern = re.sub(r"\[\d+\]", "[]", path)
    if any(pattern == drawn or pattern.startswith(f"{drawn}.") for drawn in DRAWN):
        return []
    if isinstance(value, dict):
        inner = value.items()
        return [leaf for key, v in inner for leaf in _leaves(v, f"{path}.{key}".lstrip("."))]
    if isinstance(value, list):
        return [leaf for i, v in enumerate(value) for leaf in _leaves(v, f"{path}[{i}]")]
    return [(path, value)]


def _expected(language: str, view: Any) -> list[tuple[str, str]]:
    expected = []
    other = "en" if language == "zh" else "zh"
    for path, value in _leaves(to_dict(view)):
        if value is None or path.endswith(f".{other}"):
            continue
        pattern = re.sub(r"\[\d+\]", "[]", path)
        said = PRINTED[pattern](value, language) if pattern in PRINTED else str(value)
        expected.append((path, squeezed(said)))
    return expected


def _views() -> dict[str, Any]:
    ink = sample_view()
    absent = sample_view(
        acceptance={
            "result": "absent",
            "reason": "客户夜班已下，值班员不签",
            "strokes": None,
            "photo_sha256": "c4" * 32,
        }
    )
    return {"signed with remarks": ink, "customer absent": absent}


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("name", ["signed with remarks", "customer absent"])
def test_every_field_of_the_view_stands_on_both_papers(renderer, language, name):
    view = _views()[name]
    papers = {
        "PDF": pdf_text(renderer.render(view, language, sample_photo)),
        "Word": word_text(render_docx(view, language, sample_photo)),
    }
    expected = _expected(language, view)
    missing = [(paper, *entry) for entry in expected for paper, text in papers.items() if entry[1] not in text]
    assert missing == []
    assert len(expected) > 200


def test_between_them_the_views_fill_every_field():
    filled: dict[str, bool] = {}
    for view in _views().values():
        for path, value in _leaves(to_dict(view)):
            pattern = re.sub(r"\[\d+\]", "[]", path)
            filled[pattern] = filled.get(pattern, False) or value is not None
    empty = [pattern for pattern, is_filled in filled.items() if not is_filled]
    assert [pattern for pattern in empty if not any(other.startswith(f"{pattern}.") for other in filled)] == []


@pytest.mark.parametrize(
    "heading", ["送修日期", "送修次数", "送修故障情况", "故障原因", "故障处理情况", "交验日期", "维修人员签字"]
)
def test_the_repair_record_has_its_seven_fields(renderer, heading):
    assert heading in pdf_text(renderer.render(sample_view(), "zh", sample_photo))
    assert heading in word_text(render_docx(sample_view(), "zh", sample_photo))
