"""Reports over HTTP: each endpoint works, is forbidden, invalid, repeated."""

from __future__ import annotations

import csv
import io
import zipfile
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import openpyxl
import pytest
from pypdf import PdfReader

from backend.core import clock
from backend.core.ids import new_id
from backend.reports import services
from backend.reports.models import Report, Signature
from backend.reports.rules.short_ref import short_ref
from tests.factories.customers import make_customer, make_site
from tests.factories.people import make_user
from tests.factories.work import make_finding, make_report, make_visit, make_work_order
from tests.support import again, counted_queries

# ---------------------------------------------------------------- writing at the desk


@pytest.fixture
def hotline(cast, session):
    """A work order that Ana, at the hotline, owns; nobody is sent."""
    return make_work_order(cast.site, owner_id=cast.ana.id, channel="remote")


def test_a_hotline_engineer_writes_her_report_at_the_desk(hotline, cast, as_):
    ana = as_(cast.ana)
    report = ana.post(f"/api/work-orders/{hotline.id}/reports", json={}).json
    assert (report["state"], report["short_ref"]) == ("draft", short_ref(report["id"]))
    finding = ana.post(f"/api/reports/{report['id']}/findings", json={"outcome": "fixed"}).json
    body = {
        "base": {"cause_text": "", "symptom_found": ""},
        "fields": {"cause_text": "设置错", "symptom_found": "不亮"},
    }
    assert ana.patch(f"/api/findings/{finding['id']}", json=body).json["cause_text"] == "设置错"
    body = {"base": {"guidance": ""}, "fields": {"guidance": "怎样设置"}}
    assert ana.patch(f"/api/reports/{report['id']}", json=body).json["guidance"] == "怎样设置"
    part = ana.post(f"/api/findings/{finding['id']}/part-lines", json={"name": "网线", "quantity": 1})
    assert part.status_code == 201
    void = ana.post(f"/api/part-lines/{part.json['id']}/void", json={"reason": "没用上"})
    assert void.json["void_reason"] == "没用上"
    answer = ana.post(f"/api/reports/{report['id']}/submit", json={})
    assert (answer.status_code, answer.json["type"]) == (422, "/problems/report-incomplete")
    body = {"base": {"cause_category": None, "fix_category": None, "fix_text": ""},
            "fields": {"cause_category": "configuration", "fix_category": "guidance", "fix_text": "电话里改好"}}  # fmt: skip
    assert ana.patch(f"/api/findings/{finding['id']}", json=body).status_code == 200
    answer = ana.post(f"/api/reports/{report['id']}/submit", json={})
    assert (answer.status_code, answer.json["number"]) == (200, "FR-2026-000001")
    assert ana.post(f"/api/reports/{report['id']}/submit", json={}).json["number"] == "FR-2026-000001"


@pytest.fixture
def written_at_the_desk(hotline, cast, as_):
    """Ana's report without a visit, complete but for what the customer says; its path."""
    report = make_report(hotline, cast.ana, guidance="怎样设置")
    make_finding(report, fix_category="configured")
    return f"/api/reports/{report.id}"


@pytest.mark.parametrize(
    ("answer", "state", "reason"),
    [
        ({"result": "accepted", "who": "叶雯"}, "accepted", "远程处理，叶雯在电话里验收"),
        ({"result": "rejected", "who": "叶雯", "note": "还是慢"}, "in_progress", "叶雯在电话里没有验收：还是慢"),
        ({"result": "absent", "note": "三次没人接"}, "resolved", "没有联系上客户：三次没人接"),
    ],
)
def test_what_the_customer_said_on_the_telephone_is_frozen_and_logged(
    written_at_the_desk, hotline, cast, as_, answer, state, reason
):
    for _ in range(2):
        given = as_(cast.ana).post(f"{written_at_the_desk}/submit", json={"answer": answer})
        assert (given.status_code, given.json["state"]) == (200, "submitted")
    detail = as_(cast.adam).get(written_at_the_desk).json
    assert detail["view"]["acceptance"]["result"] == "absent"
    assert reason in detail["view"]["acceptance"]["reason"]
    assert detail["evidence"]["verification"]["ok"] is True
    assert len(detail["evidence"]["signatures"]) == 1
    assert again(hotline).state == state
    assert bool(detail["report"]["handed_over_on"]) == (state == "accepted")
    pdf = as_(cast.adam).get(f"{written_at_the_desk}/pdf").data
    text = "".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages)
    assert reason.replace(" ", "") in "".join(text.split())


