"""Letters on the phone: reference, read only, copied from the letters by the worker and when one is installed."""

from __future__ import annotations

from flask import Flask

from backend.core.sync import RecordKind, record_kind
from backend.letters.models import LetterCopy
from backend.letters.services import COPIED, copy_letters
from backend.worker import every

FIELDS = ("letter", "version", *COPIED)
A_DAY_S = 86_400


def register(app: Flask) -> None:
    record_kind(
        app,
        RecordKind(
            "letter", LetterCopy, lambda row: {name: getattr(row, name) for name in FIELDS},
            lambda *_: {"reference"}, dict.fromkeys(FIELDS, "server"),
        ),
    )  # fmt: skip
    every(app, "letters", A_DAY_S, lambda session, _now: copy_letters(session))
