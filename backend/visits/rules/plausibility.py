"""What looks odd about a fix, said beside the verdict and never instead of it (K-7, FIELD-NOTES "Check-in").

Called by visits.services with the engineer's earlier fixes. A flag is a question for a person, not an accusation.
"""

from __future__ import annotations

from collections.abc import Sequence

from geopy.distance import geodesic

from backend.customers.rules.datum import to_wgs84
from backend.visits.rules.check_in import judge_check_in

FASTEST_M_PER_S = 70  # 250 km/h: a train; faster between two fixes is a flag
TOO_GOOD_M = 2
CLOCK_OFF_MS = 600_000


def flags_of(
    fix: dict, site: dict | None, earlier: Sequence[dict] = (), clock_offset_ms: int | None = None
) -> tuple[str, ...]:
    """Flags of a usable fix, in alphabetical order.

    fix       {lat_e7, lng_e7, accuracy_m, age_s, at_s: instant of the fix in whole seconds}
    site      as for judge_check_in
    earlier   fixes of the same engineer {lat_e7, lng_e7, at_s, local_on: "YYYY-MM-DD"}, any order
    returns   of: clock_offset, gcj02_suspected, impossible_speed, repeated_decimals, too_good
    """
    verdict = judge_check_in(fix, site)
    if verdict.verdict == "no_fix":
        return ()
    found = set()
    if clock_offset_ms is not None and abs(clock_offset_ms) > CLOCK_OFF_MS:
        found.add("clock_offset")
    if fix["accuracy_m"] < TOO_GOOD_M:
        found.add("too_good")
    if any(_same_point(fix, other) and other.get("local_on") != fix.get("local_on") for other in earlier):
        found.add("repeated_decimals")
    if any(_is_too_fast(fix, other) for other in earlier):
        found.add("impossible_speed")
    if verdict.verdict != "on_site" and site and judge_check_in(_read_as_gcj02(fix), site).verdict == "on_site":
        found.add("gcj02_suspected")
    return tuple(sorted(found))


def _same_point(one: dict, other: dict) -> bool:
    return (one["lat_e7"], one["lng_e7"]) == (other["lat_e7"], other["lng_e7"])


def _is_too_fast(one: dict, other: dict) -> bool:
    """Faster than a train over more than a kilometre; a hop inside the accuracy of two fixes is no journey."""
    metres = geodesic(
        (one["lat_e7"] / 1e7, one["lng_e7"] / 1e7), (other["lat_e7"] / 1e7, other["lng_e7"] / 1e7)
    ).meters
    return metres > 1_000 and metres > FASTEST_M_PER_S * abs(one["at_s"] - other["at_s"])


def _read_as_gcj02(fix: dict) -> dict:
    lat, lng = to_wgs84(fix["lat_e7"] / 1e7, fix["lng_e7"] / 1e7, "GCJ-02")
    return {**fix, "lat_e7": round(lat * 1e7), "lng_e7": round(lng * 1e7)}
