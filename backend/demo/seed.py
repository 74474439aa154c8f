"""Loads a company's folder into an empty database: `load_company`. The demo company's is `DEMO_FOLDER`.

Called by `python -m backend seed [FOLDER]` and at the first start of `make run`. docs/own-company.md says how to
write a folder of one's own.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any, ClassVar

import sqlalchemy as sa
from sqlalchemy.orm import Session

from backend.accounts.models import User
from backend.core import clock
from backend.core.db import write_transaction
from backend.core.problems import NotAllowedNow
from backend.customers.models import Customer
from backend.demo.ground import Ground, Values, read_ground, store_ground
from backend.demo.play import Play
from backend.demo.reading import BadFiles, FileFault, Row, read_csv, read_yaml
from backend.demo.stories import Stories

DEMO_FOLDER = Path(__file__).resolve().parent / "files"


class NotEmpty(NotAllowedNow):
    slug = "database-not-empty"
    title: ClassVar = {
        "zh": "这个数据库里已经有公司了，什么都没有载入。",
        "en": "This database already holds a company; nothing was loaded.",
    }


def is_empty(session: Session) -> bool:
    """True while nobody has an account and no customer is known: only then may a folder be loaded."""
    return not any(session.scalar(sa.select(sa.exists().where(table.id.is_not(None)))) for table in (User, Customer))


def read_company(folder: Path, now: datetime) -> tuple[Ground, list[Values]]:
    """A folder's ground and stories, checked. Raises BadFiles with every fault by file, line, field; stores nothing."""
    faults: list[FileFault] = []
    ground = read_ground(Path(folder), now, faults)
    stories = Stories(ground, now, faults).read(Path(folder)) if not faults else []
    if faults:
        raise BadFiles(faults)
    return ground, stories


def load_company(folder: Path, now: datetime) -> dict[str, int]:
    """Load a folder into the empty database, all of it or nothing → how many records of each kind.

    One transaction, though a long one: it runs before anybody is served, and half a company helps nobody.
    now     aware UTC; days in the files that are distances count from its local date
    raises  BadFiles, NotEmpty
    """
    ground, stories = read_company(folder, now)
    with clock.fixed(now), write_transaction() as session:  # what the end of it decides is decided as of now
        if not is_empty(session):
            raise NotEmpty()
        store_ground(session, ground, now)
        play = Play(session, ground, now)
        play.run(stories)
    play.settle_afterwards()
    tables = ("branches", "users", "customers", "sites", "contacts", "contracts", "assets")
    return {name: len(getattr(ground, name)) for name in tables} | {"work_orders": len(stories)}


def demo_accounts(folder: Path = DEMO_FOLDER) -> list[dict[str, Any]]:
    """The accounts of a demo folder for printing: [{sign_in_name, name, role, password}]; [] if it is no demo."""
    faults: list[FileFault] = []
    company = read_yaml(Path(folder) / "company.yaml", faults)
    if not isinstance(company, Row) or company.values.get("demo") not in ("true", "yes"):
        return []
    return [
        {name: row.values.get(name, "") for name in ("sign_in_name", "name", "role")}
        | {"password": row.values.get("password") or company.values.get("password", "")}
        for row in read_csv(Path(folder) / "users.csv", faults)
    ]
