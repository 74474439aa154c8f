"""The API describes itself completely, and the apps' TypeScript types are made from the description as it is now."""

from __future__ import annotations

import hashlib
import json

import pytest

from backend.config import ROOT

METHODS = {"get", "post", "put", "patch", "delete", "head"}
# Pages and files for people are no API.
FILES = ("core.phone", "core.console", "core.asset", "reports.verify_page", "links.page", "openapi.spec")


@pytest.fixture
def spec(app):
    with app.app_context():
        return app.spec


def test_it_is_openapi_3_1(spec):
    assert spec["openapi"].startswith("3.1")


def test_every_route_is_described(app, spec):
    routes = {
        (rule.rule.replace("<", "{").replace(">", "}").replace("{path:", "{"), method.lower())
        for rule in app.url_map.iter_rules()
        if rule.endpoint not in FILES
        for method in rule.methods & {"GET", "POST", "PUT", "PATCH", "DELETE"}
    }
    described = {(path, method) for path, operations in spec["paths"].items() for method in operations}
    assert routes - described == set()


def test_every_operation_says_what_it_does_and_how_it_fails(spec):
    for path, operations in spec["paths"].items():
        for method, operation in operations.items():
            if method not in METHODS:
                continue
            assert operation.get("summary"), (method, path)
            failing = [code for code in operation["responses"] if code[0] in "45"]
            assert failing, (method, path)
            for code in failing:
                assert "application/problem+json" in operation["responses"][code]["content"], (method, path, code)


def test_a_body_is_required_where_there_is_one(spec):
    bodies = [o["requestBody"] for ops in spec["paths"].values() for o in ops.values() if "requestBody" in o]
    assert bodies and all(body["required"] for body in bodies)


def test_a_shape_has_one_name_and_an_answer_all_its_fields(spec):
    schemas = spec["components"]["schemas"]
    assert [name for name in schemas if name[-1].isdigit()] == []
    assert set(schemas["WorkOrderDetail"]["required"]) == set(schemas["WorkOrderDetail"]["properties"])
    assert set(schemas["WorkOrderIn"]["required"]) == {"customer_id", "site_id", "channel", "symptom"}


def test_what_has_no_shape_says_so(spec):
    """A new answer is described field by field; only what really is free may be anything, and then says `free: …`."""
    wrong = [
        f"{name}.{field}"
        for name, schema in spec["components"]["schemas"].items()
        for field, said in schema.get("properties", {}).items()
        if name != "Problem" and _is_free(said) and not said.get("description", "").startswith("free: ")
    ]
    assert wrong == []


def _is_free(said):
    if said.get("type") == "array":
        return _is_free(said["items"])
    return not ({"$ref", "anyOf", "enum"} & set(said)) and (
        "type" not in said
        or ("object" in said["type"] and not said.get("properties") and not said.get("additionalProperties"))
    )


def test_the_apps_types_are_made_from_this_description(spec):
    text = json.dumps(spec, indent=1, sort_keys=True, ensure_ascii=False, default=str) + "\n"
    first = (ROOT / "pwa" / "src" / "api" / "schema.d.ts").read_text().split("\n", 1)[0]
    assert hashlib.sha256(text.encode()).hexdigest() in first, "the API changed: run make client"
