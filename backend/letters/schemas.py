"""What letters answer."""

from __future__ import annotations

from apiflask import Schema
from marshmallow import fields

from backend.core.schemas import Both


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


class LetterOut(LetterBrief):
    clauses = fields.List(fields.Nested(ClauseOut))


class LetterList(Schema):
    rows = fields.List(fields.Nested(LetterBrief))
