"""What a line of the price list must be in itself. Used by the console's service and by the files of a company."""

from __future__ import annotations

from datetime import date

from backend.prices.rules.quote import PARTS, PERS


def faults_of(
    kind: str, per: str, part_no: str, valid_from: date, valid_until: date | None
) -> list[tuple[str, dict[str, str]]]:
    """(field, words) of everything that does not fit."""
    faults = []

    def wrong(name: str, zh: str, en: str) -> None:
        faults.append((name, {"zh": zh, "en": en}))

    if per not in PERS[kind]:
        wrong("per", f"这一项只能按：{'、'.join(PERS[kind])}", f"This kind is priced per {', '.join(PERS[kind])}.")
    elif part_no and kind != PARTS:
        wrong("part_no", "只有配件才写件号。", "Only parts have a part number.")
    elif kind == PARTS and bool(part_no) != (per == "piece"):
        wrong("part_no", "按件要写件号，按百分比不写。", "A piece needs its part number, a percentage has none.")
    if valid_until is not None and valid_until < valid_from:
        wrong("valid_until", "结束日期早于开始日期。", "It ends before it begins.")
    return faults
