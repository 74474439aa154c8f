"""The calendar of statutory rest days as an admin sees and corrects it. A correction is never changed, only withdrawn.

Called by routes. Never commits, never reads the clock.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from flask import current_app
from sqlalchemy.orm import Session

from backend.accounts.models import User
from backend.core import clock
from backend.core.ids import new_id
from backend.core.problems import Fault, Invalid, NotAllowedNow, NotFound
from backend.letters import ports
from backend.letters.installed import NOTICE, forget, known
from backend.letters.models import CalendarDay
from backend.letters.rules.calendar import REST, WORK, Calendar
from backend.letters.rules.reading import DEFAULT_ZONE

WHATS = (REST, WORK, NOTICE)


def year_of(session: Session, year: int | None, now: datetime) -> dict[str, Any]:
    """A year as it holds here, the present one unless said: its days that are not as the week says, every correction,
    and whether it is certain."""
    calendar, today = known(session).calendar, clock.local_date(now, DEFAULT_ZONE)
    year = year or today.year
    rows = session.scalars(
        sa.select(CalendarDay)
        .where(CalendarDay.day >= date(year, 1, 1), CalendarDay.day < date(year + 1, 1, 1))
        .order_by(CalendarDay.day, CalendarDay.at)
    ).all()
    live = {row.day: row for row in rows if row.withdrawn_at is None and row.what != NOTICE}
    library = {day: (what, names) for day, what, names in library_days(calendar.country, year)}
    days = [
        {
            "day": day,
            "what": live[day].what if day in live else library[day][0],
            "label": live[day].label if day in live else library[day][1],
            "correction_id": live[day].id if day in live else None,
            "library": library[day][0] if day in library else None,
        }
        for day in sorted({*live, *library})
    ]
    return {
        "year": year,
        "version": calendar.version,
        "is_certain": calendar.holds_notice(year),
        "days": days,
        "corrections": _shown(session, rows),
        "missing_notice": missing_notice(calendar, today),
    }


def library_days(country: str, year: int) -> Iterator[tuple[date, str, dict[str, str]]]:
    """(day, rest or work, name in both languages): public holidays and weekends worked in exchange, as published."""
    from holidays import country_holidays

    chinese, english = (country_holidays(country, years=year, language=code) for code in ("zh_CN", "en_US"))
    for day in sorted(day for day in chinese if day.year == year):
        yield day, REST, {"zh": chinese[day], "en": english[day]}
    for day in sorted(day for day in getattr(chinese, "weekend_workdays", ()) if day.year == year):
        yield day, WORK, {"zh": "调休上班", "en": "Worked in exchange"}


def missing_notice(calendar: Calendar, today: date) -> int | None:
    """Which year's notice should be here by now and is not; None while there is none to ask for."""
    asked = today.year + (today.strftime("%m-%d") >= current_app.config["NOTICE_DUE"])
    return next((year for year in (today.year, asked) if not calendar.holds_notice(year)), None)


def correct(session: Session, actor: Any, values: Mapping[str, Any], now: datetime) -> CalendarDay:
    """Say what a day is; open work is decided again. Raises Invalid.

    values  {day, what: rest · work · notice, label {zh, en}, source}; of a notice the year of `day` counts
    """
    what, day = values["what"], values["day"]
    if what == NOTICE:
        day = date(day.year, 1, 1)
    faults = _faults(session, what, day)
    if faults:
        raise Invalid(faults=faults)
    row = CalendarDay(
        id=new_id(), day=day, what=what, label=dict(values["label"]), source=values["source"], at=now,
        by_id=actor.user_id,
    )  # fmt: skip
    session.add(row)
    _tell(session, row, now)
    return row


def _faults(session: Session, what: str, day: date) -> list[Fault]:
    same = CalendarDay.what == NOTICE if what == NOTICE else CalendarDay.what != NOTICE
    query = sa.select(CalendarDay.id).where(CalendarDay.day == day, CalendarDay.withdrawn_at.is_(None), same)
    if session.scalar(query.limit(1)):
        words = {
            "zh": "这一天已经改过，请先撤回那一条。",
            "en": "This day is corrected already; withdraw that first.",
        }
        return [Fault("$.day", words)]
    if what == NOTICE and known(session).calendar.holds_notice(day.year):
        words = {"zh": f"{day.year} 年的通知已经在日历里。", "en": f"The notice of {day.year} is in the calendar."}
        return [Fault("$.day", words)]
    return []


def withdraw(session: Session, actor: Any, correction_id: str, now: datetime) -> CalendarDay:
    """Undo a correction: the day is again what the library says, or what is said next. Raises NotFound, NotAllowedNow."""
    row = session.get(CalendarDay, correction_id)
    if row is None:
        raise NotFound()
    if row.withdrawn_at is not None:
        raise NotAllowedNow()
    row.withdrawn_at, row.withdrawn_by_id = now, actor.user_id
    _tell(session, row, now)
    return row


def _tell(session: Session, row: CalendarDay, now: datetime) -> None:
    forget(session)
    last = date(row.day.year, 12, 31) if row.what == NOTICE else row.day
    for tell in ports.calendar_changed.answers:
        tell(session, row.day, last, now)


def shown(session: Session, row: CalendarDay) -> dict[str, Any]:
    """A correction with the names of who made and withdrew it."""
    return _shown(session, [row])[0]


def _shown(session: Session, rows: Any) -> list[dict[str, Any]]:
    ids = {ident for row in rows for ident in (row.by_id, row.withdrawn_by_id) if ident}
    names = dict(session.execute(sa.select(User.id, User.name).where(User.id.in_(ids))).all()) if ids else {}
    return [
        {
            "id": row.id, "day": row.day, "what": row.what, "label": row.label, "source": row.source, "at": row.at,
            "by_name": names.get(row.by_id, ""), "withdrawn_at": row.withdrawn_at,
            "withdrawn_by_name": names.get(row.withdrawn_by_id or "", ""),
        }
        for row in rows
    ]  # fmt: skip
