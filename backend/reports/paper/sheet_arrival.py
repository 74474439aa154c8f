"""Arrival and departure on the paper: when, where, how far, and what phone and server each made of it (CORE K-7)."""

from __future__ import annotations

from typing import Any

from backend.reports import formats
from backend.reports.paper import drawings
from backend.reports.paper.pen import Fact, Pen, mono, soft
from backend.reports.view import CheckIn, Instant, Verdict


def check_in_part(check_in: CheckIn, start: Instant, pen: Pen) -> dict[str, Any]:
    judged = check_in.server_verdict or check_in.phone_verdict
    is_in = check_in.direction == "in"
    rows = [_tap_row(check_in, start, pen)]
    rows += _short_rows(check_in, start, pen) if not is_in and _is_plain(check_in) else _rows(check_in, start, pen)
    if check_in.reason_code or check_in.reason_text:
        rows.append(pen.fact("reason", pen.joined(pen.word("reason", check_in.reason_code), check_in.reason_text)))
    if check_in.flags:
        rows.append(pen.fact("flags", pen.joined(*(pen.word("flag", flag) for flag in check_in.flags))))
    return {
        "label": pen.label("evidence") if is_in else pen.label("out"),
        "hint": pen.word("verdict", judged.verdict if judged else None) or pen.label("not_judged"),
        "dial": _dial(check_in, judged, pen) if is_in else None,
        "rows": rows,
    }


def _is_plain(check_in: CheckIn) -> bool:
    """A departure on which phone and server agree: position, distance and verdict fit one line."""
    return check_in.fix is not None and check_in.phone_verdict == check_in.server_verdict is not None


def _short_rows(check_in: CheckIn, start: Instant, pen: Pen) -> list[Fact]:
    verdict = check_in.server_verdict
    words = [run[0] for run in _measured(verdict, pen)] if verdict else []
    said = pen.joined(
        pen.word("verdict", verdict.verdict) if verdict else None, *words, _received(check_in, start, pen)
    )
    return [pen.fact("position", mono(_place(check_in)), soft(said))]


def _rows(check_in: CheckIn, start: Instant, pen: Pen) -> list[Fact]:
    place = pen.fact("position", pen.label("no_position"))
    if check_in.fix:
        judged = check_in.server_verdict or check_in.phone_verdict
        near = None if judged and judged.distance_m is not None else f"±{check_in.fix.accuracy_m} m"
        age = pen.joined(pen.label("fix_age", s=check_in.fix.age_s), near)
        place = pen.fact("position", mono(_place(check_in)), soft(age))
    return [place, *_verdict_rows(check_in, start, pen)]


def _place(check_in: CheckIn) -> str | None:
    fix = check_in.fix
    return f"{formats.degrees(fix.lat_e7)}, {formats.degrees(fix.lng_e7)}" if fix else None


def _received(check_in: CheckIn, start: Instant, pen: Pen) -> str | None:
    return pen.label("received", at=pen.beside(check_in.received_at, start)) if check_in.received_at else None


def _tap_row(check_in: CheckIn, start: Instant, pen: Pen) -> Fact:
    phone = formats.clock_time(check_in.tapped_at, pen.tz, seconds=True)
    counted = formats.clock_time(check_in.corrected_at, pen.tz, seconds=True)
    clock = pen.joined(_offset(check_in.offset_ms, pen), pen.word("quality", check_in.quality))
    said = pen.label("tapped_at", at=phone) if phone != counted else pen.label("tapped")
    at = pen.beside(check_in.corrected_at, start, seconds=True)
    return pen.fact(check_in.direction, at, soft(pen.joined(check_in.engineer_name, said, clock)))


def _offset(offset_ms: int | None, pen: Pen) -> str:
    if offset_ms is None:
        return ""
    if abs(offset_ms) < 50:
        return pen.label("clock_right")
    by = formats.clock_error(offset_ms, pen.language)
    return pen.label("clock_fast" if offset_ms > 0 else "clock_slow", by=by)


def _verdict_rows(check_in: CheckIn, start: Instant, pen: Pen) -> list[Fact]:
    phone, server = check_in.phone_verdict, check_in.server_verdict
    both = [("by_phone", phone), ("by_server", server)]
    if phone == server and phone is not None:
        rows = [pen.fact("distance", *_measured(phone, pen))] if phone.distance_m is not None else []
        word = pen.joined(*(f"{pen.label(who)}{pen.colon}{pen.word('verdict', phone.verdict)}" for who, _ in both))
        why = pen.joined(pen.word("reason", phone.reason), _received(check_in, start, pen))
        return [*rows, pen.fact("verdicts", word, soft(why))]
    rows = []
    for who, verdict in both:
        words = pen.word("verdict", verdict.verdict) if verdict else pen.label("not_judged")
        far = pen.joined(*(run[0] for run in _measured(verdict, pen))) if verdict else ""
        why = pen.word("reason", verdict.reason) if verdict else ""
        rows.append(pen.fact(who, words, soft(pen.joined(far, why))))
    received = _received(check_in, start, pen)
    differ = pen.label("both_kept") if phone and server and phone.verdict != server.verdict else None
    if received or differ:
        rows[-1]["runs"].append([pen.joined(received, differ), "soft"])
    return rows


def _measured(verdict: Verdict, pen: Pen) -> list[list[str]]:
    if verdict.distance_m is None:
        return []
    runs = [[pen.label("metres_off", d=verdict.distance_m, a=_or_dash(verdict.accuracy_m)), "plain"]]
    return runs + ([[pen.label("radius", r=verdict.radius_m), "soft"]] if verdict.radius_m is not None else [])


def _or_dash(value: int | None) -> str:
    return "—" if value is None else str(value)


def _dial(check_in: CheckIn, judged: Verdict | None, pen: Pen) -> dict[str, Any] | None:
    if judged is None or judged.distance_m is None or not judged.radius_m:
        return None
    far, near = judged.distance_m, judged.accuracy_m or 0
    bearing = check_in.fix.bearing_deg if check_in.fix else None
    dial = drawings.arrival_dial(bearing, far, near, judged.radius_m, judged.verdict == "on_site")
    return {
        "drawing": dial.drawing,
        "alt": pen.label("dial_alt", d=far, a=near, r=judged.radius_m),
        "label": f"{far} m ±{near} m" + (f" {pen.label('beyond')}" if dial.is_beyond else ""),
        "label_x": round(dial.label_at[0]),
        "label_y": round(dial.label_at[1]),
        "radius_y": round(dial.radius_y),
        "is_met": judged.verdict == "on_site",
        "north": pen.label("north"),
        "radius": pen.label("radius_short", r=judged.radius_m),
    }
