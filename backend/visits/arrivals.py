"""Arrivals and departures: check-in, the fix that follows, its reason, check-out (K-7). None is ever refused.

Called by routes and sync handlers. The phone's verdict is kept beside the server's own; the log gets `arrived` from
the first check-in of an engineer that counts (K-4), whenever that turns out.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

import orjson
import sqlalchemy as sa
from sqlalchemy.orm import Session

from backend.accounts.services import Actor
from backend.core import clock
from backend.core.ids import new_id
from backend.core.problems import NotFound
from backend.customers.models import Site
from backend.visits.models import CheckIn, CheckInFix, Visit
from backend.visits.problems import NothingToAccept
from backend.visits.rules.check_in import judge_check_in
from backend.visits.rules.plausibility import flags_of
from backend.visits.services import check_may_act, check_may_plan, is_late, order_of, step_to, write_log
from backend.visits.taps import Tap, at_desk, shifted
from backend.workorders.models import LogEntry, WorkOrder
from backend.workorders.services import void_log_entry

CLOCK_OFF_MS = 600_000
EARLIER_FIXES = 40
MAX_RAW_BYTES = 2_000
_INT32, _INT63 = 2**31 - 1, 2**63 - 1
VERDICTS = ("on_site", "uncertain", "off_site", "no_fix")


@dataclass(frozen=True)
class CheckInWords:
    """What the phone sent with the tap, beside its time: reason, its own verdict, perhaps a fix already."""

    reason_code: str | None = None
    reason_text: str = ""
    phone_verdict: Any = None
    fix: Any = None
    is_futile: bool = False


def check_in(
    session: Session, actor: Actor, visit: Visit, check_in_id: str, tap: Tap, words: CheckInWords, now: datetime
) -> CheckIn:
    """She is there. Whatever the position says, the visit is on site from now on (if it is still hers)."""
    check_may_act(session, actor, visit)
    row = _new_check_in(session, actor, visit, check_in_id, "in", tap, words)
    if not is_late(visit, actor.user_id):
        step_to(visit, "check_in")
    session.flush()
    _take_fix_along(session, actor, row, words, tap, now)
    _note_arrival(session, row, tap, now)
    return row


def check_out(
    session: Session, actor: Actor, visit: Visit, check_in_id: str, tap: Tap, words: CheckInWords, now: datetime
) -> CheckIn:
    """She leaves. The visit is done (or futile) when everybody who checked in has checked out."""
    check_may_act(session, actor, visit)
    row = _new_check_in(session, actor, visit, check_in_id, "out", tap, words)
    session.flush()
    present = _still_there(session, visit)
    if actor.user_id not in _ever_there(session, visit):
        row.flags = sorted({*row.flags, "no_check_in"})
    if not is_late(visit, actor.user_id) and not present:
        step_to(visit, "check_out_futile" if words.is_futile else "check_out")
    _take_fix_along(session, actor, row, words, tap, now)
    data = {"check_in_id": row.id, "is_futile": words.is_futile} | _lateness(row)
    write_log(session, order_of(session, visit), "left", actor.user_id, tap, now, visit=visit, data=data,
              note=words.reason_text)  # fmt: skip
    return row


def add_fix(
    session: Session,
    actor: Actor,
    check_in: CheckIn,
    fix_id: str,
    fix: Any,
    phone_verdict: Any,
    tap: Tap,
    now: datetime,
) -> CheckInFix:
    """The position that followed a tap. It judges the check-in unless an earlier fix was usable already."""
    if check_in.engineer_id != actor.user_id:
        raise NotFound()
    row = _store_fix(session, check_in, fix_id, fix, phone_verdict, tap)
    usable_before = check_in.server_verdict.get("verdict") != "no_fix"
    if not usable_before:
        check_in.server_verdict = row.server_verdict
        check_in.flags = sorted({*check_in.flags, *row.flags})
        if row.phone_verdict:
            check_in.phone_verdict = row.phone_verdict
    session.flush()
    _note_arrival(session, check_in, None, now)
    return row


def add_reason(
    session: Session,
    actor: Actor,
    check_in: CheckIn,
    reason_code: str | None,
    reason_text: str,
    tap: Tap,
    now: datetime,
    entry_id: str | None = None,
) -> LogEntry:
    """Why there is no position, or why it is elsewhere; chosen after the tap."""
    if check_in.engineer_id != actor.user_id:
        raise NotFound()
    check_in.reason_code, check_in.reason_text = (
        reason_code or check_in.reason_code,
        reason_text or check_in.reason_text,
    )
    session.flush()
    visit = session.get_one(Visit, check_in.visit_id)
    data = {"check_in_id": check_in.id, "reason_code": reason_code}
    entry = write_log(session, order_of(session, visit), "check_in_reason", actor.user_id, tap, now, visit=visit,
                      note=reason_text, data=data, entry_id=entry_id)  # fmt: skip
    _note_arrival(session, check_in, None, now)
    return entry


def accept_by_office(session: Session, actor: Actor, check_in: CheckIn, note: str, now: datetime) -> CheckIn:
    """A dispatcher lets a check-in count that by itself does not: off site, or no position and no reason (K-4)."""
    visit = session.get_one(Visit, check_in.visit_id)
    check_may_plan(actor, order_of(session, visit))
    if check_in.direction != "in" or counts(check_in):
        raise NothingToAccept()
    check_in.is_accepted_by_office = True
    session.flush()
    write_log(session, order_of(session, visit), "check_in_accepted", actor.user_id, at_desk(now), now, visit=visit,
              note=note, data={"check_in_id": check_in.id})  # fmt: skip
    _note_arrival(session, check_in, None, now, entered_by_id=actor.user_id)
    return check_in


def counts(check_in: CheckIn) -> bool:
    """Does it meet an arrival clock? on_site and uncertain do, no_fix with its reason, the rest once the office says so."""
    verdict = check_in.server_verdict
    if check_in.is_accepted_by_office or verdict.get("verdict") in ("on_site", "uncertain"):
        return True
    has_reason = bool(check_in.reason_code or check_in.reason_text.strip())
    was_unusable = verdict.get("reason") not in (None, "no_position")
    return verdict.get("verdict") == "no_fix" and (has_reason or was_unusable)


# ---------------------------------------------------------------- rows


def _new_check_in(
    session: Session, actor: Actor, visit: Visit, check_in_id: str, direction: str, tap: Tap, words: CheckInWords
) -> CheckIn:
    site = _site_point(session, order_of(session, visit))
    flags = {"late_visit"} if is_late(visit, actor.user_id) else set()
    if tap.offset_ms is not None and abs(tap.offset_ms) > CLOCK_OFF_MS:
        flags.add("clock_offset")
    row = CheckIn(
        id=check_in_id,
        visit_id=visit.id,
        work_order_id=visit.work_order_id,
        engineer_id=actor.user_id,
        direction=direction,
        tapped_at=tap.at,
        corrected_at=tap.corrected_at,
        quality=tap.quality,
        received_at=tap.received_at,
        reason_code=words.reason_code,
        reason_text=words.reason_text,
        phone_verdict=verdict_of(words.phone_verdict),
        server_verdict=asdict(judge_check_in(None, site)),
        flags=sorted(flags),
        clock_offset_ms=tap.offset_ms,
    )
    session.add(row)
    return row


def _take_fix_along(
    session: Session, actor: Actor, row: CheckIn, words: CheckInWords, tap: Tap, now: datetime
) -> None:
    if words.fix is not None:
        ident = words.fix.get("id") if isinstance(words.fix, dict) else None
        add_fix(
            session,
            actor,
            row,
            ident if isinstance(ident, str) else new_id(),
            words.fix,
            words.phone_verdict,
            tap,
            now,
        )


def _store_fix(
    session: Session, check_in: CheckIn, fix_id: str, sent: Any, phone_verdict: Any, tap: Tap
) -> CheckInFix:
    work_order = session.get_one(WorkOrder, check_in.work_order_id)
    site_row = session.get_one(Site, work_order.site_id)
    site = _point_of(site_row)
    fix = _readable(sent, check_in.tapped_at)
    fix_at = fix.pop("fix_at")
    verdict = judge_check_in(fix, site)
    # The phone's clock is off by as much at the fix as at the tap.
    true_at = shifted(fix_at or check_in.tapped_at, check_in.tapped_at, check_in.corrected_at)
    seen = {**fix, "at_s": int(true_at.timestamp()), "local_on": clock.local_date(true_at, site_row.tz).isoformat()}
    flags = flags_of(seen, site, _earlier(session, check_in, site_row.tz), check_in.clock_offset_ms)
    row = CheckInFix(
        id=fix_id,
        check_in_id=check_in.id,
        visit_id=check_in.visit_id,
        work_order_id=check_in.work_order_id,
        engineer_id=check_in.engineer_id,
        lat_e7=_fitting(fix["lat_e7"], _INT32),
        lng_e7=_fitting(fix["lng_e7"], _INT32),
        accuracy_m=_fitting(fix["accuracy_m"], _INT63),
        fix_at=fix_at,
        age_s=_fitting(fix["age_s"], _INT63),
        received_at=tap.received_at,
        phone_verdict=verdict_of(phone_verdict),
        server_verdict=asdict(verdict),
        flags=sorted({*flags, *({"old_fix"} if verdict.reason == "old_fix" else ())}),
        raw=_raw(sent),
    )
    session.add(row)
    return row


def _readable(sent: Any, tapped_at: datetime) -> dict[str, Any]:
    """The fix as numbers where it holds numbers, None elsewhere; its age counted from the tap."""
    sent = sent if isinstance(sent, Mapping) else {}
    try:
        fix_at = clock.parse(sent["fix_at"])
    except (KeyError, TypeError, ValueError):
        fix_at = None
    return {
        "lat_e7": _number(sent.get("lat_e7")),
        "lng_e7": _number(sent.get("lng_e7")),
        "accuracy_m": _number(sent.get("accuracy_m")),
        "age_s": int((tapped_at - fix_at).total_seconds()) if fix_at else _number(sent.get("age_s")),
        "fix_at": fix_at,
    }


def _number(value: Any) -> int | float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    if isinstance(value, int):
        return value if abs(value) <= _INT63 else None
    return value if math.isfinite(value) else None


def _fitting(value: int | float | None, limit: int) -> int | None:
    """Whole, and small enough for its column; what was sent stays in `raw`."""
    return None if value is None or abs(value) > limit else int(value)


def _raw(sent: Any) -> dict[str, Any]:
    """What the phone sent, as evidence; too long or not JSON is kept as the beginning of its text."""
    try:
        data = orjson.dumps(sent)
        if len(data) <= MAX_RAW_BYTES and b"\\u0000" not in data:  # PostgreSQL keeps no NUL
            return {"sent": orjson.loads(data)}
    except (TypeError, ValueError):
        pass
    return {"text": repr(sent)[:MAX_RAW_BYTES].replace("\x00", "")}


def verdict_of(sent: Any) -> dict[str, Any]:
    """The phone's verdict in its one shape; {} when what came is none."""
    if not isinstance(sent, Mapping) or sent.get("verdict") not in VERDICTS:
        return {}
    numbers = {}
    for name in ("distance_m", "accuracy_m", "radius_m"):
        number = _number(sent.get(name))
        numbers[name] = None if number is None else _fitting(number, 2**53 - 1)
    reason = sent.get("reason")
    return {
        "verdict": sent["verdict"],
        **numbers,
        "reason": reason[:60].replace("\0", "") if isinstance(reason, str) else None,
    }


