"""Customers, sites and contacts on the phone: what is sent, and who writes which field (K-6)."""

from __future__ import annotations

from typing import Any

from apiflask import Schema
from flask import Flask
from sqlalchemy.orm import Session

from backend.core.schemas import Text
from backend.core.sync import RecordKind, operation_type, record_kind
from backend.customers.models import Contact, Customer, Site

CUSTOMER = ("name", "short_name", "code", "province", "account_manager_id", "notes")
SITE = ("customer_id", "name", "address", "province", "lat_e7", "lng_e7", "radius_m", "datum_entered", "tz", "notes")
CONTACT = ("customer_id", "site_id", "name", "phone", "title", "is_main")


class ContactEdit(Schema):
    name = Text(min=1, max=60)
    phone = Text(max=40)


class SiteEdit(Schema):
    notes = Text()


def fields_of(*names: str) -> Any:
    """A projection that takes the attributes of these names as they are."""
    return lambda row: {name: getattr(row, name) for name in names}


def _leader_of_contact(row: Contact, _session: Session) -> list[tuple[str, str]]:
    """A new contact goes to whoever has its site, or its customer when it belongs to no site."""
    return [("site", row.site_id)] if row.site_id else [("customer", row.customer_id)]


def register(app: Flask) -> None:
    """Their buckets are the engineers' (sync_api/scope.py); only a new contact finds its way by itself."""
    office = dict.fromkeys
    record_kind(
        app,
        RecordKind(
            "customer", Customer, fields_of(*CUSTOMER), lambda *_: None, office(CUSTOMER, "office"),
            texts=frozenset({"notes"}),
        ),
    )  # fmt: skip
    record_kind(
        app,
        RecordKind(
            "site", Site, fields_of(*SITE), lambda *_: None, {**office(SITE, "office"), "notes": "both"},
            texts=frozenset({"notes"}),
        ),
    )  # fmt: skip
    record_kind(
        app,
        RecordKind(
            "contact", Contact, fields_of(*CONTACT), lambda *_: None,
            {**office(CONTACT, "office"), "name": "both", "phone": "both"}, follows=_leader_of_contact,
        ),
    )  # fmt: skip
    operation_type(app, "contact.edit", "edit", schema=ContactEdit)
    operation_type(app, "site.edit", "edit", schema=SiteEdit)
