"""The price list of a company's folder, `prices.csv`: read and checked with the ground, optional. Called by ground.py."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

from backend.core.ids import new_id
from backend.demo import fields as f
from backend.demo.fields import Field
from backend.demo.reading import FileFault, read_csv
from backend.prices.models import Price
from backend.prices.rules.fits import faults_of
from backend.prices.rules.quote import ALL_PERS, KINDS, PRICED

FILE = "prices.csv"


def read_prices(ground: Any, folder: Path, faults: list[FileFault]) -> list[dict[str, Any]]:
    """Every line with the ids of its branch and contract; [] where there is no such file."""
    if not (folder / FILE).exists():
        return []
    day = f.day(ground.today)
    spec = {
        "kind": Field(f.word(KINDS), True),
        "charge": Field(f.word(PRICED), True),
        "per": Field(f.word(ALL_PERS), True),
        "amount": Field(f.money, True),
        "part_no": Field(f.text(60), default=""),
        "branch": Field(f.ref(ground.ids["branches"], "分公司", "the branches")),
        "contract": Field(f.ref(ground.ids["contracts"], "合同", "contracts.csv")),
        "valid_from": Field(day, True),
        "valid_until": Field(day),
        "zh": Field(f.text(120), True),
        "en": Field(f.text(120), True),
    }
    out = []
    for row in read_csv(folder / FILE, faults):
        before = len(faults)
        values = f.take(row, spec, faults)
        if len(faults) == before:
            wrong = faults_of(*(values[name] for name in ("kind", "per", "part_no", "valid_from", "valid_until")))
            faults += [row.fault(name, words["zh"], words["en"]) for name, words in wrong]
        values["text"] = {language: values.pop(language) for language in ("zh", "en")}
        values["branch_id"], values["contract_id"] = values.pop("branch"), values.pop("contract")
        out.append(values)
    return out


def price_of(values: dict[str, Any], currency: str, now: datetime) -> Price:
    """The line as it is stored, in the company's currency."""
    return Price(id=new_id(), currency=currency, changed_at=now, **values)