def _site_point(session: Session, work_order: WorkOrder) -> dict[str, Any]:
    return _point_of(session.get_one(Site, work_order.site_id))


def _point_of(site: Site) -> dict[str, Any]:
    return {"lat_e7": site.lat_e7, "lng_e7": site.lng_e7, "radius_m": site.radius_m}


def _earlier(session: Session, check_in: CheckIn, tz: str) -> list[dict[str, Any]]:
    """The engineer's latest usable fixes, with corrected instants."""
    query = (
        sa.select(CheckInFix, CheckIn.corrected_at, CheckIn.tapped_at)
        .join(CheckIn, CheckIn.id == CheckInFix.check_in_id)
        .where(CheckInFix.engineer_id == check_in.engineer_id, CheckInFix.lat_e7.is_not(None),
               CheckInFix.lng_e7.is_not(None))
        .order_by(CheckInFix.received_at.desc(), CheckInFix.id.desc())
        .limit(EARLIER_FIXES)
    )  # fmt: skip
    out = []
    for fix, corrected_at, tapped_at in session.execute(query):
        if fix.server_verdict.get("verdict") == "no_fix":
            continue
        at = shifted(fix.fix_at or tapped_at, tapped_at, corrected_at)
        point = {"lat_e7": fix.lat_e7, "lng_e7": fix.lng_e7, "at_s": int(at.timestamp())}
        out.append(point | {"local_on": clock.local_date(at, tz).isoformat()})
    return out


