"""Push and pull: the product's own app on an SQLite file with synchronous=FULL, asked over WSGI, sign-in and rights on.

What the phone sends is real: log entries of thirty work orders, each judged, numbered, chained, projected, fed.
"""

from __future__ import annotations

import gzip
import json
import statistics
import tempfile
import time
from collections.abc import Iterator
from typing import Any

from tests.bench.measure import Figure, median_ms

OPS, WORK_ORDERS, IDLE_POLLS = 200, 30, 200


def figures() -> Iterator[Figure]:
    with tempfile.TemporaryDirectory() as folder:
        phone, work_orders = prepared(folder)
        taken = [_push_ms(phone, work_orders) for _ in range(6)]
        yield Figure(
            f"push of {OPS} operations in one request", statistics.median(taken[1:]), "ms", 1_000, "SQLite, FULL"
        )
        started = time.perf_counter()
        phone.pull()
        rate = len(phone.rows) / (time.perf_counter() - started)
        yield Figure("first pull of 1,000 records", 1_000_000 / rate, "ms", 500, f"{rate:,.0f} records/s")
        cursor = phone.cursor
        idle = median_ms(lambda: _must(phone.get(cursor=cursor), 204), IDLE_POLLS, 20)
        yield Figure("pull with nothing new", idle, "ms", 5, "with sign-in, WSGI to WSGI")


def prepared(folder: str) -> tuple[Any, list[str]]:
    """Ana's phone at rest, and the ids of the work orders that she has."""
    from backend import create_app
    from backend.core.db import db
    from tests.backend.sync_api.conftest import Phone
    from tests.factories.customers import make_asset
    from tests.factories.people import make_cast
    from tests.factories.work import make_visit, make_work_order
    from tests.support import ApiClient, signed_in

    app = create_app({"VAR_DIR": folder, "DATABASE_URL": "", "SECRET_KEY": "only-for-bench-0123456789-abcdefghij"})
    app.test_client_class = ApiClient
    with app.app_context():
        db.create_all()
        cast = make_cast()
        orders = [make_work_order(cast.site, [make_asset(cast.site, serial=f"S{n}")]) for n in range(WORK_ORDERS)]
        ids = [order.id for order in orders]
        for order in orders:
            make_visit(order, [cast.ana])
        phone = Phone(signed_in(app, cast.ana), cast.ana)
        db.session.remove()
    phone.pull()
    return phone, ids


def _push_ms(phone: Any, work_orders: list[str]) -> float:
    from backend.core.ids import new_id

    ops = [
        phone.op(
            "log_entry.add",
            new_id(),
            {"work_order_id": work_orders[n % len(work_orders)], "what": "note", "note": f"散热风扇异响 {n}。" * 8},
        )
        for n in range(OPS)
    ]
    body = gzip.compress(json.dumps(phone.envelope(*ops)).encode())
    started = time.perf_counter()
    response = phone.send(body, **{"Content-Encoding": "gzip"})
    taken = (time.perf_counter() - started) * 1000
    _must(response, 200)
    assert all(result["status"] == "applied" for result in response.json["results"]), response.json["results"][0]
    return taken


def _must(response: Any, status: int) -> None:
    assert response.status_code == status, response.text