@pytest.mark.parametrize(
    ("answer", "field"),
    [
        ({"result": "accepted"}, "$.answer.who"),
        ({"result": "rejected", "who": "叶雯"}, "$.answer.note"),
        ({"result": "absent"}, "$.answer.note"),
        ({"result": "signed", "who": "叶雯"}, "$.answer.result"),
    ],
)
def test_an_answer_without_what_it_needs_hands_nothing_in(written_at_the_desk, cast, as_, answer, field):
    given = as_(cast.ana).post(f"{written_at_the_desk}/submit", json={"answer": answer})
    assert (given.status_code, given.json["faults"][0]["path"]) == (422, field)
    assert as_(cast.ana).get(written_at_the_desk).json["report"]["state"] == "draft"


def test_after_a_visit_the_customer_answers_on_the_phone(job, cast, as_):
    job.start().find()
    job.do(services.edit_report, job.here(Report, job.report), {"guidance": "说明"}, job.now)
    answer = {"result": "accepted", "who": "叶雯"}
    given = as_(cast.ana).post(f"/api/reports/{job.report.id}/submit", json={"answer": answer})
    assert (given.status_code, given.json["faults"][0]["path"]) == (422, "$.answer")


def test_beginning_twice_gives_the_same_draft(hotline, cast, as_):
    ana = as_(cast.ana)
    first, second = (ana.post(f"/api/work-orders/{hotline.id}/reports", json={}).json for _ in range(2))
    assert first["id"] == second["id"]


def test_who_may_not_write(hotline, cast, as_):
    path = f"/api/work-orders/{hotline.id}/reports"
    assert as_(cast.ben).post(path, json={}).status_code == 404
    assert as_(cast.cleo).post(path, json={}).status_code == 403
    report = make_report(hotline, cast.ana)
    body = {"base": {"guidance": ""}, "fields": {"guidance": "x"}}
    assert as_(cast.cleo).patch(f"/api/reports/{report.id}", json=body).status_code == 403
    assert as_(cast.ben).patch(f"/api/reports/{report.id}", json=body).status_code == 404
    finding = make_finding(report)
    for who, status in ((cast.ben, 404), (cast.cleo, 403)):
        answer = as_(who).patch(f"/api/findings/{finding.id}", json={"base": {}, "fields": {}})
        assert answer.status_code == status
    assert as_(cast.ana).post(f"/api/part-lines/{new_id()}/void", json={"reason": "x"}).status_code == 404


@pytest.mark.parametrize(
    ("fields", "path"),
    [
        ({"cause_category": "magic"}, "$.fields.cause_category"),
        ({"cause_unknown_until": "2026-02-30"}, "$.fields.cause_unknown_until"),
        ({"cause_text": 7}, "$.fields.cause_text"),
        ({"cause_text": "x" * 20_001}, "$.fields.cause_text"),
        ({"cause_text": "\x00"}, "$.fields.cause_text"),
        ({"report_id": "y"}, "$.fields.report_id"),
        ({"__proto__": {}}, "$.fields.__proto__"),
    ],
)
def test_a_wrong_field_is_named_and_nothing_changes(hotline, cast, as_, fields, path):
    finding = make_finding(make_report(hotline, cast.ana))
    body = {"base": dict.fromkeys(fields), "fields": fields}
    answer = as_(cast.ana).patch(f"/api/findings/{finding.id}", json=body)
    assert (answer.status_code, answer.json["field"]) == (422, path)
    assert again(finding).cause_text == "电源模块损坏"


def test_a_change_over_another_one_is_a_collision(hotline, cast, as_):
    finding = make_finding(make_report(hotline, cast.ana))
    body = {"base": {"outcome": "not_fixed"}, "fields": {"outcome": "workaround"}}
    answer = as_(cast.ana).patch(f"/api/findings/{finding.id}", json=body)
    assert (answer.status_code, answer.json["type"]) == (409, "/problems/collision")
    assert answer.json["current"]["outcome"] == "fixed"


def test_a_time_in_working_order_that_has_not_come_is_refused(hotline, cast, as_, now):
    report = make_report(hotline, cast.ana)
    later = clock.iso(now + timedelta(minutes=5))
    answer = as_(cast.ana).post(f"/api/reports/{report.id}/submit", json={"solved_at": later})
    assert (answer.status_code, answer.json["field"]) == (422, "$.solved_at")


# ---------------------------------------------------------------- review


