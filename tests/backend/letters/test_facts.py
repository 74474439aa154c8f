"""Facts that cannot be right are refused, every one at once with its path; what may be missing may be missing."""

from __future__ import annotations

import pytest

from backend.letters.rules import FactsFaulty, decide, facts_of


def paths(facts):
    with pytest.raises(FactsFaulty) as wrong:
        facts_of(facts)
    assert all(fault.zh and fault.en for fault in wrong.value.faults)
    return [fault.path for fault in wrong.value.faults]


def put(facts, path, value):
    """Sets `$.asset.brand` or `$.repairs[0].on` of the facts."""
    *parents, last = path.removeprefix("$.").replace("[", ".").replace("]", "").split(".")
    target = facts
    for key in parents:
        target = target[int(key)] if key.isdigit() else target[key]
    target[int(last) if last.isdigit() else last] = value
    return facts


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("$.now", None), ("$.now", "2024-03-14T09:00:00"), ("$.now", "2024-03-14"), ("$.now", "2024-02-30T09:00:00Z"),
        ("$.now", "2024-03-14T25:61:00Z"), ("$.now", 1710378000), ("$.now", ""), ("$.now", "0000-01-01T00:00:00Z"),
        ("$.timezone", "Mars/Olympus"), ("$.timezone", "../../etc/passwd"), ("$.timezone", ""), ("$.timezone", 8),
        ("$.timezone", "Asia"), ("$.timezone", "localtime"), ("$.timezone", "asia/shanghai"),
        ("$.letters", []), ("$.letters", None), ("$.letters", "D"), ("$.letters[0]", 5), ("$.letters[0]", ""),
        ("$.customer", []), ("$.customer.payment_breach", "true"), ("$.customer.training_completed", 1),
        ("$.customer.province", 5), ("$.customer.colour", None), ("$.colour", 1), ("$.__proto__", {}),
        ("$.asset", "laptop"), ("$.asset.brand", 7), ("$.asset.category", "Laptop"), ("$.asset.material", "oak"),
        ("$.asset.genuine", "no"), ("$.asset.stores_data", 0), ("$.asset.price", 5200), ("$.asset.price", "5,200"),
        ("$.asset.price", "-1"), ("$.asset.price", "1e3"), ("$.asset.price", "NaN"), ("$.asset.price", "５２００"),
        ("$.asset.accepted_on", "2026-02-30"), ("$.asset.accepted_on", "2023-02-29"), ("$.asset.accepted_on", "43831"),
        ("$.asset.accepted_on", "2026/13/45"), ("$.asset.accepted_on", "2021-03-15T00:00:00Z"),
        ("$.asset.accepted_on", "2024-03-15"), ("$.asset.invoiced_on", "2024-03-15"),
        ("$.asset.purchased_on", "2024-03-15"), ("$.asset.purchased_on", "1899-12-31"),
        ("$.out_of_service", {}), ("$.out_of_service[0]", 5), ("$.out_of_service[0].to", "2022-01-02"),
        ("$.out_of_service[0].from", "2024-03-15"), ("$.out_of_service[0].reason", "lunch"),
        ("$.out_of_service[0].days", 3), ("$.repairs[0].on", "2021-02-29"), ("$.repairs[0].fault", 5),
        ("$.repairs[0].report", []), ("$.repairs[0].by", "Ana"), ("$.request", None), ("$.request.kind", "magic"),
        ("$.request.channel", "pigeon"), ("$.request.priority", "high"), ("$.request.cause_category", "unknown"),
        ("$.request.unrepairable", "yes"), ("$.request.reported_at", None),
        ("$.request.reported_at", "2024-03-14T09:00:01+08:00"), ("$.request.reported_at", "2024-03-14T08:00"),
        ("$.request.remote_started_at", "2024-03-14T07:59:59+08:00"),
        ("$.request.remote_started_at", "2024-03-14T09:00:01+08:00"),
        ("$.request.onsite_decided_at", "2024-03-14T07:59:59+08:00"),
        ("$.request.onsite_decided_at", "2024-03-14T01:00:01Z"), ("$.request.promised_for", "2024-03-20"),
        ("$.request.upgrade_quote", 5), ("$.request.product_price", "free"), ("$.request.color", "red"),
    ],
)  # fmt: skip
def test_one_wrong_fact_is_refused_with_its_path(example, path, value):
    if path.startswith("$.out_of_service[0].from"):
        put(example, "$.out_of_service[0].to", None)
    expected = "$.request.reported_at" if path == "$.request" else path
    assert paths(put(example, path, value)) == [expected]


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("$.now", "2024-03-14T01:00:00Z"), ("$.now", "2024-03-14T09:00:00.123+08:00"), ("$.now", "2024-03-14T09:00+08:00"),
        ("$.timezone", None), ("$.timezone", "Europe/Berlin"), ("$.timezone", "UTC"), ("$.customer", None),
        ("$.asset", None), ("$.asset", {}), ("$.out_of_service", None), ("$.out_of_service", []), ("$.repairs", None),
        ("$.out_of_service[0].to", None), ("$.out_of_service[0].to", "2022-01-03"), ("$.repairs[0].fault", None),
        ("$.asset.accepted_on", "2024-03-14"), ("$.asset.price", "5200"), ("$.asset.price", "0"),
        ("$.asset.accepted_on", "2024-02-29"), ("$.request.kind", None), ("$.request.channel", None),
        ("$.request.reported_at", "2024-03-14T09:00:00+08:00"), ("$.request.reported_at", "2024-03-13T20:00:00-05:00"),
        ("$.request.remote_started_at", "2024-03-14T08:00:00+08:00"),
        ("$.request.onsite_decided_at", "2024-03-14T09:00:00+08:00"),
        ("$.request.promised_for", "2030-01-01T00:00:00Z"),
    ],
)  # fmt: skip
def test_what_is_possible_is_taken(example, path, value):
    facts_of(put(example, path, value))


