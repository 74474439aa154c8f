"""The fixtures themselves: a request does not see the test's own context, and tests do not see each other's rows."""

import pytest

from tests.factories.customers import make_asset
from tests.factories.work import make_finding, make_log_entry, make_report, make_visit, make_work_order


@pytest.mark.parametrize("round_", [1, 2])
def test_each_test_finds_empty_tables_and_a_cast_that_can_sign_in(cast, as_, client, round_):
    assert as_(cast.ana).get("/api/me").json["user"]["name"] == "Ana"
    assert as_(cast.cleo).get("/api/me").json["user"]["name"] == "Cleo"
    assert client.get("/api/me").status_code == 401


def test_every_factory_makes_a_row_that_the_database_takes(cast):
    asset = make_asset(cast.site)
    work_order = make_work_order(cast.site, [asset])
    visit = make_visit(work_order, [cast.ana, cast.ben])
    report = make_report(work_order, cast.ana, visit)
    make_finding(report, asset)
    make_log_entry(work_order, "contacted")
    assert visit.engineer_ids[0] == cast.ana.id
