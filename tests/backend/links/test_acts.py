"""Accept, reject, rate, sign later: once each, in the log with who and how, refused clearly when it is too late."""

from __future__ import annotations

import hashlib
import io
import json
from datetime import timedelta

import pytest
from pypdf import PdfReader

from backend.core import clock, storage
from backend.core.ids import new_id
from backend.notices.models import Notice
from backend.reports import signing
from backend.reports.models import Report, Signature
from backend.reports.paper_desk import read_file
from tests.backend.links.conftest import log, make_link
from tests.backend.reports.conftest import INK, Job
from tests.backend.reports.paper.conftest import pdf_text, squeezed, word_text
from tests.backend.visits.conftest import log_of
from tests.factories.customers import make_asset, make_contract
from tests.factories.work import make_work_order
from tests.support import again


def accept(eve, **given):
    return eve.post("/answer", {"id": new_id(), "result": "accepted", "who": "叶雯"} | given)


def reject(eve, **given):
    return eve.post("/answer", {"id": new_id(), "result": "rejected", "who": "叶雯", "remarks": "还是响"} | given)


def gate(job, name):
    return next(one for one in again(job.work_order).gates if one["gate"] == name)


def problem(answer):
    return answer.status_code, answer.json["type"].removeprefix("/problems/")


@pytest.mark.promise("A-01", "D-12")
def test_her_acceptance_moves_state_and_gate_and_says_who_when_and_how(eve, solved, session, now, link):
    answer = accept(eve)
    assert (answer.status_code, answer.json["state"], answer.json["may_answer"]) == (200, "accepted", False)
    assert answer.json["said"] == {"what": "accepted", "at": clock.iso(now), "who": "叶雯", "how": "link", "text": ""}
    (entry,) = log_of(session, solved.work_order, "accepted")
    assert (entry.source, entry.author_id, entry.entered_by_id) == ("link", None, None)
    assert entry.data == {"who": "叶雯", "how": "link", "link_id": link[0].id}


@pytest.mark.promise("A-01")
def test_under_letter_a_the_work_closes_only_after_her_word(as_, cast, comes_with, now, session):
    contract = make_contract(cast.customer, ["A@1"])
    order = make_work_order(cast.site, [make_asset(cast.site, contract)], contract_id=contract.id, channel="remote")
    job = Job(session, cast, now, order, None)
    log(job, "reported", 60)
    log(job, "solved", 10)
    assert gate(job, "customer_acceptance")["holds"] is False
    assert as_(cast.cleo).post(f"/api/work-orders/{order.id}/close", json={}).status_code == 409
    assert accept(comes_with(make_link(session, cast, order)[1])).status_code == 200
    assert gate(job, "customer_acceptance")["holds"] is True


@pytest.mark.promise("A-01")
def test_her_rejection_reopens_the_work_and_voids_the_solution(eve, solved, session, now):
    before = {one["name"]: one["state"] for one in again(solved.work_order).clocks}
    assert before["resolve"] == "met"
    answer = reject(eve)
    assert (answer.json["state"], answer.json["said"]["text"]) == ("in_progress", "还是响")
    order = again(solved.work_order)
    resolve = next(one for one in order.clocks if one["name"] == "resolve")
    assert (resolve["state"], resolve["met_at"]) == ("running", None)
    (entry,) = log_of(session, order, "rejected")
    assert (entry.note, entry.data["who"]) == ("还是响", "叶雯")
    with clock.fixed(now + timedelta(minutes=30)):
        log(solved, "solved", -20, visit_id=solved.visit.id)
        assert eve.get().json["may_answer"] is True
        assert accept(eve).json["state"] == "accepted"


def test_her_rejection_is_told_once_to_who_can_act(cast, eve, session, solved):
    body = {"id": new_id(), "result": "rejected", "who": "叶雯", "remarks": "还是响"}
    for _ in range(2):
        assert eve.post("/answer", body).status_code == 200
    told = session.query(Notice).filter_by(kind="customer_rejected").all()
    assert sorted(one.user_id for one in told) == sorted([cast.cleo.id, cast.ana.id])
    assert {one.work_order_id for one in told} == {solved.work_order.id}


