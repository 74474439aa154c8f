"""Every reading route over every record of the demo company: what is answered is what the API's description says."""

from __future__ import annotations

import re

import pytest
import sqlalchemy as sa

from backend.accounts.models import User
from backend.assets.models import Asset
from backend.core import clock
from backend.customers.models import Customer
from backend.reports.models import Report
from backend.workorders.models import WorkOrder
from tests.conftest import NOW
from tests.described import NotAsDescribed, check
from tests.support import signed_in

# Where each path's parameter comes from; a new route with another one fails here until it is named.
IDS = {"customer_id": Customer, "asset_id": Asset, "work_order_id": WorkOrder, "report_id": Report}
MORE = {"ref": ["A", "B@1"], "sha256": ["0" * 64]}
QUERY = {"/api/search": "?q=R740&limit=50"}
# Not JSON, the protocol's own (sync/PROTOCOL.md, sync/vectors), or what only a customer's token opens (tests/backend/links).
ELSEWHERE = re.compile(
    r"/api/(sync/|files/|link(/|$)|openapi\.json)|\.(zip|xlsx|csv)$|/(pdf|docx|proof|promise-note|file)$"
)


def paths_of(spec, session):
    """(described path, addresses to ask)"""
    for path, operations in spec["paths"].items():
        if "get" not in operations or not path.startswith("/api/") or ELSEWHERE.search(path):
            continue
        names = re.findall(r"{(\w+)}", path)
        if names == ["kind", "record_id"]:
            yield (
                path,
                [f"/api/records/work_order/{ident}/history" for ident in session.scalars(sa.select(WorkOrder.id))],
            )
        elif names == ["ref", "other_ref"]:
            yield path, ["/api/letters/A@1/against/B@1"]
        elif names:
            (name,) = names
            values = MORE.get(name) or session.scalars(sa.select(IDS[name].id))
            yield path, [path.replace(f"{{{name}}}", value) for value in values]
        else:
            yield path, [path + QUERY.get(path, "?limit=200" if "parameters" in operations["get"] else "")]


def test_every_answer_of_the_demo_company_is_as_described(loaded, app_once):
    with clock.fixed(NOW):
        admin = signed_in(app_once, loaded.scalar(sa.select(User).where(User.role == "admin")))
        for path, addresses in paths_of(app_once.spec, loaded):
            assert addresses, path
            for address in addresses:
                answer = admin.get(address.replace("?limit=200", "") if path == "/api/engineers" else address)
                assert answer.status_code == 200, (address, answer.text[:200])


@pytest.mark.parametrize(
    "spoil",
    [
        lambda row: row.pop("symptom"),
        lambda row: row.update(symptom=None),
        lambda row: row.update(more=1),
        lambda row: row["clocks"][0].update(state="late"),
        lambda row: row.update(reported_at="yesterday"),
    ],
    ids=["missing", "null", "unknown", "another word", "no instant"],
)
def test_an_answer_that_is_not_as_described_is_found(loaded, app_once, spoil):
    with clock.fixed(NOW):
        admin = signed_in(app_once, loaded.scalar(sa.select(User).where(User.role == "admin")))
        row = next(row for row in admin.get("/api/work-orders?limit=200").json["rows"] if row["clocks"])
    address = f"/api/work-orders/{row['id']}"
    answer = admin.get(address)
    body = answer.json
    spoil(body)
    answer.set_data(app_once.json.dumps(body))
    with pytest.raises(NotAsDescribed):
        check(app_once, "GET", address, answer)
