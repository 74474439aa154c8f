"""Builds report.docx, the Word paper's template: `python -m backend.reports.paper.build_word_template`.

The template is built, not drawn by hand, so that its measures can be read and reviewed; the result is committed and
what word.py fills. Its tags are docxtpl's; `{{r x}}` takes ready runs. A cell's text may name a character style for
its run before a form feed (`style\\fwords`); a vertical tab starts the next run.
"""

from __future__ import annotations

import io
from datetime import UTC, datetime
from typing import Any

from docx import Document
from docx.document import Document as DocumentType
from docx.shared import Pt

from backend.reports.paper.word_pieces import (
    BODY,
    HAIR,
    HAIRLINE,
    INK,
    LABEL,
    TEMPLATE,
    TINT,
    TOP_AND_BOTTOM,
    WIDTH,
    dated,
    gap,
    only_if,
    page_field,
    row_of,
    rule,
    set_page,
    set_styles,
    table_of,
    write,
)


def build() -> bytes:
    """The template's bytes, the same each time."""
    document = Document()
    for key, relation in list(document.part.package.rels.items()):
        if relation.reltype.endswith("/thumbnail"):
            del document.part.package.rels[key]
    set_page(document)
    set_styles(document)
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


# ---------------------------------------------------------------- the paper's parts


def _head_and_foot(document: DocumentType) -> None:
    section = document.sections[0]
    for part in (section.header, section.footer):
        part.is_linked_to_previous = False
        part._element.remove(part.paragraphs[0]._p)
    widths = (WIDTH * 0.44, WIDTH * 0.56)
    head = [[("FP Strong\f{{ company }}", "Normal")], [("FP Soft\f{{ running }}  {{ customer }}", "Normal", "right")]]
    table = section.header.add_table(0, 2, Pt(WIDTH))
    row_of(table, widths, head, {"bottom": (8, INK)})
    write(section.header, "", "FP Gap")
    foot = section.footer.add_table(0, 2, Pt(WIDTH))
    row_of(
        foot,
        (WIDTH * 0.7, WIDTH * 0.3),
        [[("FP Soft\f{{ foot }}", "Normal")], [("FP Mono\f{{ number }} · ", "Normal", "right")]],
        {"top": (5, HAIR)},
    )
    paragraph = foot.rows[0].cells[1].paragraphs[0]
    page_field(paragraph, "PAGE")
    paragraph.add_run(" / ", style="FP Mono")
    page_field(paragraph, "NUMPAGES")
    write(section.footer, "", "FP Gap")


def _title(document: DocumentType) -> None:
    number = [("FP Number\f{{ number }}", "Normal", "right"), ("FP Soft\f{{ subtitle }}", "Normal", "right")]
    table_of(document, (WIDTH * 0.5, WIDTH * 0.5), [[[("{{ title }}", "FP Title")], number]])
    write(document, "FP Soft\f{{ issued }}")
    write(document, "{%p if copy_note %}")
    write(document, "FP Soft\f{{ copy_note }}")
    write(document, "{%p endif %}")


def _part_head(document: Any, part: str, hint: str) -> None:
    left = [(f"{{{{ {part}.heading }}}}", "FP Part")]
    right = [(f"FP Soft\f{{{{ {part}.hint }}}}{hint}", "Normal", "right")]
    table_of(document, (WIDTH * 0.3, WIDTH * 0.7), [[left, right]])
    rule(document, 6)


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
    table_of(document, (label, half - label, 24, label, half - label), rows, HAIRLINE, gaps=(2,), barred=barred)
    gap(document)


def _sayings(document: Any, loop: str, barred: bool = False) -> None:
    row = [[("{{ s.label }}", "FP Label")], [("{{r s.rich }}", "FP Say")]]
    table_of(
        document, (LABEL, BODY), [[f"{{%tr for s in {loop} %}}"], row, ["{%tr endfor %}"]], barred=barred, splits=True
    )
    gap(document)


def _signed(document: DocumentType) -> None:
    _part_head(document, "signed", "")
    _facts(document, "signed", True)
    _sayings(document, "[signed.reported]", True)
    write(document, "{%p for f in signed.findings %}")
    write(document, "{%p if f.head %}")
    head = [[("{{ f.head.label }}", "FP Label")], [("{{r f.head.rich }}", "Normal")]]
    table_of(document, (LABEL, BODY), [head], {"bottom": (6, INK)}, barred=True)
    write(document, "{%p endif %}")
    _sayings(document, "f.sayings", True)
    write(document, "{%p if f.parts %}")
    _parts(document)
    write(document, "{%p endif %}")
    write(document, "{%p endfor %}")
    _sayings(document, "signed.after", True)
    write(document, "{%p if signed.photos %}")
    label = [("{{ signed.photos.label }}", "FP Label"), ("FP Soft\f{{ signed.photos.hint }}", "Normal")]
    table_of(document, (LABEL, BODY), [[label, ""]], barred=True)
    cell = [("{{ c.image }}", "Normal"), ("{{r c.rich }}", "Normal")]
    row: list[Any] = [[(text.replace("c.", f"row[{i}]."), style) for text, style in cell] for i in range(4)]
    table_of(
        document,
        (WIDTH / 4,) * 4,
        [["{%tr for row in signed.photos.rows %}"], row, ["{%tr endfor %}"]],
        barred=True,
    )
    gap(document)
    write(document, "{%p endif %}")


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
    table_of(document, (LABEL, BODY - 302, 112, 112, 78), rows, HAIRLINE, gaps=(0,), barred=True)
    gap(document)


