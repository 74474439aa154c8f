"""Was she there? The verdict over a check-in (K-7), judged alike on the phone and here; never a refusal.

Called by visits.services on every check-in and every later fix. The phone's half is pwa/src/visits/rules/check-in.ts;
both are held together by tests/vectors/check-in.json.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from geopy.distance import geodesic

DEFAULT_RADIUS_M = 150
LEAST_ACCURACY_M = 5  # a phone that claims better is believed no better
COARSE_M = 1_000
OLD_S = 120

VerdictName = Literal["on_site", "uncertain", "off_site", "no_fix"]


@dataclass(frozen=True)
class Verdict:
    """What a check-in shows: whole metres, and a reason where the figures alone do not tell."""

    verdict: VerdictName
    distance_m: int | None
    accuracy_m: int | None
    radius_m: int
    reason: str | None


def judge_check_in(fix: dict | None, site: dict | None) -> Verdict:
    """Verdict of a position against the site's point.

    fix      {lat_e7, lng_e7: degrees in 1e-7, accuracy_m, age_s: seconds before the tap, negative when after it} or None
    site     {lat_e7, lng_e7, radius_m} in WGS-84; each may be None
    returns  Verdict; `reason` is one of no_position, not_a_number, out_of_range, null_island, bad_accuracy
             (no_fix), site_without_point, low_accuracy, old_fix (at best uncertain), else None
    source   CORE.md K-7; tests/vectors/check-in.json
    """
    radius_m = _radius_of(site)
    fault = _fault_of(fix)
    if fault or fix is None:
        return Verdict("no_fix", None, None, radius_m, fault)
    accuracy_m = max(fix["accuracy_m"], LEAST_ACCURACY_M)
    shown_m = _whole(accuracy_m)
    if site is None or _fault_of_point(site):
        return Verdict("uncertain", None, shown_m, radius_m, "site_without_point")
    distance_m = geodesic(_degrees(fix), _degrees(site)).meters
    verdict = _by_distance(distance_m, accuracy_m, radius_m)
    reason = "low_accuracy" if accuracy_m > COARSE_M else "old_fix" if abs(fix["age_s"]) > OLD_S else None
    if reason and verdict == "on_site":
        verdict = "uncertain"
    return Verdict(verdict, _whole(distance_m), shown_m, radius_m, reason)


def _by_distance(distance_m: float, accuracy_m: float, radius_m: int) -> VerdictName:
    if distance_m + accuracy_m <= radius_m:
        return "on_site"
    return "off_site" if distance_m - accuracy_m > radius_m else "uncertain"


def _fault_of(fix: dict | None) -> str | None:
    """Why a fix cannot be used, or None."""
    if fix is None:
        return "no_position"
    point = _fault_of_point(fix)
    if point:
        return point
    if not (_is_number(fix.get("accuracy_m")) and _is_number(fix.get("age_s"))):
        return "not_a_number"
    return "bad_accuracy" if fix["accuracy_m"] <= 0 else None


def _fault_of_point(point: dict) -> str | None:
    lat, lng = point.get("lat_e7"), point.get("lng_e7")
    if not (_is_number(lat) and _is_number(lng)):
        return "not_a_number"
    if abs(lat) > 90 * 10**7 or abs(lng) > 180 * 10**7:
        return "out_of_range"
    return "null_island" if lat == 0 and lng == 0 else None


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _radius_of(site: dict | None) -> int:
    radius = site.get("radius_m") if site else None
    return _whole(radius) if _is_number(radius) and radius > 0 else DEFAULT_RADIUS_M


def _degrees(point: dict) -> tuple[float, float]:
    return point["lat_e7"] / 1e7, point["lng_e7"] / 1e7


def _whole(metres: float) -> int:
    """Nearest whole metre, halves up: Python's round() and JavaScript's differ at .5."""
    return math.floor(metres + 0.5)
