"""What the letters decide for a work order: facts gathered from the rows, the engine asked per asset, one answer.

Called by settling (a stored work order) and by the intake preview (none yet). Its rows are ground.py's; letters and
calendar are asked once per transaction (letters/installed.py).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from backend.assets.models import Asset
from backend.contracts.models import Contract
from backend.core import clock
from backend.core.db import db
from backend.customers.models import Customer, Site
from backend.letters import installed
from backend.letters.rules import ALWAYS, Calendar, Facts, FactsFaulty, Hours, Letter, decide_and_cite, due_at
from backend.letters.rules import facts_of as read_facts
from backend.workorders.models import UNDECIDED
from backend.workorders.ports import Repair
from backend.workorders.rules.entries import Entry

GRAVEST = ("suspended", "undecided", "chargeable", "at_cost", "covered")


@dataclass(frozen=True)
class Case:
    """What is decided about: a work order's own facts, stored or about to be."""

    customer: Customer
    site: Site
    assets: Sequence[Asset]
    contract: Contract | None
    kind: str
    channel: str
    priority: str | None
    reported_at: datetime
    fault: str | None = None
    remote_started_at: datetime | None = None
    onsite_decided_at: datetime | None = None
    promised_for: datetime | None = None
    solved_at: datetime | None = None
    causes: Mapping[str, str] = field(default_factory=dict)
    repairs: Sequence[Repair] = ()
    pauses: Sequence[tuple[str, datetime, datetime | None]] = ()
    unrepairable: bool = False
    product_price: Decimal | None = None
    upgrade_quote: Decimal | None = None
    lifted: Entry | None = None
    contracts: Mapping[str, Contract] = field(default_factory=dict)
    spells: Mapping[str, Sequence[Any]] = field(default_factory=dict)


def decided(case: Case, now: datetime) -> dict[str, Any]:
    """Clocks, entitlement, gates, owed, missing, letters of a case; instants as `…Z` (K-9).

    `cited` beside them: per charge kind the clause that a bill names.
    """
    contracts = {a.contract_id: case.contracts[a.contract_id] for a in case.assets if a.contract_id in case.contracts}
    questions = _questions(case, contracts, now)
    merged = _together([_answered(case, question, now) for question in questions])
    merged["entitlement"]["if_user_damage"] = _if_user_damage(case, questions, now)
    merged["clocks"] += _report_clocks(case, contracts)
    merged["clocks"] = [_as_stored(clock_, case) for clock_ in _earliest(merged["clocks"])]
    for owed in merged["owed"]:
        owed["due"] = _z(owed["due"])
    return merged


@dataclass(frozen=True)
class _Question:
    """What the engine is asked about one asset, or about none. `facts` None: they cannot be true, `faulty` says where."""

    asset: Asset | None
    letters: Sequence[Letter]
    facts: Facts | None
    faulty: tuple[str, ...] = ()


def _questions(case: Case, contracts: Mapping[str, Contract], now: datetime) -> list[_Question]:
    """One per asset, or one for work that names none."""
    out = []
    for asset in case.assets or [None]:
        contract = contracts.get(asset.contract_id) if asset else None
        letters = letters_named((contract or case.contract).letters if contract or case.contract else [])
        raw = facts_of(case, asset, case.spells.get(asset.id, ()) if asset else (), letters, now)
        try:
            out.append(_Question(asset, letters, read_facts(raw)))
        except FactsFaulty as error:
            out.append(_Question(asset, letters, None, tuple(sorted({fault.path for fault in error.faults}))))
    return out


def _answered(case: Case, question: _Question, now: datetime) -> dict[str, Any]:
    """The engine's answer, with what the office overrode and the repairs that the three guarantees count."""
    answer = _answer(case, question, now)
    if answer["entitlement"]["status"] == SUSPENDED and case.lifted is not None:
        answer = _lifted(answer, case, question, now)
    return answer | {"entitlement": answer["entitlement"] | {"repairs": _counted(case, question.asset)}}


SUSPENDED = GRAVEST[0]


def _lifted(answer: Mapping[str, Any], case: Case, question: _Question, now: datetime) -> dict[str, Any]:
    """A suspension that the office overrode: decided as if not invoked, and both stay to be seen (A-15…A-17)."""
    entry = case.lifted
    assert entry is not None
    assert question.facts is not None
    facts = replace(question.facts, payment_breach=False, confidentiality_breach=False, genuine=True)
    found = _answer(case, replace(question, facts=facts), now)
    suspended = {
        "reasons": answer["entitlement"]["reasons"], "note": entry.note, "at": clock.iso(entry.at), "entry_id": entry.id,
    }  # fmt: skip
    return found | {"entitlement": found["entitlement"] | {"suspended": suspended}}


