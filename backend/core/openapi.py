"""The API's own description, put right where APIFlask leaves something out.

Adds that a body is required, that an answer always has all its fields (what may be unknown is null), and the problems
a route can answer with (RFC 9457). The apps' typed client is made from it (`make client`), so it is the contract:
the tests' client holds every answer against it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from apiflask import APIFlask

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
ANSWERS = {"401": "not signed in", "403": "not permitted", "404": "not there, or not visible", "409": "the state of things",
           "413": "too large", "422": "fields that are not right", "429": "too many tries", "503": "busy, try again",
           "400": "cannot be read"}  # fmt: skip
WRITES = {"post", "patch", "put", "delete"}


def init_app(app: APIFlask) -> None:
    app.spec_processor(mended)
    # APIFlask registers a schema once more that a nested field has brought in already; apispec itself asks first
    app._register_schema_and_get_ref = lambda _spec, _known, schema: (  # type: ignore[method-assign]
        app._ma_plugin.converter.resolve_nested_schema(schema)
    )


def mended(spec: dict[str, Any]) -> dict[str, Any]:
    """The description with required bodies, complete answers, and problems."""
    schemas = spec.setdefault("components", {}).setdefault("schemas", {})
    schemas.pop("HTTPError", None)
    schemas.pop("ValidationError", None)
    schemas["Problem"] = PROBLEM
    for path, operations in spec.get("paths", {}).items():
        for method, operation in operations.items():
            _mend_operation(path, method, operation)
    _complete(spec)
    _make_patterns_ecma(spec)
    return spec


def _complete(spec: dict[str, Any]) -> None:
    """What is answered has all its fields; what is taken as well as answered stays as its schema says."""
    schemas = spec["components"]["schemas"]
    operations = [one for path in spec.get("paths", {}).values() for one in path.values()]
    taken = set(_named([one.get("requestBody") for one in operations], schemas))
    answered = set(_named([one["responses"] for one in operations], schemas)) - taken - {"Problem"}
    for name in answered:
        schemas[name]["required"] = sorted(schemas[name].get("properties", {}))


def _named(node: Any, schemas: dict[str, Any], seen: set[str] | None = None) -> Iterator[str]:
    """Names of the schemas that a part of the description leads to."""
    seen = set() if seen is None else seen
    if isinstance(node, list):
        for inner in node:
            yield from _named(inner, schemas, seen)
    elif isinstance(node, dict):
        name = str(node.get("$ref", "")).removeprefix("#/components/schemas/")
        if name in schemas and name not in seen:
            seen.add(name)
            yield name
            yield from _named(schemas[name], schemas, seen)
        for inner in node.values():
            yield from _named(inner, schemas, seen)


def _make_patterns_ecma(node: Any) -> None:
    """JSON Schema's patterns are JavaScript's, which has no \\Z and begins anywhere."""
    if isinstance(node, dict):
        if isinstance(node.get("pattern"), str):
            node["pattern"] = "^" + node["pattern"].replace(r"\Z", "$")
        for inner in node.values():
            _make_patterns_ecma(inner)
    elif isinstance(node, list):
        for inner in node:
            _make_patterns_ecma(inner)


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