def test_a_report_is_read_beside_its_evidence(job, cast, as_):
    job.ready()
    answer = as_(cast.cleo).get(f"/api/reports/{job.report.id}")
    assert answer.status_code == 200
    body = answer.json
    assert body["view"]["signed"]["short_ref"] == "AR-7K3Q"
    assert body["evidence"]["verification"]["ok"] is True
    assert body["evidence"]["check_ins"][0]["fixes"][0]["accuracy_m"] == 12
    assert "late" in [flag["code"] for flag in body["evidence"]["flags"]]
    assert [line["what"] for line in body["evidence"]["history"]][0] == "report_started"
    assert body["may"] == {"submit": False, "return": True, "approve": False, "withdraw": False}
    assert as_(cast.adam).get(f"/api/reports/{job.report.id}").json["may"]["approve"] is True


def test_a_report_is_seen_by_those_who_see_the_work(job, cast, as_):
    job.ready()
    path = f"/api/reports/{job.report.id}"
    assert as_(cast.ana).get(path).status_code == 200
    for who in (cast.ben, make_user("Clara", cast.beijing, role="dispatcher")):
        assert as_(who).get(path).status_code == 404
        assert as_(who).get(f"{path}/pdf").status_code == 404
        assert as_(who).get("/api/reports/export.zip", query_string={"ids": job.report.id}).status_code == 404
    assert as_(cast.cleo).get(f"/api/reports/{new_id()}").status_code == 404


def test_bytes_on_their_way_are_said_to_be_pending(job, cast, as_):
    job.start().find()
    job.sign(document_sha256="ab" * 32)
    said = as_(cast.cleo).get(f"/api/reports/{job.report.id}").json["evidence"]["verification"]
    assert (said["ok"], said["is_pending"], said["reason"]) == (False, True, "document_missing")


@pytest.mark.promise("B-15")
def test_approved_it_says_so_on_its_paper(job, cast, as_):
    job.ready()
    adam = as_(cast.adam)
    assert adam.post(f"/api/reports/{job.report.id}/approve", json={}).json["state"] == "approved"
    view = adam.get(f"/api/reports/{job.report.id}").json["view"]
    assert view["added"]["approved_by_name"] == "Adam"


# ---------------------------------------------------------------- the list


def test_the_list_is_found_by_every_filter(job, cast, as_, now):
    job.ready()
    asset_id = job.work_order.asset_ids[0]
    elsewhere = make_work_order(
        make_site(make_customer(cast.beijing, name="北京机场", short_name="")), priority="normal"
    )
    make_report(elsewhere, cast.ben, make_visit(elsewhere, [cast.ben]))
    adam = as_(cast.adam)
    for question in (
        {"from": "2026-11-20", "state": "submitted"}, {"customer_id": cast.customer.id},
        {"engineer_id": cast.ana.id}, {"asset_id": asset_id}, {"priority": "important"}, {"state": "submitted"},
        {"q": "FR-2026-000001"}, {"q": "AR-7K3Q"}, {"q": "蜀都"}, {"q": "7XK0"}, {"branch_id": cast.chengdu.id},
    ):  # fmt: skip
        rows = adam.get("/api/reports", query_string=question).json["rows"]
        assert [row["id"] for row in rows] == [job.report.id], question
    assert adam.get("/api/reports").json["total"] == 2
    assert adam.get("/api/reports", query_string={"q": "没有的"}).json["rows"] == []
    assert adam.get("/api/reports", query_string={"until": "2026-11-19"}).json["rows"] == []


@pytest.mark.parametrize("tz", ["Asia/Shanghai", "Asia/Kathmandu", "America/New_York"])
def test_a_period_is_counted_in_days_at_the_site_with_both_ends(cast, as_, session, tz):
    other = make_site(cast.customer, tz=tz)
    midnight = datetime(2026, 11, 20, tzinfo=ZoneInfo(tz)).astimezone(UTC)
    a_day, a_moment = timedelta(days=1), timedelta(milliseconds=1)
    for number, at in enumerate((midnight - a_moment, midnight, midnight + a_day - a_moment, midnight + a_day)):
        order = make_work_order(other)
        make_report(order, cast.ana, make_visit(order, [cast.ana]), number=f"FR-{number}", state="submitted",
                    submitted_at=at)  # fmt: skip
    adam = as_(cast.adam)

    def found(**query):
        return {row["number"] for row in adam.get("/api/reports", query_string=query).json["rows"]}

    assert found(**{"from": "2026-11-20", "until": "2026-11-20"}) == {"FR-1", "FR-2"}
    assert found(until="2026-11-19") == {"FR-0"}
    assert found(**{"from": "2026-11-21"}) == {"FR-3"}
    csv = adam.get("/api/reports.csv", query_string={"from": "2026-11-20", "until": "2026-11-20"}).text
    assert [f"FR-{n}" in csv for n in range(4)] == [False, True, True, False]


