"""What the Word template is made of: styles with fonts for Han, tables of fixed widths, bars, rules, loop tags.

Used by build_word_template.py alone; word.py takes only TEMPLATE and dated().
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from docx.document import Document as DocumentType
from docx.enum.style import WD_STYLE_TYPE
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Pt, RGBColor

TEMPLATE = Path(__file__).parent / "report.docx"
INK, SOFT, HAIR, TINT = "131A1B", "4E5B5D", "B9C2C1", "F3F5F4"
HEI = ("Arial", "Microsoft YaHei")
SONG = ("Times New Roman", "SimSun")
MONO = ("Consolas", "Microsoft YaHei")
WIDTH = 505.0
LABEL = 78.0
BODY = WIDTH - LABEL
Borders = dict[str, tuple[int, str]]
HAIRLINE: Borders = {"bottom": (5, HAIR)}
TOP_AND_BOTTOM: Borders = {"top": (5, HAIR), "bottom": (5, HAIR)}
BAR: Borders = {"left": (18, "{{ bar }}")}  # no bar beside what nobody signed
BAR_GAP = 9.0


def dated(package: bytes, at: tuple[int, int, int, int, int, int]) -> bytes:
    """The same ZIP with one date on every entry, so that equal content is equal bytes."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(package)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for entry in old.infolist():
            new.writestr(zipfile.ZipInfo(entry.filename, at), old.read(entry), zipfile.ZIP_DEFLATED, 6)
    return out.getvalue()


# ---------------------------------------------------------------- page and styles


def set_page(document: DocumentType) -> None:
    section = document.sections[0]
    section.page_width, section.page_height = Pt(595.3), Pt(841.9)
    section.left_margin = section.right_margin = Pt(45)
    section.top_margin, section.bottom_margin = Pt(72), Pt(58)
    section.header_distance, section.footer_distance = Pt(34), Pt(28)
    document._body.clear_content()


def set_styles(document: DocumentType) -> None:
    normal = document.styles["Normal"]
    _font(normal, HEI, 9.5)
    normal.paragraph_format.space_after = normal.paragraph_format.space_before = Pt(0)
    normal.paragraph_format.line_spacing = 1.15
    for name, face, size, bold, colour in (
        ("FP Title", SONG, 26, True, INK),
        ("FP Part", HEI, 10.5, True, INK),
        ("FP Label", HEI, 10, True, INK),
        ("FP Say", SONG, 11, False, INK),
        ("FP Gap", HEI, 4, False, INK),
    ):
        style = document.styles.add_style(name, WD_STYLE_TYPE.PARAGRAPH)
        style.base_style = normal
        _font(style, face, size, bold, colour)
    document.styles["FP Label"].paragraph_format.keep_with_next = True
    document.styles["FP Gap"].paragraph_format.line_spacing = Pt(6)
    document.styles["FP Say"].paragraph_format.line_spacing = 1.3
    for name, face, size, bold, colour in (
        ("FP Soft", HEI, 9, False, SOFT),
        ("FP Mono", MONO, 9, False, INK),
        ("FP Tiny", MONO, 6.5, False, SOFT),
        ("FP Strong", HEI, 9.5, True, INK),
        ("FP Missed", HEI, 9.5, True, "A61B14"),
        ("FP Chip", HEI, 9, False, INK),
        ("FP Number", MONO, 13, False, INK),
    ):
        style = document.styles.add_style(name, WD_STYLE_TYPE.CHARACTER)
        _font(style, face, size, bold, colour)
    border = _element("w:bdr", val="single", sz="4", space="0", color=INK)
    document.styles["FP Chip"].element.get_or_add_rPr().append(border)
    normal.element.get_or_add_rPr().append(_element("w:lang", val="en-US", eastAsia="zh-CN"))


def _font(style: Any, face: tuple[str, str], size: float, bold: bool = False, colour: str = INK) -> None:
    style.font.name, style.font.size, style.font.bold = face[0], Pt(size), bold
    style.font.color.rgb = RGBColor.from_string(colour)
    fonts = style.element.get_or_add_rPr().get_or_add_rFonts()
    for key, value in (("ascii", face[0]), ("hAnsi", face[0]), ("cs", face[0]), ("eastAsia", face[1])):
        fonts.set(qn(f"w:{key}"), value)


# ---------------------------------------------------------------- pieces


def write(holder: Any, text: str, style: str = "Normal", align: str = "") -> Any:
    paragraph = holder.add_paragraph(style=style)
    for part in text.split("\v"):
        run_style, _, words = part.rpartition("\f")
        paragraph.add_run(words, style=run_style or None)
    if align:
        paragraph._p.get_or_add_pPr().append(_element("w:jc", val=align))
    return paragraph


