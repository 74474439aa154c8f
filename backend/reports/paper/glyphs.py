"""Text that any paper can carry: what the fonts lack, and what would deceive a reader, becomes visible.

A PDF/A compile fails on one character without a glyph, and nobody may lose a report over a rare name. Such a
character is written as its code point, 〔U+20BB7〕: ugly, but it says exactly what stood there. Controls that turn the
reading direction (U+202E) are shown the same way, because they can make a signed sentence read as another one.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from fontTools.ttLib import TTFont

SANS, SERIF, MONO = "Noto Sans SC", "Noto Serif SC", "JetBrains Mono"
NEEDED = ((SANS, 400), (SANS, 600), (SERIF, 400), (SERIF, 700), (MONO, 400))
MARKS_KEPT = 2

# dropped without a trace: joiners, variation selectors, soft hyphen, zero-width spaces, BOM, tags
_SILENT = re.compile(
    "[\u00ad\u034f\u200b-\u200d\u2060-\u2064\ufe00-\ufe0f\ufeff\U000e0001-\U000e007f\U000e0100-\U000e01ef]"
)
_NEWLINES = re.compile("\r\n?|[\u0085\u2028\u2029\v\f]")
_DECEIVING = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_UNBROKEN = re.compile(r"[!-~\u00a1-\u2e7f]{25,}")
_UNIT = re.compile(r"(\d) (?=[A-Za-zµΩ°℃%]{1,4}\b)")
_PLAIN = re.compile(
    "[\n\x20-\x7e\u00a5\u00b0\u00b1\u00b7\u00d7\u2014\u2018-\u201d\u2026\u2103\u3000-\u3011\u4e00-\u9fa5\uff01-\uff5e]"
)


class FontsMissing(RuntimeError):
    """A font of the paper is not in the font folders; the message says which and how it gets there."""


@dataclass(frozen=True)
class Faces:
    """The fonts found: folders for the renderer, families in the order of falling back, and what they can show.

    covered     matches a text of which every character is in some family
    per_family  matches a text that one family shows alone
    """

    folders: tuple[str, ...]
    families: tuple[str, ...]
    covered: re.Pattern[str]
    per_family: tuple[re.Pattern[str], ...]

    def has(self, text: str) -> bool:
        return self.covered.fullmatch(text) is not None

    def show(self, base: str, mark: str) -> bool:
        """Whether one family has both, so that the mark can sit on its base."""
        return any(family.fullmatch(base + mark) for family in self.per_family)


def find_faces(folders: Iterable[str | Path]) -> Faces:
    """The paper's fonts below the given folders; further families there serve as fallback, in the folders' order.

    raises  FontsMissing naming every family and weight that is not there
    """
    wanted: dict[tuple[str, int], Path] = {}
    extra: dict[str, Path] = {}
    for path in _font_files(folders):
        family, weight, italic = _named(path)
        if (family, weight) in NEEDED and not italic:
            wanted.setdefault((family, weight), path)
        elif family not in (SANS, SERIF, MONO) and weight == 400 and not italic:
            extra.setdefault(family, path)
    lacking = [f"{family} {weight}" for family, weight in NEEDED if (family, weight) not in wanted]
    if lacking:
        looked = ", ".join(str(folder) for folder in folders) or "no folder"
        raise FontsMissing(f"FONT_DIRS: {', '.join(lacking)} not found in {looked}; `npm ci` brings the fonts")
    order = (SANS, *extra)
    chars = {family: _characters(path) for family, path in extra.items()}
    chars[SANS] = _characters(wanted[SANS, 400]) & _characters(wanted[SANS, 600])
    return Faces(
        folders=tuple(dict.fromkeys(str(path.parent) for path in (*wanted.values(), *extra.values()))),
        families=order,
        covered=_only(set().union(*chars.values())),
        per_family=tuple(_only(chars[family]) for family in order),
    )


def printable(text: str, faces: Faces | None = None) -> str:
    """The text with every character visible and printable; without faces only what no paper can carry is replaced."""
    if text.isascii() and text.isprintable():
        return text
    text = unicodedata.normalize("NFC", _SILENT.sub("", _NEWLINES.sub("\n", text)).replace("\t", "    "))
    if faces is not None and faces.has(text) and not _needs_care(text):
        return text
    return "".join(_shown(text, faces))


def plainest(text: str, faces: Faces) -> str:
    """The text with everything but ASCII, common Han and their punctuation as code points: what always sets."""
    return "".join(
        char if _PLAIN.match(char) or char in "〔〕" else code_point(char) for char in printable(text, faces)
    )


def settable(text: str) -> str:
    """The text ready for the line: words too long for a narrow column may break, a number stays with its unit."""
    if len(text) < 4:
        return text
    text = _UNIT.sub("\\1\u00a0", text)
    return _UNBROKEN.sub(lambda run: "\u200b".join(re.findall(".{1,12}", run[0])), text)


def code_point(char: str) -> str:
    """How a character that cannot be shown is written."""
    return f"〔U+{ord(char):04X}〕"


def _needs_care(text: str) -> bool:
    return any(char in _DECEIVING or unicodedata.category(char)[0] in "CM" for char in set(text) - {"\n"})


def _shown(text: str, faces: Faces | None) -> Iterable[str]:
    base, marks = "", 0
    for char in text:
        kind = unicodedata.category(char)
        if char == "\n":
            base, marks = "", 0
            yield char
        elif kind[0] == "M":
            marks += 1
            if marks <= MARKS_KEPT and base and (faces is None or faces.show(base, char)):
                yield char
            elif marks == MARKS_KEPT + 1:
                yield "…"
            elif marks <= MARKS_KEPT:
                yield code_point(char)
        else:
            base, marks = char, 0
            hidden = char in _DECEIVING or kind in ("Cc", "Cs", "Co", "Cn")
            yield code_point(char) if hidden or (faces is not None and not faces.has(char)) else char


def _font_files(folders: Iterable[str | Path]) -> list[Path]:
    found: list[Path] = []
    for folder in folders:
        base = Path(folder)
        found += sorted(
            path for path in base.rglob("*") if path.suffix.lower() in (".ttf", ".otf") and path.is_file()
        )
    return found


def _named(path: Path) -> tuple[str, int, bool]:
    with TTFont(path, lazy=True) as font:
        names = font["name"]
        family = names.getDebugName(16) or names.getDebugName(1) or path.stem
        return family, int(font["OS/2"].usWeightClass), bool(font["OS/2"].fsSelection & 1)


def _characters(path: Path) -> set[int]:
    with TTFont(path, lazy=True) as font:
        return set(font.getBestCmap())


def _only(points: set[int]) -> re.Pattern[str]:
    """A pattern for texts of these characters and newlines; a set of 30,000 strings would weigh on every collection."""
    ranges: list[list[int]] = [[10, 10]]
    for point in sorted(points - {10}):
        if point == ranges[-1][1] + 1:
            ranges[-1][1] = point
        else:
            ranges.append([point, point])
    return re.compile("[" + "".join(f"\\U{a:08x}-\\U{b:08x}" for a, b in ranges) + "]*")
