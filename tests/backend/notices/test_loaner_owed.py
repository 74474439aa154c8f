"""D-14: not repaired within 24 hours, a stand-in is owed: told to the dispatcher once, handed out, returned."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from backend.core import clock
from backend.core.db import write_transaction
from backend.notices import clocks
from backend.notices.models import Notice
from backend.workorders import services
from backend.workorders.models import WorkOrder
from tests.conftest import NOW
from tests.factories.customers import make_asset, make_contract
from tests.factories.work import make_work_order

HOUR = timedelta(hours=1)
TICK = timedelta(milliseconds=1)


@pytest.fixture
def work_order(cast):
    contract = make_contract(cast.customer, ["D@1"])
    asset = make_asset(cast.site, contract, brand="Tongfang", category="desktop")
    row = make_work_order(cast.site, [asset])
    enter(row, "reported")
    return row


def enter(work_order, what, at=NOW, **given):
    with write_transaction() as session:
        row = session.get(WorkOrder, work_order.id)
        services.add_log_entry(session, row, what=what, at=at, now=max(NOW, at), **given)


def told(session, now):
    more = True
    while more:
        with write_transaction() as writing:
            more = clocks.run(writing, now)
    session.rollback()
    return list(session.scalars(sa.select(Notice.user_id).where(Notice.kind == "loaner_owed")))


@pytest.mark.promise("D-14")
def test_the_dispatcher_is_told_once_when_it_falls_due_and_not_before(cast, session, work_order):
    assert told(session, NOW + 24 * HOUR) == []
    assert told(session, NOW + 24 * HOUR + TICK) == [cast.cleo.id]
    assert told(session, NOW + 48 * HOUR) == [cast.cleo.id]


@pytest.mark.promise("D-14")
def test_repaired_in_time_or_lent_already_nothing_is_told(cast, session, work_order):
    enter(work_order, "loaner_handed_out", NOW + HOUR, data={"loaner": "E300", "to": "Eve"})
    assert told(session, NOW + 25 * HOUR) == []


@pytest.mark.promise("D-14")
def test_handing_out_names_the_machine_and_the_person_and_the_return_is_logged(cast, as_, work_order):
    path = f"/api/work-orders/{work_order.id}"
    cleo = as_(cast.cleo)
    with clock.fixed(NOW + 25 * HOUR):
        assert cleo.get(path).json["owed"][0]["state"] == "open"
        faults = cleo.post(f"{path}/log", json={"what": "loaner_handed_out", "data": {"loaner": " "}}).json["faults"]
        assert [fault["path"] for fault in faults] == ["$.data.loaner", "$.data.to"]
        body = {"what": "loaner_handed_out", "data": {"loaner": "超越 E300 TF21P8812", "to": "黄志伟"}}
        assert cleo.post(f"{path}/log", json=body).status_code == 201
        [owed] = cleo.get(path).json["owed"]
        assert owed | {"due": None} == {
            "what": "loaner", "clause": "D-14", "due": None, "state": "handed_out", "loaner": "超越 E300 TF21P8812",
            "to": "黄志伟", "handed_out_at": clock.iso(NOW + 25 * HOUR), "returned_at": None,
        }  # fmt: skip
    with clock.fixed(NOW + 50 * HOUR):
        assert cleo.post(f"{path}/log", json={"what": "loaner_returned"}).status_code == 201
        [owed] = cleo.get(path).json["owed"]
        assert (owed["state"], owed["returned_at"]) == ("returned", clock.iso(NOW + 50 * HOUR))
