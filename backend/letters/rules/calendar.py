"""The calendar of statutory rest days: the `holidays` library, an admin's corrections, and a version.

Called by everything that rolls a last day or opens on working days. A value: it reads no clock and no database.
"""

from __future__ import annotations

from calendar import SATURDAY, SUNDAY
from collections.abc import Iterable, Mapping
from datetime import MAXYEAR, date, timedelta
from functools import lru_cache
from hashlib import sha256

REST, WORK = "rest", "work"
_WEEKEND = (SATURDAY, SUNDAY)


class Calendar:
    """Which local days are statutory rest days, which weekends are worked in exchange, and which years are certain.

    country      ISO code of the `holidays` library
    corrections  {date: "rest" | "work"} that win over the library
    notices      years whose notice the admin has entered, beside those that the library holds
    """

    __slots__ = ("country", "corrections", "notices", "version", "_years")

    def __init__(
        self,
        country: str = "CN",
        corrections: Mapping[date, str] | None = None,
        notices: Iterable[int] = (),
    ) -> None:
        self.country = country
        self.corrections = dict(sorted((corrections or {}).items()))
        self.notices = frozenset(notices)
        wrong = sorted({str(word) for word in self.corrections.values()} - {REST, WORK})
        if wrong:
            raise ValueError(f"corrections: {wrong[0]!r} is neither {REST!r} nor {WORK!r}")
        self.version = self._version()
        self._years: dict[int, tuple[frozenset[date], frozenset[date]]] = {}

    def _version(self) -> str:
        from holidays import __version__ as library

        base = f"{self.country}-{library}"
        if not self.corrections and not self.notices:
            return base
        said = [f"{day.isoformat()}={word}" for day, word in self.corrections.items()]
        said += [str(year) for year in sorted(self.notices)]
        return f"{base}+{sha256(' '.join(said).encode()).hexdigest()[:12]}"

    def is_rest_day(self, day: date) -> bool:
        """Weekends and public holidays; a weekend worked in exchange is none."""
        word = self.corrections.get(day)
        if word is not None:
            return word == REST
        public, worked = self._year(day.year)
        return day in public or (day.weekday() in _WEEKEND and day not in worked)

    def is_public_holiday(self, day: date) -> bool:
        """A rest day that is more than an ordinary weekend."""
        word = self.corrections.get(day)
        if word is not None:
            return word == REST
        return day in self._year(day.year)[0]

    def is_worked_in_exchange(self, day: date) -> bool:
        """A Saturday or Sunday that is a working day."""
        return day.weekday() in _WEEKEND and not self.is_rest_day(day)

    def first_working_day(self, day: date) -> date:
        """`day` itself, or the first day after it that is not a rest day."""
        while self.is_rest_day(day) and day != date.max:
            day += timedelta(days=1)
        return day

    def holds_notice(self, year: int) -> bool:
        """Whether the exchanged days of `year` are published and known here."""
        return year in self.notices or year in _noticed_years(self.country)

    def _year(self, year: int) -> tuple[frozenset[date], frozenset[date]]:
        if year not in self._years:
            self._years[year] = _days_of(self.country, year)
        return self._years[year]


@lru_cache(maxsize=512)
def _days_of(country: str, year: int) -> tuple[frozenset[date], frozenset[date]]:
    """Public holidays, and weekends worked in exchange, of one year. December's may be moved by the next notice."""
    from holidays import country_holidays

    days = country_holidays(country, years=(year, min(year + 1, MAXYEAR)))
    worked = getattr(days, "weekend_workdays", ())
    return frozenset(d for d in days if d.year == year), frozenset(d for d in worked if d.year == year)


@lru_cache(maxsize=16)
def _noticed_years(country: str) -> frozenset[int]:
    """Years whose exchanged days the library holds, from its own table of special days."""
    from holidays import country_holidays

    return frozenset(getattr(country_holidays(country), "special_public_holidays", None) or {})
