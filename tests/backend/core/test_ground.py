"""The ground everything stands on: instants, ids, numbers, the write transaction, texts, settings, unexpected errors."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta, timezone

import pytest
import sqlalchemy as sa
from marshmallow import ValidationError

from backend import config
from backend.accounts.models import Branch
from backend.core import clock, ids
from backend.core.db import DatabaseBusy, db, write_transaction
from backend.core.numbers import next_number
from backend.core.schemas import clean_text
from tests.factories.people import make_branch

AT = datetime(2026, 11, 22, 3, 4, 5, 678_999, tzinfo=UTC)


class TestClock:
    def test_an_instant_is_written_in_utc_with_milliseconds(self):
        assert clock.iso(AT) == "2026-11-22T03:04:05.678Z"
        assert clock.iso(AT.astimezone(timezone(timedelta(hours=8)))) == "2026-11-22T03:04:05.678Z"
        assert clock.iso(None) is None

    @pytest.mark.parametrize("text", ["2026-11-22T03:04:05", "2026-11-22", "25:61", "", "0001-01-01T00:00:00+08:00"])
    def test_what_is_no_instant_is_refused(self, text):
        with pytest.raises(ValueError):
            clock.parse(text)

    def test_a_naive_time_is_refused_everywhere(self, session):
        with pytest.raises(ValueError):
            clock.iso(datetime(2026, 1, 1))
        with pytest.raises(sa.exc.StatementError):
            session.execute(sa.text("SELECT :t").bindparams(sa.bindparam("t", datetime(2026, 1, 1), type_=_utc())))

    @pytest.mark.parametrize(
        ("tz", "day"), [("Asia/Shanghai", "2027-01-01"), ("UTC", "2026-12-31"), ("America/New_York", "2026-12-31")]
    )
    def test_the_local_day_is_the_places(self, tz, day):
        assert clock.local_date(clock.parse("2026-12-31T16:00:00Z"), tz).isoformat() == day

    def test_now_is_cut_to_milliseconds_and_can_be_held(self):
        assert clock.now().microsecond % 1000 == 0
        with clock.fixed(AT):
            assert clock.iso(clock.now()) == clock.iso(AT)


def _utc():
    from backend.core.db import UtcDateTime

    return UtcDateTime()


GOOD_ID = "01a20333-db5d-75f6-8519-20bd43b327f1"


class TestIds:
    def test_ids_are_lower_case_uuid7_and_ascend(self):
        made = [ids.new_id() for _ in range(500)]
        assert made == sorted(set(made)) and all(ids.is_id(one) for one in made)

    @pytest.mark.parametrize(
        "value",
        [None, "", 7, "x", GOOD_ID.upper(), GOOD_ID + "\n", "0" * 36, "{" + GOOD_ID + "}", "x" * 10_000,
         "01a20333-db5d-45f6-8519-20bd43b327f1"],
    )  # fmt: skip
    def test_nothing_else_is_an_id(self, value):
        assert not ids.is_id(value)


class TestNumbers:
    def test_numbers_of_many_writers_are_unique_and_without_gap(self, app, session):
        given, errors = [], []

        def take():
            with app.app_context():
                for _ in range(5):
                    try:
                        with write_transaction() as own:
                            given.append(next_number(own, "WO", 2026))
                    except Exception as error:
                        errors.append(error)

        threads = [threading.Thread(target=take) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert errors == []
        assert sorted(given) == [f"WO-2026-{n:06d}" for n in range(1, 41)]

    def test_each_series_and_year_counts_by_itself(self, app, session):
        with write_transaction() as own:
            numbers = [next_number(own, *key) for key in (("WO", 2026), ("FR", 2026), ("WO", 2027), ("WO", 2026))]
        assert numbers == ["WO-2026-000001", "FR-2026-000001", "WO-2027-000001", "WO-2026-000002"]


class TestWriteTransaction:
    def test_an_error_leaves_nothing_and_frees_the_writer(self, session):
        with pytest.raises(RuntimeError), write_transaction() as own:
            own.add(Branch(id=ids.new_id(), name="never"))
            own.flush()
            raise RuntimeError
        make_branch("after")
        assert [row.name for row in session.scalars(sa.select(Branch))] == ["after"]

    def test_what_runs_before_the_commit_may_refuse_it(self, app, session):
        def refuse(_session):
            raise RuntimeError

        hooks = app.extensions["before_commit"]
        hooks.append(refuse)
        try:
            with pytest.raises(RuntimeError), write_transaction() as own:
                own.add(Branch(id=ids.new_id(), name="never"))
        finally:
            hooks.remove(refuse)
        assert session.scalars(sa.select(Branch)).all() == []

    def test_a_passing_error_is_told_apart_from_a_broken_rule(self, session):
        branch = make_branch()
        with pytest.raises(sa.exc.IntegrityError), write_transaction() as own:
            own.execute(sa.insert(Branch).values(id=branch.id, name="twin", tz="UTC", phone=""))
        error = sa.exc.OperationalError("x", {}, Exception("database is locked"))
        with pytest.raises(DatabaseBusy), write_transaction():
            raise error


class TestTexts:
    @pytest.mark.parametrize(
        ("typed", "kept"),
        [
            ("a\r\nb\rc", "a\nb\nc"),
            ("é", "é"),
            ("𠮷野家 👩‍🔧", "𠮷野家 👩‍🔧"),
            ("safe\u202egpj.exe", "safegpj.exe"),
            ("bell\u0007 tab\t", "bell tab\t"),
            ("عربي", "عربي"),
        ],
    )
    def test_a_text_is_kept_as_people_mean_it(self, typed, kept):
        assert clean_text(typed) == kept

    @pytest.mark.parametrize("typed", ["a\0b", "\ud800"])
    def test_what_no_text_may_hold_is_refused(self, typed):
        with pytest.raises(ValidationError):
            clean_text(typed)


class TestSettings:
    def load(self, tmp_path, **given):
        return config.load({"VAR_DIR": str(tmp_path)} | given, environ={})

    @pytest.mark.parametrize(
        ("given", "named"),
        [
            ({"ENV": "staging"}, "ENV"),
            ({"PORT": 0}, "PORT"),
            ({"PORT": 65536}, "PORT"),
            ({"THREADS": 0}, "THREADS"),
            ({"DATABASE_URL": "mysql://x"}, "DATABASE_URL"),
            ({"ENV": "production"}, "SECRET_KEY"),
            ({"ENV": "production", "SECRET_KEY": "a" * 40}, "SECRET_KEY"),
            ({"ENV": "production", "SECRET_KEY": "short"}, "SECRET_KEY"),
            ({"VAR_DIR": "/proc/nowhere"}, "VAR_DIR"),
        ],
    )
    def test_a_bad_setting_stops_the_start_and_is_named(self, tmp_path, given, named):
        with pytest.raises(config.BadSetting, match=named):
            self.load(tmp_path, **given)

    def test_a_number_that_is_none_is_named(self, tmp_path):
        with pytest.raises(config.BadSetting, match="PORT"):
            config.load({"VAR_DIR": str(tmp_path)}, environ={"PORT": "eight"})

    def test_a_secret_is_made_once_and_kept(self, tmp_path):
        assert self.load(tmp_path)["SECRET_KEY"] == self.load(tmp_path)["SECRET_KEY"]
        assert (tmp_path / "secret").stat().st_mode & 0o077 == 0


def test_an_unexpected_error_says_nothing_of_the_inside(app, cast, as_, monkeypatch):
    from backend.customers import services

    monkeypatch.setattr(services, "visible", lambda _actor: 1 / 0)
    answer = as_(cast.cleo).get("/api/customers")
    assert (answer.status_code, answer.json["type"]) == (500, "/problems/internal")
    assert "ZeroDivision" not in answer.text and "Traceback" not in answer.text
    assert answer.headers["Cache-Control"] == "no-store"


def test_a_busy_database_says_try_again(app, cast, as_, monkeypatch):
    from backend.customers import services

    def busy(*_):
        raise sa.exc.OperationalError("x", {}, Exception("database is locked"))

    monkeypatch.setattr(services, "create_customer", busy)
    answer = as_(cast.cleo).post("/api/customers", json={"name": "x"})
    assert (answer.status_code, answer.json["type"]) == (503, "/problems/busy")
    assert int(answer.headers["Retry-After"]) >= 1
    db.session.rollback()


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "field"),
    [
        ("GET", "/api/customers/%00", None, 404, None),
        ("GET", "/api/customers?q=a%00b", None, 422, "$.q"),
        ("GET", "/api/work-orders?cursor=%00", None, 422, "$.cursor"),
        ("POST", "/api/customers", {"name": "a\0b"}, 422, "$.name"),
        ("POST", "/api/users", {"skills": ["x", "y\0"]}, 422, "$.skills[1]"),
        ("PATCH", "/api/me", {"password": "\0" * 9}, 422, "$.password"),
        ("POST", "/api/devices", {"public_key": {"a\0": 1}}, 422, "$.public_key"),
    ],
)
def test_a_nul_is_refused_by_its_place_on_both_databases(cast, as_, method, path, body, status, field):
    answer = as_(cast.adam).open(path, method=method, json=body)
    assert (answer.status_code, answer.json.get("field")) == (status, field)


def test_a_backslash_before_u0000_is_a_text_like_any_other(cast, as_):
    answer = as_(cast.cleo).post("/api/customers", json={"name": "C:\\\\u0000"})
    assert (answer.status_code, answer.json["name"]) == (201, "C:\\\\u0000")
