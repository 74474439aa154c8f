"""The facts of one request, read and checked. Called by decide(); the contract is letters/DECISIONS.md "Facts"."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from backend.letters.rules import words
from backend.letters.rules.faults import FactsFaulty
from backend.letters.rules.reading import Reader


@dataclass(frozen=True, slots=True)
class Spell:
    """Days on which the asset was out of service; `last` None: until now."""

    first: date | None
    last: date | None
    reason: str | None


@dataclass(frozen=True, slots=True)
class Repair:
    """An earlier repair on record."""

    report: str | None
    fault: str | None
    on: date | None


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known. None is unknown, except where the contract gives a null its meaning (words.PATHS has the names)."""

    now: datetime
    tz: ZoneInfo
    letters: tuple[str, ...]
    reported_at: datetime
    province: str | None
    payment_breach: bool
    confidentiality_breach: bool
    training_completed: bool | None
    brand: str | None
    category: str | None
    material: str | None
    genuine: bool
    stores_data: bool | None
    purchased_on: date | None
    invoiced_on: date | None
    accepted_on: date | None
    price: Decimal | None
    spells: tuple[Spell, ...]
    repairs: tuple[Repair, ...]
    kind: str
    channel: str | None
    priority: str | None
    fault: str | None
    cause_category: str | None
    unrepairable: bool
    remote_started_at: datetime | None
    onsite_decided_at: datetime | None
    promised_for: datetime | None
    upgrade_quote: Decimal | None
    product_price: Decimal | None
    reported_on: date
    today: date

    def path(self, name: str) -> str:
        """Where the fact `name` stands in what was given."""
        return words.PATHS[name]


CUSTOMER = ("province", "payment_breach", "confidentiality_breach", "training_completed")
ASSET = (
    "brand", "category", "material", "genuine", "stores_data", "purchased_on", "invoiced_on", "accepted_on", "price",
)  # fmt: skip
REQUEST = (
    "kind", "channel", "priority", "fault", "cause_category", "unrepairable", "reported_at", "remote_started_at",
    "onsite_decided_at", "promised_for", "upgrade_quote", "product_price",
)  # fmt: skip
TOP = ("now", "timezone", "letters", "customer", "asset", "out_of_service", "repairs", "request")


def facts_of(raw: Any) -> Facts:
    """The facts in a JSON value. Raises FactsFaulty with every fault and its path."""
    read = Reader()
    facts = read_facts(read, raw)
    if facts is None or read.faults:
        raise FactsFaulty(read.faults)
    return facts


def read_facts(read: Reader, raw: Any) -> Facts | None:
    """As facts_of, leaving the faults in `read`; None where nothing can be made of it."""
    if not isinstance(raw, dict):
        return read.fault("$", "应为对象 {…}", "must be an object {…}")
    top = read.mapping(raw, "$", TOP)
    now = read.required(top.get("now"), "$.now", read.instant)
    tz = read.zone(top.get("timezone"), "$.timezone")
    letters = read.refs(top.get("letters"), "$.letters")
    today = now.astimezone(tz).date() if now else None
    customer = _customer(read, top.get("customer"))
    asset = _asset(read, top.get("asset"), today)
    spells = tuple(_spell(read, value, path, today) for value, path in read.rows(top.get("out_of_service"), OUT))
    repairs = tuple(_repair(read, value, path) for value, path in read.rows(top.get("repairs"), "$.repairs"))
    request = _request(read, top.get("request"), now)
    if read.faults or today is None:
        return None
    return Facts(
        now=now, tz=tz, letters=letters, spells=spells, repairs=repairs, today=today,
        reported_on=request["reported_at"].astimezone(tz).date(), **customer, **asset, **request,
    )  # fmt: skip


OUT = "$.out_of_service"


