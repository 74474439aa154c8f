"""A view out of the database: what was signed from its file, what the system added apart from it (K-8)."""

from __future__ import annotations

import hashlib
import json

import pytest

from backend.core import storage
from backend.reports.assemble import assemble
from backend.reports.models import Report
from backend.reports.paper_desk import read_file
from backend.reports.rules.document import bytes_of
from backend.reports.view_json import to_dict, view_of
from tests.support import again


def view_of_job(job, base_url="https://fp.example"):
    return assemble(job.session, job.here(Report, job.report), read_file, job.now, base_url)


def test_what_was_signed_is_repeated_from_the_file_and_not_from_rows(job, cast, session):
    job.ready()
    before = view_of_job(job).signed
    cast.customer.name, cast.eve.phone = "改了名的客户", "13700000000"
    job.work_order.symptom = "办公室改过的现象"
    session.commit()
    view = view_of_job(job)
    assert view.signed == before
    assert view.signed.customer_name == "蜀都机场集团" and view.signed.contact_phone == "13900000009"
    assert view.signed.document_sha256 == hashlib.sha256(storage.read(view.signed.document_sha256)).hexdigest()


def test_what_the_system_added_stands_apart(job):
    job.ready()
    added = view_of_job(job).added
    assert (added.number, added.state, added.version) == ("FR-2026-000001", "submitted", 1)
    assert {clock.name for clock in added.clocks} >= {"respond", "arrive", "resolve"}
    arrive = next(clock for clock in added.clocks if clock.name == "arrive")
    assert (arrive.state, arrive.clause.clause) == ("met", "B-02")
    assert arrive.clause.text["zh"].startswith("8 小时")
    assert added.issued_under.clause == "B-15"
    assert added.entitlement.status == "covered"
    assert "B-07" in [reason.clause for reason in added.entitlement.reasons]
    assert [letter.letter for letter in added.letters] == ["B"]
    assert added.letters[0].signed_on == "2025-01-06"
    assert added.check_ins[0].server_verdict.verdict == "on_site"
    assert added.check_ins[0].fix.accuracy_m == 12
    assert [e.what for e in added.course][0] == "reported"
    assert added.check_url.startswith("https://fp.example/verify/")
    assert [(v.version, v.document_sha256) for v in added.versions] == [(1, view_of_job(job).signed.document_sha256)]


def test_it_says_that_the_check_in_came_late(job):
    job.ready()
    notes = [note.text["zh"] for note in view_of_job(job).added.notes]
    assert "离线签到，60 分钟后才收到" in notes


def test_the_customers_answer_and_the_engineers_signature(job):
    job.ready()
    view = view_of_job(job)
    assert (view.acceptance.result, view.acceptance.signer_name, view.acceptance.rating) == ("accepted", "叶雯", 5)
    assert view.acceptance.strokes.lines[0][0] == (44, 52)
    assert (view.engineer_signature.name, view.engineer_signature.signed_at) == ("Ana", view.added.submitted_at)


def test_a_draft_is_shown_from_its_rows_as_not_frozen(job):
    job.start().find()
    view = view_of_job(job)
    assert (view.signed.document_sha256, view.signed.frozen_at, view.acceptance) == (None, None, None)
    assert view.signed.findings[0].cause_text == "电池满充容量降到 41%"
    assert view.signed.repair_count == 1
    assert view.added.check_url is None


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda path: path.unlink(), "还没有传到"),
        (lambda path: path.write_bytes(path.read_bytes().replace(b"41", b"42")), "与签字时不同"),
    ],
)
def test_where_the_signed_file_fails_the_rows_are_shown_and_a_note_says_so(job, spoil, words):
    job.ready()
    spoil(storage.path_of(again(job.report) and view_of_job(job).signed.document_sha256))
    view = view_of_job(job)
    assert view.signed.document_sha256 is None
    assert any(words in note.text["zh"] for note in view.added.notes)


def test_a_signed_file_of_another_shape_is_said_to_be_unreadable(job):
    job.start().find()
    document = json.loads(storage.read(job.freeze()))
    document["signed"]["findings"] = "none"
    job.sign(document_sha256=storage.put(bytes_of(document)))
    view = view_of_job(job)
    assert view.signed.findings[0].outcome == "fixed"
    assert any("读不出来" in note.text["zh"] for note in view.added.notes)


def test_what_only_the_system_knows_is_filled_in_and_said_to_be(job):
    job.check_in().start().find()
    document = job.freeze(repair_count=None, handed_over_on=None, sent_for_repair_on=None)
    job.sign(document_sha256=document)
    view = view_of_job(job)
    assert (view.signed.repair_count, view.signed.sent_for_repair_on) == (1, "2026-11-20")
    assert view.signed.document_sha256 == document
    assert any(note.text["zh"] == "签字之后由系统补上：送修日期、送修次数" for note in view.added.notes)


def test_the_view_is_plain_json_both_ways(job):
    job.ready()
    view = view_of_job(job)
    assert view_of(json.loads(json.dumps(to_dict(view)))) == view


def test_a_report_without_visit_letters_contact_or_asset_has_a_view_too(job, cast, now):
    from tests.factories.work import make_finding, make_report, make_work_order

    bare = make_report(make_work_order(cast.site, owner_id=cast.ana.id), cast.ana)
    make_finding(bare, cause_category=None, cause_text="", outcome=None)
    job.report = bare
    view = view_of_job(job)
    assert view.signed.findings[0].asset is None
    assert view.added.letters == () and view.added.check_ins == ()
