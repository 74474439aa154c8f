"""Photos and ink for a demo's reports, drawn here: nothing binary is kept in git, and no two jobs share a file.

Called by play.py while loading. A picture is a JPEG as a phone would send it, though small; ink is vectors in the
form that the phone stores (K-8).
"""

from __future__ import annotations

import io
import random
from typing import Any

from PIL import Image, ImageDraw, ImageFilter

SIZE = (960, 720)
PAD = (290, 150)
DARK, RACK, EDGE = (38, 44, 47), (58, 66, 70), (96, 106, 110)
AMBER, GREEN, RED = (255, 176, 30), (86, 196, 128), (214, 60, 48)


def jpeg_of(picture: str, words: str, seed: str) -> bytes:
    """A photo of a front panel (lamp, green), a label, a screen, a board or a closed door; another seed, another photo."""
    rng = random.Random(f"{picture}|{words}|{seed}")
    image = Image.new("RGB", SIZE, tuple(part + rng.randrange(18) for part in DARK))
    {"lamp": _panel, "green": _panel, "label": _label, "screen": _screen, "board": _board, "door": _door}[picture](
        ImageDraw.Draw(image), picture, words, rng
    )
    image = image.rotate(rng.uniform(-2.5, 2.5), Image.Resampling.NEAREST, fillcolor=(20, 24, 26))
    image = image.filter(ImageFilter.SMOOTH)
    out = io.BytesIO()
    image.save(out, "JPEG", quality=72)
    return out.getvalue()


def strokes_of(name: str, seed: str) -> dict[str, Any]:
    """Ink like a quick signature of a name: {width, height, lines: [[[x, y], …], …]} in whole pad units."""
    rng = random.Random(f"{name}|{seed}")
    marks = max(2, min(4, len(name)))
    wide = (PAD[0] - 50) / marks
    lines = []
    for mark in range(marks):
        kinds = random.Random(f"{name}|{mark}").sample(
            sorted(STROKES), k=4
        )  # the same hand each time, never the same ink
        for kind in sorted(kinds):
            lines.append(_curve(STROKES[kind], 22 + mark * wide, wide * 0.92, rng))
    lines.append(_curve(((0.0, 0.8), (0.5, 1.05), (1.0, 0.62)), 60, PAD[0] - 100, rng))
    return {"width": PAD[0], "height": PAD[1], "lines": lines}


# Strokes of a hand in a square of one: start, bend, end. 一 丨 丿 ㇏ 𠃍 乚 丶 ㇀
STROKES = {
    "across": ((0.05, 0.34), (0.5, 0.26), (0.95, 0.3)),
    "across_low": ((0.15, 0.66), (0.5, 0.6), (0.9, 0.62)),
    "down": ((0.5, 0.02), (0.54, 0.5), (0.48, 1.0)),
    "left": ((0.56, 0.3), (0.4, 0.72), (0.02, 0.98)),
    "right": ((0.44, 0.34), (0.66, 0.76), (1.0, 0.94)),
    "turn": ((0.2, 0.2), (1.1, 0.04), (0.72, 0.86)),
    "hook": ((0.3, 0.44), (0.26, 1.1), (0.9, 0.82)),
    "dot": ((0.66, 0.06), (0.74, 0.12), (0.78, 0.2)),
}


def _curve(points: tuple[tuple[float, float], ...], left: float, wide: float, rng: random.Random) -> list[list[int]]:
    """One stroke as a bent line of ten points, a little different each time."""
    (x0, y0), (x1, y1), (x2, y2) = ((x + rng.uniform(-0.05, 0.05), y + rng.uniform(-0.05, 0.05)) for x, y in points)
    line = []
    for step in range(11):
        t = step / 10
        x = (1 - t) ** 2 * x0 + 2 * t * (1 - t) * x1 + t * t * x2
        y = (1 - t) ** 2 * y0 + 2 * t * (1 - t) * y1 + t * t * y2
        line.append([round(left + x * wide), round(min(PAD[1] - 6, 26 + y * 84))])
    return line


