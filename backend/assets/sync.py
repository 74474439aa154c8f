"""Assets on the phone: what is sent, who writes which field (K-6), and an unknown one made on site (K-2)."""

from __future__ import annotations

from typing import Any

from apiflask import Schema
from flask import Flask
from marshmallow import fields, validate
from sqlalchemy.orm import Session

from backend.assets.models import CATEGORIES, MATERIALS, Asset
from backend.core.schemas import Id, Text
from backend.core.sync import Operation, PushContext, RecordKind, operation_type, record_kind
from backend.customers.models import Site

PLAIN = (
    "customer_id", "site_id", "contract_id", "category", "brand", "model", "serial", "place", "material",
    "stores_data", "is_genuine", "is_provisional",
)  # fmt: skip
DATES = ("purchased_on", "invoiced_on", "accepted_on")


class AssetEdit(Schema):
    serial = Text(max=80)
    place = Text(max=120)


class AssetAdd(Schema):
    site_id = Id(required=True)
    category = fields.String(required=True, validate=validate.OneOf(CATEGORIES))
    brand = Text(max=60)
    model = Text(max=80)
    serial = Text(max=80)
    place = Text(max=120)
    material = fields.String(validate=validate.OneOf(MATERIALS), allow_none=True)
    stores_data = fields.Boolean(allow_none=True, truthy={True}, falsy={False})


def project(row: Asset) -> dict[str, Any]:
    out = {name: getattr(row, name) for name in PLAIN}
    out |= {name: getattr(row, name).isoformat() if getattr(row, name) else None for name in DATES}
    out["price"] = f"{row.price:.2f}" if row.price is not None else None
    return out


def _leader_of_asset(row: Asset, _session: Session) -> list[tuple[str, str]]:
    """What somebody made on site is seen by whoever has the site, until the office has merged it."""
    return [("site", row.site_id)] if row.is_provisional else []


def add_asset(session: Session, op: Operation, context: PushContext) -> None:
    """An asset found on site that nobody had on record; the office merges it later."""
    site = session.get_one(Site, op.args["site_id"])
    session.add(Asset(id=op.record_id, customer_id=site.customer_id, is_provisional=True, **op.args))


def register(app: Flask) -> None:
    owners = {
        **dict.fromkeys((*PLAIN, *DATES, "price"), "office"),
        "serial": "both",
        "place": "both",
        "is_provisional": "server",
    }
    record_kind(
        app,
        RecordKind(
            "asset", Asset, project, lambda *_: None, owners, follows=_leader_of_asset,
            inserts=frozenset(AssetAdd().fields),
        ),
    )  # fmt: skip
    operation_type(app, "asset.edit", "edit", schema=AssetEdit)
    operation_type(app, "asset.add", "insert", add_asset, schema=AssetAdd, refs={"site_id": "site"})
