"""Every id in every path swapped for one of another branch: not found (or not allowed), and nothing is changed.

Generated from the URL map: a route with an id that this test does not know fails, so that a new one is thought about.
"""

from __future__ import annotations

import hashlib
import re
from typing import Any

import pytest
import sqlalchemy as sa

from backend.core import clock
from backend.core.db import db
from backend.core.ids import new_id
from backend.notices.models import ABOUT, Notice
from backend.reports.models import PartLine, Photo
from backend.visits.models import CheckIn
from tests.backend.links.conftest import make_link
from tests.conftest import NOW
from tests.factories.customers import make_asset, make_contact, make_contract, make_customer, make_site
from tests.factories.work import make_finding, make_log_entry, make_report, make_visit, make_work_order
from tests.support import save

IN_AN_HOUR = clock.iso(NOW.replace(hour=NOW.hour + 1))
# A body that is right by its shape, for each route that reads one before it looks for the record.
BODIES: dict[str, Any] = {
    "PATCH /api/assets/<asset_id>": {"base": {"place": ""}, "fields": {"place": "x"}},
    "PATCH /api/contacts/<contact_id>": {"base": {"name": "王敏"}, "fields": {"name": "x"}},
    "PATCH /api/contracts/<contract_id>": {"base": {"number": ""}, "fields": {"number": "x"}},
    "PATCH /api/customers/<customer_id>": {"base": {"notes": ""}, "fields": {"notes": "x"}},
    "PATCH /api/sites/<site_id>": {"base": {"notes": ""}, "fields": {"notes": "x"}},
    "PATCH /api/users/<user_id>": {"name": "x"},
    "PATCH /api/work-orders/<work_order_id>": {"base": {"symptom": ""}, "fields": {"symptom": "x"}},
    "POST /api/work-orders/<work_order_id>/log": {"what": "note"},
    "POST /api/work-orders/<work_order_id>/exchange": {"asset_id": new_id(), "serial": "x"},
    "PATCH /api/visits/<visit_id>": {"base": {"note": ""}, "fields": {"note": "x"}},
    "POST /api/work-orders/<work_order_id>/reports": {"language": "zh"},
    "PATCH /api/reports/<report_id>": {"base": {"guidance": ""}, "fields": {"guidance": "x"}},
    "POST /api/reports/<report_id>/findings": {},
    "PATCH /api/findings/<finding_id>": {"base": {"cause_text": ""}, "fields": {"cause_text": "x"}},
    "POST /api/findings/<finding_id>/part-lines": {"name": "x"},
    "POST /api/reports/<report_id>/return": {"comment": "x"},
}
WITH_REASON = {"reason": "x", "note": "x"}
# Judged by tests of their own: one's own devices, letters everybody reads, files and uploads, public verification,
# restores, prices and days of the calendar, which are the whole company's.
ELSEWHERE = (
    "restore_id",
    "correction_id",
    "price_id",
    "device_id",
    "ref",
    "sha256",
    "conflict_id",
    "op_id",
    "record_id",
)


@pytest.fixture
def foreign(cast: Any) -> dict[str, str]:
    """Ids of records of another branch, by the name that a path gives them."""
    customer = make_customer(cast.beijing, name="首都银行")
    site = make_site(customer)
    asset = make_asset(site, make_contract(customer))
    work_order = make_work_order(site, [asset])
    visit = make_visit(work_order, [cast.ben])
    report = make_report(work_order, cast.ben, visit)
    finding = make_finding(report, asset)
    part = save(
        PartLine(
            id=new_id(),
            report_id=report.id,
            finding_id=finding.id,
            work_order_id=work_order.id,
            name="x",
            created_at=NOW,
        )
    )
    photo = save(
        Photo(
            id=new_id(), work_order_id=work_order.id, sha256="a" * 64, size_bytes=1, content_type="image/jpeg",
            taken_at=NOW, created_at=NOW,
        )
    )  # fmt: skip
    tap = save(
        CheckIn(
            id=new_id(), visit_id=visit.id, work_order_id=work_order.id, engineer_id=cast.ben.id, direction="in",
            tapped_at=NOW, corrected_at=NOW, quality="good", received_at=NOW,
        )
    )  # fmt: skip
    return {
        "customer_id": customer.id,
        "site_id": site.id,
        "contact_id": make_contact(customer).id,
        "asset_id": asset.id,
        "contract_id": asset.contract_id,
        "work_order_id": work_order.id,
        "entry_id": make_log_entry(work_order, "note").id,
        "visit_id": visit.id,
        "report_id": report.id,
        "finding_id": finding.id,
        "part_id": part.id,
        "photo_id": photo.id,
        "check_in_id": tap.id,
        "user_id": cast.ben.id,
        "notice_id": make_notice(work_order, cast.ben).id,
        "link_id": make_link(db.session, cast, work_order)[0].id,
    }


def make_notice(work_order: Any, user: Any) -> Any:
    return save(
        Notice(
            id=new_id(), user_id=user.id, kind="clock_near", subject="x", work_order_id=work_order.id,
            about=dict.fromkeys(ABOUT), created_at=NOW,
        )
    )  # fmt: skip


def everything() -> str:
    """A hash of every row but sessions and counted tries."""
    db.session.rollback()
    digest = hashlib.sha256()
    for table in db.metadata.sorted_tables:
        if table.name not in ("user_session", "device", "sign_in_try"):
            for row in sorted(map(str, db.session.execute(sa.select(table)))):
                digest.update(row.encode())
    return digest.hexdigest()


@pytest.mark.parametrize("who", ["cleo", "ana"])
def test_a_foreign_id_is_not_found_and_nothing_changes(app: Any, cast: Any, as_: Any, foreign: Any, who: str) -> None:
    client = as_(getattr(cast, who))
    before, wrong, tried = everything(), [], 0
    for rule in app.url_map.iter_rules():
        names = re.findall(r"<(?:\w+:)?(\w+)>", rule.rule)
        if not rule.rule.startswith("/api/") or not names or set(names) & set(ELSEWHERE):
            continue
        assert set(names) <= set(foreign), f"{rule.rule}: say here what a foreign {names} is"
        path = re.sub(r"<(?:\w+:)?(\w+)>", lambda match: foreign[match[1]], rule.rule)
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}:
            name = f"{method} {rule.rule}"
            body = BODIES.get(
                name, {"engineer_ids": [cast.ana.id], "planned_from": IN_AN_HOUR} if "visits" in path else {}
            )
            answer = client.open(path, method=method, json=None if method == "GET" else body)
            if answer.status_code == 422:
                answer = client.open(path, method=method, json=WITH_REASON)
                answer = (
                    answer if answer.status_code != 422 else client.open(path, method=method, json={"reason": "x"})
                )
                answer = answer if answer.status_code != 422 else client.open(path, method=method, json={"note": "x"})
            tried += 1
            if answer.status_code not in (403, 404):
                wrong.append((name, answer.status_code, answer.text[:200]))
    assert wrong == [] and tried > 30
    assert everything() == before
