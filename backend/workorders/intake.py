"""Taking a call: a work order is checked, decided, numbered and logged. Called by the console and by sync."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from backend.accounts.models import Branch
from backend.assets.models import Asset
from backend.contracts.models import Contract
from backend.core import clock
from backend.core.ids import new_id
from backend.core.numbers import next_number
from backend.core.problems import Fault, Invalid, NotFound
from backend.customers import services as customers
from backend.customers.models import Customer, Site
from backend.workorders import ports, services, settling
from backend.workorders.decision import Case, decided
from backend.workorders.ground import case_of, facts_about, ground_of, repairs_before
from backend.workorders.models import WorkOrder, WorkOrderAsset
from backend.workorders.quoting import Job, quote_for
from backend.workorders.rules.states import OPEN

# The caller's clock and ours may differ a little; what is later than that has not happened yet.
SLACK = timedelta(minutes=2)
FIELDS = (
    "customer_id", "site_id", "contact_id", "contract_id", "kind", "channel", "priority", "symptom", "fault",
    "caller_name", "caller_phone", "owner_id", "phone_reason", "short_ref", "product_price", "upgrade_quote",
    "unrepairable",
)  # fmt: skip


def take_call(session: Session, actor: Any, values: Mapping[str, Any], now: datetime) -> WorkOrder:
    """A new work order with number, clocks and first log line; sent twice under one id it is made once.

    values  {id?, customer_id, site_id, contact_id?, asset_ids, kind, channel, priority, symptom, caller_name,
             caller_phone, owner_id?, reported_at?, phone_reason?, contract_id?, branch_id?, fault?, visit?}
    raises  Invalid, NotFound, Forbidden
    """
    known = session.get(WorkOrder, values["id"]) if values.get("id") else None
    if known is not None:
        return services.work_order_for(session, actor, known.id)
    customer = customers.customer_for(session, actor, values["customer_id"])
    work_order = new_work_order(session, actor, customer, values, now)
    _check_owner(session, work_order, values, now)
    add_to_log(session, actor, work_order, now)
    if values.get("visit"):
        for plan in ports.plan_visit.answers:
            plan(session, actor, work_order, values["visit"], now)
    settling.settle_all(session)
    return work_order


def new_work_order(
    session: Session, actor: Any, customer: Customer, values: Mapping[str, Any], now: datetime
) -> WorkOrder:
    """The stored row, checked and numbered, not yet logged or decided."""
    reported_at = values.get("reported_at") or now
    if reported_at > now + SLACK:
        words = {"zh": "报修时间还没有到。", "en": "The time of the report has not come yet."}
        raise Invalid(faults=[Fault("$.reported_at", words)])
    row = WorkOrder(
        id=values.get("id") or new_id(),
        reported_at=min(reported_at, now),
        created_at=now,
        created_by_id=actor.user_id,
        asset_ids=list(dict.fromkeys(values.get("asset_ids") or [])),
        state="new",
        **{name: values[name] for name in FIELDS if name in values},
    )
    services.check_references(session, row, {"asset_ids": row.asset_ids, **values})
    site = session.get_one(Site, row.site_id)
    row.branch_id = _branch(session, actor, customer, site, values.get("branch_id"))
    row.contract_id = row.contract_id or _contract_of(session, row)
    row.number = next_number(session, "WO", clock.local_date(row.reported_at, site.tz).year)
    session.add(row)
    services.keep_pairs(session, row)
    return row


def add_to_log(
    session: Session,
    actor: Any,
    work_order: WorkOrder,
    now: datetime,
    source: str = "office",
    quality: str = "server",
) -> None:
    """The first line: reported, by whom and through which channel."""
    data = {"channel": work_order.channel, "caller": work_order.caller_name}
    services.add_log_entry(
        session, work_order, what="reported", at=work_order.reported_at, now=now, author_id=actor.user_id,
        source=source, quality=quality, data=data,
    )  # fmt: skip
    for tell in ports.scope_changed.answers:
        tell(session, work_order.id, now)


def _branch(session: Session, actor: Any, customer: Customer, site: Site, asked: str | None) -> str:
    """The branch that does the work: the one asked for, else the one of the site's province (C-11), else the customer's."""
    if asked is not None:
        services.check_branch(session, actor, asked)
        return asked
    home = session.get_one(Branch, customer.branch_id)
    if site.province and site.province != home.province:
        query = sa.select(Branch.id).where(Branch.province == site.province).order_by(Branch.id)
        return session.scalar(query.limit(1)) or home.id
    return home.id


def _contract_of(session: Session, row: WorkOrder) -> str | None:
    """The contract of the assets, or the customer's only one for work on no asset."""
    query = sa.select(Asset.contract_id).where(Asset.id.in_(row.asset_ids), Asset.contract_id.is_not(None))
    named = sorted(set(session.scalars(query)))
    if named or row.asset_ids:
        return named[0] if named else None
    own = list(session.scalars(sa.select(Contract.id).where(Contract.customer_id == row.customer_id).limit(2)))
    return own[0] if len(own) == 1 else None


