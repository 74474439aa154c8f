"""What every part of the sheet writes with: the language, the site's zone, and small pieces of lines.

A run is `[text, style]` with style plain, soft, mono or strong; a fact is `{"label": …, "runs": [run, …]}`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from backend.reports import formats
from backend.reports.view import Asset, Clause, Instant, Language, Text
from backend.reports.words import label, word

Run = list[str]
SHORT = {"zh": 150.0, "en": 132.0}  # points: what surely fits one line of the two columns of facts
Fact = dict[str, Any]


@dataclass(frozen=True)
class Pen:
    """Language and zone of one paper; the words that depend on them."""

    language: Language
    tz: str

    @property
    def colon(self) -> str:
        return "：" if self.language == "zh" else ": "

    @property
    def semicolon(self) -> str:
        return "；" if self.language == "zh" else "; "

    def label(self, name: str, /, **values: object) -> str:
        return label(name, self.language, **values)

    def word(self, group: str, code: str | None) -> str:
        return word(group, code, self.language)

    def text(self, text: Text | None) -> str:
        """A shipped text in this paper's language, else in the other one: something beats nothing."""
        return (text.get(self.language) or text.get("zh") or text.get("en") or "") if text else ""

    def at(self, instant: Instant | None) -> str:
        return formats.date_time(instant, self.tz)

    def beside(self, instant: Instant, other: Instant, seconds: bool = False) -> str:
        return formats.time_beside(instant, other, self.tz, seconds)

    def span(self, seconds: int) -> str:
        return formats.span(seconds, self.language)

    def joined(self, *parts: str | None) -> str:
        """The parts that are there, with the language's comma."""
        return ("，" if self.language == "zh" else ", ").join(part for part in parts if part)

    def fact(self, name: str, *runs: Run | str | None) -> Fact:
        """A labelled line; empty runs fall out, nothing at all is a dash."""
        kept = [[run, "plain"] if isinstance(run, str) else run for run in runs if run and (run[0] or "")]
        kept = kept or [["—", "plain"]]
        return {"label": self.label(name), "runs": kept, "is_short": sum(map(_width, kept)) < SHORT[self.language]}

    def aside(self, *parts: str | None) -> str:
        """The parts that are there in the language's brackets, or nothing."""
        inner = self.joined(*parts)
        return ("（{}）" if self.language == "zh" else " ({})").format(inner) if inner else ""

    def asset_name(self, asset: Asset | None) -> str:
        if asset is None:
            return ""
        return " ".join(part for part in (asset.brand, asset.model, self.word("category", asset.category)) if part)

    def clause(self, clause: Clause) -> str:
        """`B-07，第二条 1)`."""
        return self.joined(clause.clause, clause.article)


def soft(text: str | None) -> Run | None:
    return [text, "soft"] if text else None


def mono(text: str | None) -> Run | None:
    return [text, "mono"] if text else None


def _width(run: Run) -> float:
    """About how wide a run is, in points, rather too much than too little."""
    return 6 + sum(9.4 if char > "\u2e7f" else 5.6 for char in run[0])
