"""Reads JSON values into facts and notes every fault with its path. Shared by facts and contracts."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from backend.letters.rules.faults import Fault

DEFAULT_ZONE = "Asia/Shanghai"
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_TIME = r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,6})?)?"
_INSTANT = re.compile(_TIME + r"(Z|[+-][0-9]{2}:[0-9]{2})")
_NAIVE = re.compile(_TIME)
_MONEY = re.compile(r"[0-9]{1,15}(\.[0-9]{1,6})?")
_ZONE = re.compile(r"[A-Za-z0-9_+\-]{1,40}(/[A-Za-z0-9_+\-]{1,40}){0,2}")
_MACHINE_ZONES = ("localtime", "posixrules", "Factory")  # say different things on different machines
_FIRST_YEAR, _LAST_YEAR = 1900, 9900


class Reader:
    """Collects faults while values are read; a wrong value reads as None, so that reading goes on."""

    def __init__(self) -> None:
        self.faults: list[Fault] = []

    def fault(self, path: str, zh: str, en: str) -> Any:
        """Notes a fault; answers None, so that a reader can return it."""
        self.faults.append(Fault(path, zh, en))

    def mapping(self, value: Any, path: str, keys: Iterable[str]) -> dict[str, Any]:
        """An object with no keys but `keys`; null reads as an empty one."""
        if value is None:
            return {}
        if not isinstance(value, dict):
            self.fault(path, "应为对象 {…}", "must be an object {…}")
            return {}
        keys = tuple(keys)
        for key in value:
            if key not in keys:
                self.fault(f"{path}.{key}", "不认识的字段", "unknown key")
        return value

    def rows(self, value: Any, path: str) -> list[tuple[Any, str]]:
        """A list's values, each with its path; null reads as an empty list."""
        if value is None:
            return []
        if not isinstance(value, list):
            self.fault(path, "应为列表 […]", "must be a list […]")
            return []
        return [(one, f"{path}[{index}]") for index, one in enumerate(value)]

    def text(self, value: Any, path: str) -> str | None:
        if value is None:
            return None
        if not isinstance(value, str):
            return self.fault(path, "应为文字", "must be a text")
        return value

    def flag(self, value: Any, path: str) -> bool | None:
        if value is None or isinstance(value, bool):
            return value
        return self.fault(path, "应为 true 或 false", "must be true or false")

    def word(self, value: Any, path: str, words: tuple[str, ...]) -> str | None:
        if value is None or (isinstance(value, str) and value in words):
            return value
        listed = ", ".join(words)
        return self.fault(path, f"应为其中之一：{listed}", f"must be one of {listed}")

    def count(self, value: Any, path: str, least: int = 0) -> int | None:
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int) or value < least:
            return self.fault(path, f"应为不小于 {least} 的整数", f"must be a whole number of at least {least}")
        return value

    def money(self, value: Any, path: str) -> Decimal | None:
        if value is None:
            return None
        if not isinstance(value, str) or not _MONEY.fullmatch(value):
            return self.fault(path, '金额应写成文字，例如 "5200.00"', 'money is a plain string such as "5200.00"')
        return Decimal(value)

    def day(self, value: Any, path: str) -> date | None:
        """A local date YYYY-MM-DD that exists."""
        if value is None:
            return None
        if not isinstance(value, str) or not _DATE.fullmatch(value):
            return self.fault(path, "日期应写成 YYYY-MM-DD", "a date is written YYYY-MM-DD")
        try:
            day = date.fromisoformat(value)
        except ValueError:
            return self.fault(path, f"没有 {value} 这一天", f"there is no day {value}")
        if day.year < _FIRST_YEAR:
            return self.fault(path, f"{value} 早于 {_FIRST_YEAR} 年", f"{value} is before {_FIRST_YEAR}")
        return day

    def instant(self, value: Any, path: str) -> datetime | None:
        """An instant with its offset, kept as written."""
        if value is None:
            return None
        if isinstance(value, str) and _NAIVE.fullmatch(value):
            return self.fault(path, "时间缺少时区偏移，例如 +08:00", "the time lacks an offset such as +08:00")
        if not isinstance(value, str) or not _INSTANT.fullmatch(value):
            return self.fault(
                path, "时间应写成 2024-03-14T09:00:00+08:00", "a time is written 2024-03-14T09:00:00+08:00"
            )
        try:
            instant = datetime.fromisoformat(value)
        except ValueError:
            return self.fault(path, f"没有 {value} 这一时刻", f"there is no such time as {value}")
        if not _FIRST_YEAR <= instant.year <= _LAST_YEAR:
            return self.fault(path, "年份超出范围", "the year is out of range")
        return instant

    def zone(self, value: Any, path: str) -> ZoneInfo:
        name = DEFAULT_ZONE if value is None else value
        if isinstance(name, str) and _ZONE.fullmatch(name) and name not in _MACHINE_ZONES:
            try:
                return ZoneInfo(name)
            except (ValueError, OSError, KeyError):
                pass
        self.fault(path, "不认识的时区", "unknown time zone")
        return ZoneInfo(DEFAULT_ZONE)

    def refs(self, value: Any, path: str) -> tuple[str, ...]:
        """One or more letters, by id, id@version or path."""
        found = [self.text(one, at) for one, at in self.rows(value, path)]
        if not found and not any(fault.path == path for fault in self.faults):
            self.fault(path, "至少要有一份承诺书", "name at least one letter")
        for index, ref in enumerate(found):
            if value[index] is None or ref == "":
                self.fault(f"{path}[{index}]", "应写明承诺书", "must name a letter")
        return tuple(ref for ref in found if ref)

    def required(self, value: Any, path: str, read: Callable[[Any, str], Any]) -> Any:
        """A value that may not be missing."""
        if value is None:
            return self.fault(path, "必须填写", "is required")
        return read(value, path)
