"""Customers, sites, contacts: who may see them, making and changing them. Called by routes and by sync."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from backend.accounts.models import Branch, User
from backend.core.ids import new_id
from backend.core.problems import Fault, Forbidden, Invalid, NotFound
from backend.customers import ports
from backend.customers.models import Contact, Customer, Site

FLAGS = ("payment_breach", "confidentiality_breach", "training_completed")
FACTS = {"province", "payment_breach", "confidentiality_breach", "training_completed", "tz"}


def visible(actor: Any) -> sa.ColumnElement[bool]:
    """Customers that the actor sees: an admin all, a dispatcher her branches', an engineer those she works for."""
    if actor.role == "admin":
        return sa.true()
    if actor.role == "dispatcher":
        return Customer.branch_id.in_(actor.branch_ids)
    return sa.or_(
        sa.false(), *(Customer.id.in_(answer(actor.user_id)) for answer in ports.customers_of_engineer.answers)
    )


def visible_ids(actor: Any) -> sa.Select[tuple[str]]:
    """The ids of those customers, for asking about what hangs on them."""
    return sa.select(Customer.id).where(visible(actor))


def customer_for(session: Session, actor: Any, customer_id: str) -> Customer:
    """The customer, if the actor sees it. Raises NotFound."""
    row = session.scalar(sa.select(Customer).where(Customer.id == customer_id, visible(actor)))
    if row is None:
        raise NotFound()
    return row


def site_for(session: Session, actor: Any, site_id: str) -> Site:
    row = session.scalar(sa.select(Site).where(Site.id == site_id, Site.customer_id.in_(visible_ids(actor))))
    if row is None:
        raise NotFound()
    return row


def contact_for(session: Session, actor: Any, contact_id: str) -> Contact:
    query = sa.select(Contact).where(Contact.id == contact_id, Contact.customer_id.in_(visible_ids(actor)))
    row = session.scalar(query)
    if row is None:
        raise NotFound()
    return row


def create_customer(session: Session, actor: Any, values: dict[str, Any], now: datetime) -> Customer:
    """A new customer in the actor's branch, or the one named."""
    values = {"branch_id": actor.branch_id} | values
    check_customer(session, actor, values)
    row = Customer(id=values.pop("id", None) or new_id(), created_at=now, **values)
    session.add(row)
    session.flush()
    return row


def check_customer(session: Session, actor: Any, values: dict[str, Any], row: Customer | None = None) -> None:
    """Faults of a customer's references. Raises Invalid, Forbidden."""
    faults = []
    if "branch_id" in values:
        if values["branch_id"] is None or session.get(Branch, values["branch_id"]) is None:
            faults.append(Fault("$.branch_id", {"zh": "没有这个分公司。", "en": "There is no such branch."}))
        elif not actor.sees_branch(values["branch_id"]):
            raise Forbidden()
    manager = values.get("account_manager_id")
    if manager is not None and session.get(User, manager) is None:
        faults.append(Fault("$.account_manager_id", {"zh": "没有这个人。", "en": "There is no such person."}))
    code = values.get("code")
    if code:
        query = sa.select(Customer.id).where(Customer.code == code)
        taken = session.scalar(query.where(Customer.id != row.id) if row else query)
        if taken:
            faults.append(Fault("$.code", {"zh": "这个客户编码已经用了。", "en": "This customer code is taken."}))
    if faults:
        raise Invalid(faults=faults)


def create_site(session: Session, actor: Any, values: dict[str, Any]) -> Site:
    """A new site of a customer; its zone is the branch's unless said."""
    customer = customer_for(session, actor, values["customer_id"])
    branch = session.get(Branch, customer.branch_id)
    row = Site(id=values.pop("id", None) or new_id(), tz=branch.tz if branch else "Asia/Shanghai")
    for name, value in values.items():
        setattr(row, name, value)
    row.province = row.province or customer.province
    session.add(row)
    session.flush()
    return row


def create_contact(session: Session, actor: Any, values: dict[str, Any]) -> Contact:
    customer_for(session, actor, values["customer_id"])
    check_site_of(session, values["customer_id"], values.get("site_id"))
    row = Contact(id=values.pop("id", None) or new_id(), **values)
    session.add(row)
    session.flush()
    keep_one_main(session, row)
    return row


def check_site_of(session: Session, customer_id: str, site_id: str | None, path: str = "$.site_id") -> None:
    """Raises Invalid unless the site is the customer's (or null)."""
    site = session.get(Site, site_id) if site_id else None
    if site_id and (site is None or site.customer_id != customer_id):
        raise Invalid(faults=[Fault(path, {"zh": "这个客户没有这个现场。", "en": "The customer has no such site."})])


def keep_one_main(session: Session, contact: Contact) -> None:
    """A customer has one main contact: the one said last."""
    if not contact.is_main:
        return
    others = sa.select(Contact).where(
        Contact.customer_id == contact.customer_id, Contact.id != contact.id, Contact.is_main.is_(True)
    )
    for other in session.scalars(others):
        other.is_main = False


def tell_of(session: Session, customer_id: str, written: set[str], now: datetime) -> None:
    """Whoever decides by a customer or its sites hears of what was written."""
    if written & FACTS:
        session.flush()
        for tell in ports.customer_changed.answers:
            tell(session, customer_id, now)
