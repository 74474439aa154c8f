"""What letters answer."""

from __future__ import annotations

from apiflask import Schema
from marshmallow import fields


class ClauseOut(Schema):
    id = fields.String()
    article = fields.String()
    quote = fields.String()
    text = fields.Dict()


class LetterBrief(Schema):
    ref = fields.String()
    letter = fields.String()
    version = fields.Integer()
    title = fields.Dict()
    in_force_from = fields.Date()
    currency = fields.String()
    contacts = fields.List(fields.Dict())


class LetterOut(LetterBrief):
    clauses = fields.List(fields.Nested(ClauseOut))


class LetterList(Schema):
    rows = fields.List(fields.Nested(LetterBrief))
