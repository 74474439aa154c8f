"""The ground of a company's folder: company, branches, users, customers, sites, contacts, contracts, assets.

`read_ground` reads and checks the files (values and ids, nothing stored), `store_ground` makes the records. Keys that
people wrote (branch key, sign-in name, customer code, site key, contract number, serial) become ids here.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from backend.accounts import services as accounts
from backend.accounts.models import Branch, Company
from backend.accounts.roles import ROLES
from backend.assets.models import CATEGORIES, MATERIALS, Asset, OutOfService
from backend.contracts.models import Contract
from backend.core.clock import local_date
from backend.core.ids import new_id
from backend.customers.models import DEFAULT_RADIUS_M, Contact, Customer, Site
from backend.customers.rules.points import PointFault, point_of
from backend.demo import fields as f
from backend.demo.fields import Field
from backend.demo.prices import price_of, read_prices
from backend.demo.reading import FileFault, Row, read_csv, read_yaml
from backend.letters.loader import installed_letters, installed_versions
from backend.prices.rules.money import CURRENCIES, DEFAULT_CURRENCY

Values = dict[str, Any]


@dataclass
class Ground:
    """What the files say, checked: the values of every record with its id, and the ids by key."""

    company: Values = field(default_factory=dict)
    today: date = date.min
    branches: list[Values] = field(default_factory=list)
    users: list[Values] = field(default_factory=list)
    customers: list[Values] = field(default_factory=list)
    sites: list[Values] = field(default_factory=list)
    contacts: list[Values] = field(default_factory=list)
    contracts: list[Values] = field(default_factory=list)
    assets: list[Values] = field(default_factory=list)
    spells: list[Values] = field(default_factory=list)
    prices: list[Values] = field(default_factory=list)
    ids: dict[str, dict[Any, str]] = field(default_factory=dict)

    def by_id(self, table: str) -> dict[str, Values]:
        return {values["id"]: values for values in getattr(self, table)}


def read_ground(folder: Path, now: datetime, faults: list[FileFault]) -> Ground:
    """Everything but work orders. Faults are added to `faults`; then the ground must not be stored."""
    ground = Ground()
    company = read_yaml(folder / "company.yaml", faults)
    if not isinstance(company, Row):
        if not faults:
            faults.append(FileFault("company.yaml", 1, "", {
                "zh": "要写成“项: 值”的形式。", "en": "Write it as field: value."}))  # fmt: skip
        return ground
    _read_company(ground, company, now, faults)
    _read_users(ground, folder, faults)
    _read_customers(ground, folder, faults)
    _read_sites(ground, folder, faults)
    _read_contacts(ground, folder, faults)
    _read_contracts(ground, folder, faults)
    _read_assets(ground, folder, faults)
    _read_spells(ground, folder, faults)
    ground.prices = read_prices(ground, folder, faults)
    return ground


def _keyed(
    ground: Ground, table: str, key: str, rows: list[Row], spec: dict[str, Field], faults: list[FileFault]
) -> list[tuple[Row, Values]]:
    """Rows read by a spec, each with a new id known under its key; a key written twice is a fault."""
    known = ground.ids.setdefault(table, {})
    taken = []
    for row in rows:
        values = f.take(row, spec, faults) | {"id": new_id()}
        if values[key] in known:
            faults.append(row.fault(key, f"“{values[key]}”已经写过一次。", f"{values[key]!r} is there already."))
        elif values[key] is not None:
            known[values[key]] = values["id"]
        taken.append((row, values))
    return taken


def _texts(value: Any) -> dict[str, str]:
    if not isinstance(value, Row):
        raise f.wrong("写成 zh: … 和 en: … 两行。", "Write it as zh: … and en: ….")
    if set(value.values) != {"zh", "en"}:
        raise f.wrong("要 zh 和 en 两种文字，不多不少。", "It needs zh and en, no more and no less.")
    return {language: f.text(80)(value.values[language]) for language in ("zh", "en")}


def _read_company(ground: Ground, row: Row, now: datetime, faults: list[FileFault]) -> None:
    ground.ids["branches"] = {}
    branches = row.values.pop("branches", [])
    spec = {
        "demo": Field(f.claim, default=False),
        "name": Field(_texts, True),
        "hotline": Field(f.text(40), default=""),
        "email": Field(f.text(120), default=""),
        "complaint_phone": Field(f.text(40), default=""),
        "currency": Field(f.word(CURRENCIES), default=DEFAULT_CURRENCY),
        "tz": Field(f.zone, default="Asia/Shanghai"),
        "languages": Field(f.words(2), default=["zh", "en"]),
        "password": Field(f.text(256), default=""),
    }
    ground.company = f.take(row, spec, faults)
    ground.today = local_date(now, ground.company["tz"])
    if not isinstance(branches, list) or not all(isinstance(b, Row) for b in branches) or not branches:
        faults.append(row.fault("branches", "至少要有一个分公司，每个一行。", "At least one branch, one a line."))
        return
    spec = {
        "key": Field(f.text(40), True),
        "name": Field(f.text(80), True),
        "province": Field(f.text(20)),
        "phone": Field(f.text(40), default=""),
        "tz": Field(f.zone, default=ground.company["tz"]),
    }
    ground.branches = [values for _, values in _keyed(ground, "branches", "key", branches, spec, faults)]


def _read_users(ground: Ground, folder: Path, faults: list[FileFault]) -> None:
    branch = ground.ids["branches"]
    spec = {
        "sign_in_name": Field(f.text(60), True),
        "name": Field(f.text(60), True),
        "role": Field(f.word(ROLES), True),
        "branch": Field(f.ref(branch, "分公司", "the branches"), True),
        "also_branches": Field(f.refs(branch, "分公司", "the branches"), default=[]),
        "phone": Field(f.text(40), default=""),
        "staff_no": Field(f.text(20), default=""),
        "skills": Field(f.words(20), default=[]),
        "language": Field(f.word(("zh", "en")), default="zh"),
        "password": Field(f.text(256), default=ground.company["password"]),
    }
    for row, values in _keyed(ground, "users", "sign_in_name", read_csv(folder / "users.csv", faults), spec, faults):
        checks = accounts.check_name(values["sign_in_name"] or "??") + accounts.check_password(values["password"])
        faults += [FileFault(row.file, row.line, c.path.removeprefix("$."), c.message) for c in checks]
        values["branch_id"] = values.pop("branch")
        values["branch_ids"] = [values["branch_id"], *values.pop("also_branches")]
        ground.users.append(values)


def _read_customers(ground: Ground, folder: Path, faults: list[FileFault]) -> None:
    spec = {
        "code": Field(f.text(40), True),
        "name": Field(f.text(120), True),
        "short_name": Field(f.text(60), default=""),
        "province": Field(f.text(20)),
        "branch": Field(f.ref(ground.ids["branches"], "分公司", "the branches"), True),
        "account_manager": Field(f.ref(ground.ids["users"], "人员", "users.csv")),
        "training_completed": Field(f.claim),
        "payment_breach": Field(f.claim, default=False),
        "confidentiality_breach": Field(f.claim, default=False),
        "notes": Field(f.text(5000), default=""),
    }
    rows = read_csv(folder / "customers.csv", faults)
    for _, values in _keyed(ground, "customers", "code", rows, spec, faults):
        values["branch_id"] = values.pop("branch")
        values["account_manager_id"] = values.pop("account_manager")
        ground.customers.append(values)


def _read_sites(ground: Ground, folder: Path, faults: list[FileFault]) -> None:
    spec = {
        "key": Field(f.text(40), True),
        "customer": Field(f.ref(ground.ids["customers"], "客户", "customers.csv"), True),
        "name": Field(f.text(120), True),
        "address": Field(f.text(200), default=""),
        "province": Field(f.text(20)),
        "lat": Field(f.plain),
        "lng": Field(f.plain),
        "datum": Field(f.plain, default="WGS-84"),
        "radius_m": Field(f.whole(10, 20_000), default=DEFAULT_RADIUS_M),
        "tz": Field(f.zone, default=ground.company["tz"]),
        "notes": Field(f.text(5000), default=""),
    }
    rows = read_csv(folder / "sites.csv", faults)
    for row, values in _keyed(ground, "sites", "key", rows, spec, faults):
        _place(values, row, faults)
        values["customer_id"] = values.pop("customer")
        ground.sites.append(values)


def _place(values: Values, row: Row, faults: list[FileFault]) -> None:
    """The site's point in WGS-84, however it was picked; without one check-ins there read uncertain."""
    typed = {name: values.pop(name) for name in ("lat", "lng", "datum")}
    values["lat_e7"] = values["lng_e7"] = None
    values["datum_entered"] = typed["datum"]
    if typed["lat"] is None and typed["lng"] is None:
        return
    try:
        point = point_of(typed)
        values["lat_e7"], values["lng_e7"] = point.lat_e7, point.lng_e7
    except PointFault as fault:
        zh, en = fault.words.split(" | ")
        faults.append(row.fault(fault.member or "lat", zh, en))


