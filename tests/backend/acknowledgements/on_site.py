"""Ana at a customer's with her phone: what a customer is told before work, as operations of one push."""

from __future__ import annotations

import json
from datetime import timedelta

import sqlalchemy as sa

from backend.acknowledgements.models import Acknowledgement
from backend.acknowledgements.rules.document import bytes_of, sha256_of
from backend.core import storage
from backend.core.db import db
from backend.core.ids import new_id
from tests.backend.reports.conftest import INK
from tests.backend.sync_api.conftest import Phone
from tests.factories.customers import make_asset, make_contract
from tests.factories.work import make_log_entry, make_visit, make_work_order
from tests.support import again

KINDS = ("labour", "parts", "call_out", "travel")
DAMAGE = {"labour": "fee", "parts": "market", "call_out": "fee", "travel": "fee"}


def told(charges, **amounts):
    """The lines of a notice; `labour="120.00"` is its price."""
    return [
        {"kind": kind, "charge": charges[kind], "per": None, "clause": None,
         "amount": {"amount": amounts[kind], "currency": "CNY"} if kind in amounts else None}
        for kind in KINDS
    ]  # fmt: skip


class OnSite:
    """Ana at the customer's with her phone; every answer is one operation."""

    def __init__(self, cast, as_, letters, now, kind="repair", **asset):
        contract = make_contract(cast.customer, letters)
        self.asset = make_asset(cast.site, contract, **({"category": "storage"} | asset))
        reported = now - timedelta(hours=3)
        self.order = make_work_order(
            cast.site, [self.asset], contract_id=contract.id, reported_at=reported, kind=kind
        )
        make_log_entry(self.order, "reported", reported)
        self.visit = make_visit(self.order, [cast.ana], planned_from=now - timedelta(hours=1))
        sent = {"visit_id": self.visit.id, "data": {"engineer_ids": [cast.ana.id]}}
        make_log_entry(self.order, "sent", now - timedelta(hours=2), **sent)
        self.phone = Phone(as_(cast.ana), cast.ana)
        self.phone.pull()
        self.desk = as_(cast.cleo)

    def find(self, **found):
        """The report with its one finding, as the phone makes it."""
        self.report, self.finding = new_id(), new_id()
        start = {"work_order_id": self.order.id, "visit_id": self.visit.id, "short_ref": "R-1", "language": "zh"}
        finding = {"report_id": self.report, "work_order_id": self.order.id, "asset_id": self.asset.id} | found
        return [
            self.phone.op("report.start", self.report, start),
            self.phone.op("finding.add", self.finding, finding),
        ]

    def answered(self, about, answer="accepted", lines=(), stored=True, **given):
        """The operation; the frozen text and the ink are stored unless `stored` is off."""
        notice = {"about": about, "statement": "…", "clauses": [], "charges": list(lines), "said_by": None,
                  "remedy": given.get("remedy"), "refund": None}  # fmt: skip
        self.document = bytes_of(
            {
                "schema": 1,
                "form": "acknowledgement",
                "work_order_id": self.order.id,
                "visit_id": self.visit.id,
                "signed": {"notices": [notice], "language": "zh"},
            }
        )
        self.strokes = json.dumps(INK).encode()
        if stored:
            self.bytes_arrive()
        is_signed = answer == "accepted"
        args = {
            "work_order_id": self.order.id, "visit_id": self.visit.id, "about": about, "answer": answer,
            "document_sha256": sha256_of(self.document), "told": list(lines), "reason": "", "photo_id": None,
            "strokes_sha256": sha256_of(self.strokes) if is_signed else None,
            "signer_name": "叶雯" if is_signed else "", "signer_title": "", "remedy": None,
        } | given  # fmt: skip
        return self.phone.op("acknowledgement.add", new_id(), args)

    def bytes_arrive(self):
        storage.put(self.document)
        storage.put(self.strokes)

    def results(self, *ops):
        """Sent in this order: numbered as the phone would have."""
        seqs = sorted(op["seq"] for op in ops)
        return self.phone.results(*({**op, "seq": seq} for op, seq in zip(ops, seqs, strict=True)))

    def send(self, *ops):
        return [result["status"] for result in self.results(*ops)]

    def rows(self):
        return list(db.session.scalars(sa.select(Acknowledgement).order_by(Acknowledgement.id)))

    def page(self):
        return self.desk.get(f"/api/work-orders/{self.order.id}").json

    def gate(self, name):
        gates = [gate for gate in again(self.order).gates if gate["gate"] == name]
        assert len(gates) == 1, [gate["gate"] for gate in again(self.order).gates]
        return gates[0]
