"""What is told, and the frozen text: the same in both languages (tests/vectors/acknowledgement.json)."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from backend.acknowledgements.rules import document as documents
from backend.acknowledgements.rules.told import decided_for, flags_of, told_of

VECTORS = json.loads(Path("tests/vectors/acknowledgement.json").read_text("utf-8"))
DOCUMENTS = VECTORS["documents"]


@pytest.mark.parametrize("case", VECTORS["told"], ids=lambda case: case["name"])
def test_the_same_decision_is_told_in_the_same_words(case):
    assert json.dumps(told_of(case["charges"], case["quote"])) == json.dumps(case["told"])


@pytest.mark.parametrize("case", DOCUMENTS, ids=lambda case: case["name"])
def test_the_text_that_a_phone_froze_is_read_and_is_its_own_hash(case):
    data = case["document"].encode()
    document = documents.read_document(data)
    assert documents.bytes_of(document) == data and documents.sha256_of(data) == case["sha256"]
    for notice in document["signed"]["notices"]:
        asked = (document["work_order_id"], notice["about"], notice["charges"], notice["remedy"])
        assert documents.fault_of(data, case["sha256"], *asked) is None


@pytest.mark.parametrize("data", [b"", b"[]", b"{}", b'{"schema":1,"form":"acknowledgement"}', b"[" * 100_000,
                                  b'{"schema":1,"form":"acknowledgement","signed":{"notices":[1]},"work_order_id":"x"}'])  # fmt: skip
def test_bytes_that_are_no_such_text_are_none(data):
    assert documents.read_document(data) is None


def test_a_text_of_another_work_order_is_seen():
    case = DOCUMENTS[0]
    fault = documents.fault_of(case["document"].encode(), case["sha256"], "another", "backup_notice", [], None)
    assert fault == "other_work_order"


TOLD = VECTORS["told"][1]["told"]
DECIDED = {"told": TOLD, "remedies": ["exchange", "repair"]}


def with_line(kind, **change):
    return [line | change if line["kind"] == kind else line for line in TOLD]


@pytest.mark.parametrize(
    ("told", "flags"),
    [
        (with_line("travel", amount={"amount": "0.00", "currency": "CNY"}), []),
        (with_line("travel", charge="free"), ["charges_differ"]),
        (TOLD, ["no_price"]),
        (with_line("labour", amount={"amount": "299.99", "currency": "CNY"}), ["amounts_differ", "no_price"]),
        (with_line("labour", amount={"amount": "300.0", "currency": "CNY"}), ["no_price"]),
        (with_line("labour", amount={"amount": "300.00", "currency": "USD"}), ["amounts_differ", "no_price"]),
    ],
)
def test_what_was_told_is_compared_line_by_line(told, flags):
    assert flags_of("fee", told, None, DECIDED) == flags
    assert flags_of("backup_notice", told, None, DECIDED) == []


@pytest.mark.parametrize(("remedy", "flags"), [("repair", []), ("refund", ["remedy_not_offered"])])
def test_a_remedy_is_one_of_those_offered(remedy, flags):
    assert flags_of("remedy", [], remedy, DECIDED) == flags


def test_before_the_cause_is_known_a_damage_notice_is_compared_with_what_damage_would_cost():
    damage = {"charges": {"labour": "fee"}, "quote": None}
    entitlement = {"charges": {"labour": "free"}, "remedies": [], "if_user_damage": damage}
    assert decided_for("user_damage_notice", entitlement, None)["told"][0]["charge"] == "fee"
    assert decided_for("fee", entitlement, None)["told"][0]["charge"] == "free"
