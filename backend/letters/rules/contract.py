"""The contract whose duties are asked for, read and checked. Called by duties(); letters/DECISIONS.md "Duties"."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from backend.letters.rules import words
from backend.letters.rules.facts import Spell
from backend.letters.rules.faults import FactsFaulty
from backend.letters.rules.reading import Reader

LONGEST_YEARS = 100
CONTRACT = ("letters", "starts_on", "ends_on", "timezone", "assets", "installed", "visit_every_months")
ASSET = ("id", "category", "material", "accepted_on", "model")


@dataclass(frozen=True, slots=True)
class ContractAsset:
    """An asset under the contract. `says_material` is false where nothing is said, which is not the same as none."""

    index: int
    id: str
    category: str | None
    material: str | None
    says_material: bool
    accepted_on: date | None
    model: str | None
    today: date
    brand: str | None = None
    spells: tuple[Spell, ...] = ()

    def path(self, name: str) -> str:
        """Where the fact `name` of this asset stands in what was given."""
        return f"$.contract.assets[{self.index}].{name}"


@dataclass(frozen=True, slots=True)
class Contract:
    """Which letters bind which assets, from when until when."""

    letters: tuple[str, ...]
    starts_on: date
    ends_on: date | None
    assets: tuple[ContractAsset, ...]
    installed: int | None
    visit_every_months: int | None


@dataclass(frozen=True, slots=True)
class DutiesAsked:
    """A contract and the days asked for, both included."""

    contract: Contract
    from_: date
    until: date


def contract_of(raw: Any) -> Contract:
    """The contract in a JSON value. Raises FactsFaulty with every fault and its path."""
    read = Reader()
    contract = _contract(read, raw)
    if contract is None or read.faults:
        raise FactsFaulty(read.faults)
    return contract


def read_asked(read: Reader, raw: Any) -> DutiesAsked | None:
    """The whole request of the command line, leaving the faults in `read`."""
    if not isinstance(raw, dict):
        return read.fault("$", "应为对象 {…}", "must be an object {…}")
    raw = read.mapping(raw, "$", ("contract", "from", "until"))
    contract = read.required(raw.get("contract"), "$.contract", lambda value, _: _contract(read, value))
    from_ = read.required(raw.get("from"), "$.from", read.day)
    until = read.required(raw.get("until"), "$.until", read.day)
    if from_ and until and until < from_:
        read.fault("$.until", f"早于 from（{from_}）", f"is before from ({from_})")
    if from_ and until and until.year - from_.year > LONGEST_YEARS:
        read.fault("$.until", f"与 from 相隔超过 {LONGEST_YEARS} 年", f"is over {LONGEST_YEARS} years after from")
    if contract is None or from_ is None or until is None or read.faults:
        return None
    return DutiesAsked(contract, from_, until)


def _contract(read: Reader, raw: Any) -> Contract | None:
    at = "$.contract"
    raw = read.mapping(raw, at, CONTRACT)
    letters = read.refs(raw.get("letters"), f"{at}.letters")
    starts_on = read.required(raw.get("starts_on"), f"{at}.starts_on", read.day)
    ends_on = read.day(raw.get("ends_on"), f"{at}.ends_on")
    if starts_on and ends_on and ends_on < starts_on:
        read.fault(f"{at}.ends_on", f"早于 starts_on（{starts_on}）", f"is before starts_on ({starts_on})")
    read.zone(raw.get("timezone"), f"{at}.timezone")
    assets = [
        _asset(read, value, path, index, starts_on)
        for index, (value, path) in enumerate(read.rows(raw.get("assets"), f"{at}.assets"))
    ]
    installed = read.count(raw.get("installed"), f"{at}.installed")
    every = read.count(raw.get("visit_every_months"), f"{at}.visit_every_months", least=1)
    if starts_on is None:
        return None
    return Contract(letters, starts_on, ends_on, tuple(assets), installed, every)


def _asset(read: Reader, raw: Any, at: str, index: int, starts_on: date | None) -> ContractAsset:
    raw = read.mapping(raw, at, ASSET)
    return ContractAsset(
        index=index,
        id=read.required(raw.get("id"), f"{at}.id", read.text) or "",
        category=read.word(raw.get("category"), f"{at}.category", words.CATEGORIES),
        material=read.word(raw.get("material"), f"{at}.material", words.MATERIALS),
        says_material="material" in raw,
        accepted_on=read.day(raw.get("accepted_on"), f"{at}.accepted_on"),
        model=read.text(raw.get("model"), f"{at}.model"),
        today=starts_on or date.min,
    )
