"""The reference a report has before the server gives it a number (K-9): eight signs out of its id, as the phone makes them.

The phone's half is pwa/src/reports/short-ref.ts.
"""

from __future__ import annotations

LETTERS = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"  # no 0/O, 1/I/L


def short_ref(report_id: str) -> str:
    """`R-7K3QX2MF` of a UUIDv7: from its random half."""
    number = int(report_id.replace("-", "")[-16:], 16)
    out = ""
    for _ in range(8):
        number, digit = divmod(number, len(LETTERS))
        out += LETTERS[digit]
    return f"R-{out}"
