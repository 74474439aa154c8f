"""Assets over HTTP."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from apiflask import APIBlueprint
from flask import g

from backend.assets import ports, schemas, services
from backend.assets.models import Asset
from backend.core import editing, paging
from backend.core.db import db
from backend.core.http import needs, request_now
from backend.core.search import matches

bp = APIBlueprint("assets", __name__, url_prefix="/api", tag="assets")


@bp.get("/assets")
@needs("assets.read")
@bp.input(schemas.AssetQuery, location="query")
@bp.output(schemas.AssetPage)
@bp.doc(summary="Assets of one's customers")
def list_assets(query_data: dict[str, Any]) -> dict[str, Any]:
    query = sa.select(Asset).where(services.visible(g.actor))
    for name in ("customer_id", "site_id"):
        if name in query_data:
            query = query.where(getattr(Asset, name) == query_data[name])
    if query_data.get("q"):
        query = query.where(matches(Asset.search, query_data["q"]))
    rows, next_cursor = paging.page(
        db.session, query, Asset.serial, Asset.id, limit=query_data["limit"], cursor=query_data.get("cursor")
    )
    return {"rows": rows, "next_cursor": next_cursor}


@bp.post("/assets")
@needs("assets.write")
@bp.input(schemas.AssetFields)
@bp.output(schemas.AssetOut, status_code=201)
@bp.doc(summary="A new asset at a site")
def add_asset(json_data: dict[str, Any]) -> Asset:
    return services.create_asset(db.session, g.actor, json_data, request_now())


@bp.get("/assets/<asset_id>")
@needs("assets.read")
@bp.output(schemas.AssetDetail)
@bp.doc(summary="An asset with its history")
def show_asset(asset_id: str) -> dict[str, Any]:
    row = services.asset_for(db.session, g.actor, asset_id)
    out: dict[str, Any] = {name: getattr(row, name) for name in schemas.AssetOut().fields}
    out["out_of_service"] = services.spells_of(db.session, [row.id])[row.id]
    out["replaces_id"] = db.session.scalar(sa.select(Asset.id).where(Asset.replaced_by_id == row.id))
    for answer in ports.history_of.answers:
        out |= answer(db.session, row.id, g.actor)
    return out


@bp.patch("/assets/<asset_id>")
@needs("assets.write")
@bp.input(schemas.AssetEdit)
@bp.output(schemas.AssetOut)
@bp.doc(summary="Change an asset, field by field; what it alters in open work is decided again")
def edit_asset(asset_id: str, json_data: dict[str, Any]) -> Asset:
    row = services.asset_for(db.session, g.actor, asset_id)
    services.check_move(db.session, g.actor, row, json_data["fields"], request_now())
    editing.note_flags(row, services.FLAGS, json_data["fields"], json_data["reason"], g.actor, request_now())
    written = editing.edit_row(row, schemas.AssetOut(), json_data["base"], json_data["fields"])
    if written & services.FACTS:
        db.session.flush()
        for tell in ports.asset_changed.answers:
            tell(db.session, row.id, request_now())
    return row