def _panel(pen: ImageDraw.ImageDraw, picture: str, _words: str, rng: random.Random) -> None:
    """A rack unit with drive bays; one lamp is amber, or all are green."""
    top = 150 + rng.randrange(60)
    faulty = rng.randrange(12) if picture == "lamp" else None
    for unit in range(2):
        y = top + unit * 240
        pen.rectangle((60, y, 900, y + 200), fill=RACK, outline=EDGE, width=6)
        for bay in range(12):
            x = 90 + bay * 66
            pen.rectangle((x, y + 24, x + 52, y + 176), fill=(32, 38, 42), outline=(74, 84, 88), width=3)
            for slot in range(5):
                pen.rectangle((x + 10, y + 66 + slot * 18, x + 42, y + 72 + slot * 18), fill=(20, 24, 27))
            colour = AMBER if unit == 0 and bay == faulty else GREEN
            pen.ellipse((x + 18, y + 36, x + 34, y + 52), fill=colour)


def _label(pen: ImageDraw.ImageDraw, _picture: str, words: str, rng: random.Random) -> None:
    """A sticker with a bar code and the words below it."""
    top = 210 + rng.randrange(40)
    pen.rectangle((120, top, 840, top + 300), fill=(238, 238, 232), outline=(160, 160, 152), width=4)
    x = 170
    while x < 780:
        width = rng.choice((3, 3, 5, 8))
        pen.rectangle((x, top + 40, x + width, top + 180), fill=(24, 24, 24))
        x += width + rng.choice((4, 6, 9))
    pen.text((170, top + 205), words or "S/N", fill=(20, 20, 20), font_size=46)


def _screen(pen: ImageDraw.ImageDraw, _picture: str, words: str, rng: random.Random) -> None:
    """A monitor with a window and a line of text in it."""
    pen.rectangle((90, 90, 870, 600), fill=(22, 34, 44), outline=(70, 70, 70), width=14)
    pen.rectangle((430, 600, 530, 690), fill=(60, 60, 60))
    left, top = 200 + rng.randrange(60), 210 + rng.randrange(60)
    pen.rectangle((left, top, left + 480, top + 220), fill=(226, 230, 232), outline=(120, 130, 136), width=3)
    pen.rectangle((left, top, left + 480, top + 36), fill=(32, 92, 132))
    pen.ellipse((left + 30, top + 84, left + 90, top + 144), fill=RED)
    pen.text((left + 120, top + 96), words or "ERROR", fill=(20, 24, 28), font_size=36)


def _board(pen: ImageDraw.ImageDraw, _picture: str, words: str, rng: random.Random) -> None:
    """A part on the bench: a circuit board with one scorched chip."""
    pen.rectangle((80, 80, 880, 640), fill=(24, 84, 62), outline=(14, 52, 38), width=8)
    for _ in range(26):
        x, y = 110 + rng.randrange(700), 110 + rng.randrange(480)
        w, h = 20 + rng.randrange(70), 16 + rng.randrange(46)
        pen.rectangle((x, y, x + w, y + h), fill=(30, 34, 36), outline=(90, 96, 98), width=2)
    for _ in range(40):
        x, y = 90 + rng.randrange(780), 90 + rng.randrange(540)
        pen.line((x, y, x + rng.randrange(-90, 90), y), fill=(120, 170, 120), width=2)
    x, y = 300 + rng.randrange(240), 240 + rng.randrange(160)
    pen.ellipse((x - 40, y - 30, x + 120, y + 90), outline=RED, width=6)
    pen.rectangle((x, y, x + 80, y + 60), fill=(58, 40, 26))
    if words:
        pen.text((110, 650), words, fill=(220, 220, 214), font_size=36)


def _door(pen: ImageDraw.ImageDraw, _picture: str, _words: str, rng: random.Random) -> None:
    """A closed door with its plate."""
    pen.rectangle((0, 0, SIZE[0], SIZE[1]), fill=(196, 192, 182))
    left = 260 + rng.randrange(60)
    pen.rectangle((left, 50, left + 380, 720), fill=(122, 96, 72), outline=(86, 66, 48), width=10)
    pen.rectangle((left + 120, 150, left + 260, 205), fill=(232, 232, 226), outline=(120, 120, 112), width=3)
    pen.ellipse((left + 320, 390, left + 350, 420), fill=(206, 186, 120))
    pen.line((0, 716, SIZE[0], 716), fill=(120, 116, 108), width=8)
