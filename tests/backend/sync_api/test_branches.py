"""A dispatcher meets the conflicts, stuck operations and histories of her branches, and no others; an admin meets all."""

from __future__ import annotations

from typing import Any

import pytest

from backend.core.ids import new_id
from tests.backend.sync_api.conftest import Phone
from tests.factories.customers import make_contact, make_customer, make_site
from tests.factories.people import make_user
from tests.factories.work import make_visit, make_work_order
from tests.support import again


@pytest.fixture
def beijing(cast: Any, as_: Any) -> dict[str, Any]:
    """Ben's work in Beijing: a conflict about a contact's phone, and a wish that is not his to write."""
    customer = make_customer(cast.beijing, name="首都银行")
    contact = make_contact(customer, name="王敏", phone="1")
    site = make_site(customer)
    contact = save_on(contact, site)
    order = make_work_order(site, contact_id=contact.id)
    make_visit(order, [cast.ben])
    ben = Phone(as_(cast.ben), cast.ben)
    save_on(contact, site, phone="2")
    edit = ben.op("contact.edit", contact.id, {"phone": "3"}, base={"phone": "1"})
    stuck = ben.op("work_order.edit", order.id, {"priority": "critical"}, base={"priority": "important"})
    conflict, rejected = ben.results(edit, stuck)
    assert (conflict["status"], rejected["status"]) == ("conflict", "rejected")
    return {"conflict": conflict["conflict_id"], "stuck": stuck["op_id"], "contact": contact.id}


def save_on(contact: Any, site: Any, **values: Any) -> Any:
    from backend.core.db import write_transaction

    with write_transaction() as session:
        row = session.get(type(contact), contact.id)
        row.site_id = site.id
        for name, value in values.items():
            setattr(row, name, value)
    return row


def test_another_branch_is_not_there_for_a_dispatcher(beijing: Any, cast: Any, as_: Any) -> None:
    cleo, adam = as_(cast.cleo), as_(cast.adam)
    bea = as_(make_user("Bea", cast.beijing, role="dispatcher"))
    seen = {"choice": "theirs", "seen": "2"}
    history = f"/api/records/contact/{beijing['contact']}/history"
    for client, is_hers in ((cleo, False), (bea, True), (adam, True)):
        assert [row["id"] for row in client.get("/api/conflicts").json["conflicts"]] == [
            beijing["conflict"]
        ] * is_hers
        assert [r["id"] for r in client.get("/api/stuck-operations").json["stuck_operations"]] == [
            beijing["stuck"]
        ] * is_hers
        assert client.get(history).status_code == (200 if is_hers else 404)
        assert client.get("/api/board").json["needs_person"] == (2 if is_hers else 0)
    assert cleo.post(f"/api/conflicts/{beijing['conflict']}/settle", json=seen).status_code == 404
    assert cleo.post(f"/api/stuck-operations/{beijing['stuck']}/mend", json={}).status_code == 404
    assert cleo.post(f"/api/stuck-operations/{beijing['stuck']}/drop").status_code == 404
    assert bea.post(f"/api/conflicts/{beijing['conflict']}/settle", json=seen).status_code == 200
    told = {"args": {"symptom": "紧急：全部断电"}}
    done = bea.post(f"/api/stuck-operations/{beijing['stuck']}/mend", json=told).json["result"]
    assert done["status"] == "applied", done


def test_a_dispatcher_pushes_nothing_into_another_branch(beijing: Any, cast: Any, as_: Any) -> None:
    cleo = Phone(as_(cast.cleo), cast.cleo)
    foreign = cleo.op("contact.edit", beijing["contact"], {"phone": "9"}, base={"phone": "2"})
    unknown = cleo.op("contact.edit", new_id(), {"phone": "9"}, base={"phone": "2"})
    one, other = cleo.results(foreign, unknown)
    assert one["problem"] == other["problem"]
    mending = cleo.op(
        "contact.edit", cast.eve.id, {"phone": "9"}, base={"phone": cast.eve.phone}, mends=beijing["stuck"]
    )
    assert cleo.results(mending)[0]["problem"]["type"] == "/problems/not-yours-to-mend"
    assert again(cast.eve).phone != "9"
