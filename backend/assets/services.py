"""Assets: who may see them, making and changing them, spells out of service. Called by routes and by sync."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from backend.assets import ports
from backend.assets.models import Asset, OutOfService
from backend.core import clock
from backend.core.db import IDS
from backend.core.ids import new_id
from backend.core.problems import Fault, Invalid, NotFound
from backend.customers import services as customers
from backend.customers.models import Site

DATES = ("purchased_on", "invoiced_on", "accepted_on")
FLAGS = ("is_genuine",)
FACTS = {*DATES, "brand", "category", "material", "is_genuine", "stores_data", "price", "contract_id"}


def visible(actor: Any) -> sa.ColumnElement[bool]:
    """Assets of the customers that the actor sees."""
    return Asset.customer_id.in_(customers.visible_ids(actor))


def asset_for(session: Session, actor: Any, asset_id: str) -> Asset:
    row = session.scalar(sa.select(Asset).where(Asset.id == asset_id, visible(actor)))
    if row is None:
        raise NotFound()
    return row


def create_asset(session: Session, actor: Any, values: dict[str, Any], now: datetime) -> Asset:
    """A new asset at a site the actor sees."""
    site = customers.site_for(session, actor, values["site_id"])
    check_dates(values, site, now)
    check_contract(session, site.customer_id, values.get("contract_id"))
    row = Asset(id=values.pop("id", None) or new_id(), customer_id=site.customer_id, **values)
    session.add(row)
    session.flush()
    return row


def check_move(session: Session, actor: Any, row: Asset, changes: dict[str, Any], now: datetime) -> None:
    """Raises Invalid unless the new site is the same customer's and no date lies ahead."""
    site_id = changes.get("site_id", row.site_id)
    customers.check_site_of(session, row.customer_id, site_id, "$.fields.site_id")
    check_dates(changes, session.get(Site, site_id), now, "$.fields.")
    check_contract(session, row.customer_id, changes.get("contract_id"), "$.fields.")


def check_contract(session: Session, customer_id: str, contract_id: str | None, path: str = "$.") -> None:
    """Raises Invalid unless the contract is the customer's (or null)."""
    if contract_id and not all(answer(session, contract_id, customer_id) for answer in ports.is_contract_of.answers):
        words = {"zh": "这个客户没有这份合同。", "en": "The customer has no such contract."}
        raise Invalid(faults=[Fault(f"{path}contract_id", words)])


def check_dates(values: dict[str, Any], site: Site | None, now: datetime, path: str = "$.") -> None:
    today = clock.local_date(now, site.tz if site else "Asia/Shanghai")
    words = {"zh": "这个日期还没有到。", "en": "This date has not come yet."}
    faults = [Fault(f"{path}{name}", words) for name in DATES if values.get(name) and values[name] > today]
    if faults:
        raise Invalid(faults=faults)


_SPELLS = sa.select(OutOfService).where(OutOfService.asset_id.in_(IDS)).order_by(OutOfService.from_on)


def spells_of(session: Session, asset_ids: list[str]) -> dict[str, list[OutOfService]]:
    """Out-of-service spells per asset, in order."""
    out: dict[str, list[OutOfService]] = {asset_id: [] for asset_id in asset_ids}
    for spell in session.scalars(_SPELLS, {"ids": asset_ids}):
        out[spell.asset_id].append(spell)
    return out


def assets_of_customer(session: Session, customer_id: str, _actor: Any) -> dict[str, Any]:
    """The customer's assets for its page."""
    query = sa.select(Asset).where(Asset.customer_id == customer_id).order_by(Asset.site_id, Asset.serial, Asset.id)
    return {"assets": list(session.scalars(query))}


def label_of(asset: Asset) -> str:
    """How people name an asset: brand, model, serial."""
    return " ".join(part for part in (asset.brand, asset.model, asset.serial) if part) or asset.category
