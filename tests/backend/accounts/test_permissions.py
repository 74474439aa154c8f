"""Every route × identity, generated from the URL map (K-10). A route that names no permission fails."""

from __future__ import annotations

import re

import pytest
from flask import Flask

from backend import create_app
from backend.accounts.roles import EVERYONE, PERMISSIONS, ROLES
from backend.core.http import url_permissions
from backend.core.ids import new_id
from tests.backend.links.conftest import make_link
from tests.factories.work import make_work_order

# What answers without a sign-in, and nothing else does.
PUBLIC = {
    "GET /",
    "GET /<path:name>",
    "GET /api/openapi.json",
    "GET /api/version",
    "GET /api/verify/<sha256>",
    "GET /console",
    "GET /console/",
    "GET /c/",
    "GET /console/<path:page>",
    "GET /healthz",
    "GET /verify/<sha256>",
    "POST /api/sign-in",
}
IDENTITIES = ("nobody", "ana", "ben", "cleo", "adam", "dan", "eve")  # Eve is the customer, with a living link
WRITING = {"POST", "PATCH", "PUT", "DELETE"}


def routes_of(app: Flask) -> list[tuple[str, str, str]]:
    """(method, rule, endpoint) of every route, HEAD and OPTIONS left out."""
    return sorted(
        (method, rule.rule, rule.endpoint)
        for rule in app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    )


@pytest.fixture(scope="module")
def plain_app(tmp_path_factory):
    """The app only for its URL map."""
    return create_app({"VAR_DIR": str(tmp_path_factory.mktemp("map")), "SECRET_KEY": "x" * 40})


def test_every_route_names_its_permission(plain_app):
    """Wear @needs(…), or be listed in PUBLIC."""
    marks = url_permissions(plain_app)
    for method, rule, endpoint in routes_of(plain_app):
        if f"{method} {rule}" in PUBLIC:
            assert marks.get(endpoint) is None, rule
        else:
            assert marks.get(endpoint) in PERMISSIONS, f"{method} {rule}"


def test_every_permission_is_held_by_known_roles_and_used(plain_app):
    used = set(url_permissions(plain_app).values())
    for name, holders in PERMISSIONS.items():
        assert holders <= {*ROLES, "link"} and holders, name
    assert used - {None} <= set(PERMISSIONS)


@pytest.mark.parametrize("identity", IDENTITIES)
def test_who_may_not_is_told_so_before_anything_else(cast, as_, client, plain_app, session, identity):
    """401 without a living session, 403 without the permission, neither with it; the body is never looked at before.
    A customer's link opens its own routes and no other; those open to nothing else, and say the same to everybody."""
    user = getattr(cast, identity, None) if identity != "eve" else None
    headers = {"Authorization": f"Link {make_link(session, cast, make_work_order(cast.site))[1]}"}
    marks = url_permissions(plain_app)
    wrong = []
    for method, rule, endpoint in routes_of(plain_app):
        if f"{method} {rule}" in PUBLIC:
            continue
        browser = as_(user) if user else client
        answer = browser.open(
            path_of(rule), method=method, json={} if method in WRITING else None,
            headers=headers if identity == "eve" else None,
        )  # fmt: skip
        is_problem = answer.content_type == "application/problem+json"
        seen = (answer.status_code, answer.json["type"] if is_problem else None)
        if marks[endpoint] == "link" and identity != "eve":
            right = seen == (404, "/problems/link-not-valid")
        elif marks[endpoint] == "link":
            right = answer.status_code in (200, 404, 422) and seen[1] != "/problems/link-not-valid"
        elif user is None or user.disabled_at is not None:
            right = seen == (401, "/problems/not-signed-in")
        elif user.role not in PERMISSIONS[marks[endpoint]]:
            right = seen == (403, "/problems/forbidden")
        else:
            right = answer.status_code not in (401, 403) and answer.status_code < 500
        if not right:
            wrong.append((method, rule, seen, answer.text[:200]))
    assert wrong == []


def path_of(rule: str) -> str:
    """The rule with a fresh id in each place."""
    return re.sub(r"<[^>]+>", lambda _: new_id(), rule)


@pytest.mark.parametrize("permission", sorted(PERMISSIONS))
def test_an_admin_may_whatever_an_engineer_may(permission):
    holders = PERMISSIONS[permission]
    if "engineer" in holders:
        assert holders >= EVERYONE
