"""Builds report.docx, the Word paper's template: `python -m backend.reports.paper.build_word_template`.

The template is built, not drawn by hand, so that its measures can be read and reviewed; the result is committed and
what word.py fills. Its tags are docxtpl's; `{{r x}}` takes ready runs, `{{p x}}` a whole paragraph.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from docx import Document
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


def build() -> bytes:
    """The template's bytes, the same each time."""
    document = Document()
    for key, relation in list(document.part.package.rels.items()):
        if relation.reltype.endswith("/thumbnail"):
            del document.part.package.rels[key]
    _page(document)
    _styles(document)
    _head_and_foot(document)
    _title(document)
    _signed(document)
    _answer(document)
    _added(document)
    _contact(document)
    properties = document.core_properties
    properties.author, properties.title = "{{ company }}", "{{ running }}"
    properties.created = properties.modified = datetime(2026, 1, 1, tzinfo=UTC)
    out = io.BytesIO()
    document.save(out)
    return dated(out.getvalue(), (2026, 1, 1, 0, 0, 0))


def dated(package: bytes, at: tuple[int, int, int, int, int, int]) -> bytes:
    """The same ZIP with one date on every entry, so that equal content is equal bytes."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(package)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for entry in old.infolist():
            new.writestr(zipfile.ZipInfo(entry.filename, at), old.read(entry), zipfile.ZIP_DEFLATED, 6)
    return out.getvalue()


# ---------------------------------------------------------------- page and styles


def _page(document: DocumentType) -> None:
    section = document.sections[0]
    section.page_width, section.page_height = Pt(595.3), Pt(841.9)
    section.left_margin = section.right_margin = Pt(45)
    section.top_margin, section.bottom_margin = Pt(72), Pt(58)
    section.header_distance, section.footer_distance = Pt(34), Pt(28)
    document._body.clear_content()


def _styles(document: DocumentType) -> None:
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


def _paragraph(holder: Any, text: str, style: str = "Normal", align: str = "") -> Any:
    paragraph = holder.add_paragraph(style=style)
    for part in text.split("\v"):
        run_style, _, words = part.rpartition("\f")
        paragraph.add_run(words, style=run_style or None)
    if align:
        paragraph._p.get_or_add_pPr().append(_element("w:jc", val=align))
    return paragraph


def _table(
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
            _fill(cell, row[i] if i < len(row) else "")
            edges = {} if is_tag or i in more.get("gaps", ()) else dict(borders or {})
            _borders(cell, edges | BAR if barred and i == 0 else edges)
            if more.get("tint"):
                _tint(cell, more["tint"])
            if barred and i == 0:
                _indent(cell, BAR_GAP)
    return table


def _if(condition: str, *content: tuple[str, str]) -> list[tuple[str, str]]:
    """Paragraphs of a cell that are left out when there is nothing to say."""
    return [(f"{{%p if {condition} %}}", "Normal"), *content, ("{%p endif %}", "Normal")]


def _fill(cell: Any, content: Any) -> None:
    cell._tc.remove(cell.paragraphs[0]._p)
    for entry in [(content, "Normal")] if isinstance(content, str) else content:
        _paragraph(cell, *entry)


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


def _borders(cell: Any, borders: Borders) -> None:
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


def _rule(document: Any, weight: int, colour: str = INK) -> None:
    paragraph = _paragraph(document, "", "FP Gap")
    holder = OxmlElement("w:pBdr")
    holder.append(_element("w:bottom", val="single", sz=str(weight), space="1", color=colour))
    paragraph._p.get_or_add_pPr().append(holder)


def _gap(document: Any) -> None:
    _paragraph(document, "", "FP Gap")


def _page_field(paragraph: Any, name: str) -> None:
    for kind in ("begin", None, "end"):
        run = paragraph.add_run(style="FP Mono")
        if kind is None:
            element = OxmlElement("w:instrText")
            element.text = name
        else:
            element = OxmlElement("w:fldChar")
            element.set(qn("w:fldCharType"), kind)
        run._r.append(element)


# ---------------------------------------------------------------- the paper's parts


def _head_and_foot(document: DocumentType) -> None:
    section = document.sections[0]
    for part in (section.header, section.footer):
        part.is_linked_to_previous = False
        part._element.remove(part.paragraphs[0]._p)
    widths = (WIDTH * 0.44, WIDTH * 0.56)
    head = [[("FP Strong\f{{ company }}", "Normal")], [("FP Soft\f{{ running }}  {{ customer }}", "Normal", "right")]]
    table = section.header.add_table(0, 2, Pt(WIDTH))
    _refill(table, widths, head, {"bottom": (8, INK)})
    _paragraph(section.header, "", "FP Gap")
    foot = section.footer.add_table(0, 2, Pt(WIDTH))
    _refill(
        foot,
        (WIDTH * 0.7, WIDTH * 0.3),
        [[("FP Soft\f{{ foot }}", "Normal")], [("FP Mono\f{{ number }} · ", "Normal", "right")]],
        {"top": (5, HAIR)},
    )
    paragraph = foot.rows[0].cells[1].paragraphs[0]
    _page_field(paragraph, "PAGE")
    paragraph.add_run(" / ", style="FP Mono")
    _page_field(paragraph, "NUMPAGES")
    _paragraph(section.footer, "", "FP Gap")


def _refill(table: Any, widths: tuple[float, ...], row: list[Any], borders: Borders) -> None:
    _table_properties(table, list(widths))
    for cell, width, content in zip(table.add_row().cells, widths, row, strict=True):
        cell.width = Pt(width)
        _fill(cell, content)
        _borders(cell, borders)


def _title(document: DocumentType) -> None:
    number = [("FP Number\f{{ number }}", "Normal", "right"), ("FP Soft\f{{ subtitle }}", "Normal", "right")]
    _table(document, (WIDTH * 0.5, WIDTH * 0.5), [[[("{{ title }}", "FP Title")], number]])
    _paragraph(document, "FP Soft\f{{ issued }}")
    _paragraph(document, "{%p if copy_note %}")
    _paragraph(document, "FP Soft\f{{ copy_note }}")
    _paragraph(document, "{%p endif %}")


def _part_head(document: Any, part: str, hint: str) -> None:
    left = [(f"{{{{ {part}.heading }}}}", "FP Part")]
    right = [(f"FP Soft\f{{{{ {part}.hint }}}}{hint}", "Normal", "right")]
    _table(document, (WIDTH * 0.3, WIDTH * 0.7), [[left, right]])
    _rule(document, 6)


def _facts(document: Any, part: str, barred: bool = False) -> None:
    half = (WIDTH - 24) / 2
    label = 56.0
    row = [
        [("FP Soft\f{{ row.a.label }}", "Normal")],
        [("{{r row.a.rich }}", "Normal")],
        "",
        [("FP Soft\f{{ row.b.label }}", "Normal")],
        [("{{r row.b.rich }}", "Normal")],
    ]
    rows: list[list[Any]] = [[f"{{%tr for row in {part}.facts %}}"], row, ["{%tr endfor %}"]]
    _table(document, (label, half - label, 24, label, half - label), rows, HAIRLINE, gaps=(2,), barred=barred)
    _gap(document)


def _sayings(document: Any, loop: str, barred: bool = False) -> None:
    row = [[("{{ s.label }}", "FP Label")], [("{{r s.rich }}", "FP Say")]]
    _table(
        document, (LABEL, BODY), [[f"{{%tr for s in {loop} %}}"], row, ["{%tr endfor %}"]], barred=barred, splits=True
    )
    _gap(document)


def _signed(document: DocumentType) -> None:
    _part_head(document, "signed", "")
    _facts(document, "signed", True)
    _sayings(document, "[signed.reported]", True)
    _paragraph(document, "{%p for f in signed.findings %}")
    _paragraph(document, "{%p if f.head %}")
    head = [[("{{ f.head.label }}", "FP Label")], [("{{r f.head.rich }}", "Normal")]]
    _table(document, (LABEL, BODY), [head], {"bottom": (6, INK)}, barred=True)
    _paragraph(document, "{%p endif %}")
    _sayings(document, "f.sayings", True)
    _paragraph(document, "{%p if f.parts %}")
    _parts(document)
    _paragraph(document, "{%p endif %}")
    _paragraph(document, "{%p endfor %}")
    _sayings(document, "signed.after", True)
    _paragraph(document, "{%p if signed.photos %}")
    label = [("{{ signed.photos.label }}", "FP Label"), ("FP Soft\f{{ signed.photos.hint }}", "Normal")]
    _table(document, (LABEL, BODY), [[label, ""]], barred=True)
    cell = [("{{ c.image }}", "Normal"), ("{{r c.rich }}", "Normal")]
    row: list[Any] = [[(text.replace("c.", f"row[{i}]."), style) for text, style in cell] for i in range(4)]
    _table(
        document,
        (WIDTH / 4,) * 4,
        [["{%tr for row in signed.photos.rows %}"], row, ["{%tr endfor %}"]],
        barred=True,
    )
    _gap(document)
    _paragraph(document, "{%p endif %}")


def _parts(document: Any) -> None:
    head: list[Any] = [[("{{ f.parts.label }}", "FP Label")]]
    head += [[(f"FP Soft\f{{{{ f.parts.heads[{i}] }}}}", "Normal")] for i in range(4)]
    row: list[Any] = [
        "",
        [("{{ p.name }}", "Normal"), ("FP Mono\f{{ p.part_no }}", "Normal")],
        [("FP Mono\f{{ p.old }}", "Normal")],
        [("FP Mono\f{{ p.new }}", "Normal")],
        [("{{ p.origin }}", "Normal"), ("FP Soft\f{{ p.charge }}", "Normal")],
    ]
    rows = [head, ["{%tr for p in f.parts.rows %}"], row, ["{%tr endfor %}"]]
    _table(document, (LABEL, BODY - 302, 112, 112, 78), rows, HAIRLINE, gaps=(0,), barred=True)
    _gap(document)


def _answer(document: DocumentType) -> None:
    _sayings(document, "answers")
    box = [
        ("{{ b.picture }}", "Normal"),
        ("FP Strong\f{{ b.name }}\v{{ b.title }}", "Normal"),
        ("FP Soft\f{{ b.line }}", "Normal"),
        *_if("b.more", ("FP Soft\f{{ b.more }}", "Normal")),
    ]
    row: list[Any] = [[("{{ signatures.label }}", "FP Label")]]
    row += [[(text.replace("b.", f"signatures.boxes[{i}]."), style) for text, style in box] for i in range(2)]
    _table(document, (LABEL, BODY / 2, BODY / 2), [row])
    _gap(document)
    _paragraph(document, "{%p if hash %}")
    words = [
        ("FP Strong\f{{ hash.title }}", "Normal"),
        ("FP Soft\f{{ hash.hint }}", "Normal"),
        ("FP Mono\f{{r hash.rich }}", "Normal"),
        *_if("hash.warning", ("FP Missed\f{{ hash.warning }}", "Normal")),
        ("FP Soft\f{{ hash.scan }}", "Normal"),
        ("FP Tiny\f{{ hash.url }}", "Normal"),
    ]
    _table(document, (LABEL, BODY - 84, 84), [["", words, [("{{ hash.image }}", "Normal", "right")]]], tint=TINT)
    _paragraph(document, "{%p endif %}")


def _added(document: DocumentType) -> None:
    _rule(document, 12)
    _part_head(document, "added", "{{ made }}")
    _facts(document, "added")
    _paragraph(document, "{%p if added.clocks %}")
    title = [("{{ added.clocks.label }}\v", "FP Label"), ("FP Soft\f{{ added.clocks.hint }}", "Normal")]
    _table(document, (WIDTH,), [[title]])
    row: list[Any] = [
        [("FP Strong\f{{ c.name }}", "Normal")],
        [
            ("{{ c.text }}", "Normal"),
            ("FP Soft\f{{ c.basis }}", "Normal"),
            *_if("c.reasons", ("{{r c.reasons }}", "Normal")),
        ],
        [("{{ c.image }}", "Normal")],
        [("{{r c.rich }}", "Normal", "right"), ("FP Soft\f{{ c.when }}", "Normal", "right")],
    ]
    rows = [["{%tr for c in added.clocks.rows %}"], row, ["{%tr endfor %}"]]
    _table(document, (LABEL - 20, BODY - 222, 122, 120), rows, HAIRLINE)
    _gap(document)
    _paragraph(document, "{%p endif %}")
    _paragraph(document, "{%p for c in added.check_ins %}")
    label = [("{{ c.label }}", "FP Label"), ("FP Soft\f{{ c.hint }}", "Normal"), ("{{ c.image }}", "Normal")]
    label.append(("FP Soft\f{{ c.dial_words }}", "Normal"))
    facts = [("{%p for r in c.lines %}", "Normal"), ("{{r r.rich }}", "Normal"), ("{%p endfor %}", "Normal")]
    _table(document, (LABEL + 40, BODY - 40), [[label, facts]], {"top": (5, HAIR)})
    _gap(document)
    _paragraph(document, "{%p endfor %}")
    for part in ("course", "notes", "versions"):
        _paragraph(document, f"{{%p if added.{part} %}}")
        _table(document, (WIDTH,), [[[(f"{{{{ added.{part}.label }}}}", "FP Label")]]])
        line: list[Any] = ["{{ r.at }}", [("{{r r.rich }}", "Normal")]]
        rows = [[f"{{%tr for r in added.{part}.rows %}}"], line, ["{%tr endfor %}"]]
        _table(document, (LABEL, BODY), rows, TOP_AND_BOTTOM)
        _gap(document)
        _paragraph(document, "{%p endif %}")


def _contact(document: DocumentType) -> None:
    cell = [("FP Soft\f{{ c.label }}", "Normal"), ("FP Strong\f{{ c.value }}", "Normal")]
    _table(document, (WIDTH,), [[[("{{ contact.label }}", "FP Label")]]])
    row: list[Any] = [[(text.replace("c.", f"contact.cells[{i}]."), style) for text, style in cell] for i in range(4)]
    _table(document, (WIDTH / 4,) * 4, [row], TOP_AND_BOTTOM)
    _gap(document)


if __name__ == "__main__":
    TEMPLATE.write_bytes(build())
