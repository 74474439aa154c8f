"""Shapes in points, and how they become SVG (vectors for the PDF) and PNG (pixels for Word)."""

from __future__ import annotations

import io
import math
from dataclasses import dataclass
from typing import Literal

from PIL import Image, ImageDraw

INK = "#131A1B"
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


def line(*points: Point, stroke: str = INK, width: float = 0.8, dash: tuple[float, float] | None = None) -> Shape:
    return Shape("line", points, stroke, width, dash=dash)


def area(*points: Point, fill: str) -> Shape:
    return Shape("area", points, fill=fill)


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
    return f"{point[0]:.5g} {point[1]:.5g}"


def _n(value: float) -> str:
    return f"{value:.5g}"


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
