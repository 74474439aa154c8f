"""A report view as a Word file: the same sheet as the PDF, filled into report.docx (see build_word_template.py).

The template runs in a sandbox with escaping on, and what people wrote only ever arrives as values: `{{7*7}}` in a
cause is printed as it stands. Patched XML and compiled template are kept, they depend on the template alone.
"""

from __future__ import annotations

import io
import threading
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any
from xml.sax.saxutils import escape

from docx.shared import Pt
from docxtpl import DocxTemplate, InlineImage
from jinja2 import Template
from jinja2.sandbox import SandboxedEnvironment
from markupsafe import Markup

from backend.reports.paper.glyphs import printable
from backend.reports.paper.pdf import Photos, photos_of, place_photos
from backend.reports.paper.photos import PaperPhoto, paper_photos
from backend.reports.paper.shapes import Drawing, png
from backend.reports.paper.sheet import map_sheet, sheet_of
from backend.reports.paper.word_pieces import TEMPLATE, dated
from backend.reports.view import Language, ReportView
from backend.reports.words import label

STYLES = {"soft": "FP Soft", "mono": "FP Mono", "strong": "FP Strong", "tiny": "FP Tiny", "chip": "FP Chip"}
STYLES |= {"missed": "FP Missed"}


class _Sandbox(SandboxedEnvironment):
    """Escapes everything, and compiles each template source once."""

    @lru_cache(maxsize=16)  # noqa: B019 - one environment lives as long as the process
    def from_string(self, source: Any, globals: Any = None, template_class: Any = None) -> Template:
        return super().from_string(source, globals, template_class)


def _final(value: Any) -> Any:
    """A plain value, escaped, and its underscores as entities for the same reason as in `_run`."""
    if isinstance(value, str) and not hasattr(value, "__html__"):
        return Markup(escape(value).replace("_", "&#95;"))
    return value


_ENVIRONMENT = _Sandbox(autoescape=True, finalize=_final)
_LOCK = threading.Lock()


@lru_cache(maxsize=16)
def _patched(source: str) -> str:
    return DocxTemplate.patch_xml(DocxTemplate(io.BytesIO(_template_bytes())), source)


@lru_cache(maxsize=1)
def _template_bytes() -> bytes:
    return TEMPLATE.read_bytes()


class _Template(DocxTemplate):
    def patch_xml(self, src_xml: str) -> str:
        return _patched(src_xml)


class _Picture(InlineImage):
    """An inline picture with words for those who cannot see it."""

    def __init__(self, tpl: Any, data: bytes, alt: str, **size: Any):
        super().__init__(tpl, io.BytesIO(data), **size)
        self.alt = alt

    def _insert_image(self) -> str:
        words = escape(self.alt, {'"': "&quot;"})
        return super()._insert_image().replace("<wp:docPr ", f'<wp:docPr descr="{words}" ', 1)


def render_docx(view: ReportView, language: Language, photos: Photos) -> bytes:
    """The report as .docx; a photo that `photos` does not have (None, KeyError) leaves a line that says so."""
    pictures = paper_photos(photos_of(view), photos)
    sheet = place_photos(sheet_of(view, language), lambda sha256: pictures[sha256].result())
    clean = map_sheet(sheet, lambda words, _: printable(words), lambda other: other)
    with _LOCK:
        template = _Template(io.BytesIO(_template_bytes()))
        template.render(_context(clean, template), _ENVIRONMENT, autoescape=True)
        made = datetime.fromtimestamp(sheet["made_s"], UTC)
        template.docx.core_properties.created = template.docx.core_properties.modified = made
        out = io.BytesIO()
        template.save(out)
    return dated(out.getvalue(), made.timetuple()[:6])


# ---------------------------------------------------------------- runs


def _run(words: str, style: str = "", strike: bool = False) -> str:
    """One run of text. `{_` and `_}` are written with a character entity: docxtpl turns them into braces otherwise."""
    look = f'<w:rStyle w:val="{STYLES[style].replace(" ", "")}"/>' if style in STYLES else ""
    look += "<w:strike/>" if strike else ""
    safe = escape(words).replace("_", "&#95;").replace("\n", '</w:t><w:br/><w:t xml:space="preserve">')
    return f'<w:r>{f"<w:rPr>{look}</w:rPr>" if look else ""}<w:t xml:space="preserve">{safe}</w:t></w:r>'


