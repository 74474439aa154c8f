"""Holds every answer of the tests against the API's own description, so that the description cannot lie.

An answer has every field that is described, of the described type, and no other. Used by `support.ApiClient`.
"""

from __future__ import annotations

import json
from functools import cache
from typing import Any

import jsonschema_rs
from flask import Flask
from marshmallow import Schema

JSON = "application/json"


class NotAsDescribed(AssertionError):
    """The server answered what its description does not say."""


def check(app: Flask, method: str, path: str, answer: Any) -> None:
    """Raises NotAsDescribed. Looks at what was done and what was refused; an unknown path or method is nobody's."""
    rule = _rule_of(app, method, path)
    if rule is None or answer.mimetype not in (JSON, "application/problem+json"):
        return
    validator = _validators(app)(rule, method.lower(), str(answer.status_code), answer.mimetype)
    if validator is None:
        return
    faults = [
        f"{'.'.join(map(str, e.instance_path)) or '$'}: {e.message}" for e in validator.iter_errors(answer.json)
    ]
    if faults:
        raise NotAsDescribed(f"{method} {path} {answer.status_code}: " + "; ".join(faults[:5]))


def _rule_of(app: Flask, method: str, path: str) -> str | None:
    """`/api/visits/{visit_id}` of `/api/visits/0192…`."""
    adapter = app.url_map.bind("localhost")
    try:
        rule, _ = adapter.match(path.split("?", 1)[0], method=method, return_rule=True)
    except Exception:  # 404, 405 and redirects have no description
        return None
    return str(rule.rule).replace("<path:", "{").replace("<", "{").replace(">", "}")


@cache
def _validators(app: Flask) -> Any:
    with app.app_context():
        spec = json.loads(json.dumps(app.spec, default=str))
    for schema in spec["components"]["schemas"].values():
        if "properties" in schema and schema is not spec["components"]["schemas"]["Problem"]:
            schema["additionalProperties"] = False

    @cache
    def validator(rule: str, method: str, status: str, mimetype: str) -> Any:
        said = spec["paths"].get(rule, {}).get(method, {}).get("responses", {}).get(status, {})
        schema = said.get("content", {}).get(mimetype, {}).get("schema")
        if not schema:
            return None
        return jsonschema_rs.Draft202012Validator(schema | {"components": spec["components"]}, validate_formats=True)

    return validator


def refuse_dropped_members() -> None:
    """A member that a service answers and no schema names would be left out without a word: the tests say it."""
    serialize = Schema._serialize

    def strict(self: Schema, obj: Any, *, many: bool = False) -> Any:
        if not many and isinstance(obj, dict):
            named = {field.attribute or name for name, field in self.dump_fields.items()}
            if dropped := set(obj) - named:
                raise NotAsDescribed(f"{type(self).__name__} names no {', '.join(sorted(dropped))}")
        return serialize(self, obj, many=many)

    Schema._serialize = strict
