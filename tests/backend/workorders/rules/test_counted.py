"""Hours and kilometres out of the log."""

from datetime import UTC, datetime, timedelta

import pytest

from backend.workorders.rules.counted import counted_of, is_count
from backend.workorders.rules.entries import Entry

START = datetime(2026, 11, 20, 2, 0, tzinfo=UTC)


def entry(what, minutes, visit="v1", **data):
    return Entry(f"{what}{minutes}", what, START + timedelta(minutes=minutes), visit, data=data)


@pytest.mark.parametrize(
    ("entries", "hours"),
    [
        ([], None),
        ([entry("arrived", 0)], None),
        ([entry("left", 60)], None),
        ([entry("arrived", 0), entry("left", 90)], "1.50"),
        ([entry("arrived", 0), entry("arrived", 30), entry("left", 60), entry("left", 90)], "1.50"),
        ([entry("arrived", 0), entry("left", 20), entry("arrived", 600, "v2"), entry("left", 640, "v2")], "1.00"),
        ([entry("arrived", 0), entry("left", 20), entry("arrived", 600, "v2")], None),
        ([entry("left", 0), entry("arrived", 20)], "0.00"),
    ],
)
def test_hours_on_site_are_those_of_all_visits_once_everybody_left(entries, hours):
    assert counted_of(entries) == ({"hour": (hours, "visits")} if hours else {})


def test_the_last_word_of_each_holds_whatever_came_in_first():
    said = [
        entry("counted", 9, hours="3"),
        entry("counted", 5, hours="2", km="12.5"),
        entry("counted", 7, km="nonsense"),
    ]
    assert counted_of(said) == {"hour": ("3", "entered"), "km": ("12.5", "entered")}


@pytest.mark.parametrize(("value", "is_one"), [("0", True), ("9999.99", True), ("10000", False), ("1.333", False),
                                               ("1.", False), ("", False), (2, False), (None, False), ("１", False)])  # fmt: skip
def test_a_count_is_digits_with_two_decimals_at_most(value, is_one):
    assert is_count(value) == is_one