def test_the_same_tap_again_changes_nothing(eve, solved, session):
    body = {"id": new_id(), "result": "accepted", "who": "叶雯"}
    answers = [eve.post("/answer", body) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200] * 3 and answers[0].data == answers[2].data
    assert len(log_of(session, solved.work_order, "accepted")) == 1
    stars = {"id": new_id(), "rating": 4, "remarks": "来得快"}
    assert [eve.post("/rating", stars).status_code for _ in range(2)] == [200, 200]
    session.rollback()
    assert len(log_of(session, solved.work_order, "rated")) == 1


def test_who_comes_second_is_told_who_answered_what_and_when(eve, solved, now):
    accept(eve)
    with clock.fixed(now + timedelta(minutes=5)):
        answer = reject(eve, who="何晓")
    assert problem(answer) == (409, "already-answered")
    assert (answer.json["what"], answer.json["who"], answer.json["at"]) == ("accepted", "叶雯", clock.iso(now))
    assert answer.json["texts"]["detail"] == {
        "zh": "叶雯 2026-11-20 10:00 已答复：验收。",
        "en": "叶雯 accepted it on 2026-11-20 10:00.",
    }


def test_before_it_is_solved_there_is_nothing_to_accept_or_rate(eve, job):
    assert eve.get().json["may_answer"] is False
    assert problem(accept(eve)) == (409, "nothing-to-answer")
    assert problem(eve.post("/rating", {"id": new_id(), "rating": 5})) == (409, "nothing-to-answer")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"result": "accepted", "who": "  "}, "$.who"),
        ({"result": "rejected", "who": "叶雯", "remarks": " "}, "$.remarks"),
        ({"result": "maybe", "who": "叶雯"}, "$.result"),
        ({"result": "accepted", "who": "叶雯", "at": "2020-01-01T00:00:00Z"}, "$.at"),
        ({"result": "accepted", "who": "叶雯", "id": "1"}, "$.id"),
    ],
)
def test_what_is_missing_is_said_at_its_field(body, eve, field, solved, session):
    answer = eve.post("/answer", {"id": new_id()} | body)
    assert (answer.status_code, answer.json["field"]) == (422, field)
    assert again(solved.work_order).state == "resolved"


def test_an_id_of_another_work_order_is_no_way_in(eve, cast, comes_with, session, solved):
    other = make_work_order(cast.site)
    theirs = log(solved, "note")
    stranger = comes_with(make_link(session, cast, other)[1])
    answer = stranger.post("/answer", {"id": theirs.id, "result": "accepted", "who": "x"})
    assert (answer.status_code, answer.json["field"]) == (422, "$.id")


@pytest.mark.promise("A-02", "D-12")
def test_a_rating_with_words_is_kept_once(eve, solved, session, now):
    body = {"rating": 4, "remarks": "来得快，话也说得清楚", "who": "叶雯"}
    assert eve.post("/rating", body | {"id": new_id()}).json["rating"] == {
        "rating": 4, "remark": "来得快，话也说得清楚", "at": clock.iso(now),
    }  # fmt: skip
    (entry,) = log_of(session, solved.work_order, "rated")
    assert (entry.data["rating"], entry.data["how"], entry.source) == (4, "link", "link")
    assert problem(eve.post("/rating", body | {"id": new_id(), "rating": 1})) == (409, "already-answered")
    for rating in (0, 6, 4.5, "5", None, True):
        assert eve.post("/rating", {"id": new_id(), "rating": rating}).status_code == 422


@pytest.mark.parametrize(
    ("scope", "path"), [("accept", "/answer"), ("rate", "/rating"), ("sign", "document"), ("report", "pdf")]
)
def test_a_link_without_the_scope_refuses_the_act(cast, comes_with, job, path, scope, session):
    job.ready_unsigned()
    others = [one for one in ("accept", "rate", "sign", "report") if one != scope]
    customer = comes_with(make_link(session, cast, job.work_order, scope=others)[1])
    shown = customer.get().json
    assert shown["scope"] == ["progress", *others]
    assert (shown["may_answer"], shown["may_rate"]) == (scope != "accept", scope != "rate")
    if path.startswith("/"):
        answer = customer.post(path, {"id": new_id(), "result": "accepted", "rating": 5, "who": "x"})
    else:
        answer = customer.get(f"/reports/{job.report.id}/{path}")
    assert problem(answer) == (403, "not-in-link")


