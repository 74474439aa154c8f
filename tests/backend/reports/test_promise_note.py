"""C-08: one page that says why it takes longer and by when; what was promised before stays on it."""

import io
from datetime import timedelta

import pytest
from pypdf import PdfReader

from backend.core import clock
from backend.core.db import write_transaction
from backend.workorders import services
from backend.workorders.models import WorkOrder
from tests.conftest import NOW
from tests.factories.customers import make_asset, make_contract
from tests.factories.work import make_work_order

DAY = timedelta(days=1)


@pytest.fixture
def work_order(cast):
    contract = make_contract(cast.customer, ["C@1"])
    asset = make_asset(cast.site, contract, brand="", category="desk", material="wood", model="主席台")
    row = make_work_order(cast.site, [asset])
    with write_transaction() as session:
        services.add_log_entry(session, session.get(WorkOrder, row.id), what="reported", at=NOW, now=NOW)
    return row


def promise(client, work_order, days, why):
    body = {"what": "promised", "note": why, "data": {"promised_for": clock.iso(NOW + days * DAY)}}
    assert client.post(f"/api/work-orders/{work_order.id}/log", json=body).status_code == 201


def text_of(answer):
    assert (answer.status_code, answer.mimetype) == (200, "application/pdf"), answer.text
    [page] = PdfReader(io.BytesIO(answer.data)).pages
    return page.extract_text()


@pytest.mark.promise("C-08")
def test_the_note_says_why_and_by_when_and_keeps_the_date_of_before(cast, as_, work_order):
    cleo = as_(cast.cleo)
    path = f"/api/work-orders/{work_order.id}/promise-note"
    assert cleo.get(path).status_code == 404, "nothing was promised yet"
    promise(cleo, work_order, 2, "面板要从厂里发")
    promise(cleo, work_order, 4, "厂里缺料，晚两天发出")
    said = text_of(cleo.get(f"{path}?language=zh"))
    for words in (
        "承诺说明",
        "厂里缺料，晚两天发出",
        "2026-11-24 10:00",
        "原答应",
        "2026-11-22 10:00",
        "C-08",
        "Cleo",
    ):
        assert words in said, words
    assert "面板要从厂里发" not in said
    english = text_of(cleo.get(f"{path}?language=en"))
    assert "Promise note" in english and "Promised before for 2026-11-22 10:00" in english


@pytest.mark.promise("C-08")
def test_the_resolve_clock_takes_the_promised_date_and_both_dates_stay_in_the_log(cast, as_, work_order):
    cleo = as_(cast.cleo)
    for days in (2, 4):
        promise(cleo, work_order, days, "缺料")
    page = cleo.get(f"/api/work-orders/{work_order.id}").json
    [resolve] = [one for one in page["clocks"] if one["name"] == "resolve"]
    assert resolve["due"] == clock.iso(NOW + 4 * DAY)
    kept = [one["data"]["promised_for"] for one in page["log"] if one["what"] == "promised"]
    assert sorted(kept) == [clock.iso(NOW + 2 * DAY), clock.iso(NOW + 4 * DAY)]


def test_another_branchs_dispatcher_does_not_get_it(cast, as_, work_order):
    from tests.factories.people import make_user

    promise(as_(cast.cleo), work_order, 2, "缺料")
    other = make_user("Olga", cast.beijing, role="dispatcher")
    assert as_(other).get(f"/api/work-orders/{work_order.id}/promise-note").status_code == 404
