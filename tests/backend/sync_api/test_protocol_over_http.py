"""The exchanges of sync/vectors/protocol.json against the real server: HTTP, sign-in, SQL."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.sync.exchanges import Exchange

CASES = json.loads((Path(__file__).parents[3] / "sync" / "vectors" / "protocol.json").read_text(encoding="utf-8"))[
    "cases"
]


@pytest.mark.parametrize("case", [pytest.param(case, id=case["name"][:60]) for case in CASES])
def test_exchange(case: Any, toys: None, cast: Any, as_: Any) -> None:
    names = {"pia": cast.ana.id, "dora": cast.cleo.id, "shared": "reference", "home:pia": f"engineer:{cast.ana.id}"}
    clients = {"pia": as_(cast.ana), "dora": as_(cast.cleo)}
    exchange = Exchange()
    for place, step in enumerate(_named(case["steps"], names)):
        status, body = _ask(clients[case["steps"][place]["by"]], exchange.filled(step["request"]))
        if isinstance(body, dict) and "changes" in body:
            body["changes"] = [change for change in body["changes"] if change["bucket"] == "reference"]
        assert status == step["response"]["status"], (place, body)
        assert exchange.differences(step["response"]["body"], body) == [], (place, body)


def _named(value: Any, names: dict[str, str]) -> Any:
    if isinstance(value, dict):
        return {name: _named(item, names) for name, item in value.items()}
    if isinstance(value, list):
        return [_named(item, names) for item in value]
    return names.get(value, value) if isinstance(value, str) else value


def _ask(client: Any, request: dict[str, Any]) -> tuple[int, Any]:
    path = f"/api/sync/v1{request['path']}"
    if request["method"] == "GET":
        response = client.get(path, query_string=request["query"])
    else:
        response = client.post(path, data=json.dumps(request["body"]), headers={"Content-Type": "application/json"})
    body = None if response.status_code == 204 else json.loads(response.data)
    if isinstance(body, dict) and response.status_code >= 400:
        body = _without_more(body)
    return response.status_code, body


def _without_more(problem: dict[str, Any]) -> dict[str, Any]:
    return problem
