"""Points picked on Chinese maps, turned into WGS-84 once, when they are typed in.

Called by customers.services when a site's point is entered in GCJ-02 (Amap, Tencent) or BD-09 (Baidu). Checked against
the npm package gcoord by tests/vectors/datum.json, which tests/pwa/datum.test.ts makes sure is still gcoord's answer.
"""

from __future__ import annotations

from math import atan2, cos, fabs, pi, sin, sqrt

DATUMS = ("WGS-84", "GCJ-02", "BD-09")
AXIS_M, FLATNESS = 6378245, 0.006693421622965823  # Krasovsky 1940, as the offset's authors used it
CLOSE_DEG = 1e-6
BAIDU = pi * 3000 / 180


def to_wgs84(lat: float, lng: float, datum: str) -> tuple[float, float]:
    """(lat, lng) in WGS-84 of a point given in WGS-84, GCJ-02 or BD-09; outside China the three are the same."""
    if datum == "WGS-84":
        return lat, lng
    if datum == "GCJ-02":
        return _gcj02_to_wgs84(lat, lng)
    if datum == "BD-09":
        return _gcj02_to_wgs84(*_bd09_to_gcj02(lat, lng))
    raise ValueError(f"datum: {datum!r} is none of {', '.join(DATUMS)}")


def wgs84_to_gcj02(lat: float, lng: float) -> tuple[float, float]:
    """The point as a Chinese map would draw it; used to notice a site entered in the wrong datum."""
    if not (72.004 <= lng <= 137.8347 and 0.8293 <= lat <= 55.8271):
        return lat, lng
    x, y, rad = lng - 105, lat - 35, lat / 180 * pi
    waves = (20 * sin(6 * x * pi) + 20 * sin(2 * x * pi)) * 2 / 3
    north = -100 + 2 * x + 3 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * sqrt(fabs(x)) + waves
    north += ((20 * sin(y * pi) + 40 * sin(y / 3 * pi)) + (160 * sin(y / 12 * pi) + 320 * sin(y * pi / 30))) * 2 / 3
    east = 300 + x + 2 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * sqrt(fabs(x)) + waves
    east += ((20 * sin(x * pi) + 40 * sin(x / 3 * pi)) + (150 * sin(x / 12 * pi) + 300 * sin(x / 30 * pi))) * 2 / 3
    magic = 1 - FLATNESS * sin(rad) ** 2
    return (
        lat + north * 180 / (AXIS_M * (1 - FLATNESS) / (magic * sqrt(magic)) * pi),
        lng + east * 180 / (AXIS_M / sqrt(magic) * cos(rad) * pi),
    )


def _gcj02_to_wgs84(lat: float, lng: float) -> tuple[float, float]:
    """The offset has no inverse formula; stepping back by the error converges in two or three rounds."""
    found = lat, lng
    while True:
        mapped = wgs84_to_gcj02(*found)
        off = mapped[0] - lat, mapped[1] - lng
        if max(fabs(off[0]), fabs(off[1])) <= CLOSE_DEG:
            return found
        found = found[0] - off[0], found[1] - off[1]


def _bd09_to_gcj02(lat: float, lng: float) -> tuple[float, float]:
    x, y = lng - 0.0065, lat - 0.006
    length, angle = sqrt(x * x + y * y) - 0.00002 * sin(y * BAIDU), atan2(y, x) - 0.000003 * cos(x * BAIDU)
    return length * sin(angle), length * cos(angle)