def _read_contacts(ground: Ground, folder: Path, faults: list[FileFault]) -> None:
    known = ground.ids.setdefault("contacts", {})
    customer_of = {values["id"]: values["customer_id"] for values in ground.sites}
    spec = {
        "customer": Field(f.ref(ground.ids["customers"], "客户", "customers.csv"), True),
        "site": Field(f.ref(ground.ids["sites"], "现场", "sites.csv")),
        "name": Field(f.text(60), True),
        "phone": Field(f.text(40), default=""),
        "title": Field(f.text(60), default=""),
        "is_main": Field(f.claim, default=False),
    }
    for row in read_csv(folder / "contacts.csv", faults):
        values = f.take(row, spec, faults) | {"id": new_id()}
        values["customer_id"], values["site_id"] = values.pop("customer"), values.pop("site")
        if values["site_id"] and customer_of[values["site_id"]] != values["customer_id"]:
            faults.append(row.fault("site", "这个现场是别的客户的。", "This site is another customer's."))
        if (values["customer_id"], values["name"]) in known:
            faults.append(row.fault("name", "这个客户已有同名联系人。", "This customer has a contact of that name."))
        known[values["customer_id"], values["name"]] = values["id"]
        ground.contacts.append(values)


def _read_contracts(ground: Ground, folder: Path, faults: list[FileFault]) -> None:
    day = f.day(ground.today)
    spec = {
        "number": Field(f.text(60), True),
        "customer": Field(f.ref(ground.ids["customers"], "客户", "customers.csv"), True),
        "letters": Field(_letters, True),
        "signed_on": Field(day, True),
        "starts_on": Field(day, True),
        "ends_on": Field(day),
        "report_due": Field(f.seconds),
        "visit_every_months": Field(f.whole(1, 60)),
    }
    rows = read_csv(folder / "contracts.csv", faults)
    for row, values in _keyed(ground, "contracts", "number", rows, spec, faults):
        values["customer_id"] = values.pop("customer")
        values["report_due_s"] = values.pop("report_due")
        if values["ends_on"] and values["starts_on"] and values["ends_on"] < values["starts_on"]:
            faults.append(row.fault("ends_on", "结束早于开始。", "It ends before it starts."))
        ground.contracts.append(values)


