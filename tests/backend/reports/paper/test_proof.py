"""The warranty sheet: the arithmetic line by line, in both languages, as PDF."""

from __future__ import annotations

from datetime import date

import pytest

from backend.reports.proof import sheet_of
from tests.conftest import NOW
from tests.factories.customers import make_asset, make_contract
from tests.factories.work import make_finding, make_log_entry, make_report, make_work_order
from tests.support import save


@pytest.fixture
def asset(cast):
    contract = make_contract(cast.customer, ["D@1"])
    return make_asset(cast.site, contract, category="laptop", brand="DELL", invoiced_on=date(2026, 3, 10),
                      accepted_on=date(2023, 1, 20))  # fmt: skip


def values(section):
    return {row["label"]: (row["value"], row["clause"]) for row in section["rows"]}


@pytest.mark.promise("D-09", "D-10", "D-11", "D-22")
def test_the_warranty_is_told_line_by_line_with_clause_source_and_rollover(cast, session, asset):
    from backend.assets.models import OutOfService
    from backend.core.ids import new_id

    save(
        OutOfService(
            id=new_id(), asset_id=asset.id, from_on=date(2024, 5, 6), to_on=date(2024, 5, 9), reason="repair"
        )
    )
    order = make_work_order(cast.site, [asset], number="WO-2026-000123")
    make_log_entry(order, "handed_in", at=NOW.replace(year=2025, month=6, day=2))
    make_log_entry(order, "handed_back", at=NOW.replace(year=2025, month=6, day=3))
    sheet = sheet_of(session, asset, None, "zh", NOW)
    warranty = sheet["sections"][0]
    said = values(warranty)
    assert said["验收日期"] == ("2023-01-20", "")
    assert said["期限"] == ("3 年，首日不计，到 2026-01-20", "D-09")
    assert [row["value"] for row in warranty["rows"] if row["label"] == "停用：修理"] == [
        "2024-05-06 至 2024-05-09，加 4 天，到 2026-01-24", "2025-06-02 至 2025-06-03，加 2 天，到 2026-01-26",
    ]  # fmt: skip
    assert said["扣除停用后到"] == ("2026-01-26", "D-10")
    assert said["最后一天遇休息日"] == ("不用顺延（2026 年放假通知）", "D-11")
    assert said["免费的最后一天"] == ("2026-01-26", "D-09")
    sources = next(one for one in sheet["sections"] if one["title"] == "停用时段的来源")
    assert [row["value"] for row in sources["rows"]] == ["录入的停用记录", "工单 WO-2026-000123 的经过"]


@pytest.mark.promise("D-05", "D-06", "D-07")
def test_the_windows_stand_with_the_reports_that_count(cast, session, asset):
    earlier = make_work_order(cast.site, [asset], fault="no-boot", reported_at=NOW.replace(month=6))
    make_finding(make_report(earlier, cast.ana, number="FR-2026-000011", state="approved"), asset)
    order = make_work_order(cast.site, [asset], fault="no-boot")
    sheet = sheet_of(session, asset, order, "en", NOW)
    assert sheet["sections"][-1] == {
        "title": "Repairs that count",
        "rows": [{"label": "2026-06-20", "value": "FR-2026-000011", "clause": "", "strong": False}],
    }
    windows = [one for one in sheet["sections"] if one["title"].startswith("Window")]
    assert [values(one)["Last day"][1] for one in windows if "Last day" in values(one)][-3:] == [
        "D-05",
        "D-06",
        "D-07",
    ]
    assert values(windows[-1])["Term"][0].startswith("1 year, ")


@pytest.mark.parametrize("said", ["zh", "en"])
def test_it_is_a_pdf_for_the_asset_and_for_a_work_order_of_it(cast, as_, asset, said):
    order, other = make_work_order(cast.site, [asset]), make_work_order(cast.site, [])
    client, url = as_(cast.cleo), f"/api/assets/{asset.id}/proof"
    for query in ({"language": said}, {"language": said, "work_order_id": order.id}):
        answer = client.get(url, query_string=query)
        assert (answer.status_code, answer.data[:5]) == (200, b"%PDF-")
    assert client.get(url, query_string={"work_order_id": other.id}).status_code == 404
    assert as_(cast.ben).get(url).status_code == 404
