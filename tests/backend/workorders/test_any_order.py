"""The order in which log entries arrive never changes what is settled: state, clocks, gates, charges, what is owed.

Phones send days later, the office types calls in afterwards; a work order is the same whoever was first (K-3).
"""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from backend.core import clock
from backend.core.ids import new_id
from backend.workorders import ports, settling
from backend.workorders.ground import Ground
from backend.workorders.models import WorkOrder
from backend.workorders.rules.entries import WHATS, Entry
from tests.conftest import NOW
from tests.factories.customers import make_asset, make_contract

SETTLED = (
    "state", "clocks", "gates", "entitlement", "owed", "missing", "letters", "closed_at", "last_contact_at",
    "next_due_at", "next_near_at", "urgent_at", "has_missed_clock",
)  # fmt: skip
CLOCKS = ("dispatch", "respond", "arrive", "resolve", "report")


@st.composite
def logs(draw: st.DrawFn) -> list[Entry]:
    """Any lines at any minutes of three days, several at one instant too, in the order of their ids."""
    out = []
    for n in range(draw(st.integers(1, 12))):
        what = draw(st.sampled_from(sorted(WHATS)))
        at = NOW + timedelta(minutes=draw(st.sampled_from([0, 1, 60, 479, 480, 481, 1440, 4000])))
        data: dict[str, Any] = {}
        if what == "excused":
            data = {"clock": draw(st.sampled_from(CLOCKS))}
        if what == "promised":
            data = {"promised_for": clock.iso(at + timedelta(days=draw(st.integers(0, 3))))}
        visit = draw(st.sampled_from([None, "v1", "v2"]))
        out.append(Entry(f"{n:02}", what, at, visit, "客户改期", data))
    return out


def settled(cast: Any, asset: Any, contract: Any, log: list[Entry]) -> str:
    """What settling makes of the log in this order, on a work order that no database knows."""
    order = WorkOrder(
        id=IDENT, customer_id=cast.customer.id, site_id=cast.site.id, asset_ids=[asset.id], contract_id=contract.id,
        kind="repair", channel="phone", priority="important", phone_reason="", reported_at=NOW, state="new",
        symptom="", owner_id=None, branch_id=cast.chengdu.id,
    )  # fmt: skip
    ground = Ground(
        {order.id: log}, {cast.customer.id: cast.customer}, {cast.site.id: cast.site}, {asset.id: asset},
        {contract.id: contract}, {}, {},
    )  # fmt: skip
    settling.settle(None, order, ground, NOW + timedelta(days=4))  # type: ignore[arg-type]
    return json.dumps({name: getattr(order, name) for name in SETTLED}, default=str)


IDENT = new_id()


@pytest.mark.parametrize("letters", [["A@1"], ["B@1", "D@1"], ["C@1"]])
def test_the_order_of_arrival_never_changes_what_is_settled(cast, monkeypatch, letters):
    monkeypatch.setattr(ports.scope_changed, "_answers", {})
    contract = make_contract(cast.customer, letters)
    asset = make_asset(cast.site, contract)

    @settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(log=logs(), data=st.data())
    def law(log: list[Entry], data: st.DataObject) -> None:
        other = data.draw(st.permutations(log))
        assert settled(cast, asset, contract, log) == settled(cast, asset, contract, other)

    law()
