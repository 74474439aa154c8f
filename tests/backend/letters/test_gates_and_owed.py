"""What must be on record before a step, and what is owed beside the work."""

from __future__ import annotations

import pytest

VISIT = {"onsite_decided_at": "2024-03-14T10:30:00+08:00"}


def gates(decision):
    return [(gate["gate"], gate["before"], gate["clause"]) for gate in decision["gates"]]


ACCEPTANCE = ("customer_acceptance", "close", "A-01")
OWNER = ("owner_required", "dispatch", "A-11")
REPORT = [("fault_report", "close", "B-15"), ("cause_and_fix", "close", "B-15")]


@pytest.mark.promise("A-01", "A-11")
def test_software_jobs_close_with_acceptance_and_calls_have_an_owner(decided):
    assert gates(decided("A")) == [ACCEPTANCE, OWNER]
    assert gates(decided("A", request={"channel": "remote"})) == [ACCEPTANCE]
    assert gates(decided("A", request={"kind": "training", "channel": "onsite"})) == [ACCEPTANCE]


@pytest.mark.promise("A-14")
@pytest.mark.parametrize(
    ("purchased", "price", "quote", "refused"),
    [
        ("2023-03-13", "1000.00", "150.00", False),
        ("2023-03-13", "1000.00", "150.01", True),
        ("2023-03-14", "1000.00", "0.00", False),
        ("2023-03-14", "1000.00", "0.01", True),
        ("2023-03-13", "1000.00", None, False),
        ("2023-03-13", None, "150.01", False),
    ],
)
def test_a_quote_above_the_ceiling_stands_before_the_work(decided, purchased, price, quote, refused):
    request = {"kind": "upgrade", "channel": "remote", "product_price": price, "upgrade_quote": quote}
    answer = decided("A", request=request, asset={"purchased_on": purchased})
    expected = [ACCEPTANCE, ("quote_above_ceiling", "work", "A-14")] if refused else [ACCEPTANCE]
    assert gates(answer) == expected


@pytest.mark.promise("B-12", "B-13", "B-15")
@pytest.mark.parametrize(
    ("priority", "channel", "expected"),
    [
        ("critical", "phone", [("onsite_required", "dispatch", "B-12")]),
        ("critical", "onsite", [("onsite_required", "dispatch", "B-12")]),
        ("important", "phone", [("phone_reason", "dispatch", "B-13")]),
        ("important", "onsite", []),
        ("normal", "phone", []),
        (None, "phone", []),
    ],
)
def test_server_gates_by_priority(decided, priority, channel, expected):
    answer = decided("B", request={"priority": priority, "channel": channel})
    assert gates(answer) == expected + REPORT


@pytest.mark.promise("B-16")
def test_server_training_closes_with_signatures(decided):
    assert gates(decided("B", request={"kind": "training"})) == [("training_signoff", "close", "B-16")]


@pytest.mark.promise("B-08", "C-12")
def test_user_damage_is_told_before_the_work(decided):
    damage = {"cause_category": "user_damage"}
    assert gates(decided("B", request=damage)) == [("user_damage_notice", "work", "B-08"), *REPORT]
    assert gates(decided("C", request=damage)) == [("user_damage_notice", "work", "C-12")]
    assert gates(decided("C", request={"cause_category": "wear"})) == []
    assert gates(decided("C")) == []
    assert gates(decided(["C", "B"], request=damage)) == [
        ("user_damage_notice", "work", "B-08"), *REPORT, ("user_damage_notice", "work", "C-12"),
    ]  # fmt: skip


@pytest.mark.promise("D-18")
@pytest.mark.parametrize(
    ("kind", "stores_data", "expected", "missing"),
    [
        ("repair", True, [("backup_notice", "work", "D-18")], []),
        ("repair", False, [], []),
        ("repair", None, [], ["$.asset.stores_data"]),
        ("delivery", None, [], []),
        ("advice", None, [], []),
    ],
)
def test_a_backup_notice_stands_before_work_on_a_device_that_stores_data(
    decided, kind, stores_data, expected, missing
):
    answer = decided("D", request={"kind": kind}, asset={"stores_data": stores_data})
    assert (gates(answer), answer["missing"]) == (expected, missing)


def owed(decision):
    return [(one["what"], one["clause"], one["due"]) for one in decision["owed"]]


@pytest.mark.promise("A-08")
@pytest.mark.parametrize(
    ("request_", "trained", "expected", "missing"),
    [
        ({"channel": "onsite"}, False, [("training_offer", "A-08", "2024-03-14T10:00:00+08:00")], []),
        (VISIT, False, [("training_offer", "A-08", "2024-03-14T10:00:00+08:00")], []),
        ({"channel": "onsite"}, True, [], []),
        ({"channel": "phone"}, False, [], []),
        ({"channel": "phone"}, None, [], []),
        ({"channel": "onsite"}, None, [], ["$.customer.training_completed"]),
    ],
)
def test_training_is_offered_on_site_to_who_has_none(decided, request_, trained, expected, missing):
    answer = decided("A", request=request_, customer={"training_completed": trained})
    assert (owed(answer), answer["missing"]) == (expected, missing)


@pytest.mark.promise("D-14", "D-22")
@pytest.mark.parametrize(
    ("reported", "request_", "is_owed"),
    [
        ("2024-03-15", {}, True),
        ("2024-03-18", {}, False),
        ("2024-03-15", {"cause_category": "user_damage"}, False),
        ("2024-03-15", {"cause_category": "quality"}, True),
        ("2024-03-15", {"kind": "delivery"}, False),
    ],
)
def test_a_loaner_is_owed_for_every_repair_inside_the_warranty_when_resolve_is_due(
    decided, reported, request_, is_owed
):
    answer = decided("D", reported, request=request_)
    due = [clock["due"] for clock in answer["clocks"] if clock["name"] == "resolve"]
    assert owed(answer) == ([("loaner", "D-14", due[0])] if is_owed else [])


@pytest.mark.promise("C-08")
def test_a_promised_date_owes_a_note_now(decided):
    answer = decided("C", request={"promised_for": "2024-03-20T17:00:00+08:00"})
    assert owed(answer) == [("promise_note", "C-08", "2024-03-14T11:00:00+08:00")]


@pytest.mark.promise("C-02")
@pytest.mark.parametrize(
    ("accepted", "request_", "expected"),
    [
        ("2021-03-14", {"unrepairable": True}, [("replacement", "C-02", None)]),
        ("2021-03-13", {"unrepairable": True}, []),
        ("2021-03-14", {"unrepairable": False}, []),
        ("2021-03-14", {"unrepairable": True, "cause_category": "user_damage"}, []),
        (
            "2021-03-14",
            {"unrepairable": True, "promised_for": "2024-03-20T17:00:00+08:00"},
            [
                ("replacement", "C-02", "2024-03-20T17:00:00+08:00"),
                ("promise_note", "C-08", "2024-03-14T11:00:00+08:00"),
            ],
        ),
    ],
)
def test_what_cannot_be_repaired_is_replaced_inside_three_years(decided, accepted, request_, expected):
    assert owed(decided("C", asset={"accepted_on": accepted}, request=request_)) == expected
