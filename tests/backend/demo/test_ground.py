"""The demo company loads into an empty database, whole, and everything in it has a home in a letter."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa

from backend.accounts.models import Branch, Company, User
from backend.accounts.services import verified_user
from backend.assets.models import Asset, OutOfService
from backend.contracts.models import Contract
from backend.core.clock import local_date
from backend.customers.models import Contact, Customer, Site
from backend.customers.rules.datum import wgs84_to_gcj02
from backend.demo.seed import DEMO_FOLDER, NotEmpty, demo_accounts, load_company
from tests.conftest import NOW


def _count(session, table):
    return session.scalar(sa.select(sa.func.count()).select_from(table))


def test_the_demo_company_has_what_the_issue_counts(loaded):
    assert _count(loaded, Branch) == 3
    roles = dict(loaded.execute(sa.select(User.role, sa.func.count()).group_by(User.role)).all())
    assert roles == {"engineer": 8, "dispatcher": 3, "admin": 1}
    assert _count(loaded, Customer) == 4
    assert _count(loaded, Site) == 12
    assert _count(loaded, Contact) == 16
    assert _count(loaded, Asset) == 40
    assert loaded.scalar(sa.select(Company.is_demo)) is True


def test_each_letter_has_a_customer_with_a_contract_and_assets(loaded):
    rows = loaded.execute(
        sa.select(Contract.letters, Contract.customer_id).join(Asset, Asset.contract_id == Contract.id)
    )
    customers = {}
    for letters, customer_id in rows:
        customers.setdefault(letters[0], set()).add(customer_id)
    assert sorted(customers) == ["A@1", "B@1", "C@1", "D@1"]
    assert all(len(found) == 1 for found in customers.values())


def test_every_asset_has_the_facts_that_its_letter_asks_for(loaded):
    today = local_date(NOW, "Asia/Shanghai")
    letters = dict(loaded.execute(sa.select(Contract.id, Contract.letters)).all())
    for asset in loaded.scalars(sa.select(Asset)):
        letter = letters[asset.contract_id][0][0]
        assert asset.serial and asset.place and asset.brand and asset.model
        assert asset.stores_data is not None
        assert asset.accepted_on and asset.accepted_on <= today
        assert asset.purchased_on or letter != "A"
        assert asset.invoiced_on or letter != "D"
        assert asset.material or letter != "C"


def test_every_brand_that_letter_d_lists_is_there(loaded):
    found = set(loaded.execute(sa.select(Asset.brand, Asset.category)))
    wanted = {("清华同方", "desktop"), ("DELL", "laptop"), ("D-LINK", "switch"), ("TCL", "cable")}
    assert wanted <= found
    furniture = set(loaded.execute(sa.select(Asset.category, Asset.material)))
    assert {category for category, material in furniture if material} == {
        "desk",
        "cabinet",
        "chair",
        "clerk_desk",
        "sofa",
    }
    assert {material for _, material in furniture if material} == {"wood", "leather", "steel", "fabric"}


def test_a_point_picked_on_a_chinese_map_is_stored_as_wgs84(loaded):
    site = loaded.scalar(sa.select(Site).where(Site.name == "院部三楼"))
    assert site.datum_entered == "GCJ-02"
    lat, lng = wgs84_to_gcj02(site.lat_e7 / 1e7, site.lng_e7 / 1e7)
    written = next(
        line for line in (DEMO_FOLDER / "sites.csv").read_text().splitlines() if line.startswith("mj-yuan")
    )
    assert [round(lat, 4), round(lng, 4)] == [round(float(part), 4) for part in written.split(",")[5:7]]
    assert abs(lat - site.lat_e7 / 1e7) > 0.001


def test_spells_lie_where_the_days_from_loading_put_them(loaded):
    today = local_date(NOW, "Asia/Shanghai")
    laptop = loaded.scalar(sa.select(Asset).where(Asset.serial == "7XK0C38"))
    spell = loaded.scalar(sa.select(OutOfService).where(OutOfService.asset_id == laptop.id))
    assert (spell.from_on, spell.to_on) == (today - timedelta(days=630), today - timedelta(days=622))


def test_every_printed_account_can_sign_in(loaded):
    accounts = demo_accounts()
    assert len(accounts) == 12
    for account in accounts[:3]:
        assert verified_user(loaded, account["sign_in_name"], account["password"]).name == account["name"]


def test_a_database_that_holds_a_company_takes_no_second_one(loaded):
    with pytest.raises(NotEmpty):
        load_company(DEMO_FOLDER, NOW)
    assert _count(loaded, Customer) == 4
