"""What the customer reads: the steps, clocks and sentences that are hers, and nothing else of the record."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from backend.core import clock
from backend.core.db import write_transaction
from backend.core.ids import new_id
from backend.links.rules.progress import called
from backend.workorders.services import void_log_entry
from tests.backend.links.conftest import log, make_link
from tests.factories.customers import make_asset
from tests.factories.work import make_log_entry, make_report, make_visit, make_work_order
from tests.support import counted_queries

# Every field a customer's page is ever sent, by its path. A new one is thought about here first.
HERS = """
company.name.zh company.name.en company.contacts.kind company.contacts.label.zh company.contacts.label.en
company.contacts.value scope expires_at number kind state symptom reported_at site_name tz
assets.category assets.brand assets.model assets.serial
steps.what steps.at steps.text steps.who steps.engineers.zh steps.engineers.en
promised_for
clocks.name clocks.starts clocks.due clocks.state clocks.met_at clocks.reason clocks.clause clocks.text.zh clocks.text.en clocks.quote
pays.status pays.warranty_end pays.charges.labour pays.charges.parts pays.charges.call_out pays.charges.travel
pays.sentences.clause pays.sentences.text.zh pays.sentences.text.en pays.sentences.quote
said.what said.at said.who said.how said.text
rating.rating rating.remark rating.at
reports.id reports.number reports.submitted_at reports.is_approved reports.to_sign
reports.signed.result reports.signed.who reports.signed.at reports.signed.remarks reports.signed.document_sha256
may_answer may_rate
"""
SECRETS = ("内部", "Ana", "13800000001", "13900000009", "30.657", "306571", "双流区", "Eve", "地下一层", "别家的活")


def paths(value, at=""):
    """Path of every leaf."""
    if isinstance(value, dict):
        return [one for name, inner in value.items() for one in paths(inner, f"{at}.{name}" if at else name)]
    if isinstance(value, list):
        return [one for inner in value for one in paths(inner, at)] or [at]
    return [at]


@pytest.fixture
def told(job, cast):
    """A life full of things that are nobody's business outside."""
    log(job, "contacted", 170, note="内部：客户很急", author_id=cast.cleo.id)
    log(job, "note", 160, note="内部：这家欠款")
    log(job, "departed", 90, visit_id=job.visit.id, author_id=cast.ana.id)
    log(job, "arrived", 60, visit_id=job.visit.id, author_id=cast.ana.id, note="内部")
    log(job, "check_in_reason", 59, note="内部：在地下室")
    log(job, "waiting", 50, note="等电源模块，明天到货")
    log(job, "promised", 49, note="内部", data={"promised_for": "2026-11-21T02:00:00.000Z"})
    log(job, "resumed", 40)
    log(job, "excused", 35, note="机房断电，进不去", data={"clock": "arrive"})
    other = make_work_order(cast.site, symptom="别家的活")
    make_log_entry(other, "note", note="别家的活")
    return job


def test_every_field_of_the_answer_is_on_the_whitelist_and_nothing_inside_leaks(app, eve, told):
    app.config["LINK_SHOWS_ENGINEER"] = "none"
    told.ready_unsigned()
    answer = eve.get()
    hers = set(HERS.split())
    empty = {one.rsplit(".", n)[0] for one in hers for n in (1, 2)}  # what is null or an empty list
    assert set(paths(answer.json)) <= hers | empty
    assert len(paths(answer.json)) > len(hers)
    assert [word for word in SECRETS if word in answer.text] == []
    assert told.work_order.number in answer.text


def test_progress_in_her_words_with_times_and_reasons(eve, told, now):
    steps = [(step["what"], step["text"]) for step in eve.get().json["steps"]]
    assert steps == [
        ("reported", ""), ("contacted", ""), ("sent", ""), ("on_the_way", ""), ("arrived", ""),
        ("waiting", "等电源模块，明天到货"), ("resumed", ""),
    ]  # fmt: skip
    page = eve.get().json
    assert page["steps"][0]["at"] == clock.iso(now - timedelta(hours=3))
    assert page["steps"][2]["engineers"] == [{"zh": "工程师 Ana", "en": "Engineer Ana"}]
    assert page["promised_for"] == "2026-11-21T02:00:00.000Z"


@pytest.mark.promise("A-09")
def test_whom_she_can_call_is_the_company_never_the_engineer(eve, job):
    company = eve.get().json["company"]
    assert company["name"]["zh"] == "示例公司"
    assert ("hotline", "400-000-0000") in [(line["kind"], line["value"]) for line in company["contacts"]]
    assert "____" not in json.dumps(company)


