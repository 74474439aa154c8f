"""Giving another unit in exchange (D-05…D-07, C-02): the new asset, and the old one that points to it.

Which of its dates start on the day of the exchange says the letter (`restarts`); the old asset keeps its history.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from backend.assets.models import Asset
from backend.contracts.models import Contract
from backend.core import clock
from backend.core.ids import new_id
from backend.core.problems import Fault, Invalid
from backend.customers.models import Site
from backend.workorders import services, settling
from backend.workorders.chosen import EXCHANGE, offered_words
from backend.workorders.decision import letters_named
from backend.workorders.models import WorkOrder

CARRIED = ("customer_id", "site_id", "contract_id", "category", "brand", "model", "place", "material", "stores_data",
           "is_genuine", "purchased_on", "invoiced_on", "accepted_on", "price")  # fmt: skip


def exchange(
    session: Session, actor: Any, work_order: WorkOrder, values: Mapping[str, Any], now: datetime
) -> WorkOrder:
    """Another unit in exchange for one of the work order's assets. Raises Invalid.

    values  {asset_id, serial, model?}
    """
    settling.settle_all(session)
    asset = session.get(Asset, values["asset_id"])
    if asset is None or asset.id not in (work_order.asset_ids or []):
        raise _wrong("asset_id", "这张工单没有这台设备。", "The work order has no such asset.")
    if asset.replaced_by_id is not None:
        raise _wrong("asset_id", "这台设备已经换过。", "This asset was exchanged already.")
    is_owed = any(one["what"] == "replacement" for one in work_order.owed)
    if not is_owed and (work_order.remedy or {}).get("remedy") != EXCHANGE:
        offered = offered_words(work_order.entitlement["remedies"])
        raise _wrong(
            "remedy", f"先记下客户选了换货；现在可选：{offered['zh']}。",
            f"Record first that the customer chose an exchange; offered now: {offered['en']}.",
        )  # fmt: skip
    today = clock.local_date(now, session.get_one(Site, work_order.site_id).tz)
    contract = session.get(Contract, asset.contract_id) if asset.contract_id else None
    rules = [
        (rule.clause, rule.dates)
        for letter in letters_named(contract.letters if contract else [])
        for rule in letter.restarts
        if rule.remedy == EXCHANGE
    ]
    restarted = sorted({name for _, dates in rules for name in dates})
    carried = {name: getattr(asset, name) for name in CARRIED}
    given = {name: values[name] for name in ("serial", "model") if values.get(name)}
    new = Asset(id=new_id(), **carried | given | dict.fromkeys(restarted, today))
    session.add(new)
    session.flush()
    asset.replaced_by_id = new.id
    data = {"asset_id": asset.id, "new_asset_id": new.id, "serial": new.serial, "restarted": restarted,
            "clauses": sorted({clause for clause, _ in rules})}  # fmt: skip
    services.add_log_entry(session, work_order, what="exchanged", at=now, now=now, author_id=actor.user_id, data=data)
    return work_order


def _wrong(name: str, zh: str, en: str) -> Invalid:
    return Invalid(faults=[Fault(f"$.{name}", {"zh": zh, "en": en})])