def _customer(read: Reader, raw: Any) -> dict[str, Any]:
    at = "$.customer"
    raw = read.mapping(raw, at, CUSTOMER)
    flags = {key: read.flag(raw.get(key), f"{at}.{key}") for key in CUSTOMER[1:]}
    return {
        "province": read.text(raw.get("province"), f"{at}.province"),
        "payment_breach": bool(flags["payment_breach"]),
        "confidentiality_breach": bool(flags["confidentiality_breach"]),
        "training_completed": flags["training_completed"],
    }


def _asset(read: Reader, raw: Any, today: date | None) -> dict[str, Any]:
    at = "$.asset"
    raw = read.mapping(raw, at, ASSET)
    days = {}
    for key in words.ANCHORS:
        days[key] = read.day(raw.get(key), f"{at}.{key}")
        day = days[key]
        if today and day and day > today:
            read.fault(f"{at}.{key}", f"晚于 now（{today}）", f"is after now ({today})")
    genuine = read.flag(raw.get("genuine"), f"{at}.genuine")
    return {
        "brand": read.text(raw.get("brand"), f"{at}.brand"),
        "category": read.word(raw.get("category"), f"{at}.category", words.CATEGORIES),
        "material": read.word(raw.get("material"), f"{at}.material", words.MATERIALS),
        "genuine": genuine is not False,
        "stores_data": read.flag(raw.get("stores_data"), f"{at}.stores_data"),
        **days,
        "price": read.money(raw.get("price"), f"{at}.price"),
    }


def _spell(read: Reader, raw: Any, at: str, today: date | None) -> Spell:
    raw = read.mapping(raw, at, ("from", "to", "reason"))
    first, last = read.day(raw.get("from"), f"{at}.from"), read.day(raw.get("to"), f"{at}.to")
    if first and last and last < first:
        read.fault(f"{at}.to", f"早于开始日 {first}", f"is before its start {first}")
    if first and today and first > today:
        read.fault(f"{at}.from", f"晚于 now（{today}）", f"is after now ({today})")
    return Spell(first, last, read.word(raw.get("reason"), f"{at}.reason", words.SPELL_REASONS))


def _repair(read: Reader, raw: Any, at: str) -> Repair:
    raw = read.mapping(raw, at, ("report", "fault", "on"))
    report, fault = read.text(raw.get("report"), f"{at}.report"), read.text(raw.get("fault"), f"{at}.fault")
    return Repair(report, fault, read.day(raw.get("on"), f"{at}.on"))


def _request(read: Reader, raw: Any, now: datetime | None) -> dict[str, Any]:
    at = "$.request"
    raw = read.mapping(raw, at, REQUEST)
    reported_at = read.required(raw.get("reported_at"), f"{at}.reported_at", read.instant)
    if now and reported_at and reported_at > now:
        read.fault(f"{at}.reported_at", "晚于 now", "is after now")
    decided = {}
    for key in words.STARTS[1:]:
        decided[key] = instant = read.instant(raw.get(key), f"{at}.{key}")
        if instant and ((reported_at and instant < reported_at) or (now and instant > now)):
            read.fault(f"{at}.{key}", "应在 reported_at 与 now 之间", "must lie between reported_at and now")
    return {
        "kind": read.word(raw.get("kind"), f"{at}.kind", words.KINDS) or words.KINDS[0],
        "channel": read.word(raw.get("channel"), f"{at}.channel", words.CHANNELS),
        "priority": read.word(raw.get("priority"), f"{at}.priority", words.PRIORITIES),
        "fault": read.text(raw.get("fault"), f"{at}.fault"),
        "cause_category": read.word(raw.get("cause_category"), f"{at}.cause_category", words.CAUSES),
        "unrepairable": bool(read.flag(raw.get("unrepairable"), f"{at}.unrepairable")),
        "reported_at": reported_at,
        **decided,
        "promised_for": read.instant(raw.get("promised_for"), f"{at}.promised_for"),
        "upgrade_quote": read.money(raw.get("upgrade_quote"), f"{at}.upgrade_quote"),
        "product_price": read.money(raw.get("product_price"), f"{at}.product_price"),
    }
