"""What letters answer."""

from __future__ import annotations

from datetime import date

from apiflask import Schema
from marshmallow import fields, validate

from backend.core.schemas import Both, Instant, Text
from backend.letters.calendar_days import WHATS

FIRST_DAY, LAST_DAY = date(2000, 1, 1), date(2100, 12, 31)


class ClauseOut(Schema):
    id = fields.String()
    article = fields.String()
    quote = fields.String()
    text = fields.Nested(Both)


class LetterContact(Schema):
    """A line of the letter that a customer may call or look up; `hours` names one of its calendars."""

    kind = fields.String()
    label = fields.Nested(Both)
    value = fields.String()
    clause = fields.String()
    hours = fields.String(allow_none=True)


class LetterBrief(Schema):
    ref = fields.String()
    letter = fields.String()
    version = fields.Integer()
    title = fields.Nested(Both)
    in_force_from = fields.Date()
    currency = fields.String()
    contacts = fields.List(fields.Nested(LetterContact))
    clause_count = fields.Integer()


class CoverageOut(Schema):
    """What the letter says it repairs in one kind of goods; whether a defect is among it a person judges."""

    clause = fields.String()
    category = fields.String()
    text = fields.Nested(Both)


class LetterOut(LetterBrief):
    clauses = fields.List(fields.Nested(ClauseOut))
    coverage = fields.List(fields.Nested(CoverageOut))


class LetterRow(LetterBrief):
    """A version in the list: shipped, or installed by whom and when; withdrawn from new contracts or not. One with faults
    can no longer be read and decides nothing."""

    in_force_from = fields.Date(allow_none=True)
    faults = fields.List(fields.Nested(lambda: LineFault()))

    is_shipped = fields.Boolean()
    installed_at = Instant(allow_none=True)
    installed_by_name = fields.String()
    is_withdrawn = fields.Boolean()


class LetterList(Schema):
    rows = fields.List(fields.Nested(LetterRow))


class LetterText(Schema):
    """A letter file, as docs/letters.md describes it."""

    text = fields.String(required=True, validate=validate.Length(1, 1_048_576))


class LineFault(Schema):
    """What is wrong with a letter file, and where."""

    line = fields.Integer(allow_none=True)
    path = fields.String()
    message = fields.Nested(Both)


class CheckOut(Schema):
    """Every fault of a pasted file; without one, the letter that it is."""

    faults = fields.List(fields.Nested(LineFault))
    letter = fields.Nested(LetterOut, allow_none=True)


class LetterChange(Schema):
    """A row of one mechanism (clocks, charges, …) that is new, gone, or says something else."""

    mechanism = fields.String()
    clauses = fields.List(fields.String())
    change = fields.String(validate=validate.OneOf(("added", "removed", "changed")))
    before = fields.Dict(allow_none=True, metadata={"description": "free: the row as the earlier file has it"})
    after = fields.Dict(allow_none=True, metadata={"description": "free: the row as the later file has it"})


class ComparedOut(Schema):
    clauses = fields.List(fields.Nested(LetterChange))
    rules = fields.List(fields.Nested(LetterChange))


class CorrectionIn(Schema):
    """What a day is, over the library; a notice says that all days of its year are entered."""

    day = fields.Date(required=True, validate=validate.Range(FIRST_DAY, LAST_DAY))
    what = fields.String(required=True, validate=validate.OneOf(WHATS))
    label = fields.Nested(Both, required=True)
    source = Text(max=300, load_default="")


class CorrectionOut(Schema):
    """A correction: who made it, who withdrew it."""

    id = fields.String()
    day = fields.Date()
    what = fields.String(validate=validate.OneOf(WHATS))
    label = fields.Nested(Both)
    source = fields.String()
    at = Instant()
    by_name = fields.String()
    withdrawn_at = Instant(allow_none=True)
    withdrawn_by_name = fields.String()


class DayOut(Schema):
    """A day that is not as its weekday says; `library` is what the library says of it, null: nothing."""

    day = fields.Date()
    what = fields.String(validate=validate.OneOf(WHATS))
    label = fields.Nested(Both)
    correction_id = fields.String(allow_none=True)
    library = fields.String(allow_none=True)


class YearQuery(Schema):
    year = fields.Integer(validate=validate.Range(FIRST_DAY.year, LAST_DAY.year))


class YearOut(Schema):
    """A year as it holds here. `missing_notice`: whose notice of the State Council should be here by now; null: none."""

    year = fields.Integer()
    missing_notice = fields.Integer(allow_none=True)
    version = fields.String()
    is_certain = fields.Boolean()
    days = fields.List(fields.Nested(DayOut))
    corrections = fields.List(fields.Nested(CorrectionOut))