def _rich(parts: Iterable[tuple[str, str]], between: str = "  ") -> Markup:
    return Markup(_run(between).join(_run(words, style) for words, style in parts if words))


def _runs(runs: list[list[str]]) -> Markup:
    return _rich((run[0], run[1]) for run in runs)


def _saying(saying: dict[str, str]) -> dict[str, Any]:
    parts = [
        (f" {saying['chip']} ", "chip") if saying["chip"] else ("", ""),
        (saying["text"], ""),
        (saying["hint"], "soft"),
    ]
    return {"label": saying["label"], "rich": _rich(parts)}


# ---------------------------------------------------------------- context


def _context(sheet: dict[str, Any], tpl: DocxTemplate) -> dict[str, Any]:
    plain = {key: value for key, value in sheet.items() if isinstance(value, str)}
    contact = sheet["contact"]
    blank = {"label": "", "value": ""}
    boxes = [_box(box, tpl, sheet["lang"]) for box in sheet["signatures"]["boxes"]]
    return plain | {
        "bar": "131A1B" if sheet["signed"]["is_frozen"] else "FFFFFF",
        "signed": _signed(sheet["signed"], tpl, sheet["lang"]),
        "answers": _answers(sheet["answer"]),
        "signatures": {"label": sheet["signatures"]["label"], "boxes": [*boxes, {}][:2]},
        "hash": _hash(sheet["hash"], tpl),
        "added": _added(sheet["added"], tpl),
        "contact": {"label": contact["label"], "cells": [*contact["cells"], *[blank] * 4][:4]},
    }


def _facts(facts: list[dict[str, Any]]) -> list[dict[str, Any]]:
    ready = [{"label": fact["label"], "rich": _runs(fact["runs"])} for fact in facts]
    ready += [{"label": "", "rich": Markup(_run(""))}] * (len(ready) % 2)
    return [{"a": ready[i], "b": ready[i + 1]} for i in range(0, len(ready), 2)]


def _signed(signed: dict[str, Any], tpl: DocxTemplate, language: Language) -> dict[str, Any]:
    after = [_saying(saying) for saying in signed["after"]]
    for cells in (signed["charges"], signed["moments"]):
        if cells:
            after.append({"label": cells["label"], "rich": _cells(cells["cells"])})
    findings = [
        {
            "head": finding["head"] and {"label": finding["head"]["label"], "rich": _runs(finding["head"]["runs"])},
            "sayings": [_saying(saying) for saying in finding["items"]],
            "parts": finding["parts"],
        }
        for finding in signed["findings"]
    ]
    return signed | {
        "facts": _facts(signed["facts"]),
        "reported": _saying(signed["reported"]),
        "findings": findings,
        "after": after,
        "photos": signed["photos"] and _photos(signed["photos"], tpl, language),
    }


def _cells(cells: list[dict[str, str]]) -> Markup:
    return Markup(_run("    ")).join(
        _rich([(cell["label"], "soft"), (cell["value"], "strong"), (cell["clause"], "soft")], " ") for cell in cells
    )


def _photos(photos: dict[str, Any], tpl: DocxTemplate, language: Language) -> dict[str, Any]:
    cells = []
    for item in photos["items"]:
        words = Markup(
            _run(item["caption"], "soft") + _run("\n" + item["at"], "soft") + _run("\n" + item["hash"], "tiny")
        )
        cells.append({"image": _photo(item["photo"], item["alt"], tpl, language, (118, 88)), "rich": words})
    cells += [{"image": "", "rich": Markup(_run(""))}] * (-len(cells) % 4)
    return photos | {"rows": [cells[i : i + 4] for i in range(0, len(cells), 4)]}


