"""Is there ink? A signature's strokes as the phone keeps them, and whether anybody drew (K-8, FIELD-NOTES "The phone").

The file is JSON {width, height, lines: [[[x, y], …], …]} in whole pad units. An empty pad and a single dot are no
signature.
"""

from __future__ import annotations

import json
from math import hypot
from typing import Any

MAX_BYTES = 512 * 1024
MAX_POINTS = 50_000
LEAST_INK = 20  # pad units drawn in all; a dot or a slip of the finger is less


def read_strokes(data: bytes) -> dict[str, Any] | None:
    """The strokes of a file, or None where it holds none."""
    if len(data) > MAX_BYTES:
        return None
    try:
        plain = json.loads(data)
    except (ValueError, RecursionError):
        return None
    if not isinstance(plain, dict) or not isinstance(plain.get("lines"), list):
        return None
    size = (plain.get("width"), plain.get("height"))
    if not all(_is_length(value) and value > 0 for value in size):
        return None
    lines = [line for line in plain["lines"] if isinstance(line, list)]
    if sum(len(line) for line in lines) > MAX_POINTS or not all(_is_point(p) for line in lines for p in line):
        return None
    return {
        "width": int(size[0]),
        "height": int(size[1]),
        "lines": [[[int(x), int(y)] for x, y in line] for line in lines],
    }


def has_ink(strokes: dict[str, Any] | None) -> bool:
    """True when something was drawn: more than a dot."""
    if strokes is None:
        return False
    drawn = sum(
        hypot(b[0] - a[0], b[1] - a[1]) for line in strokes["lines"] for a, b in zip(line, line[1:], strict=False)
    )
    return drawn >= LEAST_INK


def _is_length(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 100_000


def _is_point(point: Any) -> bool:
    return isinstance(point, list) and len(point) == 2 and all(_is_length(value) for value in point)
