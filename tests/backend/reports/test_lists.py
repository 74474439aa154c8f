"""Lists and archives: nothing typed becomes a formula, everything stays readable, memory stays flat."""

from __future__ import annotations

import csv
import io
import tracemalloc
import zipfile
from decimal import Decimal

import pytest
from openpyxl import load_workbook

from backend.reports.lists import (
    COLUMNS_AT_MOST,
    Column,
    ListTooWide,
    list_csv,
    list_xlsx,
    neutral,
    render_list_xlsx,
    safe_name,
    zip_stream,
)

COLUMNS = [
    Column("number", {"zh": "报告编号", "en": "Report no."}),
    Column("cause", {"zh": "故障原因", "en": "Cause"}),
    Column("reported_at", {"zh": "送修时间", "en": "Reported at"}, "instant"),
    Column("warranty_end", {"zh": "保修到", "en": "Warranty end"}, "date"),
    Column("cost", {"zh": "费用", "en": "Cost"}, "number"),
]
ROW = {
    "number": "FR-2026-000417",
    "cause": "电池老化，𠮷田确认 😀",
    "reported_at": "2026-11-23T00:12:00.000Z",
    "warranty_end": "2027-06-18",
    "cost": "120.50",
}
FORMULAS = [
    "=1+1",
    "@SUM(A1)",
    "\t=1+1",
    "\r=1",
    "＝1",
    "＋1+1",
    "-2+3+cmd|' /C calc'!A0",
    "+A1",
    "-A1",
    " =1",
    "|calc",
]
FORMULAS += ["\u200b=1", "\ufeff=1", "%0A=1", '=HYPERLINK("http://x","y")', "-1+1", "+86-138", "−2+3", "\n=1", "-5*2"]
READABLE = [
    "-5 ℃",
    "-5",
    "+86 138 8010 2276",
    "+86 138…",
    "−5 ℃",
    "-0.6 ms",
    "+3 天",
    "正常 = 好",
    "a@b.example",
    "",
    "-40 %",
]


@pytest.mark.parametrize("text", FORMULAS)
def test_what_a_spreadsheet_could_calculate_is_neutralised(text):
    assert neutral(text).startswith("'")
    assert neutral(text)[1:] == text


@pytest.mark.parametrize("text", READABLE)
def test_temperatures_and_telephone_numbers_stay_readable(text):
    assert neutral(text) == text


def test_csv_reads_back_cell_by_cell():
    nasty = {"number": 'a"b,c\nd', "cause": '","=1+1'}
    data = b"".join(list_csv([ROW, nasty], COLUMNS, "zh"))
    assert data.startswith(b"\xef\xbb\xbf")
    rows = list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline="")))
    assert rows[0] == ["报告编号", "故障原因", "送修时间", "保修到", "费用"]
    assert rows[1] == ["FR-2026-000417", "电池老化，𠮷田确认 😀", "2026-11-23 08:12:00", "2027-06-18", "120.50"]
    assert rows[2] == ['a"b,c\nd', '","=1+1', "", "", ""]


@pytest.mark.parametrize("text", FORMULAS)
def test_excel_holds_no_formula_and_the_text_as_it_was(text):
    data = render_list_xlsx([{"cause": text}], COLUMNS, "zh")
    cell = load_workbook(io.BytesIO(data)).active["B2"]
    assert cell.data_type == "s"
    assert cell.value.replace("_x000D_", "\r") == text
    assert cell.quotePrefix
    with zipfile.ZipFile(io.BytesIO(data)) as package:
        assert b"<f>" not in package.read("xl/worksheets/sheet1.xml")


def test_excel_keeps_kinds_and_readable_text_unmarked():
    sheet = load_workbook(io.BytesIO(render_list_xlsx([ROW | {"cause": "-5 ℃"}], COLUMNS, "en"))).active
    assert [cell.value for cell in sheet[1]] == ["Report no.", "Cause", "Reported at", "Warranty end", "Cost"]
    assert sheet["B2"].value == "-5 ℃"
    assert not sheet["B2"].quotePrefix
    assert sheet["C2"].value.isoformat() == "2026-11-23T08:12:00"
    assert sheet["D2"].value.date().isoformat() == "2027-06-18"
    assert Decimal(str(sheet["E2"].value)) == Decimal("120.5")


