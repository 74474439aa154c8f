"""The drawings of a report: clock scales, the arrival dial, signatures, the QR code, the small marks.

Each is a list of shapes in points on its own canvas, turned into SVG for the PDF (vectors) and PNG for Word. Colours
and measures are the design's (design/paper: 1 px = 0.75 pt); a green that is met is also told by its tick or words.
"""

from __future__ import annotations

import io
import math
from dataclasses import dataclass
from typing import Literal

import segno
from PIL import Image, ImageDraw

from backend.reports.view import Strokes

INK, SOFT, EDGE, TICK = "#131A1B", "#4E5B5D", "#6C7879", "#8A9596"
MET, MISSED, MET_SOFT, MISSED_SOFT, NEAR = "#17633A", "#A61B14", "#DEEFE4", "#FBE4E2", "#C97F00"
SCALE_W, SCALE_H = 136.0, 15.0
DIAL = 138.0
RING = 57.0

Point = tuple[float, float]


@dataclass(frozen=True)
class Shape:
    """A line (open), an area (closed) or a circle; `curved` smooths a line through its points as a pen would."""

    kind: Literal["line", "area", "circle"]
    points: tuple[Point, ...]
    stroke: str | None = None
    width: float = 0.8
    fill: str | None = None
    radius: float = 0
    dash: tuple[float, float] | None = None
    curved: bool = False


@dataclass(frozen=True)
class Drawing:
    width: float
    height: float
    shapes: tuple[Shape, ...]


@dataclass(frozen=True)
class Dial:
    """The arrival dial and where its words stand: `label_at` under the dot, in points from the top left."""

    drawing: Drawing
    label_at: Point
    is_beyond: bool


def line(*points: Point, stroke: str = INK, width: float = 0.8, dash: tuple[float, float] | None = None) -> Shape:
    return Shape("line", points, stroke, width, dash=dash)


def area(*points: Point, fill: str) -> Shape:
    return Shape("area", points, fill=fill)


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
    """The site's radius as the dashed ring, true to scale; a point farther than the dial stands on its rim."""
    c = DIAL / 2
    unit = RING / max(radius_m, 1)
    reach = distance_m * unit
    is_beyond = reach > c - 6
    angle = math.radians(bearing_deg or 0)
    x, y = c + min(reach, c - 6) * math.sin(angle), c - min(reach, c - 6) * math.cos(angle)
    colour, soft = (MET, MET_SOFT) if is_met else (INK, "#E3E8E7")
    halo = min(max(accuracy_m * unit, 2.6), c - 2)
    shapes = [_tick(c, a) for a in range(0, 360, 10)]
    if not is_beyond:
        shapes.append(Shape("circle", ((x, y),), colour, 0.8, soft, halo))
    shapes += [
        Shape("circle", ((c, c),), INK, 0.8, None, RING, (3, 2.25)),
        line((c - 4.5, c), (c + 4.5, c), width=1.1),
        line((c, c - 4.5), (c, c + 4.5), width=1.1),
        Shape("circle", ((x, y),), None, 0, colour, 1.8),
    ]
    below = y + max(halo if not is_beyond else 2.6, 2.6) + 3
    if below > DIAL - 34:
        below = max(y - halo - 13, 24)
    return Dial(Drawing(DIAL, DIAL, tuple(shapes)), (min(max(x, 34), DIAL - 34), below), is_beyond)


def _tick(c: float, angle: int) -> Shape:
    a = math.radians(angle)
    outer, inner = c - 1.5, c - (7.5 if angle % 30 == 0 else 4.5)
    ends = [(c + r * math.sin(a), c - r * math.cos(a)) for r in (outer, inner)]
    return line(ends[0], ends[1], stroke=TICK, width=0.9 if angle % 30 == 0 else 0.6)


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


# ---------------------------------------------------------------- as SVG


def svg(drawing: Drawing) -> str:
    """The drawing as an SVG document; areas of one colour become one path."""
    areas: dict[str, list[str]] = {}
    body = []
    for shape in drawing.shapes:
        if shape.kind == "area" and shape.fill:
            areas.setdefault(shape.fill, []).append(
                f"M{_xy(shape.points[0])}L{' '.join(map(_xy, shape.points[1:]))}Z"
            )
        else:
            body.append(_svg_shape(shape))
    body += [f'<path d="{"".join(paths)}" fill="{fill}"/>' for fill, paths in areas.items()]
    w, h = _n(drawing.width), _n(drawing.height)
    return f'<svg xmlns="http://www.w3.org/2000/svg" width="{w}" height="{h}" viewBox="0 0 {w} {h}">{"".join(body)}</svg>'