@pytest.mark.parametrize("day", ["2026-13-01", "0001-01-01", "9999-12-31", "2026-11-20T00:00:00Z", "x"])
def test_a_day_that_is_none_is_refused_by_name(cast, as_, day):
    answer = as_(cast.adam).get("/api/reports", query_string={"until": day})
    assert (answer.status_code, answer.json["faults"][0]["path"]) == (422, "$.until")


def test_each_sees_her_own_reports(job, cast, as_):
    job.ready()
    other = make_work_order(make_site(make_customer(cast.beijing, name="北京机场", short_name="")))
    make_report(other, cast.ben, make_visit(other, [cast.ben]))
    ids = [[row["id"] for row in as_(who).get("/api/reports").json["rows"]] for who in (cast.ana, cast.cleo)]
    assert ids == [[job.report.id], [job.report.id]]
    assert [row["engineer_name"] for row in as_(cast.ben).get("/api/reports").json["rows"]] == ["Ben"]


def test_a_row_says_what_to_look_at(job, cast, as_):
    job.ready()
    row = as_(cast.cleo).get("/api/reports").json["rows"][0]
    assert row["flags"] == ["late"]
    assert (row["result"], row["rating"], row["outcomes"]) == ("accepted", 5, ["fixed"])
    job.session.expire_all()
    report = again(job.report)
    report.state, report.version = "returned", 2
    job.session.commit()
    assert "changed" in as_(cast.cleo).get("/api/reports").json["rows"][0]["flags"]


def test_a_list_of_thirty_costs_no_more_queries_than_one_of_two(cast, as_, session):
    def make(count):
        for _ in range(count):
            order = make_work_order(cast.site)
            make_finding(make_report(order, cast.ana, make_visit(order, [cast.ana])))

    cleo = as_(cast.cleo)
    make(2)
    with counted_queries() as two:
        assert len(cleo.get("/api/reports").json["rows"]) == 2
    make(28)
    with counted_queries() as thirty:
        assert len(cleo.get("/api/reports").json["rows"]) == 30
    assert len(thirty) == len(two)


@pytest.mark.parametrize("query", ["limit=-1", "limit=1000000000", "state=x", "priority=high", "from=2026/13/45",
                                   "customer_id=1'%20OR%20'1'='1", "cursor=%00"])  # fmt: skip
def test_a_wrong_question_is_named(cast, as_, query):
    answer = as_(cast.cleo).get(f"/api/reports?{query}")
    assert answer.status_code == 422
    assert answer.json["field"] == f"$.{query.split('=')[0]}"


def test_a_search_is_words_and_never_a_pattern(job, cast, as_):
    job.ready()
    for words in ("%", "(a+)+$", "' OR 1=1--", "_", "\\"):
        assert as_(cast.cleo).get("/api/reports", query_string={"q": words}).status_code == 200


# ---------------------------------------------------------------- paper and export


def test_pdf_and_word_say_what_was_signed(job, cast, as_):
    job.ready()
    cleo = as_(cast.cleo)
    answer = cleo.get(f"/api/reports/{job.report.id}/pdf")
    assert (answer.status_code, answer.content_type) == (200, "application/pdf")
    text = "".join(page.extract_text() for page in PdfReader(io.BytesIO(answer.data)).pages)
    assert "FR-2026-000001" in text and "电池满充容量降到" in text.replace("\n", "")
    assert answer.headers["Content-Disposition"] == 'inline; filename="FR-2026-000001.pdf"'
    english = cleo.get(f"/api/reports/{job.report.id}/pdf?language=en")
    text = "".join(page.extract_text() for page in PdfReader(io.BytesIO(english.data)).pages)
    assert "Fault report" in text
    word = cleo.get(f"/api/reports/{job.report.id}/docx")
    assert word.status_code == 200
    document = zipfile.ZipFile(io.BytesIO(word.data)).read("word/document.xml").decode()
    assert "FR-2026-000001" in document
    assert cleo.get(f"/api/reports/{job.report.id}/pdf?language=fr").json["field"] == "$.language"