# ---------------------------------------------------------------- the log line


def _note_arrival(
    session: Session, check_in: CheckIn, tap: Tap | None, now: datetime, entered_by_id: str | None = None
) -> None:
    """Write `arrived` once the engineer's first check-in counts; void it if a position says that it does not."""
    if check_in.direction != "in":
        return
    mine = _arrival_entry(session, check_in)
    if counts(check_in):
        if mine is None and not _has_arrived(session, check_in):
            _write_arrived(session, check_in, tap, now, entered_by_id)
    elif mine is not None:
        void_log_entry(
            session, mine, reason="随后收到的位置不在现场 · the position that followed is off site",
            author_id=None, now=now,
        )  # fmt: skip


def _write_arrived(
    session: Session, check_in: CheckIn, tap: Tap | None, now: datetime, entered_by_id: str | None
) -> None:
    visit = session.get_one(Visit, check_in.visit_id)
    when = tap or Tap(
        at=check_in.tapped_at,
        corrected_at=check_in.corrected_at,
        quality=check_in.quality,
        received_at=check_in.received_at,
        source="office" if check_in.quality == "server" else "phone",
    )
    verdict = check_in.server_verdict.get("verdict")
    data = {"check_in_id": check_in.id, "verdict": verdict} | _lateness(check_in)
    write_log(session, order_of(session, visit), "arrived", check_in.engineer_id, when, now, visit=visit, data=data,
              note=check_in.reason_text, entered_by_id=entered_by_id)  # fmt: skip


