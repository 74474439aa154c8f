"""Handing in and review: number, log, gaps named, approve, return, withdraw."""

from __future__ import annotations

from datetime import timedelta

import pytest

from backend.reports import services
from backend.reports.forms.loader import BadForm, form, read_form, requires_of
from backend.reports.models import CAUSES, FIXES, OUTCOMES, Report
from backend.reports.problems import ReportIncomplete, ReportNotEditable, ReportStepNotAllowed
from backend.reports.rules import complete, states
from tests.backend.visits.conftest import log_of
from tests.factories.work import make_log_entry, make_report
from tests.support import again


@pytest.mark.promise("B-15")
def test_handing_in_gives_a_number_and_tells_the_log(job, session, now):
    job.ready()
    report = again(job.report)
    assert (report.state, report.number) == ("submitted", "FR-2026-000001")
    assert report.handed_over_on.isoformat() == "2026-11-20"
    assert report.submitted_at == now - timedelta(minutes=2) and report.received_at == now
    whats = [entry.what for entry in log_of(session, job.work_order)]
    assert {"arrived", "signed", "solved", "accepted", "report_submitted"} <= set(whats)
    assert again(job.work_order).state == "accepted"


def test_the_time_stated_as_in_working_order_is_the_logs(job, session, now):
    job.check_in().start().find()
    job.do(services.edit_report, job.here(Report, job.report), {"guidance": "说明"}, now)
    job.sign()
    job.submit(solved_at=now - timedelta(minutes=20))
    solved = log_of(session, job.work_order, "solved")[0]
    assert solved.corrected_at == now - timedelta(minutes=20)
    assert solved.data["is_stated"] is True


def test_a_solved_line_she_wrote_herself_is_not_repeated(job, session, now):
    make_log_entry(job.work_order, "solved", now - timedelta(minutes=15), visit_id=job.visit.id)
    job.ready()
    assert len(log_of(session, job.work_order, "solved")) == 1


def test_not_fixed_is_not_solved(job, session, now):
    job.check_in().start().find(outcome="not_fixed", not_fixed_reason="缺件", next_step="周二带件再来")
    job.do(services.edit_report, job.here(Report, job.report), {"guidance": "说明"}, now)
    job.sign()
    job.submit()
    assert log_of(session, job.work_order, "solved") == []
    assert log_of(session, job.work_order, "accepted") == []
    assert again(job.work_order).state == "in_progress"


def test_a_rejection_is_told_with_the_customers_remarks(job, session, now):
    job.check_in().start().find()
    job.do(services.edit_report, job.here(Report, job.report), {"guidance": "说明"}, now)
    job.sign("rejected", remarks="还是响")
    job.submit()
    entry = log_of(session, job.work_order, "rejected")[0]
    assert entry.note == "还是响"
    assert again(job.work_order).state == "in_progress"
    assert again(job.report).handed_over_on is None


@pytest.mark.promise("B-03")
def test_every_gap_is_named_at_once_with_the_phones_own_rule(job, session):
    job.start().find(cause_text="", fix_text=" ")
    with pytest.raises(ReportIncomplete) as problem:
        job.submit()
    assert [fault.path for fault in problem.value.faults] == [
        "$.findings[0].cause_text", "$.findings[0].fix_text", "$.guidance",
    ]  # fmt: skip
    report = again(job.report)
    assert (report.state, report.number) == ("draft", None)
    assert log_of(session, job.work_order, "report_submitted") == []


def test_cause_not_known_yet_is_a_legal_answer(job, now):
    from datetime import date

    job.check_in().start().find(cause_category=None, cause_text="", cause_unknown_until=date(2026, 11, 30))
    job.do(services.edit_report, job.here(Report, job.report), {"guidance": "说明"}, now)
    job.sign()
    assert job.submit().state == "submitted"


def test_fixed_by_phone_needs_no_signature(job, cast, now):
    job.visit = None
    job.work_order.owner_id = cast.ana.id
    job.session.commit()
    job.start().find(fix_category="guidance")
    job.do(services.edit_report, job.here(Report, job.report), {"guidance": "说明"}, now)
    report = job.submit()
    assert report.number == "FR-2026-000001"
    assert again(job.work_order).state == "resolved"


