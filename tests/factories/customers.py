"""Customers, sites, contacts, assets, contracts."""

from __future__ import annotations

from datetime import date
from typing import Any

from backend.assets.models import Asset
from backend.contracts.models import Contract
from backend.core import clock
from backend.core.ids import new_id
from backend.customers.models import Contact, Customer, Site
from tests.support import save

# Chengdu, Tianfu Square, WGS-84.
LAT_E7, LNG_E7 = 306571_000, 1040659_000


def make_customer(branch: Any, **given: Any) -> Customer:
    values = {"name": "蜀都机场集团", "short_name": "蜀都机场", "province": "四川", "created_at": clock.now()}
    return save(Customer(id=new_id(), branch_id=branch.id, **(values | given)))


def make_site(customer: Any, **given: Any) -> Site:
    values = {
        "name": "一号航站楼",
        "address": "双流区机场路一段 1 号",
        "province": "四川",
        "lat_e7": LAT_E7,
        "lng_e7": LNG_E7,
        "radius_m": 150,
    }
    return save(Site(id=new_id(), customer_id=customer.id, **(values | given)))


def make_contact(customer: Any, **given: Any) -> Contact:
    return save(Contact(id=new_id(), customer_id=customer.id, **({"name": "王敏", "phone": "13900000001"} | given)))


def make_contract(customer: Any, letters: list[str] | None = None, **given: Any) -> Contract:
    values = {"number": "HT-2025-001", "signed_on": date(2025, 1, 6), "starts_on": date(2025, 1, 12)}
    return save(Contract(id=new_id(), customer_id=customer.id, letters=letters or ["B@1"], **(values | given)))


def make_asset(site: Any, contract: Any = None, **given: Any) -> Asset:
    values = {
        "category": "server",
        "brand": "IBM",
        "model": "System x3650",
        "serial": "7XK0-1122",
        "place": "地下一层机房 A-03",
        "stores_data": True,
        "accepted_on": date(2025, 1, 12),
        "contract_id": contract.id if contract else None,
    }
    return save(Asset(id=new_id(), customer_id=site.customer_id, site_id=site.id, **(values | given)))