def table_of(
    holder: Any, widths: Iterable[float], rows: list[list[Any]], borders: Borders | None = None, **more: Any
) -> Any:
    """A table of fixed widths in points.

    rows     each a list of cells: text, or a list of (text, style[, align]); a single text is a row of loop tags
    splits   rows may break over pages: long texts
    borders  of every cell but those in `gaps`;  barred: with the bar of what was signed;  tint: a ground colour
    """
    barred = more.get("barred", False)
    widths = list(widths)
    if barred:
        widths[0] += BAR_GAP
    table = holder.add_table(0, len(widths))
    _table_properties(table, widths, BAR_GAP if barred else 0)
    for row in rows:
        is_tag = len(row) == 1 and len(widths) > 1
        added = table.add_row()
        if not more.get("splits"):
            added._tr.get_or_add_trPr().append(_element("w:cantSplit"))
        for i, cell in enumerate(added.cells):
            cell.width = Pt(widths[i])
            fill(cell, row[i] if i < len(row) else "")
            edges = {} if is_tag or i in more.get("gaps", ()) else dict(borders or {})
            set_borders(cell, edges | BAR if barred and i == 0 else edges)
            if more.get("tint"):
                _tint(cell, more["tint"])
            if barred and i == 0:
                _indent(cell, BAR_GAP)
    return table


def only_if(condition: str, *content: tuple[str, str]) -> list[tuple[str, str]]:
    """Paragraphs of a cell that are left out when there is nothing to say."""
    return [(f"{{%p if {condition} %}}", "Normal"), *content, ("{%p endif %}", "Normal")]


def fill(cell: Any, content: Any) -> None:
    cell._tc.remove(cell.paragraphs[0]._p)
    for entry in [(content, "Normal")] if isinstance(content, str) else content:
        write(cell, *entry)


def _table_properties(table: Any, widths: list[float], outdent: float = 0) -> None:
    table.autofit = False
    for column, width in zip(table.columns, widths, strict=True):
        column.width = Pt(width)
    properties = table._tbl.tblPr
    for old in [*properties.findall(qn("w:tblW")), *properties.findall(qn("w:tblLayout"))]:
        properties.remove(old)
    for tag, values in (
        ("w:tblW", {"w": str(round(sum(widths) * 20)), "type": "dxa"}),
        ("w:tblInd", {"w": str(round(-outdent * 20)), "type": "dxa"}),
        ("w:tblLayout", {"type": "fixed"}),
    ):
        properties.append(_element(tag, **values))
    margins = OxmlElement("w:tblCellMar")
    for side, amount in (("top", 55), ("left", 0), ("bottom", 55), ("right", 80)):
        margins.append(_element(f"w:{side}", w=str(amount), type="dxa"))
    properties.append(margins)
    for look in properties.findall(qn("w:tblLook")):
        properties.append(look)  # Word wants it last


def _element(tag: str, **values: str) -> Any:
    element = OxmlElement(tag)
    for key, value in values.items():
        element.set(qn(f"w:{key}"), value)
    return element


def _indent(cell: Any, by: float) -> None:
    margins = OxmlElement("w:tcMar")
    margins.append(_element("w:left", w=str(round(by * 20)), type="dxa"))
    cell._tc.get_or_add_tcPr().append(margins)


def set_borders(cell: Any, borders: Borders) -> None:
    properties = cell._tc.get_or_add_tcPr()
    holder = properties.find(qn("w:tcBorders"))
    if holder is None:
        holder = OxmlElement("w:tcBorders")
        properties.append(holder)
    for side in ("top", "left", "bottom", "right"):
        if side in borders:
            size, colour = borders[side]
            holder.append(_element(f"w:{side}", val="single", sz=str(size), space="0", color=colour))


def _tint(cell: Any, colour: str) -> None:
    cell._tc.get_or_add_tcPr().append(_element("w:shd", val="clear", color="auto", fill=colour))


def rule(document: Any, weight: int, colour: str = INK) -> None:
    paragraph = write(document, "", "FP Gap")
    holder = OxmlElement("w:pBdr")
    holder.append(_element("w:bottom", val="single", sz=str(weight), space="1", color=colour))
    paragraph._p.get_or_add_pPr().append(holder)


def gap(document: Any) -> None:
    write(document, "", "FP Gap")


def page_field(paragraph: Any, name: str) -> None:
    for kind in ("begin", None, "end"):
        run = paragraph.add_run(style="FP Mono")
        if kind is None:
            element = OxmlElement("w:instrText")
            element.text = name
        else:
            element = OxmlElement("w:fldChar")
            element.set(qn("w:fldCharType"), kind)
        run._r.append(element)


def row_of(table: Any, widths: tuple[float, ...], row: list[Any], borders: Borders) -> None:
    _table_properties(table, list(widths))
    for cell, width, content in zip(table.add_row().cells, widths, row, strict=True):
        cell.width = Pt(width)
        fill(cell, content)
        set_borders(cell, borders)
