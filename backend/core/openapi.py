"""The API's own description, put right: what APIFlask leaves out, and doubles it makes.

Adds that a body is required, the problems a route can answer with (RFC 9457), and one schema per shape. The phone's
and the console's TypeScript types are made from it (`make client`), so it is the contract.
"""

from __future__ import annotations

import re
import warnings
from typing import Any

from apiflask import APIFlask
from flask import Flask

PROBLEM = {
    "type": "object",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string", "description": "/problems/<slug>; switch on the slug alone"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "field": {"type": "string", "description": "path of the first wrong field, $.visit.planned_from"},
        "faults": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["path", "message"],
                "properties": {"path": {"type": "string"}, "message": {"$ref": "#/components/schemas/Both"}},
            },
        },
        "texts": {"type": "object", "description": "title and detail in both languages"},
    },
}
BOTH = {
    "type": "object",
    "required": ["zh", "en"],
    "properties": {"zh": {"type": "string"}, "en": {"type": "string"}},
}
ANSWERS = {"401": "not signed in", "403": "not permitted", "404": "not there, or not visible", "409": "the state of things",
           "413": "too large", "422": "fields that are not right", "429": "too many tries", "503": "busy, try again",
           "400": "cannot be read"}  # fmt: skip
WRITES = {"post", "patch", "put", "delete"}


def init_app(app: APIFlask) -> None:
    app.spec_processor(lambda spec: mended(app, spec))
    # marshmallow's nested and plain instances of one schema look different to apispec; `_one_each` joins them again
    warnings.filterwarnings("ignore", message=".*has already been added to the spec.*", module="apispec")


def mended(app: Flask, spec: dict[str, Any]) -> dict[str, Any]:
    """The description with required bodies, problem answers and one schema per shape."""
    schemas = spec.setdefault("components", {}).setdefault("schemas", {})
    schemas.pop("HTTPError", None)
    schemas.pop("ValidationError", None)
    schemas["Both"], schemas["Problem"] = BOTH, PROBLEM
    for path, operations in spec.get("paths", {}).items():
        for method, operation in operations.items():
            _mend_operation(path, method, operation)
    _one_each(spec)
    return spec


def _mend_operation(path: str, method: str, operation: dict[str, Any]) -> None:
    if "requestBody" in operation:
        operation["requestBody"]["required"] = True
    answers = operation["responses"]
    codes = {"401", "403", "429", "503"}
    if "{" in path:
        codes.add("404")
    if "requestBody" in operation or operation.get("parameters"):
        codes |= {"400", "422"}
    if method in WRITES:
        codes |= {"400", "409", "413"}
    if not path.startswith("/api/"):
        codes = {code for code in codes if code == "503"}
    for code in sorted(codes | {code for code in answers if code[0] in "45"}):
        answers[code] = {
            "description": ANSWERS.get(code, answers.get(code, {}).get("description", "a problem")),
            "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
        }


def _one_each(spec: dict[str, Any]) -> None:
    """CustomerOut1 that equals CustomerOut is CustomerOut."""
    schemas = spec["components"]["schemas"]
    same: dict[str, str] = {}
    for name in sorted(schemas):
        stem = re.sub(r"\d+\Z", "", name)
        if stem != name and schemas.get(stem) == schemas[name]:
            same[name] = stem
    for name in same:
        del schemas[name]
    _rename(spec, same)


def _rename(node: Any, same: dict[str, str]) -> None:
    if isinstance(node, dict):
        name = str(node.get("$ref", "")).removeprefix("#/components/schemas/")
        if name in same:
            node["$ref"] = f"#/components/schemas/{same[name]}"
        for value in node.values():
            _rename(value, same)
    elif isinstance(node, list):
        for value in node:
            _rename(value, same)
