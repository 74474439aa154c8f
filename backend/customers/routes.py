"""Customers, sites and contacts over HTTP."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from apiflask import APIBlueprint
from flask import g

from backend.core import editing, paging
from backend.core.db import db
from backend.core.http import needs, request_now
from backend.core.search import matches
from backend.customers import ports, schemas, services
from backend.customers.models import Contact, Customer, Site

bp = APIBlueprint("customers", __name__, url_prefix="/api", tag="customers")


@bp.get("/customers")
@needs("customers.read")
@bp.input(schemas.CustomerQuery, location="query")
@bp.output(schemas.CustomerPage)
@bp.doc(summary="Customers of one's branches")
def list_customers(query_data: dict[str, Any]) -> dict[str, Any]:
    query = sa.select(Customer).where(services.visible(g.actor))
    if query_data.get("q"):
        query = query.where(matches(Customer.search, query_data["q"]))
    rows, next_cursor = paging.page(
        db.session, query, Customer.name, Customer.id,
        limit=query_data["limit"], cursor=query_data.get("cursor"),
    )  # fmt: skip
    return {"rows": rows, "next_cursor": next_cursor}


@bp.post("/customers")
@needs("customers.write")
@bp.input(schemas.CustomerFields)
@bp.output(schemas.CustomerOut, status_code=201)
@bp.doc(summary="A new customer")
def add_customer(json_data: dict[str, Any]) -> Customer:
    return services.create_customer(db.session, g.actor, json_data, request_now())


@bp.get("/customers/<customer_id>")
@needs("customers.read")
@bp.output(schemas.CustomerDetail)
@bp.doc(summary="A customer with sites, contacts, assets, contracts, recent work orders")
def show_customer(customer_id: str) -> dict[str, Any]:
    row = services.customer_for(db.session, g.actor, customer_id)
    out: dict[str, Any] = schemas.CustomerOut().dump(row)
    for name, model in (("sites", Site), ("contacts", Contact)):
        query = sa.select(model).where(model.customer_id == row.id).order_by(model.name, model.id)
        out[name] = list(db.session.scalars(query))
    for answer in ports.details_of.answers:
        out |= answer(db.session, row.id, g.actor)
    return out


@bp.patch("/customers/<customer_id>")
@needs("customers.write")
@bp.input(schemas.CustomerEdit)
@bp.output(schemas.CustomerOut)
@bp.doc(summary="Change a customer, field by field")
def edit_customer(customer_id: str, json_data: dict[str, Any]) -> Customer:
    row = services.customer_for(db.session, g.actor, customer_id)
    services.check_customer(db.session, g.actor, json_data["fields"], row)
    editing.note_flags(row, services.FLAGS, json_data["fields"], json_data["reason"], g.actor, request_now())
    written = editing.edit_row(row, schemas.CustomerOut(), **_edit(json_data))
    services.tell_of(db.session, row.id, written, request_now())
    return row


@bp.post("/sites")
@needs("customers.write")
@bp.input(schemas.SiteIn)
@bp.output(schemas.SiteOut, status_code=201)
@bp.doc(summary="A new site; its point may be in GCJ-02 or BD-09")
def add_site(json_data: dict[str, Any]) -> Site:
    return services.create_site(db.session, g.actor, json_data)


@bp.patch("/sites/<site_id>")
@needs("customers.write")
@bp.input(schemas.SiteEdit)
@bp.output(schemas.SiteOut)
@bp.doc(summary="Change a site, field by field")
def edit_site(site_id: str, json_data: dict[str, Any]) -> Site:
    row = services.site_for(db.session, g.actor, site_id)
    written = editing.edit_row(row, schemas.SiteOut(), **_edit(json_data))
    services.tell_of(db.session, row.customer_id, written, request_now())
    return row


@bp.post("/contacts")
@needs("customers.write")
@bp.input(schemas.ContactIn)
@bp.output(schemas.ContactOut, status_code=201)
@bp.doc(summary="A new contact")
def add_contact(json_data: dict[str, Any]) -> Contact:
    return services.create_contact(db.session, g.actor, json_data)


@bp.patch("/contacts/<contact_id>")
@needs("customers.write")
@bp.input(schemas.ContactEdit)
@bp.output(schemas.ContactOut)
@bp.doc(summary="Change a contact, field by field")
def edit_contact(contact_id: str, json_data: dict[str, Any]) -> Contact:
    row = services.contact_for(db.session, g.actor, contact_id)
    services.check_site_of(db.session, row.customer_id, json_data["fields"].get("site_id"))
    editing.edit_row(row, schemas.ContactOut(), **_edit(json_data))
    services.keep_one_main(db.session, row)
    return row


def _edit(json_data: dict[str, Any]) -> dict[str, Any]:
    return {"base": json_data["base"], "changes": json_data["fields"]}
