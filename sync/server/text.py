"""Three-way merge of long texts by segments: M-36 to M-38. Vectors: ../vectors/text.json.

A sentence or a line is the smallest thing that two authors may join: two changes of one sentence are a collision that a
person must see, since joining them word by word makes sentences that nobody wrote.
"""

from __future__ import annotations

import re
from typing import NamedTuple

MAX_CELLS = 160_000
_SEGMENT = re.compile(r"[^\n。！？；!?;]*?(?:[\n。！？；!?;]+|\.(?=[ \t\r\n\u3000]|\Z))[ \t\r\n\u3000]*")


class Hunk(NamedTuple):
    """Segments start..end of the base are replaced."""

    start: int
    end: int
    replacement: tuple[str, ...]


def segments_of(text: str) -> list[str]:
    """The segments of M-36; joined they are the text."""
    out, position = [], 0
    while position < len(text):
        found = _SEGMENT.match(text, position)
        end = found.end() if found else len(text)
        out.append(text[position:end])
        position = end
    return out


def hunks_of(base: list[str], other: list[str]) -> list[Hunk] | None:
    """What changed from base to other (M-37), None if the rests are too long to compare."""
    head = 0
    while head < min(len(base), len(other)) and base[head] == other[head]:
        head += 1
    tail = 0
    while tail < min(len(base), len(other)) - head and base[-1 - tail] == other[-1 - tail]:
        tail += 1
    old, new = base[head : len(base) - tail], other[head : len(other) - tail]
    if len(old) * len(new) > MAX_CELLS:
        return None
    return _walk(old, new, _common(old, new), head)


def _common(old: list[str], new: list[str]) -> list[list[int]]:
    """L[i][j]: length of the longest common subsequence of old[i:] and new[j:]."""
    table = [[0] * (len(new) + 1) for _ in range(len(old) + 1)]
    for i in range(len(old) - 1, -1, -1):
        row, below = table[i], table[i + 1]
        for j in range(len(new) - 1, -1, -1):
            row[j] = below[j + 1] + 1 if old[i] == new[j] else max(below[j], row[j + 1])
    return table


def _walk(old: list[str], new: list[str], table: list[list[int]], offset: int) -> list[Hunk]:
    hunks: list[Hunk] = []
    i = j = 0
    while i < len(old) or j < len(new):
        start, added = i, []
        while (i < len(old) or j < len(new)) and not (i < len(old) and j < len(new) and old[i] == new[j]):
            if j == len(new) or (i < len(old) and table[i + 1][j] >= table[i][j + 1]):
                i += 1
            else:
                added.append(new[j])
                j += 1
        if i > start or added:
            hunks.append(Hunk(offset + start, offset + i, tuple(added)))
        i, j = i + 1, j + 1
    return hunks


def merge_texts(base: str, mine: str, theirs: str) -> str | None:
    """Both changes of base joined, or None when they touch (M-38)."""
    if mine == theirs or theirs == base:
        return mine
    if mine == base:
        return theirs
    segments = segments_of(base)
    ours, others = hunks_of(segments, segments_of(mine)), hunks_of(segments, segments_of(theirs))
    if ours is None or others is None:
        return None
    if any(one != other and one.start <= other.end and other.start <= one.end for one in ours for other in others):
        return None
    for hunk in sorted(set(ours) | set(others), reverse=True):
        segments[hunk.start : hunk.end] = hunk.replacement
    return "".join(segments)