@pytest.mark.promise("B-01", "B-02")
def test_each_promise_with_its_due_and_what_became_of_it(eve, told, now):
    clocks = {one["name"]: one for one in eve.get().json["clocks"]}
    assert clocks["arrive"]["state"] == "met" and clocks["arrive"]["met_at"] == clock.iso(now - timedelta(hours=1))
    assert clocks["respond"]["state"] == "met"
    assert (
        clocks["arrive"]["clause"].startswith("B-") and clocks["arrive"]["quote"] and clocks["arrive"]["text"]["en"]
    )
    assert "dispatch" not in clocks


def test_a_missed_one_says_so_with_the_reason_given(eve, job, now):
    log(job, "excused", 0, note="客户机房停电", data={"clock": "arrive"})
    with clock.fixed(now + timedelta(hours=12)):
        clocks = {one["name"]: one for one in eve.get().json["clocks"]}
    assert (clocks["arrive"]["state"], clocks["arrive"]["reason"]) == ("excused", "客户机房停电")
    assert clocks["respond"]["state"] == "met"
    with clock.fixed(now + timedelta(days=2)):
        log(job, "missed_reason", -2000, note="厂家缺货", data={"clock": "resolve"})
        clocks = {one["name"]: one for one in eve.get().json["clocks"]}
    assert (clocks["resolve"]["state"], clocks["resolve"]["reason"]) == ("missed", "厂家缺货")


@pytest.mark.promise("B-20")
def test_who_pays_with_the_sentence_that_was_signed(eve, solved):
    pays = eve.get().json["pays"]
    assert pays["status"] == "covered" and pays["warranty_end"] == "2028-01-12"
    assert set(pays["charges"].values()) == {"free"}
    assert any(one["quote"] for one in pays["sentences"])
    assert all(one["text"]["zh"] and one["clause"].startswith("B-") for one in pays["sentences"])


def test_a_visit_that_fell_away_is_not_told_as_coming(eve, job, cast):
    log(job, "visit_cancelled", 30, visit_id=job.visit.id)
    assert [step["what"] for step in eve.get().json["steps"]] == ["reported"]
    again_sent = make_visit(job.work_order, [cast.ana])
    log(job, "sent", 20, visit_id=again_sent.id, data={"engineer_ids": [cast.ana.id]})
    assert [step["what"] for step in eve.get().json["steps"]] == ["reported", "sent"]


def test_a_voided_line_is_not_told(eve, job, now, session):
    entry = log(job, "waiting", 5, note="写错了")
    assert "写错了" in eve.get().text
    with write_transaction():
        void_log_entry(session, session.merge(entry), reason="x", now=now)
    assert "写错了" not in eve.get().text


@pytest.mark.parametrize(
    ("name", "shows", "zh", "en"),
    [
        ("安然", "title", "安工程师", "Engineer 安"),
        ("欧阳静", "title", "欧阳工程师", "Engineer 欧阳"),
        ("Ana Berg", "title", "工程师 Ana", "Engineer Ana"),
        ("安然", "name", "安然", "安然"),
        ("安然", "none", "工程师", "engineer"),
        (" ", "name", "工程师", "engineer"),
    ],
)
def test_the_engineer_is_named_as_the_company_allows(name, shows, zh, en):
    assert called(name, shows) == {"zh": zh, "en": en}


def test_a_link_reads_its_own_work_order_alone(eve, comes_with, job, cast, session):
    other = make_work_order(cast.site, [make_asset(cast.site, serial="OTHER-1")], symptom="另一件")
    report = make_report(other, cast.ana, state="submitted")
    for path in (f"/reports/{report.id}/pdf", f"/reports/{report.id}/document", f"/reports/{new_id()}/pdf"):
        answer = eve.get(path)
        assert (answer.status_code, answer.json["type"]) == (404, "/problems/not-found")
    mine = comes_with(make_link(session, cast, other)[1]).get().json
    assert mine["number"] == other.number and eve.get().json["number"] == job.work_order.number


def test_a_draft_is_not_hers_to_see(eve, job):
    job.start().find()
    assert eve.get().json["reports"] == []
    assert eve.get(f"/reports/{job.report.id}/pdf").status_code == 404


def test_reading_costs_the_same_however_long_the_log_is(eve, job):
    eve.get()
    with counted_queries() as few:
        eve.get()
    for n in range(30):
        make_log_entry(job.work_order, "waiting", job.now - timedelta(minutes=n), note=str(n))
    with counted_queries() as many:
        assert len(eve.get().json["steps"]) > 30
    assert len(many) == len(few)
