"""What a field of a company's file may hold: readers that turn text into a value or say what would be right.

A day may be written as a date or, in a demo, as a distance from the day of loading (`-29m`, `-3y`, `-12d`,
`-3y-5d`), so that a company seeded next year still has warranties that run.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any
from zoneinfo import ZoneInfo

from dateutil.relativedelta import relativedelta

from backend.core.problems import Text
from backend.demo.reading import FileFault, Row

DISTANCE = re.compile(r"(?:[+-]\d{1,4}[ymd])+|0d")
STEP = re.compile(r"([+-]\d+)([ymd])")
UNITS = {"y": "years", "m": "months", "d": "days"}


@dataclass
class Wrong(Exception):
    """A value that a reader does not take; says what would be right."""

    message: Text


Reader = Callable[[Any], Any]


def wrong(zh: str, en: str) -> Wrong:
    return Wrong({"zh": zh, "en": en})


@dataclass(frozen=True)
class Field:
    """How one field is read. `default` stands when it is not there; without one and required, that is a fault."""

    read: Reader
    is_required: bool = False
    default: Any = None


def take(row: Row, fields: dict[str, Field], faults: list[FileFault]) -> dict[str, Any]:
    """A row's values by field, read; every wrong, missing or unknown one becomes a fault and reads as its default."""
    for name in row.values.keys() - fields.keys():
        known = ", ".join(fields)
        faults.append(row.fault(name, f"没有这一项；只有：{known}", f"There is no such field; known are: {known}"))
    values: dict[str, Any] = {}
    for name, spec in fields.items():
        values[name] = spec.default
        given = row.values.get(name, "")
        if given == "":
            if spec.is_required:
                faults.append(row.fault(name, "这一项必填。", "This field is required."))
            continue
        try:
            values[name] = spec.read(given)
        except Wrong as error:
            faults.append(row.fault(name, error.message["zh"], error.message["en"]))
    return values


def plain(value: Any) -> str:
    """The value as text; a list or group of fields where one value belongs is wrong."""
    if isinstance(value, str):
        return value
    raise wrong("这里要一个值，不是一组。", "One value belongs here, not a list or group.")


def text(most: int) -> Reader:
    """Text of at most so many characters, without control characters."""

    def read(value: Any) -> str:
        value = plain(value).strip()
        if len(value) > most:
            raise wrong(
                f"最多 {most} 个字，这里有 {len(value)} 个。", f"At most {most} characters; here are {len(value)}."
            )
        if any(ord(c) < 32 and c not in "\n\t" for c in value):
            raise wrong("含有看不见的控制字符。", "It holds invisible control characters.")
        return value

    return read


def word(words: Iterable[str]) -> Reader:
    """One of the words."""
    known = tuple(words)

    def read(value: Any) -> str:
        if plain(value) not in known:
            raise wrong(f"只能是：{'、'.join(known)}", f"One of: {', '.join(known)}")
        return value

    return read


def words(most: int) -> Reader:
    """Several words, separated by spaces or written as a list."""

    def read(value: Any) -> list[str]:
        parts = [plain(part) for part in value] if isinstance(value, list) else plain(value).split()
        return [text(most)(part) for part in parts]

    return read


def claim(value: Any) -> bool:
    """yes or no."""
    answers = {"yes": True, "true": True, "是": True, "no": False, "false": False, "否": False}
    if plain(value).lower() not in answers:
        raise wrong("只能写 yes 或 no。", "Write yes or no.")
    return answers[value.lower()]


def whole(least: int, most: int) -> Reader:
    """A whole number between two bounds."""

    def read(value: Any) -> int:
        if not re.fullmatch(r"-?\d{1,9}", plain(value)) or not least <= int(value) <= most:
            raise wrong(f"要 {least} 到 {most} 的整数。", f"A whole number from {least} to {most}.")
        return int(value)

    return read


def money(value: Any) -> Decimal:
    """An amount of at most two digits behind the point."""
    try:
        if not re.fullmatch(r"\d{1,12}(\.\d{1,2})?", plain(value)):
            raise InvalidOperation
        return Decimal(value)
    except InvalidOperation:
        raise wrong(
            "金额写成 5200.00 这样，不带货币和千分号。", "An amount like 5200.00, no currency, no commas."
        ) from None


def day(today: date) -> Reader:
    """A date (2024-06-18) or a distance from today (-29m)."""

    def read(value: Any) -> date:
        value = plain(value).strip()
        try:
            if DISTANCE.fullmatch(value):
                moved = today
                for amount, unit in STEP.findall(value):
                    moved += relativedelta(**{UNITS[unit]: int(amount)})
                return moved
            if not re.fullmatch(r"\d{4}-\d\d-\d\d", value):
                raise ValueError
            return date.fromisoformat(value)
        except (ValueError, OverflowError):
            raise wrong(
                "日期写成 2024-06-18，或相对载入日的 -29m、-3y、-12d。",
                "A date like 2024-06-18, or a distance from the day of loading like -29m, -3y, -12d.",
            ) from None

    return read


def seconds(value: Any) -> int:
    """A length of time: 24h, 3d, 45m, 7h16m → seconds."""
    found = re.fullmatch(r"(?:(\d{1,4})d)?(?:(\d{1,4})h)?(?:(\d{1,4})m)?(?:(\d{1,4})s)?", plain(value).strip())
    if not found or not any(found.groups()):
        raise wrong("时长写成 24h、3d、45m 或 7h16m。", "A length of time like 24h, 3d, 45m or 7h16m.")
    d, h, m, s = (int(part or 0) for part in found.groups())
    return ((d * 24 + h) * 60 + m) * 60 + s


def zone(value: Any) -> str:
    """A time zone by its IANA name."""
    try:
        ZoneInfo(plain(value))
    except (KeyError, ValueError, OSError):
        raise wrong("时区写成 Asia/Shanghai 这样。", "A time zone like Asia/Shanghai.") from None
    return value


def ref(known: dict[Any, str], what_zh: str, what_en: str) -> Reader:
    """The id of a record that another file names by its key."""

    def read(value: Any) -> str:
        if plain(value) not in known:
            raise wrong(f"{what_zh}里没有“{value}”。", f"There is no {value!r} in {what_en}.")
        return known[value]

    return read


def refs(known: dict[Any, str], what_zh: str, what_en: str) -> Reader:
    """Several of them, separated by spaces or as a list."""
    one = ref(known, what_zh, what_en)

    def read(value: Any) -> list[str]:
        return [one(part) for part in (value if isinstance(value, list) else plain(value).split())]

    return read