def test_a_customer_who_signs_later_is_told_then(job, cast, as_, session, now):
    job.check_in().start().find()
    job.do(services.edit_report, job.here(Report, job.report), {"guidance": "说明"}, now)
    job.submit()
    assert log_of(session, job.work_order, "accepted") == []
    assert as_(cast.cleo).get("/api/reports").json["rows"][0]["flags"] == ["late", "not_signed"]
    job.sign()
    assert len(log_of(session, job.work_order, "accepted")) == 1
    report = again(job.report)
    assert (report.state, report.version) == ("submitted", 1)
    assert report.handed_over_on.isoformat() == "2026-11-20"
    with pytest.raises(ReportNotEditable):
        job.sign()


def test_handing_in_again_changes_nothing_and_keeps_the_number(job, session):
    job.ready()
    job.submit()
    assert again(job.report).number == "FR-2026-000001"
    assert len(log_of(session, job.work_order, "report_submitted")) == 1


def test_returned_edited_handed_in_anew_is_version_two_of_one_number(job, cast, as_, session):
    job.ready()
    adam = as_(cast.adam)
    path = f"/api/reports/{job.report.id}/return"
    answer = adam.post(
        path, json={"comment": "请补原因", "field_comments": [{"path": "$.findings[0].cause_text", "text": "写清楚"}]}
    )
    assert (answer.status_code, answer.json["state"]) == (200, "returned")
    assert [c["field"] for c in answer.json["comments"]] == [None, "$.findings[0].cause_text"]
    job.edit(cause_text="电池满充容量降到 41%，自检未通过")
    assert again(job.report).version == 2
    job.sign()
    job.submit()
    report = again(job.report)
    assert (report.state, report.number, report.version) == ("submitted", "FR-2026-000001", 2)
    assert len(log_of(session, job.work_order, "report_submitted")) == 2
    assert len(log_of(session, job.work_order, "accepted")) == 2


def test_numbers_are_unique_per_local_year_and_go_on(job, cast, now):
    from backend.core import clock

    job.ready()
    with clock.fixed(now):
        job.start().find()
        job.do(services.edit_report, job.here(Report, job.report), {"guidance": "说明"}, now)
        job.sign()
        assert job.submit().number == "FR-2026-000002"


@pytest.mark.promise("B-15")
def test_no_closing_without_a_report_with_cause_and_fix(job, cast, as_):
    cleo = as_(cast.cleo)
    path = f"/api/work-orders/{job.work_order.id}/close"
    job.check_in().start().find()
    answer = cleo.post(path, json={"reason": ""})
    assert answer.status_code == 409
    gates = {gate["gate"] for gate in answer.json["gates"]}
    assert {"fault_report", "cause_and_fix"} <= gates
    job.do(services.edit_report, job.here(Report, job.report), {"guidance": "说明"}, job.now)
    job.sign()
    job.submit()
    answer = cleo.post(path, json={"reason": ""})
    assert answer.status_code == 200, answer.json


@pytest.mark.promise("B-08")
def test_user_damage_found_on_site_changes_who_pays(job):
    job.ready()
    assert again(job.work_order).entitlement["status"] == "covered"
    job.start().find(cause_category="user_damage")
    assert again(job.work_order).entitlement["status"] == "chargeable"
    job.edit(cause_category="wear")
    assert again(job.work_order).entitlement["status"] == "covered"


@pytest.mark.parametrize(
    ("who", "step", "state", "expected"),
    [
        ("adam", "approve", "submitted", 200),
        ("cleo", "approve", "submitted", 403),
        ("ana", "approve", "submitted", 403),
        ("adam", "approve", "draft", 409),
        ("adam", "approve", "approved", 200),
        ("cleo", "return", "submitted", 200),
        ("ana", "return", "submitted", 403),
        ("cleo", "return", "approved", 403),
        ("adam", "return", "approved", 200),
        ("cleo", "return", "draft", 409),
        ("ana", "withdraw", "draft", 200),
        ("ana", "withdraw", "submitted", 403),
        ("ben", "withdraw", "draft", 404),
        ("adam", "withdraw", "submitted", 200),
        ("adam", "withdraw", "withdrawn", 200),
    ],
)
def test_who_may_take_which_step(job, cast, as_, who, step, state, expected):
    report = make_report(job.work_order, cast.ana, job.visit, state=state)
    body = {"return": {"comment": "请补"}, "withdraw": {"reason": "写错了"}}.get(step, {})
    answer = as_(getattr(cast, who)).post(f"/api/reports/{report.id}/{step}", json=body)
    assert answer.status_code == expected
    if expected == 409:
        assert (answer.json["type"], answer.json["state"]) == ("/problems/report-step-not-allowed", state)