def _svg_shape(shape: Shape) -> str:
    pen = f'fill="{shape.fill or "none"}"'
    if shape.stroke:
        pen += f' stroke="{shape.stroke}" stroke-width="{_n(shape.width)}" stroke-linecap="round" stroke-linejoin="round"'
    if shape.dash:
        pen = (
            pen.replace('linecap="round"', 'linecap="butt"') + f' stroke-dasharray="{shape.dash[0]} {shape.dash[1]}"'
        )
    if shape.kind == "circle":
        (x, y), r = shape.points[0], shape.radius
        return f'<circle cx="{_n(x)}" cy="{_n(y)}" r="{_n(r)}" {pen}/>'
    return f'<path d="{_curve(shape.points) if shape.curved else _polyline(shape.points)}" {pen}/>'


def _polyline(points: tuple[Point, ...]) -> str:
    return f"M{_xy(points[0])}L{' '.join(map(_xy, points[1:]))}"


def _curve(points: tuple[Point, ...]) -> str:
    """A smooth line through the points: Catmull-Rom, written as cubic Béziers."""
    path = [f"M{_xy(points[0])}"]
    for a, b, c, d in _quads(points):
        one = (b[0] + (c[0] - a[0]) / 6, b[1] + (c[1] - a[1]) / 6)
        two = (c[0] - (d[0] - b[0]) / 6, c[1] - (d[1] - b[1]) / 6)
        path.append(f"C{_xy(one)} {_xy(two)} {_xy(c)}")
    return "".join(path)


def _quads(points: tuple[Point, ...]) -> list[tuple[Point, Point, Point, Point]]:
    padded = (points[0], *points, points[-1])
    return [(padded[i], padded[i + 1], padded[i + 2], padded[i + 3]) for i in range(len(points) - 1)]


def _xy(point: Point) -> str:
    return f"{_n(point[0])} {_n(point[1])}"


def _n(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".")


# ---------------------------------------------------------------- as PNG


def png(drawing: Drawing, zoom: float = 4) -> bytes:
    """The drawing as a PNG on white, `zoom` pixels a point, drawn at twice the size and brought down smooth."""
    fine = zoom * 2
    size = (max(round(drawing.width * fine), 1), max(round(drawing.height * fine), 1))
    picture = Image.new("RGB", size, "white")
    pen = ImageDraw.Draw(picture)
    for shape in drawing.shapes:
        _draw(pen, shape, fine)
    out = io.BytesIO()
    picture.reduce(2).save(out, "PNG", compress_level=4)
    return out.getvalue()


def _draw(pen: ImageDraw.ImageDraw, shape: Shape, zoom: float) -> None:
    width = max(round(shape.width * zoom), 1)
    points = [(x * zoom, y * zoom) for x, y in shape.points]
    if shape.kind == "area":
        pen.polygon(points, fill=shape.fill)
    elif shape.kind == "circle":
        _draw_circle(pen, shape, points[0], zoom, width)
    else:
        if shape.curved:
            points = [(x * zoom, y * zoom) for x, y in _sampled(shape.points)]
        if shape.dash:
            for start, end in _dashes(points, shape.dash, zoom):
                pen.line((start, end), fill=shape.stroke, width=width)
            return
        pen.line(points, fill=shape.stroke, width=width, joint="curve")
        for x, y in (points[0], points[-1]):
            pen.ellipse((x - width / 2, y - width / 2, x + width / 2, y + width / 2), fill=shape.stroke)


def _draw_circle(pen: ImageDraw.ImageDraw, shape: Shape, at: Point, zoom: float, width: int) -> None:
    r = shape.radius * zoom + (width / 2 if shape.stroke else 0)
    box = (at[0] - r, at[1] - r, at[0] + r, at[1] + r)
    if shape.dash is None:
        pen.ellipse(box, fill=shape.fill, outline=shape.stroke, width=width if shape.stroke else 0)
        return
    turn = 360 / (2 * math.pi * shape.radius)
    step = (shape.dash[0] + shape.dash[1]) * turn
    for i in range(int(360 / step)):
        pen.arc(box, i * step, i * step + shape.dash[0] * turn, fill=shape.stroke, width=width)


def _sampled(points: tuple[Point, ...]) -> list[Point]:
    out = [points[0]]
    for a, b, c, d in _quads(points):
        for step in range(1, 7):
            t = step / 6
            out.append(tuple(_spline(a[i], b[i], c[i], d[i], t) for i in (0, 1)))  # type: ignore[arg-type]
    return out


def _spline(a: float, b: float, c: float, d: float, t: float) -> float:
    return 0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t * t + (3 * b - a - 3 * c + d) * t**3)


def _dashes(points: list[Point], dash: tuple[float, float], zoom: float) -> list[tuple[Point, Point]]:
    (x0, y0), (x1, y1) = points[0], points[-1]
    long = math.hypot(x1 - x0, y1 - y0) or 1
    out, at = [], 0.0
    while at < long:
        end = min(at + dash[0] * zoom, long)
        pair = [(x0 + (x1 - x0) * p / long, y0 + (y1 - y0) * p / long) for p in (at, end)]
        out.append((pair[0], pair[1]))
        at += (dash[0] + dash[1]) * zoom
    return out
