"""Random requests made from the API's own description: nothing answers 5xx, nothing answers what is not documented.

FIELDPLEDGE_FUZZ sets the requests per operation (make test-long); without it a few, so that the suite stays quick.
"""

from __future__ import annotations

import os
from typing import Any

import hypothesis
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, settings

from backend.core.ids import new_id
from tests.factories.customers import make_asset, make_contract
from tests.factories.work import make_finding, make_log_entry, make_report, make_visit, make_work_order

EXAMPLES = int(os.environ.get("FIELDPLEDGE_FUZZ", "3"))
# What the HTTP layer itself may always answer, whatever the route.
ALWAYS = {"400", "401", "403", "404", "405", "409", "413", "415", "422", "429"}
# Ends the session that the test needs.
LEFT_OUT = {"/api/sign-out"}


@pytest.fixture
def known(cast: Any) -> dict[str, str]:
    """Ids of records that are there, by the name a path gives them."""
    asset = make_asset(cast.site, make_contract(cast.customer))
    work_order = make_work_order(cast.site, [asset])
    visit = make_visit(work_order, [cast.ana])
    report = make_report(work_order, cast.ana, visit)
    make_finding(report, asset)
    return {
        "customer_id": cast.customer.id,
        "site_id": cast.site.id,
        "contact_id": cast.eve.id,
        "asset_id": asset.id,
        "contract_id": asset.contract_id,
        "work_order_id": work_order.id,
        "entry_id": make_log_entry(work_order, "note").id,
        "visit_id": visit.id,
        "report_id": report.id,
        "user_id": cast.ben.id,
    }


@pytest.mark.parametrize("who", ["adam", "ana"])
def test_no_request_breaks_the_server(app: Any, cast: Any, as_: Any, known: dict[str, str], who: str) -> None:
    schema = schemathesis.openapi.from_wsgi("/api/openapi.json", app)
    cookie = as_(getattr(cast, who)).get_cookie("fieldpledge").value
    wrong: dict[tuple[str, str, int], str] = {}
    for result in schema.get_all_operations():
        operation = result.ok()
        if operation.path not in LEFT_OUT:
            _try(operation, cookie, known, wrong)
    assert wrong == {}


def _try(operation: Any, cookie: str, known: dict[str, str], wrong: dict[tuple[str, str, int], str]) -> None:
    documented = {str(status) for status in operation.definition.raw.get("responses", {})} | ALWAYS

    @settings(
        max_examples=EXAMPLES, deadline=None, database=None, derandomize=True, phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @hypothesis.given(case=operation.as_strategy(), is_known=hypothesis.strategies.booleans())
    def run(case: Any, is_known: bool) -> None:
        case.headers = {**(case.headers or {}), "X-Fieldpledge": "1"}
        if is_known:
            case.path_parameters = {name: known.get(name, new_id()) for name in case.path_parameters or {}}
        answer = case.call(cookies={"fieldpledge": cookie})
        if answer.status_code >= 500 or str(answer.status_code) not in documented:
            key = (operation.method, operation.path, answer.status_code)
            wrong.setdefault(key, f"{case.path_parameters} {case.query} {case.body!r}"[:400])

    run()
