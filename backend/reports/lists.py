"""Lists of reports as Excel and CSV, and many papers as one ZIP: streamed, with flat memory, safe to open.

What a person typed must not become a formula in somebody's spreadsheet (OWASP "CSV injection"), yet `-5 ℃` and
`+86 138…` have to stay readable: only what a spreadsheet could calculate is marked with an apostrophe.
"""

from __future__ import annotations

import csv
import io
import re
import tempfile
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import xlsxwriter

from backend.reports.formats import local
from backend.reports.view import Language, Text

ROWS_PER_SHEET = 1_048_576
COLUMNS_AT_MOST = 16_384
CELL_AT_MOST = 32_767
CHUNK = 64 * 1024
NAME_BYTES_AT_MOST = 150
ZIP_DATE = (2026, 1, 1, 0, 0, 0)

_STARTERS = frozenset("=+-@＝＋－＠﹢﹣−|%")
_BLANK = " \t\r\n\v\f\u00a0\u1680\u2000\u200b\u200c\u200d\u2028\u2029\u2060\u3000\ufeff"
_QUANTITY = re.compile(r"[+\-−＋－]\s?\d[\d .,]*(\s?[℃℉°%‰A-Za-zµμΩ/²³]{1,8}|\s?[\u4e00-\u9fff]{1,8}[^=+@|]*)?…?")
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
_UNSAFE = re.compile(r'[\x00-\x1f\x7f-\x9f<>:"/\\|?*\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff]')
_RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)


@dataclass(frozen=True)
class Column:
    """One column: the key in the rows, its heading, and its kind: text, number, date (`2026-11-23`) or instant (`…Z`).

    width  in characters; tz  the zone in which instants are shown
    """

    key: str
    title: Text
    kind: str = "text"
    width: int = 16
    tz: str = "Asia/Shanghai"


class ListTooWide(ValueError):
    """More columns than a spreadsheet has."""


# ---------------------------------------------------------------- values


def neutral(text: str) -> str:
    """The text as a spreadsheet may show it but not calculate it."""
    text = _CONTROL.sub("\ufffd", text)
    bare = text.lstrip(_BLANK)
    if not bare or bare[0] not in _STARTERS:
        return f"'{text}" if text[:1] in ("\t", "\r", "\n") else text
    return text if text == bare and _QUANTITY.fullmatch(bare) else f"'{text}"


def _value(raw: Any, column: Column) -> Any:
    """A cell's value: str, int, Decimal, date or naive local datetime; None is empty."""
    if raw is None or raw == "":
        return None
    if column.kind == "instant":
        zone = ZoneInfo(column.tz)
        moment = raw.astimezone(zone) if isinstance(raw, datetime) else local(str(raw), column.tz)
        return moment.replace(tzinfo=None, microsecond=0)
    if column.kind == "date":
        return raw if isinstance(raw, date) else date.fromisoformat(str(raw))
    if column.kind == "number" and not isinstance(raw, (int, Decimal)):
        return Decimal(str(raw))
    return raw if column.kind == "number" else str(raw)


# ---------------------------------------------------------------- CSV


def list_csv(rows: Iterable[Mapping[str, Any]], columns: Sequence[Column], language: Language) -> Iterator[bytes]:
    """The list as CSV with BOM (Excel in China reads UTF-8 only so), CRLF, in chunks."""
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer)
    buffer.write("\ufeff")
    writer.writerow([neutral(column.title[language]) for column in columns])
    for row in rows:
        writer.writerow([_csv_cell(row.get(column.key), column) for column in columns])
        if buffer.tell() >= CHUNK:
            yield _drained(buffer)
    yield _drained(buffer)


def _csv_cell(raw: Any, column: Column) -> str:
    value = _value(raw, column)
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d %H:%M:%S")
    return neutral(value) if isinstance(value, str) else str(value)


def _drained(buffer: io.StringIO) -> bytes:
    data = buffer.getvalue().encode("utf-8")
    buffer.seek(0)
    buffer.truncate()
    return data


# ---------------------------------------------------------------- Excel


def render_list_xlsx(rows: Iterable[Mapping[str, Any]], columns: Sequence[Column], language: Language) -> bytes:
    """The list as one .xlsx in memory."""
    return b"".join(list_xlsx(rows, columns, language))


def list_xlsx(rows: Iterable[Mapping[str, Any]], columns: Sequence[Column], language: Language) -> Iterator[bytes]:
    """The list as .xlsx, written row by row to a temporary file, then given out in chunks.

    raises  ListTooWide; more rows than a sheet has go on in a next sheet
    """
    if len(columns) > COLUMNS_AT_MOST:
        raise ListTooWide(f"{len(columns)} columns; a spreadsheet has {COLUMNS_AT_MOST}")
    with tempfile.TemporaryFile() as file:
        options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
        with xlsxwriter.Workbook(file, options) as book:
            _write_sheets(book, rows, columns, language)
        file.seek(0)
        while chunk := file.read(CHUNK):
            yield chunk