def _letters(value: Any) -> list[str]:
    """Letter versions as signed, each one that is installed."""
    refs = f.words(20)(value)
    known = [f"{letter}@{version}" for letter in installed_letters() for version in installed_versions(letter)]
    for ref in refs:
        if ref not in known:
            raise f.wrong(
                f"没有承诺书版本“{ref}”；有：{'、'.join(known)}",
                f"There is no letter {ref!r}; known: {', '.join(known)}",
            )
    return refs


def _read_assets(ground: Ground, folder: Path, faults: list[FileFault]) -> None:
    day = f.day(ground.today)
    site_customer = {values["id"]: values["customer_id"] for values in ground.sites}
    contract_customer = {values["id"]: values["customer_id"] for values in ground.contracts}
    spec = {
        "serial": Field(f.text(80), True),
        "site": Field(f.ref(ground.ids["sites"], "现场", "sites.csv"), True),
        "contract": Field(f.ref(ground.ids["contracts"], "合同", "contracts.csv")),
        "category": Field(f.word(CATEGORIES), True),
        "brand": Field(f.text(60), default=""),
        "model": Field(f.text(80), default=""),
        "material": Field(f.word(MATERIALS)),
        "place": Field(f.text(120), default=""),
        "stores_data": Field(f.claim),
        "is_genuine": Field(f.claim, default=True),
        "purchased_on": Field(day),
        "invoiced_on": Field(day),
        "accepted_on": Field(day),
        "price": Field(f.money),
    }
    for row, values in _keyed(ground, "assets", "serial", read_csv(folder / "assets.csv", faults), spec, faults):
        values["site_id"], values["contract_id"] = values.pop("site"), values.pop("contract")
        values["customer_id"] = site_customer.get(values["site_id"])
        if values["contract_id"] and contract_customer[values["contract_id"]] != values["customer_id"]:
            faults.append(row.fault("contract", "这份合同是别的客户的。", "This contract is another customer's."))
        for name in ("purchased_on", "invoiced_on", "accepted_on"):
            if values[name] and values[name] > ground.today:
                faults.append(row.fault(name, "这一天还没到。", "This day has not come yet."))
        ground.assets.append(values)


