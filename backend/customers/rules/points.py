"""A site's point as it is typed in: decimal strings in a stated datum, kept as WGS-84 in 1e-7 degrees.

Called by the schemas of customers. Pure; the conversion itself is datum.py's.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from backend.customers.rules.datum import DATUMS, to_wgs84

E7 = 10**7


@dataclass(frozen=True)
class SitePoint:
    """WGS-84 in 1e-7 degrees, and the datum it was picked in."""

    lat_e7: int
    lng_e7: int
    datum_entered: str = "WGS-84"


@dataclass
class PointFault(ValueError):
    """What is wrong with a typed point; `words` read 'zh | en', `member` is lat, lng, datum or empty."""

    member: str
    words: str


def point_of(value: Any) -> SitePoint:
    """{lat, lng, datum} → SitePoint. Raises PointFault."""
    if not isinstance(value, dict) or set(value) - {"lat", "lng", "datum"}:
        raise PointFault("", '点要写成 {"lat": "30.657", "lng": "104.066", "datum": "WGS-84"} | '
                         'A point is {"lat": "30.657", "lng": "104.066", "datum": "WGS-84"}')  # fmt: skip
    datum = value.get("datum")
    if not isinstance(datum, str) or datum not in DATUMS:
        raise PointFault("datum", "坐标系请从 WGS-84、GCJ-02、BD-09 里选 | The datum is WGS-84, GCJ-02 or BD-09")
    lat, lng = _degrees(value, "lat", 180), _degrees(value, "lng", 180)
    if abs(lat) > 90:
        raise PointFault("lat", "纬度在 −90 到 90 之间，是不是和经度写反了？ | "
                         "A latitude lies between −90 and 90; are the two swapped?")  # fmt: skip
    if lat == 0 and lng == 0:
        raise PointFault("", "0,0 在大西洋里，不是客户现场 | 0,0 lies in the Atlantic and is no customer's site")
    north, east = to_wgs84(float(lat), float(lng), datum)
    return SitePoint(round(north * E7), round(east * E7), datum)


def written(point: SitePoint) -> dict[str, str]:
    """The point as JSON, WGS-84, seven decimals."""
    return {"lat": degrees(point.lat_e7), "lng": degrees(point.lng_e7), "datum": "WGS-84"}


def degrees(e7: int) -> str:
    """1e-7 degrees as a decimal string: 306571000 → "30.6571000"."""
    return f"{'-' if e7 < 0 else ''}{abs(e7) // E7}.{abs(e7) % E7:07d}"


def _degrees(value: dict[str, Any], member: str, limit: int) -> Decimal:
    words = f'写成十进制的度，−{limit} 到 {limit} 之间，例如 "30.657" | Decimal degrees as text, −{limit} to {limit}'
    text = value.get(member)
    if not isinstance(text, str) or len(text) > 24 or not text.isascii():
        raise PointFault(member, words)
    try:
        number = Decimal(text.strip())
    except InvalidOperation:
        raise PointFault(member, words) from None
    if not number.is_finite() or abs(number) > limit:
        raise PointFault(member, words)
    return number
