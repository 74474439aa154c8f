"""The report view in the API's description: a schema per dataclass of view.py, so that the two cannot differ.

`ViewFinding` is what the description calls view.Finding: the record kinds have names of their own.
"""

from __future__ import annotations

import types
from dataclasses import fields as fields_of
from dataclasses import is_dataclass
from functools import cache
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from apiflask import Schema
from marshmallow import fields, validate

from backend.core.schemas import Both
from backend.reports.view import ReportView

PLAIN: dict[Any, type[fields.Field[Any]]] = {str: fields.String, int: fields.Integer, bool: fields.Boolean}


@cache
def schema_of(kind: Any) -> type[Schema]:
    """The schema of one dataclass of the view."""
    hints = get_type_hints(kind)
    name = f"View{kind.__name__.removesuffix('View')}" if kind is not ReportView else "ReportView"
    return Schema.from_dict({field.name: _field(hints[field.name]) for field in fields_of(kind)}, name=name)


def _field(hint: Any, **more: Any) -> fields.Field[Any]:
    origin, inner = get_origin(hint), get_args(hint)
    if origin in (Union, types.UnionType):
        return _field(next(arg for arg in inner if arg is not type(None)), allow_none=True)
    if origin is tuple:
        if Ellipsis in inner:
            return fields.List(_field(inner[0]), **more)
        return fields.List(_field(inner[0]), validate=validate.Length(equal=len(inner)), **more)
    if origin is Literal:
        return fields.String(validate=validate.OneOf(inner), **more)
    if origin is dict:
        return fields.Nested(Both, **more)
    return fields.Nested(schema_of(hint), **more) if is_dataclass(hint) else PLAIN[hint](**more)
