"""Who has no living link learns nothing: the same words for whatever is wrong, and ten thousand guesses find nothing."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa

from backend.accounts.models import SignInTry
from backend.core import clock
from backend.core.db import db, write_transaction
from backend.core.ids import new_id
from backend.links import services
from backend.links.models import CustomerLink
from tests.backend.links.conftest import make_link
from tests.backend.visits.conftest import actor
from tests.factories.work import make_work_order
from tests.support import again

GUESSES = {"sqlite": 10_000, "postgresql": 1_000}


def seen(answer):
    """Everything an asker can compare: status, headers (without the length of nothing), bytes."""
    return answer.status_code, sorted(answer.headers.items()), answer.data


def test_the_token_is_long_random_shown_once_and_stored_as_a_hash(as_, cast, job, session):
    page = as_(cast.cleo).post(f"/api/work-orders/{job.work_order.id}/links", json={})
    assert page.status_code == 201 and page.json["link"]["state"] == "active"
    address, token = page.json["url"].split("/c/#")
    assert address.startswith("http") and len(token) == services.TOKEN_CHARS
    assert len(services.ALPHABET) ** services.TOKEN_CHARS >= 2**128
    row = session.get(CustomerLink, page.json["link"]["id"])
    assert row.token_hash == services.hash_of(token)
    assert token not in str(row.__dict__)
    listed = as_(cast.cleo).get(f"/api/work-orders/{job.work_order.id}/links")
    assert token not in listed.text and "url" not in listed.json["rows"][0]
    assert page.json["qr_svg"].startswith("<svg")


def test_wrong_revoked_expired_never_made_and_none_are_answered_alike(app, cast, comes_with, job, now, session):
    revoked, revoked_token = make_link(session, cast, job.work_order)
    with write_transaction():
        services.revoke(session, actor(cast.cleo), session.get(CustomerLink, revoked.id), now)
    with clock.fixed(now - timedelta(days=31)):
        _, expired_token = make_link(session, cast, job.work_order)
    tokens = [revoked_token, expired_token, "x" * 26, "", "ü", "a" * 5000, revoked_token[:-1]]
    answers = [seen(comes_with(token).get()) for token in tokens]
    answers.append(seen(app.test_client().get("/api/link")))
    answers.append(seen(app.test_client().get("/api/link", headers={"Authorization": "Basic YTpi"})))
    assert len({str(answer) for answer in answers}) == 1
    assert answers[0][0] == 404
    for path in ("/answer", "/rating", f"/reports/{new_id()}/signature"):
        posted = [comes_with(token).post(path, {}) for token in tokens[:4]]
        assert len({answer.data for answer in posted}) == 1 and posted[0].status_code == 404


def test_it_ends_at_the_very_instant(cast, comes_with, job, now, session):
    row, token = make_link(session, cast, job.work_order, days=1)
    with clock.fixed(row.expires_at - timedelta(milliseconds=1)):
        assert comes_with(token).get().status_code == 200
    with clock.fixed(row.expires_at):
        assert comes_with(token).get().status_code == 404


def test_ten_thousand_guesses_find_nothing_write_little_and_lock_nobody_out(app, database_kind, eve, job):
    """Really asked, one after the other, from one address and from thousands; the customer comes through at any time."""
    browser, statuses = app.test_client(), set()
    for n in range(GUESSES[database_kind]):
        where = {"REMOTE_ADDR": "203.0.113.7" if n % 2 else f"10.{n // 65536}.{n // 256 % 256}.{n % 256}"}
        guess = f"{n:026d}" if n % 3 else services.hash_of(str(n))[:26]
        answer = super(type(browser), browser).open(
            "/api/link", headers={"Authorization": f"Link {guess}"}, environ_overrides=where
        )
        statuses.add(answer.status_code)
        if n % 250 == 0:
            assert eve.get(environ_overrides=where).status_code == 200
    assert statuses == {404, 429}
    assert eve.get(environ_overrides={"REMOTE_ADDR": "203.0.113.7"}).status_code == 200
    db.session.rollback()
    rows = db.session.scalar(sa.select(sa.func.count()).select_from(SignInTry))
    assert rows <= services.BUCKETS
    with clock.fixed(job.now + timedelta(hours=1)):  # the next wrong one sweeps what is over
        browser.get("/api/link")
    db.session.rollback()
    assert db.session.scalar(sa.select(sa.func.count()).select_from(SignInTry)) == 1


def test_behind_one_address_wrong_ones_wait_a_while(app, eve, now):
    limit = app.config["LINK_TRIES"]
    answers = [app.test_client().get("/api/link") for _ in range(limit + 2)]
    assert [answer.status_code for answer in answers] == [404] * limit + [429] * 2
    assert int(answers[-1].headers["Retry-After"]) > 0
    assert eve.get().status_code == 200
    with clock.fixed(now + timedelta(minutes=15)):
        assert app.test_client().get("/api/link").status_code == 404


def test_revoked_with_one_click_it_opens_nothing_and_twice_is_once(as_, cast, eve, link, now):
    assert eve.get().status_code == 200
    for _ in range(2):
        answer = as_(cast.cleo).post(f"/api/links/{link[0].id}/revoke", json={})
        assert (answer.status_code, answer.json["state"]) == (200, "revoked")
    assert eve.get().status_code == 404
    row = again(link[0])
    assert (row.revoked_at, row.revoked_by_id) == (now, cast.cleo.id)


def test_uses_are_counted_by_sitting_not_by_request(eve, link, now):
    for _ in range(3):
        assert eve.get().status_code == 200
    assert (again(link[0]).uses, again(link[0]).last_used_at) == (1, now)
    with clock.fixed(now + timedelta(minutes=6)):
        eve.get()
    assert again(link[0]).uses == 2


@pytest.mark.parametrize("is_right", [True, False])
def test_no_answer_is_kept_told_on_or_open_to_other_sites(eve, is_right):
    eve.token = eve.token if is_right else "x"
    elsewhere = {"Origin": "https://elsewhere.example"}
    asked = [
        eve.get(headers=elsewhere),
        eve.get(f"/reports/{new_id()}/pdf", headers=elsewhere),
        eve.post("/answer", {}),
    ]
    assert [answer.status_code for answer in asked] == ([200, 404, 422] if is_right else [404] * 3)
    for answer in asked:
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert "default-src 'self'" in answer.headers["Content-Security-Policy"]
        assert "Access-Control-Allow-Origin" not in answer.headers and "Set-Cookie" not in answer.headers


def test_a_foreign_page_cannot_write_with_it(eve):
    eve.client.sends_header = False
    answer = eve.post("/rating", {"id": new_id(), "rating": 5})
    assert (answer.status_code, answer.json["type"]) == (403, "/problems/forbidden")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"days": 0}, "$.days"),
        ({"days": 366}, "$.days"),
        ({"scope": ["everything"]}, "$.scope[0]"),
        ({"token": "mine"}, "$.token"),
    ],
)
def test_a_link_that_makes_no_sense_is_refused(as_, body, cast, field, job):
    answer = as_(cast.cleo).post(f"/api/work-orders/{job.work_order.id}/links", json=body)
    assert (answer.status_code, answer.json["field"]) == (422, field)


def test_who_sees_the_work_order_from_the_office_makes_and_lists_nobody_else(as_, cast, job):
    path = f"/api/work-orders/{job.work_order.id}/links"
    for user, status in ((cast.adam, 201), (cast.cleo, 201), (cast.ana, 403)):
        assert as_(user).post(path, json={"scope": ["accept"]}).status_code == status
    rows = as_(cast.adam).get(path).json["rows"]
    assert [row["scope"] for row in rows] == [["progress", "accept"]] * 2
    other = make_work_order(cast.site, branch=cast.beijing, customer_id=job.work_order.customer_id)
    assert as_(cast.adam).get(f"/api/work-orders/{other.id}/links").json["rows"] == []