def test_every_fault_comes_at_once_in_the_order_of_the_contract(example):
    for path, value in (
        ("$.request.kind", "magic"), ("$.asset.accepted_on", "2026-02-30"), ("$.customer.payment_breach", 1),
        ("$.out_of_service[0].to", "2021-01-01"), ("$.now", "2024-03-14T09:00:00"),
    ):  # fmt: skip
        put(example, path, value)
    assert paths(example) == [
        "$.now", "$.customer.payment_breach", "$.asset.accepted_on", "$.out_of_service[0].to", "$.request.kind",
    ]  # fmt: skip


@pytest.mark.parametrize("value", [None, [], "facts", 5, True])
def test_what_is_no_object_is_refused(value):
    assert paths(value) == ["$"]


def test_only_now_letters_and_reported_at_are_needed(rest_days):
    from backend.letters.loader import load_letters

    bare = {"now": "2024-03-14T09:00:00+08:00", "letters": list("ABCD")}
    assert paths(bare) == ["$.request.reported_at"]
    bare["request"] = {"reported_at": "2024-03-14T08:00:00+08:00"}
    for letter in "ABCD":
        answer = decide(bare | {"letters": [letter]}, load_letters(letter), rest_days)
        assert answer["entitlement"]["status"] == "undecided"
        assert answer["missing"] == sorted(answer["missing"]) != []
    assert paths({}) == ["$.now", "$.letters", "$.request.reported_at"]


def test_absent_flags_mean_not_invoked_and_the_zone_is_shanghai(example, rest_days):
    from backend.letters.loader import load_letters

    letters = load_letters("D")
    whole = decide(example, letters, rest_days)
    for section, keys in {
        "customer": ("payment_breach", "confidentiality_breach"),
        "asset": ("genuine",),
        "request": ("kind", "unrepairable", "cause_category", "priority"),
    }.items():
        for key in keys:
            del example[section][key]
    del example["timezone"]
    assert decide(example, letters, rest_days) == whole
