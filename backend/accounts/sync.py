"""Company and colleagues on the phone: reference, read only."""

from __future__ import annotations

from flask import Flask

from backend.accounts.models import Company, User
from backend.core.sync import RecordKind, record_kind

COMPANY = ("name", "hotline", "email", "complaint_phone", "currency", "tz", "languages")
USER = ("name", "role", "phone", "branch_id")
REFERENCE = frozenset({"reference"})


def register(app: Flask) -> None:
    record_kind(
        app,
        RecordKind(
            "company", Company, lambda row: {name: getattr(row, name) for name in COMPANY}, lambda *_: REFERENCE,
            dict.fromkeys(COMPANY, "server"),
        ),
    )  # fmt: skip
    record_kind(
        app,
        RecordKind(
            "user", User, lambda row: {name: getattr(row, name) for name in USER},
            lambda row, _: REFERENCE if row.disabled_at is None else frozenset(), dict.fromkeys(USER, "server"),
        ),
    )  # fmt: skip
