"""What the customer signed, and whether it still holds (K-8): one character changed on the disk and it does not."""

from __future__ import annotations

import json

import pytest

from backend.acknowledgements.problems import NoInk
from backend.core import storage
from backend.core.problems import Invalid, NotFound
from backend.reports import services, signing
from backend.reports.models import Report, Signature
from backend.reports.paper_desk import read_file
from tests.backend.reports.conftest import INK, put_json
from tests.backend.visits.conftest import actor, log_of
from tests.factories.work import make_visit, make_work_order
from tests.support import again


def said(job):
    return signing.verify(job.session, job.here(Report, job.report), read_file)


def test_an_untouched_signature_holds(job):
    job.start().find()
    job.sign()
    assert said(job) == signing.Verification(True, None, None, signing.TEXTS[None])
    assert log_of(job.session, job.work_order, "signed")[0].data["result"] == "accepted"


def test_every_changed_byte_of_the_stored_document_is_seen(job):
    job.start().find()
    path = storage.path_of(job.sign().document_sha256)
    whole = path.read_bytes()
    for place in range(0, len(whole), max(1, len(whole) // 200)):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        assert said(job).reason == "document_changed"
    path.write_bytes(whole)
    assert said(job).ok


def test_a_changed_stroke_is_seen(job):
    job.start().find()
    path = storage.path_of(job.sign().strokes_sha256)
    path.write_bytes(path.read_bytes().replace(b"44", b"45"))
    assert said(job).reason == "strokes_changed"


def test_a_report_changed_behind_its_signature_is_named_by_its_field(job, session):
    job.start().find()
    job.sign()
    job.finding = job.here(type(job.finding), job.finding)
    job.finding.cause_text = "别的原因"
    session.commit()
    assert (said(job).reason, said(job).path) == ("report_changed", "$.findings[0].cause_text")


def test_before_the_bytes_are_here_it_is_not_verified_and_says_so(job):
    job.start().find()
    job.sign(document_sha256="ab" * 32)
    assert said(job).reason == "document_missing"
    assert not said(job).ok


def test_before_any_answer_there_is_nothing_to_verify(job):
    job.start().find()
    assert said(job).reason == "not_signed"


def test_a_signature_of_another_report_does_not_hold(job):
    job.start().find()
    other = job.freeze()
    job.start().find()
    job.sign(document_sha256=other)
    assert said(job).reason == "other_report"


@pytest.mark.parametrize("data", [b"<html>", b"\xff", b'{"schema":1}'])
def test_a_file_that_is_no_document_does_not_hold(job, data):
    job.start().find()
    job.sign(document_sha256=storage.put(data))
    assert said(job).reason == "document_unreadable"


@pytest.mark.parametrize(
    "ink",
    [
        {"width": 290, "height": 150, "lines": []},
        {"width": 290, "height": 150, "lines": [[]]},
        {"width": 290, "height": 150, "lines": [[[10, 10]]]},
        {"width": 290, "height": 150, "lines": [[[10, 10], [10, 10], [11, 11]]]},
        {"width": 0, "height": 150, "lines": [[[1, 1], [99, 99]]]},
        {"lines": "ink"},
        [],
        {"width": 290, "height": 150, "lines": [[[0, 0], [9, 9]] * 40_000]},
    ],
    ids=["blank", "empty line", "one dot", "a slip", "no pad", "a text", "a list", "50 MB of it"],
)
def test_no_ink_is_no_signature(job, ink):
    job.start().find()
    with pytest.raises(NoInk) as problem:
        job.sign(ink=ink)
    assert problem.value.faults[0].path == "$.strokes_sha256"
    assert again(job.report).signature_id is None


def test_without_strokes_at_all_it_is_refused_too(job):
    job.start().find()
    with pytest.raises(NoInk):
        job.sign(ink=None)


def test_ink_that_came_later_and_was_blank_does_not_hold(job):
    job.start().find()
    data = json.dumps({"width": 290, "height": 150, "lines": []}).encode()
    import hashlib

    job.sign(ink=None, strokes_sha256=hashlib.sha256(data).hexdigest())
    assert said(job).reason == "strokes_missing"
    storage.put(data)
    assert said(job).reason == "no_ink"


@pytest.mark.parametrize("result", ["absent", "refused"])
def test_absent_or_refused_is_a_path_with_its_reason(job, now, result):
    job.start().find()
    with pytest.raises(Invalid) as problem:
        job.sign(result, ink=None)
    assert problem.value.faults[0].path == "$.reason"
    photo = job.do(services.add_photo, "0198aaaa-0000-7000-8000-000000000001", {
        "work_order_id": job.work_order.id, "report_id": job.report.id, "sha256": "c" * 64, "size_bytes": 9,
        "content_type": "image/jpeg", "taken_at": now}, now)  # fmt: skip
    row = job.sign(result, ink=None, reason="去开会了", photo_id=photo.id, signer_name="")
    assert row.strokes_sha256 is None
    assert said(job).ok


@pytest.mark.parametrize(
    ("result", "given", "path"),
    [
        ("accepted", {"signer_name": " "}, "$.signer_name"),
        ("rejected", {}, "$.remarks"),
        ("accepted_with_remarks", {"remarks": ""}, "$.remarks"),
        ("absent", {"reason": "不在"}, "$.strokes_sha256"),
        ("accepted", {"photo_id": "0198aaaa-0000-7000-8000-000000000009"}, "$.photo_id"),
    ],
)
def test_what_an_answer_needs_is_named(job, result, given, path):
    job.start().find()
    with pytest.raises(Invalid) as problem:
        job.sign(result, **given)
    assert path in [fault.path for fault in problem.value.faults]


def test_the_same_strokes_under_another_job_are_flagged_on_both(job, cast, now):
    job.start().find()
    first = job.sign()
    order = make_work_order(cast.site, reported_at=now)
    job.work_order, job.visit = order, make_visit(order, [cast.ana])
    job.start().find(asset_id=None)
    second = job.sign()
    assert again(first).flags == again(second).flags == ["same_strokes"]


def test_the_same_strokes_again_under_the_same_job_are_not(job):
    job.start().find()
    job.sign()
    assert again(job.sign()).flags == []


def test_a_stranger_cannot_sign(job, cast, now):
    job.start().find()
    values = {"report_id": job.report.id, "document_sha256": job.freeze(), "strokes_sha256": put_json(INK),
              "result": "accepted", "signer_name": "叶雯"}  # fmt: skip
    with pytest.raises(NotFound):
        signing.add_signature(job.session, actor(cast.ben), "x", values, job.tap(), read_file, now)
    assert job.session.query(Signature).count() == 0


def test_a_photo_added_after_signing_stands_apart_and_breaks_nothing(job, now):
    job.start().find()
    job.sign()
    job.do(services.add_photo, "0198aaaa-0000-7000-8000-000000000002", {
        "work_order_id": job.work_order.id, "report_id": job.report.id, "sha256": "d" * 64, "size_bytes": 9,
        "content_type": "image/jpeg", "taken_at": now}, now)  # fmt: skip
    assert said(job).ok
