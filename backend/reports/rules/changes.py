"""What an engineer changed from one version of a report to the next: for the reviewer who returned it (K-8)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from backend.reports.rules.document import FINDING_FACTS

Part = Mapping[str, Any]


def changes_between(before: Part, after: Part) -> list[dict[str, Any]]:
    """Each change as {finding: its number or None, field, before, after}, in the order of the form.

    before, after  as `document.signed_part` and `document.present_part` make them
    """
    return list(_changes(before, after))


def _changes(before: Part, after: Part) -> Iterator[dict[str, Any]]:
    old = {finding["id"]: finding for finding in before["findings"]}
    gone = [finding for finding in before["findings"] if finding["id"] not in {f["id"] for f in after["findings"]}]
    for no, finding in enumerate((*after["findings"], *gone), 1):
        was, now = old.get(finding["id"], {}), {} if finding in gone else finding
        for name in FINDING_FACTS:
            yield from _change(no, name, was.get(name), now.get(name))
        yield from _change(no, "part_line", _parts_in_words(was), _parts_in_words(now))
    yield from _change(None, "guidance", before["guidance"] or None, after["guidance"] or None)
    if before["photos"] != after["photos"]:  # compared by their bytes, told by their number
        yield from _change(None, "photo", f"×{len(before['photos'])}", f"×{len(after['photos'])}", differs=True)


def _change(no: int | None, name: str, was: Any, now: Any, *, differs: bool = False) -> Iterator[dict[str, Any]]:
    if differs or was != now:
        yield {"finding": no, "field": name, "before": was, "after": now}


def _parts_in_words(finding: Part) -> str | None:
    return "\n".join(_part_in_words(part) for part in _sequence(finding.get("parts"))) or None


def _part_in_words(part: Part) -> str:
    serials = (
        f" {part['old_serial'] or '—'} → {part['new_serial'] or '—'}"
        if part["old_serial"] or part["new_serial"]
        else ""
    )
    return f"{part['name']} ×{part['quantity']}{serials}"


def _sequence(value: Any) -> Sequence[Part]:
    return value or ()