# ---------------------------------------------------------------- signing later


def ink_for(eve, job, **given):
    report = eve.get().json["reports"][0]
    body = {"id": new_id(), "document_sha256": report["to_sign"], "result": "accepted", "signer_name": "叶雯",
            "signer_title": "主管", "strokes": INK} | given  # fmt: skip
    return eve.post(f"/reports/{job.report.id}/signature", body)


def document_of(eve, job):
    return eve.get(f"/reports/{job.report.id}/document")


@pytest.mark.promise("A-01", "B-15")
@pytest.mark.parametrize("why", ["absent", "refused"])
def test_what_was_handed_in_unsigned_is_signed_later_under_the_same_file(eve, job, session, why):
    job.ready_unsigned(why)
    report = eve.get().json["reports"][0]
    shown = document_of(eve, job)
    assert hashlib.sha256(shown.data).hexdigest() == report["to_sign"]
    assert shown.data == storage.read(report["to_sign"])
    answer = ink_for(eve, job)
    assert (answer.status_code, answer.json["state"]) == (200, "accepted")
    signed = answer.json["reports"][0]
    assert signed["to_sign"] is None and signed["signed"]["document_sha256"] == report["to_sign"]
    assert signed["signed"]["who"] == "叶雯"
    row = session.get(Signature, job.here(Report, job.report).signature_id)
    assert (row.document_sha256, row.result, row.signer_title) == (report["to_sign"], "accepted", "主管")
    assert json.loads(storage.read(row.strokes_sha256)) == INK
    assert signing.verify(session, job.here(Report, job.report), read_file).ok
    (entry,) = [e for e in log_of(session, job.work_order, "signed") if e.source == "link"]
    assert (entry.author_id, entry.entered_by_id, entry.data["signer_name"]) == (None, None, "叶雯")
    assert log_of(session, job.work_order, "accepted")[0].data["how"] == "signature"
    assert job.here(Report, job.report).handed_over_on is not None


def test_the_earlier_absence_stays_in_the_record(eve, job, session):
    job.ready_unsigned()
    eve.post("/rating", {"id": new_id(), "rating": 4})
    ink_for(eve, job)
    assert session.get(Signature, job.here(Report, job.report).signature_id).rating == 4
    results = [row.result for row in session.query(Signature).order_by(Signature.corrected_at)]
    assert results == ["absent", "accepted"]


def test_signing_twice_by_one_tap_is_once_and_by_another_is_told(eve, job, session):
    job.ready_unsigned()
    body = {"id": new_id(), "document_sha256": eve.get().json["reports"][0]["to_sign"], "result": "accepted",
            "signer_name": "叶雯", "strokes": INK}  # fmt: skip
    path = f"/reports/{job.report.id}/signature"
    assert [eve.post(path, body).status_code for _ in range(2)] == [200, 200]
    assert session.query(Signature).count() == 2
    assert problem(eve.post(path, body | {"id": new_id()})) == (409, "nothing-to-sign")


def test_another_text_than_the_one_that_waits_cannot_be_signed(eve, job):
    job.ready_unsigned()
    assert problem(ink_for(eve, job, document_sha256="a" * 64)) == (409, "nothing-to-sign")


def test_a_report_that_was_signed_or_returned_asks_for_nothing(eve, job, cast, as_):
    job.ready()
    assert eve.get().json["reports"][0]["to_sign"] is None
    assert document_of(eve, job).status_code == 200
    assert problem(ink_for(eve, job, document_sha256="a" * 64)) == (409, "nothing-to-sign")
    assert as_(cast.cleo).post(f"/api/reports/{job.report.id}/return", json={"comment": "x"}).status_code == 200
    assert eve.get().json["reports"] == []
    assert document_of(eve, job).status_code == 404


