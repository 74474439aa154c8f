"""A report view as PDF/A-2b and PDF/UA-1: `PdfRenderer` keeps one typst compiler, its fonts and its template.

The same view, language and photos give the same bytes. Everything a person typed travels as JSON data, never as
markup; the compiler's root holds the template alone and it knows no package folder, so no text can fetch anything.
"""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Callable, Iterable
from functools import lru_cache
from pathlib import Path
from typing import Any

import typst

from backend.reports.paper import drawings
from backend.reports.paper.glyphs import Faces, find_faces, plainest, printable, settable
from backend.reports.paper.photos import PaperPhoto, as_svg, paper_photos
from backend.reports.paper.shapes import Drawing, svg
from backend.reports.paper.sheet import map_sheet, sheet_of
from backend.reports.view import Language, ReportView
from backend.reports.words import label

Photos = Callable[[str], bytes | None]
TEMPLATE = Path(__file__).parent / "report.typ"
PROMISE = Path(__file__).parent / "promise.typ"
PROOF = Path(__file__).parent / "proof.typ"
STANDARDS = ["a-2b", "ua-1"]


class PdfRenderer:
    """Sets sheets by one template; safe to share between threads, which it serves one after the other."""

    def __init__(self, font_dirs: Iterable[str | Path], template: Path = TEMPLATE):
        """font_dirs: folders that hold the paper's fonts; raises FontsMissing."""
        self.faces: Faces = find_faces(list(font_dirs))
        self._marks = {name: svg(drawings.mark(name)) for name in ("mark", "met", "missed", "open")}
        self._families = json.dumps(self.faces.families)
        self._lock = threading.Lock()
        self._short = lru_cache(maxsize=4096)(self._said)  # most of a paper's strings are the same on every paper
        fonts = typst.Fonts(False, False, list(self.faces.folders))
        self._compiler = typst.Compiler(template, root=template.parent, font_paths=fonts, ignore_system_fonts=True)

    def render(self, view: ReportView, language: Language, photos: Photos) -> bytes:
        """The report's PDF; a photo that `photos` does not have (None, KeyError) leaves a frame that says so."""
        pictures = paper_photos(photos_of(view), photos)
        return self.set(place_photos(sheet_of(view, language), lambda sha256: pictures[sha256].result()))

    def set(self, sheet: dict[str, Any]) -> bytes:
        """A sheet of finished strings, drawings and photos as PDF."""
        try:
            return self._compiled(sheet, self._text)
        except typst.TypstError:
            # a sequence that each font shows letter by letter but none as a whole: say it in the plainest letters
            return self._compiled(sheet, lambda text, is_verbatim: plainest(text, self.faces))

    def _text(self, text: str, is_verbatim: bool) -> str:
        return self._short(text, is_verbatim) if len(text) < 100 else self._said(text, is_verbatim)

    def _said(self, text: str, is_verbatim: bool) -> str:
        shown = printable(text, self.faces)
        return shown if is_verbatim else settable(shown)

    def _compiled(self, sheet: dict[str, Any], on_text: Callable[[str, bool], str]) -> bytes:
        data: dict[str, str] = {"families": self._families}
        ready = map_sheet(sheet, on_text, lambda other: _drawn(other, sheet["lang"], data))
        ready["marks"] = self._marks
        data["sheet"] = json.dumps(ready, ensure_ascii=False)
        with self._lock:
            pdf = self._compiler.compile(
                format="pdf", sys_inputs=data, pdf_standards=STANDARDS, timestamp=sheet["made_s"]
            )
        if not isinstance(pdf, bytes):
            raise TypeError("typst gave no PDF bytes")
        return pdf


@lru_cache(maxsize=4)
def renderer_for(font_dirs: str) -> PdfRenderer:
    """The one renderer of this process for the setting FONT_DIRS; the first call reads the fonts (half a second)."""
    return PdfRenderer(font_dirs.split(os.pathsep))


@lru_cache(maxsize=4)
def promise_renderer_for(font_dirs: str) -> PdfRenderer:
    """The same for the promise note."""
    return PdfRenderer(font_dirs.split(os.pathsep), PROMISE)


@lru_cache(maxsize=4)
def proof_renderer_for(font_dirs: str) -> PdfRenderer:
    """The same for the warranty sheet."""
    return PdfRenderer(font_dirs.split(os.pathsep), PROOF)


def render_pdf(view: ReportView, language: Language, photos: Photos, font_dirs: str) -> bytes:
    """The report as PDF.

    photos     gives a photo's bytes to its SHA-256; None or KeyError: not here yet
    font_dirs  the setting FONT_DIRS
    raises     FontsMissing
    """
    return renderer_for(font_dirs).render(view, language, photos)


def photos_of(view: ReportView) -> list[str]:
    """The hashes of all photos on the paper: those of the report, then the one of an absence or refusal."""
    shown = [photo.sha256 for photo in view.signed.photos]
    return shown + [view.acceptance.photo_sha256] if view.acceptance and view.acceptance.photo_sha256 else shown


def place_photos(sheet: Any, picture: Callable[[str], Any]) -> Any:
    """The sheet with every `"photo": hash` replaced by what `picture` makes of the hash."""
    if isinstance(sheet, dict):
        return {
            key: picture(inner) if key == "photo" and isinstance(inner, str) else place_photos(inner, picture)
            for key, inner in sheet.items()
        }
    return [place_photos(inner, picture) for inner in sheet] if isinstance(sheet, list) else sheet


def _drawn(value: Any, language: Language, data: dict[str, str]) -> Any:
    """A drawing as SVG; a photo as the name under which its SVG lies in `data`, apart from the sheet: typst hashes
    what a function takes, and would hash megabytes of pictures again and again."""
    if isinstance(value, Drawing):
        return svg(value)
    if isinstance(value, PaperPhoto):
        if value.jpeg is None:
            return {"input": None, "words": label(f"photo_{value.problem}", language)}
        name = f"photo-{len(data)}"
        data[name] = as_svg(value)
        return {"input": name, "words": ""}
    return value
