"""What a proof sheet shows of an asset: its letters' periods with their arithmetic, spells with sources, counted repairs."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from backend.assets import services as assets
from backend.assets.models import Asset
from backend.contracts.models import Contract
from backend.customers.models import Customer, Site
from backend.letters.rules import facts_of as engine_facts
from backend.letters.rules.proof import proof_of
from backend.workorders import decision
from backend.workorders.ground import facts_about, repairs_before
from backend.workorders.models import WorkOrder
from backend.workorders.spells import log_spells_of


def proof_for(session: Session, asset: Asset, work_order: WorkOrder | None, now: datetime) -> dict[str, Any]:
    """{letters, periods, spells, repairs}: on the day of the work order's report, or today."""
    site, customer = session.get_one(Site, asset.site_id), session.get_one(Customer, asset.customer_id)
    contract = session.get(Contract, asset.contract_id) if asset.contract_id else None
    ground = facts_about(session, [asset.id], [asset.contract_id])
    reported_at = work_order.reported_at if work_order else now
    case = decision.Case(
        customer=customer, site=site, assets=[asset], contract=contract, kind="repair", channel="phone", priority=None,
        reported_at=reported_at, fault=work_order.fault if work_order else None, spells=ground.spells,
        repairs=repairs_before(ground, [asset.id], work_order.id if work_order else "", reported_at),
    )  # fmt: skip
    letters = decision.letters_named(contract.letters if contract else [])
    raw = decision.facts_of(case, asset, ground.spells.get(asset.id, ()), letters, now)
    facts = engine_facts(raw) if letters else None
    periods = [one for letter in letters if facts for one in proof_of(facts, letter, decision.calendar())]
    sources = [
        (spell.from_on, spell.to_on, spell.reason, None) for spell in assets.spells_of(session, [asset.id])[asset.id]
    ]
    sources += [(one.from_on, one.to_on, one.reason, one.number) for one in log_spells_of(session, [asset.id])]
    return {
        "letters": letters,
        "clauses": {clause.id: clause.text for letter in letters for clause in letter.clauses},
        "periods": periods,
        "spells": sorted(sources, key=lambda one: (one[0], one[2])),
        "repairs": [one for one in case.repairs if not case.fault or one.fault == case.fault],
        "site": site,
        "customer": customer,
    }