def _answer(document: DocumentType) -> None:
    _sayings(document, "answers")
    box = [
        ("{{ b.picture }}", "Normal"),
        ("FP Strong\f{{ b.name }}\v{{ b.title }}", "Normal"),
        ("FP Soft\f{{ b.line }}", "Normal"),
        *only_if("b.more", ("FP Soft\f{{ b.more }}", "Normal")),
    ]
    row: list[Any] = [[("{{ signatures.label }}", "FP Label")]]
    row += [[(text.replace("b.", f"signatures.boxes[{i}]."), style) for text, style in box] for i in range(2)]
    table_of(document, (LABEL, BODY / 2, BODY / 2), [row])
    gap(document)
    write(document, "{%p if hash %}")
    words = [
        ("FP Strong\f{{ hash.title }}", "Normal"),
        ("FP Soft\f{{ hash.hint }}", "Normal"),
        ("FP Mono\f{{r hash.rich }}", "Normal"),
        *only_if("hash.warning", ("FP Missed\f{{ hash.warning }}", "Normal")),
        ("FP Soft\f{{ hash.scan }}", "Normal"),
        ("FP Tiny\f{{ hash.url }}", "Normal"),
    ]
    table_of(document, (LABEL, BODY - 84, 84), [["", words, [("{{ hash.image }}", "Normal", "right")]]], tint=TINT)
    write(document, "{%p endif %}")


def _added(document: DocumentType) -> None:
    rule(document, 12)
    _part_head(document, "added", "{{ made }}")
    _facts(document, "added")
    write(document, "{%p if added.clocks %}")
    title = [("{{ added.clocks.label }}\v", "FP Label"), ("FP Soft\f{{ added.clocks.hint }}", "Normal")]
    table_of(document, (WIDTH,), [[title]])
    row: list[Any] = [
        [("FP Strong\f{{ c.name }}", "Normal")],
        [
            ("{{ c.text }}", "Normal"),
            ("FP Soft\f{{ c.basis }}", "Normal"),
            *only_if("c.reasons", ("{{r c.reasons }}", "Normal")),
        ],
        [("{{ c.image }}", "Normal")],
        [("{{r c.rich }}", "Normal", "right"), ("FP Soft\f{{ c.when }}", "Normal", "right")],
    ]
    rows = [["{%tr for c in added.clocks.rows %}"], row, ["{%tr endfor %}"]]
    table_of(document, (LABEL - 20, BODY - 222, 122, 120), rows, HAIRLINE)
    gap(document)
    write(document, "{%p endif %}")
    write(document, "{%p for c in added.check_ins %}")
    label = [("{{ c.label }}", "FP Label"), ("FP Soft\f{{ c.hint }}", "Normal"), ("{{ c.image }}", "Normal")]
    label.append(("FP Soft\f{{ c.dial_words }}", "Normal"))
    facts = [("{%p for r in c.lines %}", "Normal"), ("{{r r.rich }}", "Normal"), ("{%p endfor %}", "Normal")]
    table_of(document, (LABEL + 40, BODY - 40), [[label, facts]], {"top": (5, HAIR)})
    gap(document)
    write(document, "{%p endfor %}")
    for part in ("course", "notes", "versions"):
        write(document, f"{{%p if added.{part} %}}")
        table_of(document, (WIDTH,), [[[(f"{{{{ added.{part}.label }}}}", "FP Label")]]])
        line: list[Any] = ["{{ r.at }}", [("{{r r.rich }}", "Normal")]]
        rows = [[f"{{%tr for r in added.{part}.rows %}}"], line, ["{%tr endfor %}"]]
        table_of(document, (LABEL, BODY), rows, TOP_AND_BOTTOM)
        gap(document)
        write(document, "{%p endif %}")


def _contact(document: DocumentType) -> None:
    cell = [("FP Soft\f{{ c.label }}", "Normal"), ("FP Strong\f{{ c.value }}", "Normal")]
    table_of(document, (WIDTH,), [[[("{{ contact.label }}", "FP Label")]]])
    row: list[Any] = [[(text.replace("c.", f"contact.cells[{i}]."), style) for text, style in cell] for i in range(4)]
    table_of(document, (WIDTH / 4,) * 4, [row], TOP_AND_BOTTOM)
    gap(document)


if __name__ == "__main__":
    TEMPLATE.write_bytes(build())
