"""Each of the 86 clauses, taken out of its letter file, changes what the product does or shows for it.

The subject of a clause is found by its scenario below: a decision, what falls due, or, for a promise that is kept by
records, what the letter hands to the slices that keep them.
"""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from backend.letters.rules import Calendar, Letter, decide, duties

from .conftest import facts_for
from .support import parsed, raw_letter, without_clause

PROMISES = Path(__file__).parents[3] / "docs" / "letters" / "PROMISES.md"
IDS = re.findall(r"^\| ([A-Z]-\d\d) \|", PROMISES.read_text("utf-8"), re.MULTILINE)

NEW = {"purchased_on": "2024-03-12", "invoiced_on": "2024-03-12", "accepted_on": "2024-03-12"}
YEAR = {"purchased_on": "2023-05-02", "invoiced_on": "2023-05-02", "accepted_on": "2023-05-02"}
OLD = {"purchased_on": "2010-03-12", "invoiced_on": "2010-03-12", "accepted_on": "2010-03-12"}
DAMAGE = {"cause_category": "user_damage"}
ON_SITE = {"channel": "onsite"}
TWICE = [{"report": f"FR-{n}", "fault": "no-boot", "on": f"2023-0{n}-03"} for n in (6, 7)]
SPELL = [{"from": "2022-01-03", "to": "2022-01-10", "reason": "repair"}]

DECIDED: dict[str, dict[str, Any]] = {
    "A-01": {},
    "A-04": {"request": {"kind": "training", **ON_SITE}},
    "A-05": {"request": {"kind": "training", "channel": "walk_in"}},
    "A-06": {"request": {"kind": "advice"}},
    "A-07": {"request": ON_SITE, "asset": NEW},
    "A-08": {"request": ON_SITE, "asset": NEW, "customer": {"training_completed": False}},
    "A-10": {"request": {"channel": "remote"}},
    "A-11": {},
    "A-12": {"request": {"remote_started_at": "2024-03-14T10:30:00+08:00"}},
    "A-13": {"request": ON_SITE},
    "A-14": {"request": {"kind": "upgrade", "product_price": "100.00", "upgrade_quote": "20.00"}},
    "A-15": {"customer": {"payment_breach": True}},
    "A-16": {"customer": {"confidentiality_breach": True}},
    "A-17": {"asset": {"genuine": False}},
    "B-01": {},
    "B-02": {},
    "B-04": {"request": {"kind": "advice"}},
    "B-07": {},
    "B-08": {"request": DAMAGE},
    "B-09": {"asset": OLD},
    "B-12": {"request": {"priority": "critical"}},
    "B-13": {"request": {"priority": "important"}},
    "B-14": {"request": {"priority": "normal", **ON_SITE}},
    "B-15": {},
    "B-16": {"request": {"kind": "training"}},
    "C-02": {"request": {"unrepairable": True}, "asset": NEW},
    "C-05": {"request": {"kind": "inspection"}},
    "C-08": {"request": {"promised_for": "2024-03-20T10:00:00+08:00"}},
    "C-12": {"request": DAMAGE},
    "C-13": {"request": {"kind": "relocation"}},
    "C-15": {"request": {"kind": "delivery"}},
    "C-16": {"asset": YEAR},
    "C-19": {"asset": {"accepted_on": "2020-03-12"}},
    "C-20": {"now": "2024-06-03T10:00:00+08:00", "asset": OLD},
    "C-22": {},
    "D-03": {"request": {"cause_category": "transit_damage"}, "asset": OLD},
    "D-04": {"request": DAMAGE},
    "D-05": {"asset": NEW},
    "D-06": {"asset": {**NEW, "invoiced_on": "2024-03-04"}},
    "D-07": {"asset": YEAR, "repairs": TWICE, "request": {"fault": "no-boot"}},
    "D-09": {},
    "D-10": {"out_of_service": SPELL},
    "D-11": {"asset": {"accepted_on": "2021-03-16"}},
    "D-13": {},
    "D-14": {},
    "D-15": {"request": {"reported_at": "2024-03-14T08:00:00+08:00"}},
    "D-18": {"asset": {"stores_data": True}},
    "D-22": {"asset": OLD},
    "D-24": {"request": {"kind": "advice"}},
    "D-25": {"request": {"kind": "delivery"}, "asset": OLD},
}
FALLING_DUE = ("B-05", "C-06", "C-17", "D-17", "D-19", "D-20")
SHADOWED = {"B-06": "B-07", "C-03": "C-19", "C-07": "C-22", "C-18": "C-19"}
"""A clause that another of its letter betters: it shows once the better one is out."""
ASSETS = [
    {"id": str(n), "material": material, "model": "M-1", "accepted_on": "2024-01-08"}
    for n, material in enumerate(("wood", "leather", "steel"))
]


def subject(clause: str, letter: Letter) -> Any:
    """What the product does or shows for the clause, under this letter."""
    if clause in DECIDED or clause in SHADOWED:
        return decide(facts_for(letter.id, **DECIDED.get(clause, {})), [letter], Calendar())
    if clause in FALLING_DUE:
        contract = {"letters": [letter.id], "starts_on": "2024-01-08", "assets": ASSETS, "installed": 40}
        return duties(contract, [letter], Calendar(), date(2024, 1, 8), date(2025, 1, 8))
    return {
        "records": [record for record in letter.records if record["clause"] == clause],
        "contacts": [contact for contact in letter.contacts if contact["clause"] == clause],
    }


def test_the_letters_hold_the_86_promises_in_their_order():
    ids = [clause["id"] for letter in "ABCD" for clause in raw_letter(letter)["clauses"]]
    assert ids == IDS
    assert len(IDS) == 86


@pytest.mark.parametrize("clause", [pytest.param(id_, marks=pytest.mark.promise(id_)) for id_ in IDS])
def test_a_clause_taken_out_changes_its_subject(clause):
    raw = raw_letter(clause.partition("-")[0])
    if clause in SHADOWED:
        raw = without_clause(raw, SHADOWED[clause])
    before, after = subject(clause, parsed(raw)), subject(clause, parsed(without_clause(raw, clause)))
    assert before != after
    assert any(before.values())


SAID_TWICE = {"A-05", "C-03", "C-18", "D-11", "D-22"}
"""What another clause, or the law (D-11), gives as well: without it the same is decided, on the other one's word."""


def _substance(value: Any) -> Any:
    """What is decided, owed or due, without the clauses that are named for it."""
    if isinstance(value, dict):
        return {key: _substance(each) for key, each in value.items() if key not in ("reasons", "clause", "letter")}
    return [_substance(each) for each in value] if isinstance(value, list) else value


@pytest.mark.parametrize("clause", IDS)
def test_a_clause_taken_out_changes_what_is_decided_not_only_who_is_named_for_it(clause):
    raw = raw_letter(clause.partition("-")[0])
    if clause in SHADOWED:
        raw = without_clause(raw, SHADOWED[clause])
    before, after = subject(clause, parsed(raw)), subject(clause, parsed(without_clause(raw, clause)))
    assert (_substance(before) == _substance(after)) == (clause in SAID_TWICE)


@pytest.mark.parametrize("clause", [id_ for id_ in DECIDED if id_ in IDS])
def test_a_decision_that_rests_on_a_clause_cites_it(clause):
    letter = parsed(raw_letter(clause.partition("-")[0]))
    assert f'"{clause}"' in _quoted(subject(clause, letter)) or clause in ("A-12", "D-15")


def _quoted(answer: Any) -> str:
    import json

    return json.dumps(answer)