def test_returning_needs_a_comment(job, cast, as_):
    report = make_report(job.work_order, cast.ana, job.visit, state="submitted")
    answer = as_(cast.cleo).post(f"/api/reports/{report.id}/return", json={"comment": " "})
    assert (answer.status_code, answer.json["field"]) == (422, "$.comment")
    assert again(report).state == "submitted"


def test_each_step_from_a_state_leads_to_one_state_and_every_state_is_reached():
    ways = [(step.name, step.source) for step in states.STEPS]
    assert len(ways) == len(set(ways))
    assert {s.source for s in states.STEPS} | {s.target for s in states.STEPS} == set(states.STATES)


def test_the_form_and_the_rule_ask_for_the_same_words():
    definition = form()
    by_name = {(field["of"], field["name"]): field for field in definition["fields"]}
    for name, codes in (("cause_category", CAUSES), ("fix_category", FIXES), ("outcome", OUTCOMES)):
        assert {option["value"] for option in by_name["finding", name]["options"]} == set(codes)
    finding = {field["name"]: field for field in definition["fields"] if field["of"] == "finding"}
    for name in finding:
        asked = [
            {m.missing for m in complete.missing_of({"findings": [{"id": "f", "outcome": outcome}]}, "sign")}
            for outcome in (None, *OUTCOMES)
        ]
        if finding[name]["required"] == "never":
            assert not any(name in one for one in asked)
        else:
            assert any(name in one for one in asked)


def test_a_letter_asks_for_guidance_by_the_form(job):
    assert requires_of(form(), ["B@1", "D"]) == ["guidance"]
    assert requires_of(form(), ["A@1"]) == []


@pytest.mark.parametrize(
    ("field", "words"),
    [
        (
            {"of": "report", "name": "x", "kind": "rune", "label": {"zh": "一", "en": "a"}, "required": "never"},
            "kind",
        ),
        ({"of": "report", "name": "x", "kind": "text", "label": {"zh": "一"}, "required": "never"}, "label"),
        (
            {"of": "report", "name": "x", "kind": "choice", "label": {"zh": "一", "en": "a"}, "required": "never"},
            "options",
        ),
        ({"of": "report", "name": "x", "kind": "text", "label": {"zh": "一", "en": "a"}, "required": "if"}, "if"),
        (
            {
                "of": "report",
                "name": "x",
                "kind": "text",
                "label": {"zh": "一", "en": "a"},
                "required": "never",
                "colour": 1,
            },
            "colour",
        ),
    ],
)
def test_a_bad_form_says_where(field, words):
    with pytest.raises(BadForm, match=words):
        read_form({"form": "f", "version": 1, "title": {"zh": "一", "en": "a"}, "fields": [field]}, "f.yaml")


def test_handing_in_what_was_withdrawn_is_refused(job, cast, now):
    job.report = make_report(job.work_order, cast.ana, job.visit, state="withdrawn")
    with pytest.raises(ReportStepNotAllowed):
        job.submit()


def test_a_mended_report_shows_what_it_says_now_beside_what_was_signed_before(job, cast, as_):
    job.ready()
    admin, path = as_(cast.adam), f"/api/reports/{job.report.id}"
    comments = [{"path": "findings.1.cause_text", "text": "写明为什么坏"}]
    assert (
        admin.post(f"{path}/return", json={"comment": "写明为什么坏", "field_comments": comments}).status_code == 200
    )
    job.edit(cause_text="电池满充容量降到 41%，循环 1,204 次")
    job.submit()
    detail = admin.get(path).json
    assert detail["view"]["signed"]["findings"][0]["cause_text"].endswith("1,204 次")
    assert (detail["view"]["acceptance"], detail["view"]["signed"]["document_sha256"]) == (None, None)
    assert any("第 2 版还没有签" in note["text"]["zh"] for note in detail["view"]["added"]["notes"])
    changed = {"finding": 1, "field": "cause_text", "before": "电池满充容量降到 41%",
               "after": "电池满充容量降到 41%，循环 1,204 次"}  # fmt: skip
    assert detail["evidence"]["changes"] == {"since": 1, "rows": [changed]}
    job.sign()
    detail = admin.get(path).json
    assert detail["view"]["acceptance"]["result"] == "accepted"
    assert detail["evidence"]["verification"]["ok"]
    assert [one["version"] for one in detail["view"]["added"]["versions"]] == [1, 2]
    assert detail["evidence"]["changes"]["rows"] == [changed]


def test_a_first_version_has_no_changes(job, cast, as_):
    job.ready()
    assert as_(cast.adam).get(f"/api/reports/{job.report.id}").json["evidence"]["changes"] is None
