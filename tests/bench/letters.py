"""The letter decides: one decision, and open work decided again in the worker's slices after a change."""

from __future__ import annotations

import gc
import tempfile
import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from tests.bench.measure import GROUPS, Figure

WORK_ORDERS, EACH, LETTERS = 2_000, 8, ("D@1", "C@1", "B@1")


def figures() -> Iterator[Figure]:
    groups = _decisions_ms()
    count = len(groups[0])
    note = f"{count:,} decisions under five letters, alone and together; the quietest of {GROUPS} groups"
    yield Figure("decide(), median", min(taken[count // 2] for taken in groups), "ms", 1, note)
    yield Figure("decide(), 99th of 100", min(taken[count * 99 // 100] for taken in groups), "ms", 5)
    with tempfile.TemporaryDirectory() as folder:
        rounds = _slices_ms(folder)
    note = f"{WORK_ORDERS:,} open work orders, each decided otherwise than before; SQLite, FULL"
    rate = max(WORK_ORDERS / sum(slices) * 1000 for slices in rounds)
    yield Figure("work orders decided again", rate, "/s", 500, note, at_least=True)
    note = f"the quietest of {len(rounds)} rounds, {len(rounds[0])} slices"
    yield Figure("longest slice of it, write lock to commit", min(map(max, rounds)), "ms", 250, note)


def _decisions_ms() -> list[list[float]]:
    """Sorted times of whole decisions by group, facts read from JSON included: what each promise's own test asks."""
    from backend.letters.loader import load_letters
    from backend.letters.rules import Calendar, decide
    from tests.backend.letters.conftest import facts_for
    from tests.backend.letters.support import FIFTH
    from tests.backend.letters.test_clauses_taken_out import DECIDED

    calendar, names = Calendar(), ["A", "B", "C", "D", str(FIFTH)]
    letters = load_letters(names, allow_paths=True)
    asked = [(facts_for(names[:1], **said), one) for said in DECIDED.values() for one in [*letters, *letters[:1]]]
    cases = [(facts, (letter,)) for facts, letter in asked] + [(facts, letters) for facts, _ in asked[::6]]
    for facts, under in cases:
        decide(facts, under, calendar)  # the first time reads the years' rest days
    groups = []
    for _ in range(GROUPS):
        taken = []
        for facts, under in cases * EACH:
            started = time.perf_counter()
            decide(facts, under, calendar)
            taken.append((time.perf_counter() - started) * 1000)
        groups.append(sorted(taken))
    return groups


def _slices_ms(folder: str) -> list[list[float]]:
    """What each slice took, of three changes that decide every open work order otherwise."""
    from backend import create_app
    from backend.core import clock
    from backend.core.db import db, write_transaction
    from backend.workorders import again
    from backend.workorders.models import WorkOrder

    app = create_app({"VAR_DIR": folder, "DATABASE_URL": "", "SECRET_KEY": "only-for-bench-0123456789-abcdefghij"})
    with app.app_context():
        db.create_all()
        contract, rounds = _open_work(), []
        gc.freeze()  # as the server does at its start (wsgi.py)
        for letter in LETTERS:
            with write_transaction() as session:
                session.merge(contract).letters = [letter]
                again.ask(session, "contract", contract.id, clock.now())
            taken, more = [], True
            while more:
                started = time.perf_counter()
                with write_transaction() as session:
                    more = again.run(session, clock.now())
                taken.append((time.perf_counter() - started) * 1000)
            rounds.append(taken)
            db.session.rollback()
            assert all(row.letters == [letter] for row in db.session.query(WorkOrder))
        db.session.remove()
    return rounds


def _open_work() -> Any:
    """Open work orders of two hundred assets, each with a log of five lines; returns the contract they are under."""
    from backend.core import clock
    from backend.core.db import write_transaction
    from backend.core.ids import new_id
    from backend.workorders import settling
    from backend.workorders.models import LogEntry, WorkOrder, WorkOrderAsset
    from tests.factories.customers import make_asset, make_contract
    from tests.factories.people import make_cast

    cast, now = make_cast(), clock.now()
    contract = make_contract(cast.customer, ["B@1"])
    assets = [make_asset(cast.site, contract, serial=f"S{n}") for n in range(200)]
    for start in range(0, WORK_ORDERS, 200):
        with write_transaction() as session:
            for n in range(start, start + 200):
                at = now - timedelta(minutes=n)
                row = WorkOrder(
                    id=new_id(), number=f"WO-{n}", branch_id=cast.chengdu.id, customer_id=cast.customer.id,
                    site_id=cast.site.id, asset_ids=[assets[n % 200].id], channel="phone", priority="important",
                    symptom="服务器无法启动", reported_at=at, created_at=at,
                )  # fmt: skip
                session.add(row)
                session.flush()
                session.add(WorkOrderAsset(work_order_id=row.id, asset_id=row.asset_ids[0]))
                for what in ("reported", "contacted", "note", "departed", "arrived"):
                    session.add(
                        LogEntry(
                            id=new_id(), work_order_id=row.id, what=what, at=at, corrected_at=at, received_at=now
                        )
                    )
                settling.mark(session, row.id, now)
    return contract