@pytest.mark.parametrize(
    ("given", "slug", "field"),
    [
        ({"strokes": {"width": 10, "height": 10, "lines": []}}, "no-ink", "$.strokes"),
        ({"strokes": {"width": 10, "height": 10, "lines": [[[1, 1]]]}}, "no-ink", "$.strokes"),
        ({"strokes": {"width": 0, "height": 10, "lines": []}}, "invalid", "$.strokes.width"),
        ({"strokes": {"width": 9, "height": 9, "lines": [[[1, 2, 3]]]}}, "invalid", "$.strokes.lines[0][0]"),
        ({"signer_name": " "}, "invalid", "$.signer_name"),
        ({"result": "rejected"}, "invalid", "$.remarks"),
        ({"result": "accepted_with_remarks"}, "invalid", "$.remarks"),
        ({"result": "absent"}, "invalid", "$.result"),
    ],
)
def test_a_signature_that_is_none_is_refused_at_its_field(eve, field, given, job, slug):
    job.ready_unsigned()
    answer = ink_for(eve, job, **given)
    assert (answer.status_code, answer.json["type"], answer.json["field"]) == (422, f"/problems/{slug}", field)
    assert eve.get().json["reports"][0]["to_sign"]


def test_rejecting_by_signature_reopens_the_work(eve, job, session):
    job.ready_unsigned()
    answer = ink_for(eve, job, result="rejected", remarks="还是响")
    assert (answer.status_code, answer.json["state"]) == (200, "in_progress")
    assert log_of(session, job.work_order, "rejected")[0].note == "还是响"


def test_who_accepted_can_sign_but_no_longer_reject_and_who_rejected_signs_nothing(eve, job):
    job.ready_unsigned()
    accept(eve)
    answer = ink_for(eve, job, result="rejected", remarks="x")
    assert (problem(answer), answer.json["what"]) == ((409, "already-answered"), "accepted")
    assert ink_for(eve, job).status_code == 200


def test_after_a_rejection_the_old_text_is_not_offered(eve, job):
    job.ready_unsigned()
    waiting = eve.get().json["reports"][0]["to_sign"]
    reject(eve)
    assert eve.get().json["reports"][0]["to_sign"] is None
    assert problem(ink_for(eve, job, document_sha256=waiting)) == (409, "already-answered")


@pytest.mark.promise("B-15")
def test_the_report_is_downloaded_as_the_paper_the_office_prints(as_, cast, eve, job):
    job.ready()
    answer = eve.get(f"/reports/{job.report.id}/pdf")
    assert (answer.status_code, answer.content_type) == (200, "application/pdf")
    assert answer.headers["Content-Disposition"].startswith("attachment;")
    text = "".join(page.extract_text() for page in PdfReader(io.BytesIO(answer.data)).pages)
    assert job.here(Report, job.report).number in text and "电池满充容量降到" in text
    assert answer.data == as_(cast.adam).get(f"/api/reports/{job.report.id}/pdf?language=zh").data


@pytest.mark.promise("A-01")
def test_her_acceptance_by_link_is_printed_with_who_when_and_which_link(as_, cast, eve, job, link, now):
    job.ready_unsigned()
    accept(eve)
    admin, report = as_(cast.adam), f"/api/reports/{job.report.id}"
    (listed,) = as_(cast.cleo).get(f"/api/work-orders/{job.work_order.id}/links").json["rows"]
    assert listed["ref"] == link[0].id[-6:].upper()
    for language, words in (
        ("zh", f"客户经链接验收：叶雯，链接 {listed['ref']}"),
        ("en", f"Accepted by the customer’s link: 叶雯, link {listed['ref']}"),
    ):
        pdf = pdf_text(admin.get(f"{report}/pdf?language={language}").data)
        docx = word_text(admin.get(f"{report}/docx?language={language}").data)
        assert squeezed(words) in pdf and squeezed(words) in docx
        assert "10:00" in pdf[pdf.index(squeezed(words)) - 40 : pdf.index(squeezed(words)) + len(words) + 40]