def _photo(photo: PaperPhoto, alt: str, tpl: DocxTemplate, language: Language, box: tuple[int, int]) -> Any:
    if photo.jpeg is None:
        return label(f"photo_{photo.problem}", language)
    is_wide = photo.width * box[1] >= photo.height * box[0]
    return _Picture(tpl, photo.jpeg, alt, **({"width": Pt(box[0])} if is_wide else {"height": Pt(box[1])}))


def _answers(answer: dict[str, Any]) -> list[dict[str, Any]]:
    answers = [_saying(answer)] if answer["is_worded"] else []
    if answer["reason"]:
        answers.append({"label": answer["reason"]["label"], "rich": Markup(_run(answer["reason"]["text"]))})
    return answers


def _box(box: dict[str, Any], tpl: DocxTemplate, language: Language) -> dict[str, Any]:
    picture: Any = box["words"]
    if box["ink"] is not None:
        picture = _drawn(box["ink"], box["alt"], tpl, 124)
    elif box["photo"] is not None:
        picture = _photo(box["photo"], box["alt"], tpl, language, (118, 66))
    more = [box["chip"], box["words"] if box["photo"] is not None else "", box.get("hash", "")]
    title = f"  {box['title']}" if box["title"] else ""
    return {
        "picture": picture,
        "name": box["name"],
        "title": title,
        "line": box["line"],
        "more": "  ".join(filter(None, more)),
    }


def _hash(part: dict[str, Any] | None, tpl: DocxTemplate) -> dict[str, Any] | None:
    if part is None:
        return None
    image = _drawn(part["qr"], part["alt"], tpl, 70, zoom=4) if part["qr"] is not None else ""
    warning = f"{part['warning']} {' '.join(part['other'])}".strip()
    return part | {"image": image, "warning": warning, "rich": Markup(_run("\n".join(part["lines"]), "mono"))}


def _drawn(drawing: Drawing, alt: str, tpl: DocxTemplate, width: float, zoom: float = 3) -> _Picture:
    return _Picture(tpl, png(drawing, zoom), alt, width=Pt(width))


def _added(added: dict[str, Any], tpl: DocxTemplate) -> dict[str, Any]:
    clocks = added["clocks"] and added["clocks"] | {"rows": [_clock(row, tpl) for row in added["clocks"]["rows"]]}
    return added | {
        "facts": _facts(added["facts"]),
        "clocks": clocks,
        "check_ins": [_check_in(check_in, tpl) for check_in in added["check_ins"]],
        "course": _rows(added["course"], _course_line),
        "notes": _rows(added["notes"], lambda row: Markup(_run(row["text"]))),
        "versions": _rows(added["versions"], lambda row: _rich([(row["text"], ""), (row["hash"], "tiny")])),
    }


def _clock(row: dict[str, Any], tpl: DocxTemplate) -> dict[str, Any]:
    mark = {"met": "✓ ", "missed": "! "}.get(row["mark"], "")
    return row | {
        "image": _drawn(row["scale"], row["alt"], tpl, 112),
        "rich": Markup(_run(mark + row["words"], "missed" if row["state"] == "missed" else "strong")),
        "reasons": Markup(_run("\n".join(row["reasons"]))) if row["reasons"] else "",
    }


def _check_in(check_in: dict[str, Any], tpl: DocxTemplate) -> dict[str, Any]:
    dial = check_in["dial"]
    lines = [
        {"rich": Markup(_run(f"{fact['label']}  ", "soft") + str(_runs(fact["runs"])))} for fact in check_in["rows"]
    ]
    return check_in | {
        "image": _drawn(dial["drawing"], dial["alt"], tpl, 104) if dial else "",
        "dial_words": f"{dial['label']}  {dial['radius']}" if dial else "",
        "lines": lines,
    }


def _rows(part: dict[str, Any] | None, line: Callable[[dict[str, Any]], Markup]) -> dict[str, Any] | None:
    return part and part | {"rows": [{"at": row["at"], "rich": line(row)} for row in part["rows"]]}


def _course_line(row: dict[str, Any]) -> Markup:
    is_void = bool(row["void"])
    said = _run(row["what"], "strong", is_void) + _run("  ") + _run(row["text"], "", is_void)
    return Markup(said + _run("  " + "  ".join(filter(None, (row["void"], row["who"]))), "soft"))
