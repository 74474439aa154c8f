"""A clock inside its calendar: windows, rest days, exchanged days, pauses, and the days on which clocks are moved."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from backend.letters.rules import Calendar, CalendarNeverOpens, Hours, OpeningHours, due_at

SHANGHAI, BERLIN = ZoneInfo("Asia/Shanghai"), ZoneInfo("Europe/Berlin")
EVERY_DAY = OpeningHours(week=(((540, 1020),),) * 7)
OFFICE = OpeningHours(
    week=(((510, 720), (780, 1050)),) * 5 + ((), ()),  # 08:30-12:00, 13:00-17:30
    on_holidays=False,
    exchanged=0,
)
NIGHT = OpeningHours(week=(((0, 360), (1320, 1440)),) * 7)


def at(text: str, tz: ZoneInfo = SHANGHAI) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=tz)


def due(start: str, seconds: int, hours: OpeningHours | None, tz: ZoneInfo = SHANGHAI, pauses=()) -> str:
    spans = tuple((at(first, tz).astimezone(UTC), at(last, tz).astimezone(UTC)) for first, last in pauses)
    instant = due_at(at(start, tz), seconds, Hours(hours, tz, Calendar()), spans)
    assert instant.tzinfo is UTC
    return instant.astimezone(tz).replace(tzinfo=None).isoformat()


@pytest.mark.promise("D-13", "D-15")
@pytest.mark.parametrize(
    ("start", "seconds", "expected"),
    [
        ("2024-03-14T16:50:00", 1800, "2024-03-15T09:20:00"),  # the contract's own words
        ("2024-03-14T16:30:00", 1800, "2024-03-14T17:00:00"),  # a due may fall on 17:00:00
        ("2024-03-14T16:30:01", 1800, "2024-03-15T09:00:01"),
        ("2024-03-14T17:00:00", 0, "2024-03-15T09:00:00"),  # 17:00:00 is outside
        ("2024-03-14T16:59:59", 0, "2024-03-14T16:59:59"),  # zero is due at the start
        ("2024-03-14T08:59:59", 0, "2024-03-14T09:00:00"),  # or at the next opening
        ("2024-03-14T09:00:00", 0, "2024-03-14T09:00:00"),
        ("2024-03-14T00:00:00", 1800, "2024-03-14T09:30:00"),
        ("2024-02-10T12:00:00", 1800, "2024-02-10T12:30:00"),  # Spring Festival: open
        ("2024-03-17T12:00:00", 1800, "2024-03-17T12:30:00"),  # Sunday: open
        ("2024-12-31T16:45:00", 1800, "2025-01-01T09:15:00"),
        ("2024-02-28T16:59:00", 9 * 3600, "2024-03-01T09:59:00"),  # over 29 February
        ("2023-02-28T16:59:00", 9 * 3600, "2023-03-02T09:59:00"),  # the year that has none
    ],
)
def test_a_clock_runs_only_inside_seven_by_eight(start, seconds, expected):
    assert due(start, seconds, EVERY_DAY) == expected


@pytest.mark.parametrize(
    ("start", "seconds", "expected"),
    [
        ("2024-03-14T11:50:00", 600, "2024-03-14T12:00:00"),
        ("2024-03-14T11:50:00", 601, "2024-03-14T13:00:01"),  # over lunch
        ("2024-03-14T12:00:00", 0, "2024-03-14T13:00:00"),
        ("2024-03-14T08:30:00", 8 * 3600, "2024-03-14T17:30:00"),
        ("2024-03-15T17:00:00", 3600, "2024-03-18T09:00:00"),  # over a weekend
        ("2024-02-09T17:00:00", 3600, "2024-02-18T09:00:00"),  # New Year's Eve 2024 was a working day…
        ("2024-02-10T09:00:00", 0, "2024-02-18T08:30:00"),  # …the festival ended before the worked Sunday of the 18th
        ("2024-02-17T09:00:00", 0, "2024-02-18T08:30:00"),
        ("2024-02-04T09:00:00", 3600, "2024-02-04T10:00:00"),  # a Sunday worked in exchange
        ("2024-09-29T09:00:00", 3600, "2024-09-29T10:00:00"),
        ("2024-09-30T17:00:00", 3600, "2024-10-08T09:00:00"),  # the golden week
        ("2024-10-12T16:30:00", 7200, "2024-10-14T09:30:00"),  # from a worked Saturday over a free Sunday
    ],
)
def test_office_hours_close_for_lunch_weekends_and_holidays_and_open_on_exchanged_days(start, seconds, expected):
    assert due(start, seconds, OFFICE) == expected


def test_a_window_to_midnight_goes_on_in_the_next_days_first_window():
    assert due("2024-03-14T23:00:00", 3 * 3600, NIGHT) == "2024-03-15T02:00:00"
    assert due("2024-03-14T05:00:00", 2 * 3600, NIGHT) == "2024-03-14T23:00:00"


@pytest.mark.parametrize(
    ("start", "seconds", "expected"),
    [
        ("2025-03-29T23:00:00", 3600, "2025-03-30T00:00:00"),
        ("2025-03-30T01:30:00", 3600, "2025-03-30T03:30:00"),  # 02:00 to 03:00 is not there
        ("2025-10-26T01:30:00", 7200, "2025-10-26T02:30:00"),  # 02:00 to 03:00 is there twice
    ],
)
def test_elapsed_time_is_counted_in_real_hours_where_clocks_are_moved(start, seconds, expected):
    assert due(start, seconds, None, BERLIN) == expected


def test_windows_hold_the_wall_clock_where_clocks_are_moved():
    assert due("2025-03-29T16:30:00", 3600, EVERY_DAY, BERLIN) == "2025-03-30T09:30:00"
    assert due("2025-10-25T16:30:00", 3600, EVERY_DAY, BERLIN) == "2025-10-26T09:30:00"
    # 00:00-06:00 has five hours in spring and seven in autumn.
    assert due("2025-03-30T00:00:00", 5 * 3600, NIGHT, BERLIN) == "2025-03-30T06:00:00"
    assert due("2025-10-26T00:00:00", 7 * 3600, NIGHT, BERLIN) == "2025-10-26T06:00:00"


def test_pauses_stop_the_clock_inside_its_hours_and_cost_nothing_outside_them():
    inside, outside = ("2024-03-14T10:00:00", "2024-03-14T11:00:00"), ("2024-03-14T18:00:00", "2024-03-14T20:00:00")
    assert due("2024-03-14T09:30:00", 3600, EVERY_DAY) == "2024-03-14T10:30:00"
    assert due("2024-03-14T09:30:00", 3600, EVERY_DAY, pauses=[inside]) == "2024-03-14T11:30:00"
    assert due("2024-03-14T16:30:00", 3600, EVERY_DAY, pauses=[outside]) == "2024-03-15T09:30:00"
    assert due("2024-03-14T09:30:00", 3600, None, pauses=[inside]) == "2024-03-14T11:30:00"
    assert due("2024-03-14T10:30:00", 0, None, pauses=[inside]) == "2024-03-14T11:00:00"


def test_single_days_are_closed_and_opened_whatever_the_week_says():
    hours = OpeningHours(
        week=OFFICE.week, on_holidays=False,
        closed_on=frozenset({date(2024, 3, 14)}), opened_on={date(2024, 10, 1): ((600, 660),)},
    )  # fmt: skip
    assert due("2024-03-14T09:00:00", 0, hours) == "2024-03-15T08:30:00"
    assert due("2024-10-01T09:00:00", 3600, hours) == "2024-10-01T11:00:00"


def test_a_calendar_that_never_opens_says_so():
    with pytest.raises(CalendarNeverOpens):
        due("2024-03-14T09:00:00", 0, OpeningHours(week=((),) * 7))


def test_an_admins_corrections_win_and_change_the_version():
    corrected = Calendar(corrections={date(2024, 3, 14): "rest", date(2024, 3, 16): "work"}, notices=[2027])
    assert corrected.is_rest_day(date(2024, 3, 14)) and corrected.is_public_holiday(date(2024, 3, 14))
    assert corrected.is_worked_in_exchange(date(2024, 3, 16)) and not Calendar().is_worked_in_exchange(
        date(2024, 3, 16)
    )
    assert corrected.first_working_day(date(2024, 3, 14)) == date(2024, 3, 15)
    assert corrected.holds_notice(2027) and not Calendar().holds_notice(2027)
    assert corrected.version != Calendar().version == Calendar(corrections={}).version
    assert (
        corrected.version
        == Calendar(corrections={date(2024, 3, 16): "work", date(2024, 3, 14): "rest"}, notices=[2027]).version
    )
    with pytest.raises(ValueError, match="holiday"):
        Calendar(corrections={date(2024, 3, 14): "holiday"})