def _counted(case: Case, asset: Asset | None) -> list[dict[str, str]]:
    """Earlier repairs of this very fault, as the three guarantees count them: by the numbers of their reports (D-07)."""
    if asset is None or not case.fault:
        return []
    return [
        {"report": one.report, "report_id": one.report_id, "on": one.on.isoformat()}
        for one in case.repairs
        if one.asset_id == asset.id and one.fault == case.fault
    ]


USER_DAMAGE = "user_damage"


def _if_user_damage(case: Case, questions: Sequence[_Question], now: datetime) -> dict[str, Any] | None:
    """What would be decided were the cause damage by the user: a phone without a network tells the customer so.

    None where the cause is known already, and where damage would change nothing (no repair).
    """
    keys = [asset.id for asset in case.assets] or [""]
    if case.kind != "repair" or all(cause == USER_DAMAGE for cause in map(case.causes.get, keys)):
        return None
    damaged = _together([
        _answered(case, replace(one, facts=one.facts and replace(one.facts, cause_category=USER_DAMAGE)), now)
        for one in questions
    ])  # fmt: skip
    said = damaged["entitlement"]
    gates = [gate for gate in damaged["gates"] if gate["before"] == "work"]
    kept = {name: said[name] for name in ("status", "charges", "reasons")}
    return kept | {"gates": gates, "cited": damaged["cited"]}


def facts_of(
    case: Case, asset: Asset | None, spells: Sequence[Any], letters: Sequence[Letter], now: datetime
) -> dict[str, Any]:
    """The JSON object of letters/DECISIONS.md "Facts"."""
    tz = ZoneInfo(case.site.tz)
    today = now.astimezone(tz).date()
    customer = case.customer
    return {
        "now": clock.iso(now),
        "timezone": case.site.tz,
        "letters": [letter.ref for letter in letters],
        "customer": {
            "province": case.site.province or customer.province,
            "payment_breach": customer.payment_breach,
            "confidentiality_breach": customer.confidentiality_breach,
            "training_completed": customer.training_completed,
        },
        "asset": _asset_facts(asset) if asset else {},
        "out_of_service": [
            {"from": _day(spell.from_on), "to": _day(spell.to_on), "reason": spell.reason}
            for spell in spells
            if spell.from_on <= today
        ],
        "repairs": [
            {"report": repair.report, "fault": repair.fault, "on": _day(repair.on)}
            for repair in case.repairs
            if asset is not None and repair.asset_id == asset.id
        ],
        "request": _request_facts(case, asset, now),
    }


def _asset_facts(asset: Asset) -> dict[str, Any]:
    return {
        "brand": asset.brand or None,
        "category": asset.category,
        "material": asset.material,
        "genuine": asset.is_genuine,
        "stores_data": asset.stores_data,
        "purchased_on": _day(asset.purchased_on),
        "invoiced_on": _day(asset.invoiced_on),
        "accepted_on": _day(asset.accepted_on),
        "price": _amount(asset.price),
    }


def _request_facts(case: Case, asset: Asset | None, now: datetime) -> dict[str, Any]:
    def inside(instant: datetime | None) -> str | None:
        """A corrected time may lie a second beside the report; the engine wants it between report and now."""
        return clock.iso(min(max(instant, case.reported_at), now)) if instant else None

    return {
        "kind": case.kind,
        "channel": case.channel,
        "priority": case.priority,
        "fault": case.fault,
        "cause_category": case.causes.get(asset.id) if asset else next(iter(case.causes.values()), None),
        "reported_at": clock.iso(min(case.reported_at, now)),
        "remote_started_at": inside(case.remote_started_at),
        "onsite_decided_at": inside(case.onsite_decided_at),
        "promised_for": clock.iso(case.promised_for),
        "unrepairable": case.unrepairable,
        "product_price": _amount(case.product_price),
        "upgrade_quote": _amount(case.upgrade_quote),
    }


def letters_named(refs: Sequence[str]) -> tuple[Letter, ...]:
    """The installed ones of the letters a contract names; one that is not installed decides nothing."""
    return installed.letters_named(db.session, refs)


