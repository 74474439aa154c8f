"""The verdict over a check-in, on the vectors the phone runs too."""

import json
from dataclasses import asdict
from pathlib import Path

import pytest

from backend.visits.rules.check_in import judge_check_in
from backend.visits.rules.plausibility import flags_of

VECTORS = json.loads((Path(__file__).parents[2] / "vectors" / "check-in.json").read_text(encoding="utf-8"))
SITE = {"lat_e7": 305780000, "lng_e7": 1039470000, "radius_m": 150}
FIX = {
    "lat_e7": 305780000,
    "lng_e7": 1039470000,
    "accuracy_m": 12,
    "age_s": 3,
    "at_s": 1_000_000,
    "local_on": "2026-11-23",
}


def with_nan(value):
    """JSON cannot hold not-a-number; the vectors write it as a text."""
    if isinstance(value, dict):
        return {key: with_nan(each) for key, each in value.items()}
    return float("nan") if value == "NaN" else value


@pytest.mark.parametrize("case", VECTORS["cases"], ids=lambda case: case["name"])
def test_verdict_is_the_vectors_verdict(case):
    verdict = asdict(judge_check_in(with_nan(case["fix"]), case["site"]))
    assert json.dumps(verdict, sort_keys=True) == json.dumps(case["expect"], sort_keys=True)


def test_an_honest_fix_has_no_flag():
    assert flags_of(FIX, SITE) == ()


def test_a_fix_that_cannot_be_used_has_no_flag_beside_its_reason():
    assert flags_of({**FIX, "accuracy_m": 0}, SITE, clock_offset_ms=9_999_999) == ()


@pytest.mark.parametrize(
    ("offset_ms", "flags"), [(600_000, ()), (600_001, ("clock_offset",)), (-600_001, ("clock_offset",))]
)
def test_a_clock_more_than_ten_minutes_off_is_flagged(offset_ms, flags):
    assert flags_of(FIX, SITE, clock_offset_ms=offset_ms) == flags


def test_five_hundred_kilometres_in_a_minute_is_flagged_as_speed():
    earlier = {"lat_e7": 350780000, "lng_e7": 1039470000, "at_s": 1_000_000 - 60, "local_on": "2026-11-23"}
    assert flags_of(FIX, SITE, [earlier]) == ("impossible_speed",)


def test_a_hop_inside_the_accuracy_of_two_fixes_is_no_speed():
    earlier = {"lat_e7": 305790000, "lng_e7": 1039470000, "at_s": 1_000_000, "local_on": "2026-11-23"}
    assert flags_of(FIX, SITE, [earlier]) == ()


def test_the_same_digits_on_another_day_are_flagged_on_the_same_day_not():
    same = {"lat_e7": FIX["lat_e7"], "lng_e7": FIX["lng_e7"], "at_s": 900_000}
    assert flags_of(FIX, SITE, [{**same, "local_on": "2026-11-22"}]) == ("repeated_decimals",)
    assert flags_of(FIX, SITE, [{**same, "local_on": "2026-11-23"}]) == ()


def test_a_point_on_site_only_when_read_as_gcj02_is_flagged():
    drawn_on_a_chinese_map = {**FIX, "lat_e7": 305756241, "lng_e7": 1039494967}
    assert flags_of(drawn_on_a_chinese_map, SITE) == ("gcj02_suspected",)


def test_accuracy_too_good_to_be_true_is_flagged():
    assert flags_of({**FIX, "accuracy_m": 1}, SITE) == ("too_good",)
