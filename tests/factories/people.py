"""The company, its branches, and the cast."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

from backend.accounts.models import Branch, Company, User, UserBranch
from backend.core import clock
from backend.core.ids import new_id
from tests.support import save

PASSWORD = "correct horse battery"


@dataclass(frozen=True)
class Cast:
    """Who plays: Ana is on the visits, Ben works elsewhere, Dan is disabled, Eve is the customer's contact."""

    company: Any
    chengdu: Any
    beijing: Any
    ana: Any
    ben: Any
    cleo: Any
    adam: Any
    dan: Any
    eve: Any
    customer: Any
    site: Any


@cache
def password_hash() -> str:
    from backend.accounts.services import _hasher

    return _hasher.hash(PASSWORD)


def make_company(**given: Any) -> Company:
    values = {"name": {"zh": "示例公司", "en": "Example Co"}, "hotline": "400-000-0000"}
    return save(Company(id=new_id(), **(values | given)))


def make_branch(name: str = "成都分公司", **given: Any) -> Branch:
    return save(Branch(id=new_id(), name=name, **({"province": "四川", "tz": "Asia/Shanghai"} | given)))


def make_user(name: str, branch: Branch | None = None, **given: Any) -> User:
    """A user who can sign in as `name.lower()` with PASSWORD; an engineer unless `role` says otherwise."""
    values = {
        "id": new_id(),
        "name": name,
        "sign_in_name": name.lower(),
        "password_hash": password_hash(),
        "role": "engineer",
        "branch_id": branch.id if branch else None,
        "phone": "",
        "created_at": clock.now(),
        "branches": [UserBranch(branch_id=branch.id)] if branch else [],
    }
    return save(User(**(values | given)))


def make_cast() -> Cast:
    from tests.factories.customers import make_contact, make_customer, make_site

    company = make_company()
    chengdu, beijing = make_branch(), make_branch("北京分公司", province="北京")
    customer = make_customer(branch=chengdu)
    site = make_site(customer)
    return Cast(
        company=company,
        chengdu=chengdu,
        beijing=beijing,
        ana=make_user("Ana", chengdu, phone="13800000001"),
        ben=make_user("Ben", beijing),
        cleo=make_user("Cleo", chengdu, role="dispatcher"),
        adam=make_user("Adam", chengdu, role="admin"),
        dan=make_user("Dan", chengdu, disabled_at=clock.now()),
        eve=make_contact(customer, name="Eve", phone="13900000009", site_id=site.id, is_main=True),
        customer=customer,
        site=site,
    )
