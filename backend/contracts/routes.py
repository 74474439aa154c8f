"""Contracts over HTTP."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from apiflask import APIBlueprint
from flask import g

from backend.contracts import ports, schemas, services
from backend.contracts.models import Contract
from backend.core import editing, paging
from backend.core.db import db
from backend.core.http import needs, request_now

bp = APIBlueprint("contracts", __name__, url_prefix="/api", tag="contracts")


@bp.get("/contracts")
@needs("contracts.read")
@bp.input(schemas.ContractQuery, location="query")
@bp.output(schemas.ContractPage)
@bp.doc(summary="Contracts of one's branches")
def list_contracts(query_data: dict[str, Any]) -> dict[str, Any]:
    query = sa.select(Contract).where(services.visible(g.actor))
    if "customer_id" in query_data:
        query = query.where(Contract.customer_id == query_data["customer_id"])
    rows, next_cursor = paging.page(
        db.session, query, Contract.number, Contract.id, limit=query_data["limit"], cursor=query_data.get("cursor")
    )
    return {"rows": rows, "next_cursor": next_cursor}


@bp.post("/contracts")
@needs("contracts.write")
@bp.input(schemas.ContractIn)
@bp.output(schemas.ContractOut, status_code=201)
@bp.doc(summary="A new contract with its letters as signed")
def add_contract(json_data: dict[str, Any]) -> Contract:
    return services.create_contract(db.session, g.actor, json_data)


@bp.patch("/contracts/<contract_id>")
@needs("contracts.write")
@bp.input(schemas.ContractEdit)
@bp.output(schemas.ContractOut)
@bp.doc(summary="Change a contract, field by field; open work is decided again")
def edit_contract(contract_id: str, json_data: dict[str, Any]) -> Contract:
    row = services.contract_for(db.session, g.actor, contract_id)
    services.check_contract(db.session, json_data["fields"], row, "$.fields.")
    editing.edit_row(row, schemas.ContractOut(), json_data["base"], json_data["fields"])
    db.session.flush()
    for tell in ports.contract_changed.answers:
        tell(db.session, row.id, request_now())
    return row