def test_twenty_in_one_zip_by_ids_or_by_filter(job, cast, as_):
    job.ready()
    others = [make_report(job.work_order, cast.ana, job.visit, short_ref=f"R-{i:04d}") for i in range(3)]
    for report in others:
        make_finding(report)
    cleo = as_(cast.cleo)
    answer = cleo.get("/api/reports/export.zip?format=docx")
    assert answer.is_streamed
    names = zipfile.ZipFile(io.BytesIO(answer.data)).namelist()
    assert sorted(names) == ["FR-2026-000001.docx", "R-0000.docx", "R-0001.docx", "R-0002.docx"]
    chosen = cleo.get("/api/reports/export.zip", query_string={"ids": f"{job.report.id},{others[0].id}"})
    archive = zipfile.ZipFile(io.BytesIO(chosen.data))
    assert archive.testzip() is None
    assert len(archive.namelist()) == 2
    assert archive.read("FR-2026-000001.pdf").startswith(b"%PDF-")
    assert cleo.get("/api/reports/export.zip?state=withdrawn").status_code == 404
    assert cleo.get("/api/reports/export.zip?format=exe").json["field"] == "$.format"
    assert cleo.get("/api/reports/export.zip?ids=,").json["field"] == "$.ids"


def test_one_broken_report_does_not_cost_the_others(job, cast, as_, monkeypatch):
    from backend.reports import paper_desk

    job.ready()
    broken = make_report(job.work_order, cast.ana, job.visit, short_ref="R-BROKEN")
    real = paper_desk.assemble
    monkeypatch.setattr(paper_desk, "assemble", lambda s, r, *rest: 1 / 0 if r.id == broken.id else real(s, r, *rest))
    archive = zipfile.ZipFile(io.BytesIO(as_(cast.cleo).get("/api/reports/export.zip").data))
    assert sorted(archive.namelist()) == ["FAILED.txt", "FR-2026-000001.pdf"]
    assert archive.read("FAILED.txt") == b"R-BROKEN.pdf"


def test_more_than_an_export_holds_is_said(job, cast, as_, monkeypatch):
    from backend.reports import listing

    job.ready()
    make_report(job.work_order, cast.ana, job.visit)
    monkeypatch.setattr(listing.export_ids, "__defaults__", (1,))
    answer = as_(cast.cleo).get("/api/reports/export.zip")
    assert (answer.status_code, answer.json["type"]) == (422, "/problems/too-many-reports")


def test_the_list_as_excel_and_csv(job, cast, as_):
    job.ready()
    cast.customer.name = "=1+1"
    job.session.commit()
    cleo = as_(cast.cleo)
    book = openpyxl.load_workbook(io.BytesIO(cleo.get("/api/reports.xlsx").data))
    cells = list(book.active.iter_rows(values_only=True))
    assert cells[0][0] == "报告编号"
    assert cells[1][0] == "FR-2026-000001"
    customer = next(cell for cell in book.active[2] if cell.value == "=1+1")
    assert customer.data_type == "s"
    answer = cleo.get("/api/reports.csv?language=en")
    assert answer.data.startswith(b"\xef\xbb\xbf")
    rows = list(csv.DictReader(io.StringIO(answer.data.decode("utf-8-sig"))))
    assert rows[0]["Customer"] == "'=1+1"
    assert (rows[0]["State"], rows[0]["Handed in"]) == ("Submitted", "2026-11-20 09:58:00")
    assert as_(cast.ben).get("/api/reports.csv").data.count(b"\r\n") == 1


# ---------------------------------------------------------------- the public check


def test_anybody_with_the_paper_may_ask_whether_its_text_is_known(job, client):
    job.ready()
    sha256 = job.session.query(Signature).one().document_sha256
    answer = client.get(f"/api/verify/{sha256}")
    assert answer.json == {"known": True, "signed_at": "2026-11-20T01:55:00.000Z", "short_ref": "AR-7K3Q"}
    page = client.get(f"/verify/{sha256}")
    assert page.status_code == 200 and "AR-7K3Q" in page.text
    assert "叶雯" not in page.text


@pytest.mark.parametrize("sha256", ["0" * 64, "x", "<script>", "0" * 5000])
def test_another_hash_is_not_known_and_nothing_is_said(client, sha256):
    assert client.get(f"/api/verify/{sha256}").json == {"known": False, "signed_at": None, "short_ref": None}
    page = client.get(f"/verify/{sha256}")
    assert page.status_code == 404 and "<script>" not in page.text
