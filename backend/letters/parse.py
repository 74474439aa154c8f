"""Makes a Letter of a letter file, or says everything that is wrong with it, each fault with line and field.

The format is docs/letters.md. Called by the loader, and by whoever takes a letter from an admin.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from typing import Any

from backend.letters.entries import Entry, Fields, one, read_entries, rows
from backend.letters.parse_rules import ROWS, Scope, ceiling
from backend.letters.rules import words
from backend.letters.rules.faults import LetterFaulty
from backend.letters.rules.hours import ALWAYS, OpeningHours
from backend.letters.rules.letter import Clause, Letter, Pausing, Period, Product
from backend.letters.rules.terms import MONTHS_OF_YEAR, Term

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
LETTER_ID = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,19}")
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_\-]{0,39}")
CLAUSE_ID = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,19}-[0-9]{1,4}")
_WINDOW = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])\s*-\s*(([01][0-9]|2[0-3]):([0-5][0-9])|24:00)")
_CURRENCY = re.compile(r"[A-Z]{3}")

TOP_REQUIRED = ("letter", "version", "in_force_from", "currency", "title", "clauses")
TOP_OPTIONAL = (
    "contacts", "calendars", "periods", "warranty", "clocks", "pauses", "charges", "ceilings", "remedies", "restarts", "suspends",
    "gates", "owed", "duties", "records", "checklists",
)  # fmt: skip


def parse_letter(text: str | bytes, file: str) -> Letter:
    """The letter in the text of a letter file. Raises LetterFaulty with every fault, each with line and field."""
    top = read_entries(text, file)
    fields = top.fields(TOP_REQUIRED, TOP_OPTIONAL)
    letter = _letter(fields)
    if top.faults.found:
        raise LetterFaulty(sorted(top.faults.found, key=lambda fault: (fault.line or 0, fault.path)))
    return letter


def _letter(fields: Fields) -> Letter:
    scope = Scope()
    said: dict[str, Any] = {
        "id": one(
            fields, "letter", lambda e: e.matching(LETTER_ID, "应为字母开头的短名", "must be a short name"), ""
        ),
        "version": one(fields, "version", lambda e: e.number(1, 9999), 1),
        "in_force_from": one(fields, "in_force_from", Entry.day, date.min),
        "title": one(fields, "title", Entry.both_languages, {}),
        "currency": one(
            fields, "currency", lambda e: e.matching(_CURRENCY, "应为三字母货币代码", "must be a currency code"), ""
        ),
        "clauses": tuple(rows(fields, "clauses", _clause)),
    }
    _refuse_twice(fields, scope, said["clauses"])
    said["contacts"] = tuple(rows(fields, "contacts", lambda e: _contact(e, scope)))
    said["calendars"] = _named(fields, "calendars", lambda e: _calendar(e, scope))
    scope.calendars = {*said["calendars"], ALWAYS}
    said["periods"] = _named(fields, "periods", lambda e: _period(e, scope))
    scope.periods = set(said["periods"])
    said["warranty"] = _warranty(fields, scope)
    said["checklists"] = _named(fields, "checklists", lambda e: _checklist(e, scope))
    scope.checklists = set(said["checklists"])
    said["ceilings"] = tuple(rows(fields, "ceilings", lambda e: ceiling(e, scope)))
    scope.ceilings.extend(said["ceilings"])
    for key, (name, read) in ROWS.items():
        said[name] = tuple(rows(fields, key, lambda entry, read=read: read(entry, scope)))
    return Letter(**said)


def _named(fields: Fields, key: str, read: Callable[[Entry], Any]) -> dict[str, Any]:
    found = {}
    for name, entry in fields[key].pairs() if key in fields else ():
        if not NAME.fullmatch(name) or name == ALWAYS:
            entry.fault(
                "名称只能用字母、数字、- 和 _", "a name is made of letters, digits, - and _, and is not reserved"
            )
        found[name] = read(entry)
    return found


def _clause(entry: Entry) -> Clause:
    fields = entry.fields(("id", "article", "quote", "text"))
    return Clause(
        id=one(fields, "id", lambda e: e.matching(CLAUSE_ID, "应为 X-01 的样子", "must look like X-01"), ""),
        article=one(fields, "article", Entry.text, ""),
        quote=one(fields, "quote", Entry.text, ""),
        text=one(fields, "text", Entry.both_languages, {}),
    )


def _refuse_twice(fields: Fields, scope: Scope, clauses: tuple[Clause, ...]) -> None:
    for entry, clause in zip(fields["clauses"].items() if "clauses" in fields else (), clauses, strict=True):
        if clause.id and clause.id in scope.clauses:
            entry.fault(f"条款 {clause.id} 写了两次", f"the clause {clause.id} is given twice")
        scope.clauses.add(clause.id)


def _contact(entry: Entry, scope: Scope) -> dict[str, Any]:
    fields = entry.fields(("kind", "label", "value"), ("clause", "hours"))
    return {
        "kind": one(fields, "kind", Entry.text, ""),
        "label": one(fields, "label", Entry.both_languages, {}),
        "value": one(fields, "value", Entry.text, ""),
        "clause": one(fields, "clause", scope.clause, None),
        "hours": one(fields, "hours", Entry.text, None),
    }


def _calendar(entry: Entry, scope: Scope) -> OpeningHours:
    """Hours per weekday, and what holidays, exchanged days and single dates change."""
    fields = entry.fields(("hours",), ("clause", "holidays", "exchanged_days", "closed_on", "opened_on"))
    week: list[tuple[tuple[int, int], ...]] = [()] * len(WEEKDAYS)
    for row in fields["hours"].items() if "hours" in fields else ():
        days = row.fields(("days", "windows"))
        windows = _windows(days["windows"]) if "windows" in days else ()
        for word in days["days"].words(WEEKDAYS) if "days" in days else ():
            if week[WEEKDAYS.index(word)]:
                row.fault(f"{word} 写了两次", f"{word} is given twice")
            week[WEEKDAYS.index(word)] = windows
    if not any(week):
        entry.fault("一周没有任何营业时间", "the calendar never opens")
    exchanged = one(fields, "exchanged_days", lambda e: e.word(("closed", *WEEKDAYS)), "closed")
    opened = {}
    for row in fields["opened_on"].items() if "opened_on" in fields else ():
        said = row.fields(("day", "windows"))
        if len(said) == 2:
            opened[said["day"].day()] = _windows(said["windows"])
    return OpeningHours(
        week=tuple(week),
        on_holidays=one(fields, "holidays", lambda e: e.word(("open", "closed")), "closed") == "open",
        exchanged=WEEKDAYS.index(exchanged) if exchanged in WEEKDAYS else None,
        closed_on=frozenset(rows(fields, "closed_on", Entry.day)),
        opened_on=opened,
        clause=one(fields, "clause", scope.clause, None),
    )


def _windows(entry: Entry) -> tuple[tuple[int, int], ...]:
    """Windows of a day in minutes, ascending and apart: ["09:00-12:00", "13:30-17:30"]."""
    found: list[tuple[int, int]] = []
    for each in entry.one_or_more():
        text = each.matching(_WINDOW, '应为 "09:00-17:00"', 'must look like "09:00-17:00"')
        if not text:
            continue
        opens, closes = ([int(part) for part in side.strip().split(":")] for side in text.split("-"))
        window = (opens[0] * 60 + opens[1], closes[0] * 60 + closes[1])
        if window[0] >= window[1] or (found and window[0] < found[-1][1]):
            each.fault("时段应从早到晚、互不重叠", "windows must run forward and stand apart")
        found.append(window)
    return tuple(found)


def _term(fields: Fields, entry: Entry) -> Term:
    said = [key for key in ("years", "months", "days") if key in fields]
    if len(said) != 1:
        entry.fault("应写 years、months、days 之一", "must say one of years, months, days")
        return Term()
    amount = fields[said[0]].number(1, 36500)
    if said[0] == "days":
        return Term(days=amount)
    return Term(months=amount * MONTHS_OF_YEAR if said[0] == "years" else amount)


def _period(entry: Entry, scope: Scope) -> Period:
    term = ("years", "months", "days")
    fields = entry.fields(("from",), (*term, "clause", "by_product", "from_day", "pauses", "rollover_clause"))
    products = []
    if "by_product" in fields:
        for row in fields["by_product"].items():
            said = row.fields((), (*term, "brand", "category", "material"))
            brands = (
                [each.text().strip().casefold() for each in said["brand"].one_or_more()] if "brand" in said else []
            )
            products.append(
                Product(
                    brands=tuple(brands),
                    categories=one(said, "category", lambda e: e.words(words.CATEGORIES), ()),
                    materials=one(said, "material", lambda e: e.words(words.MATERIALS), ()),
                    term=_term(said, row),
                )
            )
    else:
        products.append(Product((), (), (), _term(fields, entry)))
    return Period(
        name=entry.path.rpartition(".")[2],
        anchor=one(fields, "from", lambda e: e.word(words.ANCHORS), "") or words.ANCHORS[0],
        clause=one(fields, "clause", scope.clause, None),
        products=tuple(products),
        from_day=one(fields, "from_day", lambda e: e.number(1, 36500), None),
        pausing=one(fields, "pauses", lambda e: _pausing(e, scope), None),
        rollover_clause=one(fields, "rollover_clause", scope.clause, None),
    )


def _pausing(entry: Entry, scope: Scope) -> Pausing:
    fields = entry.fields(("clause", "reasons"))
    reasons = one(fields, "reasons", lambda e: e.words(words.SPELL_REASONS), ())
    return Pausing(one(fields, "clause", scope.clause, ""), reasons)


def _warranty(fields: Fields, scope: Scope) -> tuple[str, ...]:
    if "warranty" not in fields:
        return ()
    return fields["warranty"].words(scope.periods)


def _checklist(entry: Entry, scope: Scope) -> dict[str, Any]:
    fields = entry.fields(("title", "items"), ("clause",))
    return {
        "title": one(fields, "title", Entry.both_languages, {}),
        "clause": one(fields, "clause", scope.clause, None),
        "items": rows(fields, "items", Entry.both_languages),
    }