def _lateness(check_in: CheckIn) -> dict[str, Any]:
    return {"late": True} if "late_visit" in check_in.flags else {}


def _arrived_entries(session: Session, visit_id: str) -> list[LogEntry]:
    session.flush()  # a tap of the same request may have written it
    query = sa.select(LogEntry).where(
        LogEntry.visit_id == visit_id, LogEntry.what == "arrived", LogEntry.voided_at.is_(None)
    )
    return list(session.scalars(query))


def _arrival_entry(session: Session, check_in: CheckIn) -> LogEntry | None:
    entries = _arrived_entries(session, check_in.visit_id)
    return next((e for e in entries if (e.data or {}).get("check_in_id") == check_in.id), None)


def _has_arrived(session: Session, check_in: CheckIn) -> bool:
    """An earlier check-in of hers on this visit counts already."""
    return any(
        entry.author_id == check_in.engineer_id and entry.corrected_at <= check_in.corrected_at
        for entry in _arrived_entries(session, check_in.visit_id)
    )


def _ever_there(session: Session, visit: Visit) -> set[str]:
    query = sa.select(CheckIn.engineer_id).where(CheckIn.visit_id == visit.id, CheckIn.direction == "in")
    return set(session.scalars(query))


def _still_there(session: Session, visit: Visit) -> set[str]:
    """Engineers of the visit who checked in and not out again."""
    left = sa.select(CheckIn.engineer_id).where(CheckIn.visit_id == visit.id, CheckIn.direction == "out")
    on_it = {engineer.engineer_id for engineer in visit.engineers}
    return (_ever_there(session, visit) & on_it) - set(session.scalars(left))


def check_in_of(session: Session, check_in_id: str) -> CheckIn:
    """The check-in. Raises NotFound."""
    row = session.get(CheckIn, check_in_id)
    if row is None:
        raise NotFound()
    return row
