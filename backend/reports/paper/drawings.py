"""The drawings of a report: clock scales, the arrival dial, signatures, the QR code, the small marks.

Each is a list of shapes in points on its own canvas (shapes.py makes SVG and PNG of it). Colours and measures
are the design's, 1 px = 0.75 pt; a green that is met is also told by its tick or words.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import segno

from backend.reports.paper.shapes import INK, Drawing, Point, Shape, area, line
from backend.reports.view import Strokes

SOFT, EDGE, TICK = "#4E5B5D", "#6C7879", "#8A9596"
MET, MISSED, MET_SOFT, MISSED_SOFT, NEAR = "#17633A", "#A61B14", "#DEEFE4", "#FBE4E2", "#C97F00"
SCALE_W, SCALE_H = 136.0, 15.0
DIAL = 138.0
RING = 57.0
NORTH_WORD = (19.0, 32.0)
RADIUS_LOW, RADIUS_HIGH = 107.0, 35.0


@dataclass(frozen=True)
class Dial:
    """The arrival dial and where its words stand, in points from the top left: the dot's, and the radius's height."""

    drawing: Drawing
    label_at: Point
    radius_y: float
    is_beyond: bool


def clock_scale(progress: float, due: float, target: float | None, divisions: int, state: str) -> Drawing:
    """A promise as a ruler: filled to the needle, a black post at due, a dotted one at the target (all 0..1)."""
    colour = {"met": MET, "missed": MISSED, "near": NEAR}.get(state, SOFT)
    left, right, ground = 4.5, SCALE_W - 4.5, 11.5
    long = right - left
    x_due = left + long * due
    shapes = [line((left, ground), (right, ground), stroke=EDGE)]
    for i in range(divisions):
        x = left + (x_due - left) * i / divisions
        shapes.append(line((x, ground), (x, ground - 6), stroke=EDGE, width=0.7))
    if target is not None:
        x = left + long * target
        shapes.append(line((x, 3), (x, 15), stroke=SOFT, width=1.2, dash=(1.2, 1.2)))
    if state not in ("idle", "excused"):
        x = left + long * min(max(progress, 0), 1)
        if x > left:
            shapes.append(area((left, ground - 2.2), (x, ground - 2.2), (x, ground), (left, ground), fill=colour))
        shapes.append(area((x - 4.5, 0.4), (x + 4.5, 0.4), (x, 7), fill=colour))
    shapes.append(area((x_due - 1.1, 1), (x_due + 1.1, 1), (x_due + 1.1, 15), (x_due - 1.1, 15), fill=INK))
    return Drawing(SCALE_W, SCALE_H, tuple(shapes))


def arrival_dial(bearing_deg: int | None, distance_m: int, accuracy_m: int, radius_m: int, is_met: bool) -> Dial:
    """The site's radius as the dashed ring, true to scale; a point farther than the dial stands on its rim.

    Without a bearing no point is invented: the distance is drawn as a ring of its own.
    """
    c = DIAL / 2
    unit = RING / max(radius_m, 1)
    reach = distance_m * unit
    is_beyond = reach > c - 6
    angle = math.radians(180 if bearing_deg is None else bearing_deg)
    x, y = c + min(reach, c - 6) * math.sin(angle), c - min(reach, c - 6) * math.cos(angle)
    colour, soft = (MET, MET_SOFT) if is_met else (INK, "#E3E8E7")
    halo = min(max(accuracy_m * unit, 2.6), c - 2)
    shapes = list(_ticks())
    if bearing_deg is None:
        shapes.append(Shape("circle", ((c, c),), colour, 1.1, None, max(min(reach, c - 2), 1)))
    elif not is_beyond:
        shapes.append(Shape("circle", ((x, y),), colour, 0.8, soft, halo))
    shapes += [
        Shape("circle", ((c, c),), INK, 0.8, None, RING, (3, 2.25)),
        line((c - 4.5, c), (c + 4.5, c), width=1.1),
        line((c, c - 4.5), (c, c + 4.5), width=1.1),
    ]
    if bearing_deg is not None:
        shapes.append(Shape("circle", ((x, y),), None, 0, colour, 1.8))
    label_at = _label_at(x, y, 2.6 if is_beyond else halo, is_beyond)
    return Dial(Drawing(DIAL, DIAL, tuple(shapes)), label_at, RADIUS_HIGH if y > c else RADIUS_LOW, is_beyond)


def _label_at(x: float, y: float, halo: float, is_beyond: bool) -> Point:
    """On the outer side of the dot, so that the centre stays free; never out of the dial, never on the north."""
    half = 50 if is_beyond else 34
    over, under = y - min(halo, 20) - 14, y + min(halo, 20) + 3
    if y > DIAL / 2:
        return min(max(x, half), DIAL - half), under if under <= DIAL - 13 else over
    return min(max(x, half), DIAL - half), over if over >= NORTH_WORD[1] else max(under, NORTH_WORD[1])


@lru_cache(maxsize=1)
def _ticks() -> tuple[Shape, ...]:
    c, ticks = DIAL / 2, []
    for angle in range(0, 360, 10):
        a, is_long = math.radians(angle), angle % 30 == 0
        ends = [(c + r * math.sin(a), c - r * math.cos(a)) for r in (c - 1.5, c - (7.5 if is_long else 4.5))]
        ticks.append(line(ends[0], ends[1], stroke=TICK, width=0.9 if is_long else 0.6))
    return tuple(ticks)


def signature(strokes: Strokes, width: float, height: float) -> Drawing:
    """The ink fitted into a box, bottom left, its proportions kept; a lone dot stays a dot."""
    points = [point for stroke in strokes.lines for point in stroke]
    if not points:
        return Drawing(width, height, ())
    x0, y0 = min(p[0] for p in points), min(p[1] for p in points)
    wide, high = max(p[0] for p in points) - x0, max(p[1] for p in points) - y0
    zoom = min((width - 8) / max(wide, 1), (height - 8) / max(high, 1), 0.62 * height / max(strokes.height, 1) * 1.6)
    base = height - 4 - high * zoom
    shapes = []
    for stroke in strokes.lines:
        fitted = tuple((4 + (x - x0) * zoom, base + (y - y0) * zoom) for x, y in stroke)
        if len(set(fitted)) == 1:
            shapes.append(Shape("circle", fitted[:1], None, 0, INK, 1.0))
        elif fitted:
            shapes.append(Shape("line", fitted, INK, 1.7, curved=True))
    return Drawing(width, height, tuple(shapes))


@lru_cache(maxsize=256)
def qr(url: str) -> Drawing:
    """A real QR code (error correction M), one unit a module; the fixed mask spares the 7 ms of trying all eight."""
    rows = [list(row) for row in segno.make(url, error="m", micro=False, mask=3).matrix]
    shapes = []
    for y, row in enumerate(rows):
        x = 0
        while x < len(row):
            run = x
            while run < len(row) and row[run]:
                run += 1
            if run > x:
                shapes.append(area((x, y), (run, y), (run, y + 1), (x, y + 1), fill="#000000"))
            x = max(run, x + 1)
    return Drawing(len(rows), len(rows), tuple(shapes))


def mark(name: str) -> Drawing:
    """The small signs: the house mark, and what a clock or verdict came to (met, missed, open)."""
    ring = Shape("circle", ((12, 12),), INK, 1.75, None, 9)
    if name == "mark":
        ends = (((12, 3), (12, 5.5)), ((21, 12), (18.5, 12)), ((12, 21), (12, 18.5)), ((3, 12), (5.5, 12)))
        hands = line((8.2, 12.2), (11.2, 15.2), (16.2, 9), width=1.75)
        return Drawing(24, 24, (ring, *(line(*end, width=1.75) for end in ends), hands))
    if name == "met":
        tick = line((8, 12.3), (10.8, 15.1), (16, 9.3), stroke=MET, width=1.75)
        return Drawing(24, 24, (Shape("circle", ((12, 12),), MET, 1.75, None, 8.5), tick))
    if name == "missed":
        corners = tuple(_corner(12, 12, 9.2, 22.5 + 45 * i) for i in range(9))
        bar = line((12, 7.5), (12, 13), stroke=MISSED, width=2)
        dot = Shape("circle", ((12, 16.2),), None, 0, MISSED, 1.2)
        return Drawing(24, 24, (line(*corners, stroke=MISSED, width=1.75), bar, dot))
    hands = line((12, 7.2), (12, 12), (15.4, 13.8), width=1.75)
    return Drawing(24, 24, (Shape("circle", ((12, 12),), INK, 1.75, None, 8.5), hands))


def _corner(x: float, y: float, r: float, angle: float) -> Point:
    return x + r * math.cos(math.radians(angle)), y + r * math.sin(math.radians(angle))