def _read_spells(ground: Ground, folder: Path, faults: list[FileFault]) -> None:
    day = f.day(ground.today)
    spec = {
        "serial": Field(f.ref(ground.ids["assets"], "设备", "assets.csv"), True),
        "from_on": Field(day, True),
        "to_on": Field(day),
        "reason": Field(f.word(("repair", "parts")), True),
    }
    for row in read_csv(folder / "out_of_service.csv", faults):
        values = f.take(row, spec, faults) | {"id": new_id()}
        values["asset_id"] = values.pop("serial")
        if values["from_on"] and values["from_on"] > (values["to_on"] or ground.today):
            faults.append(
                row.fault("to_on", "结束早于开始，或还没开始。", "It ends before it starts, or has not begun.")
            )
        ground.spells.append(values)


def store_ground(session: Session, ground: Ground, now: datetime) -> None:
    """Make the records of a checked ground; the caller has made sure that the database has none."""
    company = session.query(Company).first() or Company(id=new_id())
    for name in ("name", "hotline", "email", "complaint_phone", "currency", "tz", "languages"):
        setattr(company, name, ground.company[name])
    company.is_demo = ground.company["demo"]
    session.add(company)
    session.add_all(Branch(**_without(values, "key")) for values in ground.branches)
    session.flush()
    for values in ground.users:
        accounts.create_user(session, values, now)
    session.add_all(Customer(**values, created_at=now) for values in ground.customers)
    session.flush()
    session.add_all(Site(**_without(values, "key")) for values in ground.sites)
    session.flush()
    session.add_all(Contact(**values) for values in ground.contacts)
    session.add_all(Contract(**values) for values in ground.contracts)
    session.add_all(Asset(**values) for values in ground.assets)
    session.flush()
    session.add_all(OutOfService(**values) for values in ground.spells)
    session.add_all(price_of(values, company.currency, now) for values in ground.prices)
    session.flush()


def _without(values: Values, name: str) -> Values:
    return {key: value for key, value in values.items() if key != name}