def _write_sheets(
    book: Any, rows: Iterable[Mapping[str, Any]], columns: Sequence[Column], language: Language
) -> None:
    formats = {
        "head": book.add_format({"bold": True, "bottom": 1, "text_wrap": True, "valign": "top"}),
        "text": book.add_format({"num_format": "@", "valign": "top"}),
        "quoted": book.add_format({"num_format": "@", "valign": "top", "quote_prefix": True}),
        "date": book.add_format({"num_format": "yyyy-mm-dd", "valign": "top"}),
        "instant": book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss", "valign": "top"}),
        "number": book.add_format({"valign": "top"}),
    }
    book.set_properties({"created": datetime(*ZIP_DATE)})
    sheet, line = None, ROWS_PER_SHEET
    for row in rows:
        if line >= ROWS_PER_SHEET:
            sheet, line = _new_sheet(book, columns, language, formats["head"]), 1
        for place, column in enumerate(columns):
            _write_cell(sheet, line, place, _value(row.get(column.key), column), formats)
        line += 1
    if sheet is None:
        _new_sheet(book, columns, language, formats["head"])


def _new_sheet(book: Any, columns: Sequence[Column], language: Language, head: Any) -> Any:
    sheet = book.add_worksheet()
    sheet.freeze_panes(1, 0)
    for place, column in enumerate(columns):
        sheet.set_column(place, place, column.width)
        sheet.write_string(0, place, column.title[language], head)
    return sheet


def _write_cell(sheet: Any, line: int, place: int, value: Any, formats: dict[str, Any]) -> None:
    """A cell of its own kind; text is always text, and marked as such where it looks like a formula."""
    if value is None:
        return
    if isinstance(value, datetime):
        sheet.write_datetime(line, place, value, formats["instant"])
    elif isinstance(value, date):
        sheet.write_datetime(line, place, datetime(value.year, value.month, value.day), formats["date"])
    elif isinstance(value, (int, Decimal)):
        sheet.write_number(line, place, value, formats["number"])
    else:
        text = _CONTROL.sub("\ufffd", value)
        if len(text) > CELL_AT_MOST:
            text = text[: CELL_AT_MOST - 40] + f"… (+{len(text) - CELL_AT_MOST + 40})"
        is_formula = neutral(text) != text
        sheet.write_string(line, place, text, formats["quoted" if is_formula else "text"])


# ---------------------------------------------------------------- ZIP


class _Drain(io.RawIOBase):
    """Takes what zipfile writes and gives it out again; cannot be sought in, so zipfile streams."""

    def __init__(self) -> None:
        self.parts: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self.parts.append(bytes(data))
        return len(data)

    def take(self) -> bytes:
        taken, self.parts = b"".join(self.parts), []
        return taken


def zip_stream(files: Iterable[tuple[str, bytes]]) -> Iterator[bytes]:
    """A ZIP of the files in their order, one in memory at a time; names are made safe and unique.

    PDF, Word and Excel are compressed already, so they are stored as they are.
    """
    drain, used = _Drain(), set[str]()
    with zipfile.ZipFile(drain, "w", zipfile.ZIP_STORED) as archive:  # type: ignore[arg-type]
        for name, data in files:
            entry = zipfile.ZipInfo(_unique(safe_name(name), used), ZIP_DATE)
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, data)
            yield drain.take()
    yield drain.take()


def safe_name(name: str) -> str:
    """A file name that every system takes: no path, no control or direction marks, no reserved word, not too long."""
    name = _UNSAFE.sub("_", name.replace("\\", "/").rsplit("/", 1)[-1]).strip(" .")
    if _RESERVED.fullmatch(name) or not name:
        name = f"_{name}"
    stem, dot, ending = name.rpartition(".")
    if not dot or len(ending) > 8:
        stem, dot, ending = name, "", ""
    kept = stem.encode("utf-8")[: NAME_BYTES_AT_MOST - len(ending.encode()) - 1].decode("utf-8", "ignore")
    return f"{kept.rstrip(' .')}{dot}{ending}"


def _unique(name: str, used: set[str]) -> str:
    stem, dot, ending = name.rpartition(".")
    base, tail = (stem, dot + ending) if dot else (name, "")
    number, candidate = 1, name
    while candidate.casefold() in used:
        number += 1
        candidate = f"{base} ({number}){tail}"
    used.add(candidate.casefold())
    return candidate
