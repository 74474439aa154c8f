"""The paper: PDF without and with six photos never seen before, Word, a ZIP of a hundred with flat memory."""

from __future__ import annotations

import io
import itertools
import random
import tracemalloc
from collections.abc import Iterator
from dataclasses import replace

from PIL import Image

from backend.config import load
from backend.reports.lists import zip_stream
from backend.reports.paper.pdf import render_pdf
from backend.reports.paper.word import render_docx
from backend.reports.view import Photo, ReportView
from tests.bench.measure import GROUPS, Figure, median_ms
from tests.factories.report_view import plain_view, sample_photo

PHOTO_SIZE = (1600, 1200)
NEW_REPORTS = 2 + 9 * GROUPS  # warm ones and measured ones: none is rendered twice


def figures() -> Iterator[Figure]:
    """Every run renders a report that no run before had: the renderer keeps what it has set once."""
    fonts = load()["FONT_DIRS"]
    view = plain_view()
    plain = replace(view, signed=replace(view.signed, photos=()))
    new = (replace(plain, signed=replace(plain.signed, short_ref=f"AR-{n:04d}")) for n in itertools.count())
    taken = median_ms(lambda: render_pdf(next(new), "zh", sample_photo, fonts))
    yield Figure("report PDF without photos", taken, "ms", 30, "a usual report, each one new")
    fresh = _with_new_photos(view)
    taken = median_ms(lambda: render_pdf(*next(fresh), fonts), 9, 2)
    yield Figure("report PDF with six photos never seen before", taken, "ms", 80, "1600×1200 JPEG of 400 KB each")
    yield Figure("report as Word", median_ms(lambda: render_docx(view, "zh", sample_photo)), "ms", 150)
    yield _zip_memory(plain, fonts)


def _with_new_photos(view: ReportView) -> Iterator[tuple[ReportView, str, object]]:
    """(view, language, photos) with six pictures that no run before had; drawn before the clock runs."""
    prepared = [_six(view, number) for number in range(NEW_REPORTS)]
    return itertools.cycle(prepared)


def _six(view: ReportView, number: int) -> tuple[ReportView, str, object]:
    pictures = {f"{number:02d}{place}".ljust(64, "0"): _picture(number * 6 + place) for place in range(6)}
    photos = tuple(Photo(sha, "bench", "2026-11-22T03:04:05.678Z", None) for sha in pictures)
    return replace(view, signed=replace(view.signed, photos=photos)), "zh", pictures.__getitem__


def _picture(seed: int) -> bytes:
    """A JPEG of about 400 KB as a phone makes it."""
    noise = random.Random(seed).randbytes(400 * 300 * 3)
    out = io.BytesIO()
    Image.frombytes("RGB", (400, 300), noise).resize(PHOTO_SIZE, Image.Resampling.BICUBIC).save(
        out, "JPEG", quality=45
    )
    return out.getvalue()


def _zip_memory(view: ReportView, fonts: str) -> Figure:
    """Peak of Python memory while a hundred PDFs stream, beyond that of ten: flat means it does not grow with them."""

    def peak(count: int) -> float:
        tracemalloc.start()
        papers = ((f"{n}.pdf", render_pdf(view, "zh", sample_photo, fonts)) for n in range(count))
        for _ in zip_stream(papers):
            pass
        top = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return top / 1e6

    ten, hundred = peak(10), peak(100)
    return Figure(
        "ZIP of a hundred: memory beyond a ZIP of ten", max(0.0, hundred - ten), "MB", 5, f"peak {hundred:.1f} MB"
    )