def _check_owner(session: Session, work_order: WorkOrder, values: Mapping[str, Any], now: datetime) -> None:
    """Where the letter wants a named person (A-11) there is none without. Raises Invalid."""
    answer = decided(case_of(ground_of(session, [work_order]), work_order), now)
    clauses = [gate["clause"] for gate in answer["gates"] if gate["gate"] == "owner_required"]
    if clauses and not work_order.owner_id:
        words = {
            "zh": f"按承诺书 {clauses[0]}，要指定一名负责人。",
            "en": f"By the letter, {clauses[0]}, a person in charge must be named.",
        }
        raise Invalid(faults=[Fault("$.owner_id", words)])


def preview(session: Session, actor: Any, values: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """What the letters would decide, before anything is stored, and open work on the same assets."""
    customer = customers.customer_for(session, actor, values["customer_id"])
    site = session.get(Site, values["site_id"])
    if site is None or site.customer_id != customer.id:
        raise NotFound()
    ids = list(dict.fromkeys(values.get("asset_ids") or []))
    found = [ident for ident in ids if ident in _assets_of(session, customer, ids)]
    contract = _contract_for_preview(session, values, customer, found)
    ground = facts_about(session, found, [contract.id if contract else None])
    reported_at = min(values.get("reported_at") or now, now)
    case = Case(
        customer=customer,
        site=site,
        assets=[ground.assets[ident] for ident in found],
        contract=contract,
        contracts=ground.contracts,
        spells=ground.spells,
        kind=values["kind"],
        channel=values["channel"],
        priority=values.get("priority"),
        reported_at=reported_at,
        fault=values.get("fault"),
        repairs=repairs_before(ground, found, "", reported_at),
        product_price=values.get("product_price"),
        upgrade_quote=values.get("upgrade_quote"),
    )
    cause = values.get("cause_category")
    case = replace(case, causes=dict.fromkeys(found, cause) if cause else {})
    answer = decided(case, now)
    branch_id = _branch(session, actor, customer, site, None)
    contract_id = contract.id if contract else None
    job = Job(branch_id, contract_id, reported_at, site.tz, upgrade_quote=case.upgrade_quote)
    answer["quote"] = quote_for(answer, job, ground.prices)
    del answer["cited"]
    for one in answer["clocks"]:
        one["state"] = "running" if one["starts"] else "idle"
    return answer | {"open_work_orders": _open_of_assets(session, actor, ids)}


def _assets_of(session: Session, customer: Customer, asset_ids: list[str]) -> set[str]:
    return set(session.scalars(sa.select(Asset.id).where(Asset.id.in_(asset_ids), Asset.customer_id == customer.id)))


def _contract_for_preview(
    session: Session, values: Mapping[str, Any], customer: Customer, asset_ids: list[str]
) -> Contract | None:
    draft = WorkOrder(customer_id=customer.id, asset_ids=asset_ids)
    ident = values.get("contract_id") or _contract_of(session, draft)
    row = session.get(Contract, ident) if ident else None
    return row if row is not None and row.customer_id == customer.id else None


def _open_of_assets(session: Session, actor: Any, asset_ids: list[str]) -> list[dict[str, Any]]:
    """Open work orders on the same assets: perhaps the caller means one of them."""
    if not asset_ids:
        return []
    query = (
        sa.select(WorkOrder)
        .where(
            WorkOrder.id.in_(sa.select(WorkOrderAsset.work_order_id).where(WorkOrderAsset.asset_id.in_(asset_ids))),
            WorkOrder.state.in_(OPEN),
            services.visible(actor),
        )
        .order_by(WorkOrder.reported_at.desc())
        .limit(10)
    )
    return [
        {
            "id": row.id,
            "number": row.number,
            "state": row.state,
            "symptom": row.symptom,
            "reported_at": clock.iso(row.reported_at),
            "asset_ids": row.asset_ids,
        }
        for row in session.scalars(query)
    ]
