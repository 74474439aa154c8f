"""What the customer signs: the same bytes from the same rows in both languages, and every change is seen."""

from __future__ import annotations

import copy
import json
from pathlib import Path

import pytest

from backend.reports.rules import document as rule
from backend.reports.view_json import to_dict, view_of
from tests.factories.report_view import sample_view

CASES = json.loads(Path("tests/vectors/signed-document.json").read_text("utf-8"))["cases"]
FULL = CASES[0]["facts"]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_the_same_rows_give_the_same_bytes_and_hash(case):
    data = rule.bytes_of(rule.document_of(case["facts"]))
    assert data.decode() == case["document"]
    assert rule.sha256_of(data) == case["sha256"]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_the_signed_half_is_a_report_view(case):
    plain = to_dict(sample_view())
    plain["signed"] = rule.document_of(case["facts"])["signed"] | {"document_sha256": case["sha256"]}
    assert view_of(plain).signed.short_ref == case["facts"]["report"]["short_ref"]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_what_was_signed_equals_the_rows_it_came_from(case):
    facts = case["facts"]
    signed = rule.signed_part(rule.read_document(case["document"].encode()))
    present = rule.present_part(facts["report"], facts["findings"], facts["part_lines"], facts["photos"])
    assert rule.first_difference(signed, present) is None


@pytest.mark.parametrize(
    ("change", "path"),
    [
        (lambda f: f["findings"][1].update(cause_text="满充容量降到 42%。"), "$.findings[0].cause_text"),
        (lambda f: f["findings"][1].update(outcome="workaround"), "$.findings[0].outcome"),
        (lambda f: f["findings"][1].update(asset_id=None), "$.findings[0].asset_id"),
        (lambda f: f["part_lines"][1].update(quantity=2), "$.findings[0].parts[0].quantity"),
        (lambda f: f["part_lines"][1].update(voided_at="2026-11-23T09:00:00.000Z"), "$.findings[0].parts"),
        (lambda f: f["photos"][0].update(sha256="d" * 64), "$.photos[1]"),
        (lambda f: f["report"].update(guidance="别的"), "$.guidance"),
    ],
)
def test_a_change_after_signing_is_seen_and_named(change, path):
    signed = rule.signed_part(rule.document_of(FULL))
    facts = copy.deepcopy(FULL)
    change(facts)
    present = rule.present_part(facts["report"], facts["findings"], facts["part_lines"], facts["photos"])
    assert rule.first_difference(signed, present) == path


def test_a_corrected_serial_or_contact_is_no_new_version():
    facts = copy.deepcopy(FULL)
    facts["contact"]["phone"] = "139 0000 0000"
    facts["customer"]["name"] = "西南空港"
    assert rule.signed_part(rule.document_of(facts)) == rule.signed_part(rule.document_of(FULL))


@pytest.mark.parametrize(
    ("data", "path"),
    [
        (b"", "$"),
        (b"\xff\xfe", "$"),
        (b"[]", "$"),
        (b'{"schema":2}', "$.schema"),
        (b'{"schema":1,"signed":{}}', "$.report_id"),
        (b'{"schema":1,"report_id":"r","work_order_id":"w","signed":[]}', "$.signed.short_ref"),
        (b"[" * 100_000, "$"),
    ],
)
def test_other_files_are_no_document(data, path):
    with pytest.raises(rule.DocumentFault) as fault:
        rule.read_document(data)
    assert fault.value.path == path
