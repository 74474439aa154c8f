"""What a decided work order costs: the decision's charges with the price list. Called by settling and the preview."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy.orm import Session

from backend.core import clock
from backend.prices import services as prices
from backend.prices.models import Price
from backend.prices.rules.money import DEFAULT_CURRENCY
from backend.prices.rules.quote import Part, Scope, quote_of, upgrade_of
from backend.workorders.ports import UsedPart


@dataclass(frozen=True)
class PriceGround:
    """The price list and the company's currency, read once for a batch."""

    lines: Sequence[Price] = ()
    currency: str = DEFAULT_CURRENCY


@dataclass(frozen=True)
class Job:
    """What a quote has to know of a work order, stored or about to be."""

    branch_id: str | None
    contract_id: str | None
    reported_at: datetime
    tz: str
    parts: Sequence[UsedPart] = field(default_factory=tuple)
    upgrade_quote: Decimal | None = None
    counted: Mapping[str, tuple[str, str]] = field(default_factory=dict)


def price_ground(session: Session) -> PriceGround:
    return PriceGround(prices.all_prices(session), prices.currency_of(session))


def quote_for(answer: Mapping[str, Any], job: Job, ground: PriceGround) -> dict[str, Any]:
    """The quote of a decision (decision.decided); what damage by the user would cost gets its own beside its charges.

    The price of the day of the report holds.
    """
    entitlement = answer["entitlement"]
    damage = entitlement.get("if_user_damage")
    if damage:
        damage["quote"] = quote_for({"entitlement": damage, "cited": damage.pop("cited")}, job, ground)
    if entitlement.get("upgrade_ceiling") is not None:
        return upgrade_of(entitlement["status"], entitlement["reasons"], job.upgrade_quote, ground.currency)
    by_asset = {one["asset_id"]: one["charges"]["parts"] for one in entitlement.get("by_asset", ())}
    parts = [
        Part(part.part_no, part.name, part.quantity, by_asset.get(part.asset_id, entitlement["charges"]["parts"]))
        for part in job.parts
    ]
    scope = Scope(
        job.branch_id, job.contract_id, clock.local_date(job.reported_at, job.tz), ground.currency, job.counted
    )
    return quote_of(entitlement["charges"], answer["cited"], parts, ground.lines, scope)
