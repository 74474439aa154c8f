"""A run's table, put into docs/evidence.md between its marks, with commit, date and the machine's yardstick."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from tests.bench.measure import Figure

ROOT = Path(__file__).resolve().parents[2]
EVIDENCE = ROOT / "docs" / "evidence.md"


def said(figure: Figure) -> str:
    """A figure as it is printed while the run goes on."""
    mark = "ok    " if figure.holds else "FAILED"
    note = f"  ({figure.note})" if figure.note else ""
    sign = ">=" if figure.at_least else "<="
    return f"{mark} {figure.name:<52} {figure.value:9.1f} {figure.unit:<5} bound {sign} {figure.bound:g}{note}"


def table(figures: Sequence[Figure]) -> list[str]:
    lines = ["| figure | measured | bound | holds |", "|---|---|---|---|"]
    for f in figures:
        name, sign = f"{f.name}{f' ({f.note})' if f.note else ''}", "≥ " if f.at_least else ""
        value = f"{f.value:,.0f}" if f.at_least else f"{f.value:.1f}"
        lines.append(f"| {name} | {value} {f.unit} | {sign}{f.bound:g} {f.unit} | {'yes' if f.holds else 'no'} |")
    return lines


def keep(mark: str, stick: dict[str, float], lines: Sequence[str]) -> None:
    """Between `<!-- mark -->` and `<!-- /mark -->`: when, where, then the lines."""
    start, end = f"<!-- {mark} -->", f"<!-- /{mark} -->"
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True)
    at = datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")
    first = (
        f"Last run {at} at {commit.stdout.strip()}; SHA-256 of 64 MiB {stick['sha256_64mib_ms']} ms, "
        f"write and fsync {stick['fsync_4kib_ms']} ms, 2 cores."
    )
    text = EVIDENCE.read_text()
    if start not in text:
        text = f"{text.rstrip()}\n\n{start}\n{end}\n"
    before, rest = text.split(start, 1)
    EVIDENCE.write_text(before + "\n".join([start, first, "", *lines, end]) + rest.split(end, 1)[1])