def test_a_cell_too_long_for_excel_says_how_much_is_left_out():
    sheet = load_workbook(io.BytesIO(render_list_xlsx([{"cause": "长" * 40_000}], COLUMNS, "zh"))).active
    assert sheet["B2"].value.endswith("(+7273)")


def test_controls_and_lone_surrogates_do_not_break_a_list():
    nasty = {"cause": "a\x00b\ud800c\x0bd"}
    assert "a\ufffdb" in b"".join(list_csv([nasty], COLUMNS, "zh")).decode()
    assert (
        load_workbook(io.BytesIO(render_list_xlsx([nasty], COLUMNS, "zh"))).active["B2"].value.startswith("a\ufffdb")
    )


def test_an_empty_list_still_has_its_headings():
    assert load_workbook(io.BytesIO(render_list_xlsx([], COLUMNS, "zh"))).active["A1"].value == "报告编号"
    assert b"".join(list_csv([], COLUMNS, "zh")).decode("utf-8-sig").startswith("报告编号")


def test_more_columns_than_a_spreadsheet_has_are_refused():
    wide = [Column(str(i), {"zh": "列", "en": "c"}) for i in range(COLUMNS_AT_MOST + 1)]
    with pytest.raises(ListTooWide, match="16385"):
        list(list_xlsx([], wide, "zh"))


def test_more_rows_than_a_sheet_has_go_on_in_the_next(monkeypatch):
    monkeypatch.setattr("backend.reports.lists.ROWS_PER_SHEET", 11)
    book = load_workbook(io.BytesIO(render_list_xlsx(({"number": str(i)} for i in range(25)), COLUMNS, "zh")))
    assert [sheet.max_row for sheet in book] == [11, 11, 6]
    assert book.worksheets[2]["A6"].value == "24"


@pytest.mark.parametrize("make", [list_csv, list_xlsx])
def test_a_long_list_does_not_grow_in_memory(make):
    rows = ({"number": f"FR-{i}", "cause": "电池老化" * 20} for i in range(20_000))
    tracemalloc.start()
    total = sum(len(chunk) for chunk in make(rows, COLUMNS, "zh"))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert total > 200_000
    assert peak < 3_000_000


def test_a_zip_of_a_hundred_is_streamed_one_file_at_a_time():
    made = 0

    def files():
        nonlocal made
        for i in range(100):
            made += 1
            yield f"FR-2026-{i:06d}.pdf", bytes([i]) * 500_000

    tracemalloc.start()
    stream = zip_stream(files())
    size = len(next(stream))
    assert made == 1
    assert size > 500_000
    chunks = [size] + [len(chunk) for chunk in stream]
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert sum(chunks) > 50_000_000
    assert peak < 5_000_000


def test_a_zip_reads_back_with_safe_and_unique_names():
    names = [
        "../../x.pdf",
        "x.pdf",
        "X.pdf",
        "CON",
        "a\x00b\n.pdf",
        '"><img onerror>.pdf',
        "报" * 300 + ".docx",
        "",
        "..",
        "a\u202efdp.exe",
    ]
    data = b"".join(zip_stream((name, name.encode()) for name in names))
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.testzip() is None
        kept = archive.namelist()
        assert [archive.read(entry).decode() for entry in kept] == names
    assert kept[:4] == ["x.pdf", "x (2).pdf", "X (3).pdf", "_CON"]
    assert len({name.casefold() for name in kept}) == len(names)
    assert all(len(name.encode()) <= 160 and not set(name) & set('/\\\x00\n<>"') for name in kept)
    assert kept[6].endswith(".docx")


@pytest.mark.parametrize("name", ["C:\\temp\\evil.pdf", "/etc/passwd", "..\\..\\x"])
def test_a_name_loses_its_path(name):
    assert "/" not in safe_name(name)
    assert "\\" not in safe_name(name)
    assert not safe_name(name).startswith(".")


def test_the_same_files_give_the_same_archive():
    files = [("a.pdf", b"1"), ("b.pdf", b"2")]
    assert b"".join(zip_stream(files)) == b"".join(zip_stream(files))