def calendar() -> Calendar:
    """The statutory rest days that hold here, with the admin's corrections."""
    return installed.known(db.session).calendar


def _answer(case: Case, question: _Question, now: datetime) -> dict[str, Any]:
    """One asset's decision; without a letter, or with facts that cannot be true, it stays undecided and says why."""
    asset, letters, facts = question.asset, question.letters, question.facts
    about = {"asset_id": asset.id if asset else None, "letters": [letter.ref for letter in letters]}
    if not letters or facts is None:
        missing = list(question.faulty) if letters else ["$.letters"]
        return {
            "clocks": [], "entitlement": UNDECIDED, "gates": [], "owed": [], "missing": missing, "cited": {}, **about,
        }  # fmt: skip
    pauses = [(why, start, end or now) for why, start, end in case.pauses]
    answer, cited = decide_and_cite(facts, letters, calendar(), pauses)
    for one in answer["clocks"]:
        one["is_at_once"] = _is_at_once(one, letters, case)
    return {**answer, "cited": cited, **about}


def _is_at_once(clock_: Mapping[str, Any], letters: Sequence[Letter], case: Case) -> bool:
    """Zero time was promised: due at the start, or at the next opening."""
    starts, due = datetime.fromisoformat(clock_["starts"]), datetime.fromisoformat(clock_["due"])
    if clock_["calendar"] == ALWAYS or starts == due:
        return starts == due
    letter = next(letter for letter in letters if letter.id == clock_["letter"])
    hours = Hours(letter.calendars[clock_["calendar"]], ZoneInfo(case.site.tz), calendar())
    return due_at(starts, 0, hours) == due


def _together(answers: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Several assets, one job: every clock, gate and debt once; the gravest status leads, each asset keeps its own."""
    lead = min(answers, key=lambda answer: GRAVEST.index(answer["entitlement"]["status"]))
    entitlement = dict(lead["entitlement"])
    if len(answers) > 1:
        entitlement["by_asset"] = [{"asset_id": a["asset_id"], **a["entitlement"]} for a in answers]
    return {
        "clocks": _unique(clock_ for answer in answers for clock_ in answer["clocks"]),
        "entitlement": entitlement,
        "cited": lead["cited"],
        "gates": _unique(gate for answer in answers for gate in answer["gates"]),
        "owed": _unique(owed for answer in answers for owed in answer["owed"]),
        "missing": sorted({path for answer in answers for path in answer["missing"]}),
        "letters": list(dict.fromkeys(ref for answer in answers for ref in answer["letters"])),
    }


def _unique(values: Any) -> list[dict[str, Any]]:
    out: list[dict[str, Any]] = []
    for value in values:
        if value not in out:
            out.append(dict(value))
    return out


def _report_clocks(case: Case, contracts: Mapping[str, Contract]) -> list[dict[str, Any]]:
    """The report's term where the contract names one (K-4): counted from the fix, not started before."""
    named = {contract.id: contract for contract in (*contracts.values(), case.contract) if contract is not None}
    return [
        {
            "name": "report",
            "letter": "",
            "clause": contract.number,
            "starts": clock.iso(case.solved_at),
            "target": None,
            "due": clock.iso(case.solved_at + timedelta(seconds=contract.report_due_s)) if case.solved_at else None,
            "calendar": ALWAYS,
            "is_at_once": contract.report_due_s == 0,
        }
        for contract in named.values()
        if contract.report_due_s is not None
    ]


def _earliest(clocks: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Per name and start the earliest due: assets of one job share a clock, an escalation keeps both of its own."""
    out: dict[tuple[str, str, str], dict[str, Any]] = {}
    for one in clocks:
        key = (one["name"], one["letter"], one["clause"])
        if key not in out or (one["due"] and _instant(one["due"]) < _instant(out[key]["due"])):
            out[key] = one
    return list(out.values())


def _as_stored(one: Mapping[str, Any], case: Case) -> dict[str, Any]:
    return {**one, **{name: _z(one[name]) for name in ("starts", "target", "due")}}


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def _z(text: str | None) -> str | None:
    return clock.iso(_instant(text)) if text else None


def _amount(amount: Decimal | None) -> str | None:
    return f"{amount:.2f}" if amount is not None else None


def _day(day: Any) -> str | None:
    return day.isoformat() if day else None
