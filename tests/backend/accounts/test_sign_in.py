"""Sign-in and its bad inputs, sessions and their ends, the header that forged requests lack."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa

from backend.accounts import services
from backend.accounts.models import UserSession
from backend.core import clock
from backend.core.db import db
from backend.core.ids import new_id
from tests.conftest import NOW
from tests.factories.people import PASSWORD, make_user
from tests.support import save

HAN_PASSWORD = "践诺" * 32 + "🔧👩‍🔧"


def sign_in(client, name="ana", password=PASSWORD, **kwargs):
    return client.post("/api/sign-in", json={"name": name, "password": password}, **kwargs)


def test_the_right_password_opens_a_session(cast, client):
    answer = sign_in(client)
    assert answer.status_code == 200 and answer.json["user"]["name"] == "Ana"
    assert "password" not in answer.text
    cookie = answer.headers["Set-Cookie"]
    assert "HttpOnly" in cookie and "SameSite=Lax" in cookie
    assert client.get("/api/me").status_code == 200


@pytest.mark.parametrize(
    ("name", "password"),
    [
        ("ana", "wrong password"),
        ("ana", PASSWORD + " "),
        ("ana", PASSWORD.upper()),
        ("nobody", PASSWORD),
        ("dan", PASSWORD),
        ("a\u200bna", PASSWORD),
        ("аna", PASSWORD),  # Cyrillic а
        ("' OR 1=1--", "' OR 1=1--"),
        ("ana'--", PASSWORD),
        ("%", PASSWORD),
        ("𠮷", "𠮷"),
    ],
)
def test_every_wrong_sign_in_gets_the_same_words(cast, client, name, password):
    answer = sign_in(client, name, password)
    expected = sign_in(client, "ana", "wrong password")
    assert answer.status_code == 401 and answer.json == expected.json
    assert "Set-Cookie" not in answer.headers


@pytest.mark.parametrize("name", ["ANA", " ana ", "ａｎａ"])
def test_one_account_has_one_name_however_it_is_typed(cast, client, name):
    assert sign_in(client, name).status_code == 200


def test_a_password_of_sixty_four_han_and_emoji_works(cast, as_, client):
    body = {"name": "长密码", "sign_in_name": "long", "password": HAN_PASSWORD, "role": "engineer"}
    assert as_(cast.adam).post("/api/users", json=body).status_code == 201
    assert sign_in(client, "long", HAN_PASSWORD).status_code == 200
    assert sign_in(client, "long", HAN_PASSWORD[:-1]).status_code == 401


@pytest.mark.parametrize(
    "body",
    [
        {},
        [],
        [{"name": "ana", "password": PASSWORD}],
        "ana",
        None,
        {"name": "ana"},
        {"name": ["ana"], "password": PASSWORD},
        {"name": {"$ne": None}, "password": {"$ne": None}},
        {"name": "ana", "password": ""},
        {"name": "ana", "password": None},
        {"name": "ana", "password": PASSWORD, "role": "admin"},
        {"name": "ana\0", "password": PASSWORD},
        {"name": "n" * 121, "password": PASSWORD},
        {"name": "ana", "password": "x" * 257},
        {"name": "ana", "password": "x" * 1_048_576},
    ],
    ids=lambda body: str(body)[:40],
)
def test_a_malformed_sign_in_is_refused_before_the_hash(cast, client, monkeypatch, body):
    monkeypatch.setattr(services, "verified_user", lambda *_: pytest.fail("the hash was reached"))
    answer = client.post("/api/sign-in", json=body)
    assert answer.status_code in (400, 422)
    assert answer.content_type == "application/problem+json"


@pytest.mark.parametrize(
    ("data", "content_type"),
    [
        (b'{"name": "ana", "password": "%s"}' % PASSWORD.encode(), "text/plain"),
        (b"name=ana&password=x", "application/x-www-form-urlencoded"),
        (b"", "application/json"),
        (b"{", "application/json"),
        (b"\xff\xfe", "application/json"),
        (b'{"name": "\\ud800", "password": "x"}', "application/json"),
        (b"[" * 100_000, "application/json"),
    ],
)
def test_what_cannot_be_read_is_refused(cast, client, data, content_type):
    answer = client.post("/api/sign-in", data=data, content_type=content_type)
    assert answer.status_code in (400, 401, 415, 422)
    assert client.get("/api/me").status_code == 401


def test_sign_in_is_not_done_by_get(cast, client):
    answer = client.get(f"/api/sign-in?name=ana&password={PASSWORD}")
    assert answer.status_code in (404, 405)


def test_a_body_beyond_the_limit_is_refused_unread(cast, client, app):
    answer = client.post(
        "/api/sign-in", data=b"x" * (app.config["MAX_BODY_BYTES"] + 1), content_type="application/json"
    )
    assert answer.status_code == 413


def test_known_and_unknown_names_cost_the_same_work(cast, client, monkeypatch):
    """One hash each: the clock of the machine is no test, the work is."""
    verified = []
    plain = services._hasher

    class Counting:
        def verify(self, stored, password):
            verified.append(stored)
            return plain.verify(stored, password)

    monkeypatch.setattr(services, "_hasher", Counting())
    for name in ("ana", "dan", "nobody"):
        sign_in(client, name, "wrong password")
    assert len(verified) == 3
    assert len({stored.split("$")[3] for stored in verified}) == 1  # the same cost parameters


class TestGuessing:
    def test_ten_tries_then_a_wait_of_a_quarter_of_an_hour_at_most(self, cast, client):
        for _ in range(10):
            assert sign_in(client, password="wrong").status_code == 401
        answer = sign_in(client)
        assert answer.status_code == 429 and 0 < int(answer.headers["Retry-After"]) <= 900
        assert sign_in(client, "cleo").status_code == 200
        with clock.fixed(NOW + timedelta(minutes=15)):
            assert sign_in(client).status_code == 200

    def test_a_forged_forwarding_header_or_host_changes_nothing(self, cast, app):
        statuses = []
        for number in range(12):
            headers = {"X-Forwarded-For": f"10.0.0.{number}", "Host": f"evil{number}.example"}
            statuses.append(sign_in(app.test_client(), password="wrong", headers=headers).status_code)
        assert statuses == [401] * 10 + [429] * 2

    def test_spellings_of_one_name_share_one_count(self, cast, client):
        for name in ["ana", "ANA", "ａｎａ", " ana"] * 3:
            last = sign_in(client, name, "wrong")
        assert last.status_code == 429

    def test_a_right_password_forgives(self, cast, client):
        for _ in range(9):
            sign_in(client, password="wrong")
        assert sign_in(client).status_code == 200
        assert sign_in(client, password="wrong").status_code == 401


class TestSessions:
    def test_signing_out_ends_this_session_alone(self, cast, as_):
        one, other = as_(cast.ana), as_(cast.ana)
        assert one.post("/api/sign-out").status_code == 204
        assert (one.get("/api/me").status_code, other.get("/api/me").status_code) == (401, 200)

    def test_a_cookie_kept_after_sign_out_is_dead(self, cast, app, client):
        sign_in(client)
        kept = client.get_cookie("fieldpledge").value
        client.post("/api/sign-out")
        thief = app.test_client()
        thief.set_cookie("fieldpledge", kept)
        assert thief.get("/api/me").status_code == 401

    def test_disabling_an_account_ends_it_at_the_next_request(self, cast, as_):
        ana = as_(cast.ana)
        assert as_(cast.adam).patch(f"/api/users/{cast.ana.id}", json={"is_disabled": True}).status_code == 200
        assert ana.get("/api/me").status_code == 401

    def test_a_new_password_ends_all_other_sessions(self, cast, as_, client):
        here, elsewhere = as_(cast.ana), as_(cast.ana)
        body = {"old_password": PASSWORD, "password": "another long one"}
        assert here.patch("/api/me", json=body).status_code == 200
        assert (here.get("/api/me").status_code, elsewhere.get("/api/me").status_code) == (200, 401)
        assert sign_in(client).status_code == 401
        assert sign_in(client, password="another long one").status_code == 200

    def test_a_new_password_wants_the_old_one(self, cast, as_):
        client = as_(cast.ana)
        for old in ({}, {"old_password": "wrong password"}):
            answer = client.patch("/api/me", json={"password": "another long one"} | old)
            assert answer.json["type"] == "/problems/wrong-name-or-password"

    def test_a_revoked_device_loses_its_session_and_nothing_else(self, cast, as_):
        phone, desk = as_(cast.ana), as_(cast.ana)
        device = phone.post("/api/devices", json={"id": new_id(), "label": "Ana's phone"}).json
        assert as_(cast.adam).delete(f"/api/devices/{device['id']}").status_code == 200
        assert (phone.get("/api/me").status_code, desk.get("/api/me").status_code) == (401, 200)

    def test_another_ones_device_is_neither_taken_nor_seen(self, cast, as_):
        device = as_(cast.ana).post("/api/devices", json={"id": new_id()}).json
        assert as_(cast.ben).post("/api/devices", json={"id": device["id"]}).status_code == 409
        assert as_(cast.ben).get("/api/devices").json == []
        assert as_(cast.ben).delete(f"/api/devices/{device['id']}").status_code == 404

    @pytest.mark.parametrize(
        ("after", "status"), [(timedelta(days=400) - timedelta(seconds=1), 200), (timedelta(days=400), 401)]
    )
    def test_a_session_expires(self, cast, as_, after, status):
        client = as_(cast.ana)
        with clock.fixed(NOW + after):
            assert client.get("/api/me").status_code == status

    @pytest.mark.parametrize(
        "bend",
        [
            lambda value: value[:-1],
            lambda value: value[: len(value) // 2],
            lambda value: value + value,
            lambda value: value[:5] + ("A" if value[5] != "A" else "B") + value[6:],
            lambda value: "",
            lambda value: "x" * 10_000,
            lambda value: "eyJfdXNlcl9pZCI6IjEifQ.x.y",
        ],
    )
    def test_a_bent_cookie_is_nobody(self, cast, app, client, bend):
        sign_in(client)
        thief = app.test_client()
        thief.set_cookie("fieldpledge", bend(client.get_cookie("fieldpledge").value))
        assert thief.get("/api/me").status_code == 401

    def test_the_browser_does_not_choose_the_session(self, cast, app, client):
        """Session fixation: a cookie set before sign-in is not the one after."""
        with client.session_transaction() as cookie:
            cookie["_user_id"] = "chosen-by-somebody-else"
        sign_in(client)
        with client.session_transaction() as cookie:
            assert cookie["_user_id"] != "chosen-by-somebody-else"

    def test_a_session_survives_a_restart(self, cast, app, client):
        from backend import create_app

        sign_in(client)
        kept = client.get_cookie("fieldpledge").value
        names = ("DATABASE_URL", "VAR_DIR", "SECRET_KEY")
        again = create_app({name: app.config[name] for name in names})
        browser = again.test_client()
        browser.set_cookie("fieldpledge", kept)
        assert browser.get("/api/me").status_code == 200
        with again.app_context():
            db.engine.dispose()


class TestForgery:
    @pytest.mark.parametrize("method", ["post", "patch", "put", "delete"])
    @pytest.mark.parametrize("path", ["/api/sign-in", "/api/customers", "/api/me", "/api/nowhere"])
    def test_a_write_without_our_header_is_refused(self, cast, as_, method, path):
        client = as_(cast.adam)
        client.sends_header = False
        answer = getattr(client, method)(path, json={})
        assert answer.status_code == 403 and "X-Fieldpledge" in answer.json["detail"]

    def test_reading_needs_no_header(self, cast, as_):
        client = as_(cast.ana)
        client.sends_header = False
        assert client.get("/api/me").status_code == 200

    @pytest.mark.parametrize("path", ["/api/me", "/api/nowhere", "/healthz", "/api/sign-in"])
    def test_every_answer_says_what_may_load_and_api_answers_are_not_stored(self, cast, client, path):
        answer = client.get(path)
        assert "default-src 'self'" in answer.headers["Content-Security-Policy"]
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        if path.startswith("/api/"):
            assert answer.headers["Cache-Control"] == "no-store"
        assert "Access-Control-Allow-Origin" not in answer.headers


class TestUsers:
    def body(self, **given):
        return {"name": "新人", "sign_in_name": "xin", "password": "long enough", "role": "engineer"} | given

    @pytest.mark.parametrize(
        ("given", "field"),
        [
            ({"password": "short"}, "$.password"),
            ({"sign_in_name": "a"}, "$.sign_in_name"),
            ({"sign_in_name": "a b"}, "$.sign_in_name"),
            ({"sign_in_name": "a\u200bb"}, "$.sign_in_name"),
            ({"sign_in_name": "аna"}, "$.sign_in_name"),
            ({"role": "root"}, "$.role"),
            ({"branch_ids": [new_id()]}, "$.branch_ids"),
            ({"id": new_id()}, "$.id"),
        ],
    )
    def test_a_bad_account_names_its_field(self, cast, as_, given, field):
        answer = as_(cast.adam).post("/api/users", json=self.body(**given))
        assert (answer.status_code, answer.json["field"]) == (422, field)

    def test_a_taken_name_is_said(self, cast, as_):
        answer = as_(cast.adam).post("/api/users", json=self.body(sign_in_name="ANA"))
        assert (answer.status_code, answer.json["type"]) == (409, "/problems/name-taken")

    @pytest.mark.parametrize("change", [{"is_disabled": True}, {"role": "dispatcher"}])
    def test_an_admin_does_not_lock_herself_out(self, cast, as_, change):
        assert as_(cast.adam).patch(f"/api/users/{cast.adam.id}", json=change).status_code == 403

    def test_a_dispatcher_of_two_branches_sees_both(self, cast, as_):
        from backend.accounts.models import UserBranch
        from tests.factories.customers import make_customer

        both = make_user("Fay", cast.chengdu, role="dispatcher")
        save(UserBranch(user_id=both.id, branch_id=cast.beijing.id))
        make_customer(cast.beijing, name="首都银行")
        assert len(as_(both).get("/api/customers").json["rows"]) == 2


class TestCompany:
    def test_everybody_reads_it_an_admin_changes_it(self, cast, as_):
        assert as_(cast.ana).get("/api/company").json["hotline"] == "400-000-0000"
        body = {"base": {"hotline": "400-000-0000"}, "fields": {"hotline": "400-111-1111"}}
        assert as_(cast.cleo).patch("/api/company", json=body).status_code == 403
        assert as_(cast.adam).patch("/api/company", json=body).json["hotline"] == "400-111-1111"

    def test_what_is_configured_is_said_in_both_languages(self, cast, as_):
        body = {"base": {"name": {"zh": "示例公司", "en": "Example Co"}}, "fields": {"name": {"zh": "只有中文"}}}
        answer = as_(cast.adam).patch("/api/company", json=body)
        assert (answer.status_code, answer.json["field"]) == (422, "$.fields.name.en")


def test_sessions_are_rows_that_can_be_looked_at(cast, client, session):
    sign_in(client, headers={"User-Agent": "Phone " + "x" * 400})
    session.rollback()
    row = session.scalar(sa.select(UserSession))
    assert row.user_id == cast.ana.id and len(row.agent) == 200
