"""A job of Ana's, from check-in to signature, built through the services a phone's operations call."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import pytest

from backend.core import clock, storage
from backend.core.db import write_transaction
from backend.core.ids import new_id
from backend.reports import review, services, signing
from backend.reports.facts import freeze, gather
from backend.reports.models import Finding, Report, Signature
from backend.reports.paper_desk import read_file
from backend.reports.rules.document import bytes_of
from backend.visits import arrivals
from backend.visits.arrivals import CheckInWords
from backend.visits.models import Visit
from tests.backend.visits.conftest import actor, phone_tap
from tests.factories.customers import LAT_E7, LNG_E7, make_asset, make_contract
from tests.factories.work import make_log_entry, make_visit, make_work_order

INK = {"width": 290, "height": 150, "lines": [[[44, 52], [42, 88]], [[80, 66], [127, 57], [98, 122]]]}
FOUND = {
    "symptom_found": "2 号控制器电池告警",
    "cause_category": "wear",
    "cause_text": "电池满充容量降到 41%",
    "fix_category": "repaired",
    "fix_text": "在线更换电池模块，缓存恢复回写",
    "outcome": "fixed",
}


def put_json(value: Any) -> str:
    return storage.put(json.dumps(value).encode())


@dataclass
class Job:
    """One visit's report and what was done to it; every step is its own transaction."""

    session: Any
    cast: Any
    now: Any
    work_order: Any
    visit: Any
    report: Any = None
    finding: Any = None

    def tap(self, minutes_ago: float = 0) -> Any:
        return phone_tap(self.now, minutes_ago=minutes_ago)

    def do(self, function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        with write_transaction():
            return function(self.session, actor(self.cast.ana), *args, **kwargs)

    def check_in(self, minutes_ago: float = 60) -> Job:
        tap = self.tap(minutes_ago)
        fix = {"lat_e7": LAT_E7, "lng_e7": LNG_E7, "accuracy_m": 12, "fix_at": clock.iso(tap.at)}
        words = CheckInWords(
            fix=fix, phone_verdict={"verdict": "on_site", "distance_m": 0, "accuracy_m": 12, "radius_m": 150}
        )
        self.do(arrivals.check_in, self.session.get(Visit, self.visit.id), new_id(), tap, words, self.now)
        return self

    def start(self) -> Job:
        values = {"work_order_id": self.work_order.id, "visit_id": self.visit.id if self.visit else None,
                  "short_ref": "AR-7K3Q", "language": "zh"}  # fmt: skip
        self.report = self.do(services.start_report, new_id(), values, self.tap(50), self.now)
        return self

    def find(self, **given: Any) -> Job:
        asset_id = (self.work_order.asset_ids or [None])[0]
        values = {"asset_id": asset_id} | FOUND | given
        self.finding = self.do(services.add_finding, self.here(Report, self.report), new_id(), values, self.now)
        return self

    def here(self, model: Any, row: Any) -> Any:
        self.session.expire_all()
        return self.session.get(model, row.id)

    def freeze(self, **changes: Any) -> str:
        """The document's hash, its bytes stored."""
        facts = gather(self.session, self.here(Report, self.report))
        document = freeze(self.session, facts, clock.iso(self.tap(10).at))
        document["signed"].update(changes)
        return storage.put(bytes_of(document))

    def sign(self, result: str = "accepted", ink: Any = INK, minutes_ago: float = 5, **given: Any) -> Signature:
        values = {
            "report_id": self.report.id,
            "document_sha256": given.pop("document_sha256", None) or self.freeze(),
            "strokes_sha256": put_json(ink) if ink else None,
            "result": result,
            "signer_name": "叶雯",
            "signer_title": "信息中心主管",
            "rating": 5,
        } | given
        return self.do(signing.add_signature, new_id(), values, self.tap(minutes_ago), read_file, self.now)

    def submit(self, solved_at: Any = None) -> Report:
        return self.do(review.submit, self.here(Report, self.report), solved_at, self.tap(2), self.now)

    def edit(self, **changes: Any) -> Finding:
        return self.do(services.edit_finding, self.here(Finding, self.finding), changes, self.now)

    def ready(self) -> Job:
        """Checked in, found, signed and handed in."""
        self.check_in().start().find()
        self.guide()
        self.sign()
        self.submit()
        return self

    def guide(self) -> Job:
        self.do(services.edit_report, self.here(Report, self.report), {"guidance": "面板灯含义"}, self.now)
        return self

    def ready_unsigned(self, result: str = "absent", **given: Any) -> Job:
        """Handed in while the customer was away, or would not sign."""
        self.check_in().start().find(**given).guide()
        self.sign(result, ink=None, reason="在开会，过会儿再签", signer_name="", signer_title="", rating=None)
        self.submit()
        return self


@pytest.fixture
def job(session: Any, cast: Any, now: Any) -> Job:
    contract = make_contract(cast.customer, ["B@1"], signed_on=date(2025, 1, 6))
    asset = make_asset(cast.site, contract, category="storage")
    order = make_work_order(cast.site, [asset], contract_id=contract.id, letters=["B@1"], contact_id=cast.eve.id,
                            reported_at=now - timedelta(hours=3))  # fmt: skip
    make_log_entry(order, "reported", now - timedelta(hours=3), author_id=cast.cleo.id)
    visit = make_visit(order, [cast.ana], planned_from=now - timedelta(hours=1))
    make_log_entry(order, "sent", now - timedelta(hours=2), visit_id=visit.id, data={"engineer_ids": [cast.ana.id]})
    return Job(session, cast, now, order, visit)
