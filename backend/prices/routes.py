"""The price list over HTTP."""

from __future__ import annotations

from typing import Any

from apiflask import APIBlueprint
from flask import g

from backend.core.db import db
from backend.core.http import needs, request_now
from backend.prices import schemas, services
from backend.prices.models import Price

bp = APIBlueprint("prices", __name__, url_prefix="/api", tag="prices")


@bp.get("/prices")
@needs("prices.read")
@bp.output(schemas.PriceList)
@bp.doc(summary="The price list, with what no longer and does not yet hold")
def list_prices() -> dict[str, Any]:
    return {"rows": services.all_prices(db.session)}


@bp.post("/prices")
@needs("prices.write")
@bp.input(schemas.PriceFields)
@bp.output(schemas.PriceOut, status_code=201)
@bp.doc(summary="A new line of the price list; open work that is not free is quoted again")
def add_price(json_data: dict[str, Any]) -> Price:
    return services.create_price(db.session, g.actor, json_data, request_now())


@bp.patch("/prices/<price_id>")
@needs("prices.write")
@bp.input(schemas.PriceEdit)
@bp.output(schemas.PriceOut)
@bp.doc(summary="Change a line of the price list, field by field")
def edit_price(price_id: str, json_data: dict[str, Any]) -> Price:
    return services.edit_price(db.session, g.actor, price_id, json_data["base"], json_data["fields"], request_now())
