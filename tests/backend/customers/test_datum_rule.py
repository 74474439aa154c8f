"""Points picked on Chinese maps become WGS-84, as gcoord converts them."""

import json
from pathlib import Path

import pytest

from backend.customers.rules.datum import to_wgs84, wgs84_to_gcj02

VECTORS = json.loads((Path(__file__).parents[2] / "vectors" / "datum.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("case", VECTORS["cases"], ids=lambda case: case["name"])
def test_a_point_is_converted_as_gcoord_converts_it(case):
    lat, lng = to_wgs84(case["lat_e7"] / 1e7, case["lng_e7"] / 1e7, case["datum"])
    assert abs(lat * 1e7 - case["expect"]["lat_e7"]) <= 10
    assert abs(lng * 1e7 - case["expect"]["lng_e7"]) <= 10


def test_there_and_back_is_the_same_point_within_a_metre():
    lat, lng = to_wgs84(*wgs84_to_gcj02(30.5786, 103.9472), "GCJ-02")
    assert abs(lat - 30.5786) < 1e-5 and abs(lng - 103.9472) < 1e-5


def test_an_unknown_datum_is_named():
    with pytest.raises(ValueError, match="cgcs2000"):
        to_wgs84(30, 104, "cgcs2000")
