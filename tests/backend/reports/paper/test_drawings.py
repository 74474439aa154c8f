"""The drawings say what their figures say: scales, dial, signature, QR; and PNG shows what SVG shows."""

from __future__ import annotations

import io
import math
import re

import pytest
from PIL import Image

from backend.reports.paper import drawings
from backend.reports.paper.shapes import png, svg
from backend.reports.view import Strokes
from tests.factories.report_view import plain_view


def _dot(dial):
    return next(shape.points[0] for shape in dial.drawing.shapes if shape.kind == "circle" and shape.radius == 1.8)


@pytest.mark.parametrize(
    ("bearing", "distance_m"), [(0, 0), (0, 75), (90, 75), (180, 150), (270, 38), (115, 38), (359, 149)]
)
def test_the_dial_is_true_to_scale_and_direction(bearing, distance_m):
    x, y = _dot(drawings.arrival_dial(bearing, distance_m, 12, 150, True))
    east, south = x - drawings.DIAL / 2, y - drawings.DIAL / 2
    assert math.hypot(east, south) == pytest.approx(drawings.RING * distance_m / 150)
    if distance_m:
        assert math.degrees(math.atan2(east, -south)) % 360 == pytest.approx(bearing)


def test_a_point_far_away_stands_on_the_rim_and_is_said_to_be_beyond():
    dial = drawings.arrival_dial(45, 100_000, 30, 150, False)
    x, y = _dot(dial)
    assert dial.is_beyond
    assert math.hypot(x - drawings.DIAL / 2, y - drawings.DIAL / 2) < drawings.DIAL / 2


@pytest.mark.parametrize("bearing", range(0, 360, 15))
@pytest.mark.parametrize("distance_m", [0, 20, 75, 149, 1400])
@pytest.mark.parametrize("accuracy_m", [0, 12, 95, 1000])
def test_the_words_of_the_dial_keep_clear_of_each_other(bearing, distance_m, accuracy_m):
    dial = drawings.arrival_dial(bearing, distance_m, accuracy_m, 150, False)
    x, top = dial.label_at
    assert 30 <= x <= drawings.DIAL - 30
    assert 0 <= top <= drawings.DIAL - 11
    for other in (dial.radius_y, drawings.NORTH_WORD[0]):
        assert top + 11 <= other or top >= other + 11


def test_without_a_bearing_no_point_is_invented():
    dial = drawings.arrival_dial(None, 75, 12, 150, False)
    assert not [shape for shape in dial.drawing.shapes if shape.radius == 1.8]
    rings = [shape.radius for shape in dial.drawing.shapes if shape.kind == "circle" and not shape.dash]
    assert rings == [pytest.approx(drawings.RING / 2)]


@pytest.mark.parametrize(("accuracy_m", "radius_m"), [(0, 150), (1_000_000_000, 150), (12, 1), (5, 100_000)])
def test_no_figure_breaks_the_dial(accuracy_m, radius_m):
    assert svg(drawings.arrival_dial(10, 40, accuracy_m, radius_m, True).drawing).startswith("<svg")


@pytest.mark.parametrize(
    ("progress", "state"), [(0, "running"), (0.5, "met"), (1, "missed"), (7, "missed"), (-1, "met")]
)
def test_the_needle_stays_on_the_scale(progress, state):
    drawing = drawings.clock_scale(progress, 0.8, 0.5, 4, state)
    needle = next(shape for shape in drawing.shapes if shape.kind == "area" and len(shape.points) == 3)
    assert all(-0.1 <= x <= drawing.width + 0.1 for x, _ in needle.points)


@pytest.mark.parametrize("state", ["idle", "excused"])
def test_a_clock_that_does_not_count_has_no_needle(state):
    shapes = drawings.clock_scale(0.3, 1, None, 4, state).shapes
    assert not [shape for shape in shapes if shape.kind == "area" and len(shape.points) == 3]


def test_ink_fills_its_box_and_keeps_its_proportions():
    strokes = plain_view().acceptance.strokes
    drawing = drawings.signature(strokes, 124, 56)
    points = [point for shape in drawing.shapes for point in shape.points]
    wide, high = (max(p[i] for p in points) - min(p[i] for p in points) for i in (0, 1))
    ink = [point for line in strokes.lines for point in line]
    ink_wide, ink_high = (max(p[i] for p in ink) - min(p[i] for p in ink) for i in (0, 1))
    assert wide / high == pytest.approx(ink_wide / ink_high)
    assert all(0 <= x <= 124 and 0 <= y <= 56 for x, y in points)


@pytest.mark.parametrize(
    "lines",
    [
        (),
        ((),),
        (((5, 5),),),
        (((5, 5), (5, 5)),),
        (((0, 0), (10**9, 10**9)),),
        (((3, 1), (3, 9)),),
        (((-5, 0), (5, 0)),),
    ],
)
def test_odd_ink_draws_without_a_word(lines):
    drawing = drawings.signature(Strokes(300, 150, lines), 124, 56)
    assert "nan" not in svg(drawing)
    assert Image.open(io.BytesIO(png(drawing, 2))).size == (248, 112)


def test_a_huge_signature_of_fifty_thousand_points_is_drawn():
    line = tuple((i % 300, (i * 7) % 150) for i in range(50_000))
    assert len(svg(drawings.signature(Strokes(300, 150, (line,)), 124, 56))) < 3_000_000


def test_the_qr_code_is_a_whole_symbol():
    drawing = drawings.qr("https://service.example/c/7Qm2vX9kT4bLz8RaYw3PnE5d")
    dark = sum((s.points[1][0] - s.points[0][0]) for s in drawing.shapes)
    assert drawing.width == drawing.height >= 25
    assert 0.35 < dark / drawing.width**2 < 0.65


@pytest.mark.parametrize("name", ["mark", "met", "missed", "open"])
def test_png_and_svg_show_the_same_shape(name):
    drawing = drawings.mark(name)
    assert re.match(r'<svg xmlns="[^"]+" width="24" height="24"', svg(drawing))
    picture = Image.open(io.BytesIO(png(drawing, 4))).convert("L")
    assert picture.size == (96, 96)
    assert picture.getpixel((0, 0)) == 255
    assert min(picture.tobytes()) < 110
