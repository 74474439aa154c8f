"""A report written on a phone without a network, pushed an hour later: the story's steps 4 to 7."""

from __future__ import annotations

import hashlib
import json
from datetime import timedelta

import pytest

from backend.core import clock, storage
from backend.core.db import write_transaction
from backend.core.ids import new_id
from backend.reports import signing
from backend.reports.forms.loader import keep_forms
from backend.reports.models import Finding, PartLine, Photo, Report, Signature
from backend.reports.paper_desk import read_file
from backend.reports.rules.document import bytes_of, document_of
from tests.backend.reports.conftest import INK
from tests.backend.sync_api.conftest import Phone
from tests.backend.visits.conftest import log_of
from tests.factories.people import make_user
from tests.support import again

TAPPED = "2026-11-20T01:50:00.000Z"
STATED = "2026-11-20T01:45:00.000Z"
FOUND = {
    "symptom_found": "2 号控制器电池告警。风扇正常。写入变慢。", "cause_category": "wear", "cause_text": "电池老化。", "cause_unknown_until": None,
    "fix_category": "replaced_part", "fix_text": "换电池。", "outcome": "fixed", "not_fixed_reason": "", "next_step": "",
}  # fmt: skip
PART = {
    "name": "电池模块",
    "part_no": "01LJ607",
    "quantity": 1,
    "old_serial": "YM1",
    "new_serial": "YM2",
    "origin": "stock",
}


@pytest.fixture
def phone(cast, as_, job):
    made = Phone(as_(cast.ana), cast.ana)
    made.pull()
    return made


class Written:
    """The ids of a report on the phone, and its operations in order."""

    def __init__(self, phone, job):
        self.phone, self.job = phone, job
        self.report, self.finding, self.part, self.photo, self.signature = (new_id() for _ in range(5))
        self.document = self.strokes = None

    def op(self, type_, ident, args, **given):
        return self.phone.op(type_, ident, args, **({"occurred_at": TAPPED} | given))

    def begin(self):
        order, visit = self.job.work_order, self.job.visit
        start = {"work_order_id": order.id, "visit_id": visit.id, "short_ref": "R-7K3QX2MF", "language": "zh"}
        found = {"report_id": self.report, "work_order_id": order.id, "asset_id": order.asset_ids[0]} | FOUND
        return [self.op("report.start", self.report, start), self.op("finding.add", self.finding, found)]

    def fill(self):
        order, visit = self.job.work_order, self.job.visit
        part = {"report_id": self.report, "finding_id": self.finding, "work_order_id": order.id} | PART
        photo = {"work_order_id": order.id, "visit_id": visit.id, "report_id": self.report, "finding_id": self.finding,
                 "sha256": "a" * 64, "size_bytes": 400_000, "content_type": "image/jpeg", "taken_at": TAPPED,
                 "caption": "故障灯"}  # fmt: skip
        solved = {"work_order_id": order.id, "visit_id": visit.id, "what": "solved", "at": STATED}
        return [
            self.op("report.edit", self.report, {"guidance": "面板灯含义"}, base={"guidance": ""}),
            self.op("part_line.add", self.part, part),
            self.op("photo.add", self.photo, photo, files=["sha256:" + "a" * 64]),
            self.op("log_entry.add", new_id(), solved),
        ]

    def freeze(self):
        """The document as the phone makes it from its own rows, before anything was sent."""
        facts = {
            "form_version": 1, "frozen_at": TAPPED,
            "report": {"id": self.report, "work_order_id": self.job.work_order.id, "visit_id": self.job.visit.id,
                       "version": 1, "short_ref": "R-7K3QX2MF", "language": "zh", "guidance": "面板灯含义"},
            "work_order": {"number": self.job.work_order.number, "symptom": "慢"}, "customer": {"name": "蜀都机场集团"},
            "site": {"name": "一号航站楼"}, "contact": None, "engineers": [{"name": "Ana", "is_lead": True}],
            "assets": {}, "findings": [{"id": self.finding, "asset_id": self.job.work_order.asset_ids[0]} | FOUND],
            "part_lines": [{"id": self.part, "finding_id": self.finding} | PART],
            "photos": [{"id": self.photo, "finding_id": self.finding, "sha256": "a" * 64, "taken_at": TAPPED}],
        }  # fmt: skip
        self.document = bytes_of(document_of(facts))
        self.strokes = json.dumps(INK).encode()

    def sign(self, **given):
        self.freeze()
        hashes = [hashlib.sha256(data).hexdigest() for data in (self.document, self.strokes)]
        args = {"report_id": self.report, "visit_id": self.job.visit.id, "work_order_id": self.job.work_order.id,
                "document_sha256": hashes[0], "strokes_sha256": hashes[1], "result": "accepted", "remarks": "",
                "reason": "", "signer_name": "叶雯", "signer_title": "", "rating": 5, "photo_id": None,
                "signed_at": TAPPED} | given  # fmt: skip
        files = [f"sha256:{one}" for one in hashes]
        return [
            self.op("signature.add", self.signature, args, files=files),
            self.op("report.submit", self.report, {}),
        ]

    def bytes_arrive(self):
        storage.put(self.document)
        storage.put(self.strokes)


@pytest.fixture
def written(phone, job):
    return Written(phone, job)


def statuses(phone, ops):
    return [r["status"] for r in phone.results(*ops)]


@pytest.mark.promise("B-15")
def test_a_report_written_and_signed_offline_goes_through_in_one_push(phone, written, job, session):
    ops = written.begin() + written.fill() + written.sign()
    assert statuses(phone, ops) == ["applied"] * 8
    phone.pull()
    report = phone.row("report", written.report)
    assert (report["number"], report["state"], report["version"]) == ("FR-2026-000001", "submitted", 1)
    assert (report["sent_for_repair_on"], report["repair_count"], report["handed_over_on"]) == (
        "2026-11-20", 1, "2026-11-20",
    )  # fmt: skip
    assert report["signature_id"] == written.signature
    assert phone.row("part_line", written.part)["new_serial"] == "YM2"
    assert phone.row("photo", written.photo)["sha256"] == "a" * 64
    assert phone.row("file", "a" * 64)["state"] == "pending"
    solved = log_of(session, job.work_order, "solved")
    assert [clock.iso(entry.corrected_at) for entry in solved] == [STATED]
    clocks = {c["name"]: c for c in phone.row("work_order", job.work_order.id)["clocks"]}
    assert clocks["resolve"]["met_at"] == STATED
    assert phone.row("work_order", job.work_order.id)["state"] == "accepted"


def test_the_signature_is_verified_once_the_bytes_are_here(phone, written, session):
    statuses(phone, written.begin() + written.fill() + written.sign())
    report = session.get(Report, written.report)
    assert signing.verify(session, report, read_file).reason == "document_missing"
    written.bytes_arrive()
    assert signing.verify(session, report, read_file).ok
    path = storage.path_of(hashlib.sha256(written.document).hexdigest())
    path.write_bytes(path.read_bytes().replace("电池老化".encode(), "电池老坏".encode()))
    assert signing.verify(session, report, read_file).reason == "document_changed"


def test_any_split_into_pushes_gives_the_same(phone, written, session):
    ops = written.begin() + written.fill() + written.sign()
    for op in ops:
        assert statuses(phone, [op]) == ["applied"]
    assert [r["replayed"] for r in phone.results(*ops)] == [True] * 8
    assert session.get(Report, written.report).number == "FR-2026-000001"
    assert [session.query(m).count() for m in (Report, Finding, PartLine, Photo, Signature)] == [1] * 5


def test_two_engineers_texts_are_joined_and_a_true_collision_is_kept(cast, as_, phone, written, job, session):
    zhou = make_user("Zhou", cast.chengdu)
    body = {"base": {"engineer_ids": [cast.ana.id]}, "fields": {"engineer_ids": [cast.ana.id, zhou.id]}}
    assert as_(cast.cleo).patch(f"/api/visits/{job.visit.id}", json=body).status_code == 200
    statuses(phone, written.begin())
    other = Phone(as_(zhou), zhou)
    other.pull()
    seen = FOUND["symptom_found"]
    first = other.op("finding.edit", written.finding, {"symptom_found": "2 号控制器电池告警。风扇正常。写入很慢。", "outcome": "workaround"},
                     base={"symptom_found": seen, "outcome": "fixed"}, base_rev=1)  # fmt: skip
    assert statuses(other, [first]) == ["applied"]
    second = phone.op("finding.edit", written.finding, {"symptom_found": "今早 2 号控制器电池告警。风扇正常。写入变慢。", "outcome": "not_fixed"},
                      base={"symptom_found": seen, "outcome": "fixed"}, base_rev=1)  # fmt: skip
    assert statuses(phone, [second]) == ["conflict"]
    finding = session.get(Finding, written.finding)
    assert finding.symptom_found == "今早 2 号控制器电池告警。风扇正常。写入很慢。"
    assert finding.outcome == "workaround"
    phone.pull()
    assert [(c["field"], c["phone_value"]) for c in phone.of("conflict")] == [("outcome", "not_fixed")]


def test_one_bad_part_steps_aside_and_the_rest_goes_on(phone, written, session):
    ops = written.begin() + written.fill() + written.sign()
    ops[3]["args"]["quantity"] = 0
    got = phone.results(*ops)
    assert [r["status"] for r in got] == ["applied"] * 3 + ["rejected"] + ["applied"] * 3 + ["rejected"]
    assert got[3]["problem"]["field"] == "args.quantity"
    assert got[7]["problem"]["type"] == "/problems/report-incomplete"
    assert [f["path"] for f in got[7]["problem"]["faults"]] == ["args.findings[0].part_lines"]
    mended = written.op("part_line.add", new_id(), ops[3]["args"] | {"quantity": 1}) | {"mends": ops[3]["op_id"]}
    again_submitted = written.op("report.submit", written.report, {}) | {"mends": ops[7]["op_id"]}
    assert statuses(phone, [mended, again_submitted]) == ["applied", "applied"]
    assert session.get(Report, written.report).state == "submitted"


@pytest.mark.parametrize(
    ("type_", "args", "field"),
    [
        ("report.start", {"number": "FR-1"}, "args.number"),
        ("report.start", {"state": "approved"}, "args.state"),
        ("report.start", {"language": "fr"}, "args.language"),
        ("finding.add", {"cause_category": "magic"}, "args.cause_category"),
        ("finding.add", {"cause_unknown_until": "2026-02-30"}, "args.cause_unknown_until"),
        ("finding.add", {"position": 1}, "args.position"),
        ("photo.add", {"sha256": "A" * 64}, "args.sha256"),
        ("photo.add", {"content_type": "image/heic"}, "args.content_type"),
        ("photo.add", {"size_bytes": 0}, "args.size_bytes"),
        ("photo.add", {"caption": "x" * 201}, "args.caption"),
        ("signature.add", {"result": "maybe"}, "args.result"),
        ("signature.add", {"rating": 6}, "args.rating"),
        ("signature.add", {"flags": []}, "args.flags"),
        ("signature.add", {"strokes_sha256": None}, "args.strokes_sha256"),
    ],
)
def test_a_wrong_argument_is_refused_by_its_name(phone, written, session, type_, args, field):
    ops = {op["type"]: op for op in written.begin() + written.fill() + written.sign()}
    ops[type_]["args"] |= args
    got = {op["type"]: r for op, r in zip(ops.values(), phone.results(*ops.values()), strict=True)}
    assert got[type_]["status"] == "rejected"
    assert got[type_]["problem"]["field"] == field


def test_a_finding_cannot_be_moved_to_another_asset_by_an_edit(phone, written, job):
    statuses(phone, written.begin())
    op = written.op(
        "finding.edit", written.finding, {"asset_id": None}, base={"asset_id": job.work_order.asset_ids[0]}
    )
    result = phone.results(op)[0]
    assert (result["status"], result["problem"]["field"]) == ("rejected", "args.asset_id")


def test_returned_with_comments_it_comes_back_to_the_phone(cast, as_, phone, written, job, session):
    statuses(phone, written.begin() + written.fill() + written.sign())
    body = {"comment": "请补原因", "field_comments": [{"path": "$.findings[0].cause_text", "text": "写清楚"}]}
    assert as_(cast.cleo).post(f"/api/reports/{written.report}/return", json=body).status_code == 200
    phone.pull()
    row = phone.row("report", written.report)
    assert (row["state"], row["returned_comment"]) == ("returned", "请补原因")
    assert [c["text"] for c in row["comments"]] == ["请补原因", "写清楚"]
    edit = written.op("finding.edit", written.finding, {"cause_text": "电池老化，自检未过。"},
                      base={"cause_text": "电池老化。"}, base_rev=1)  # fmt: skip
    assert statuses(phone, [edit])[0] in ("applied", "merged")
    report = again(session.get(Report, written.report))
    assert (report.version, report.signature_id) == (2, None)


def test_an_edit_that_comes_after_handing_in_is_set_aside_with_its_words(phone, written):
    statuses(phone, written.begin() + written.fill() + written.sign())
    late = written.op("finding.edit", written.finding, {"cause_text": "别的"}, base={"cause_text": "电池老化。"})
    result = phone.results(late)[0]
    assert (result["status"], result["problem"]["type"]) == ("rejected", "/problems/report-not-editable")


def test_a_stranger_neither_sees_nor_touches_it(cast, as_, phone, written, session):
    statuses(phone, written.begin())
    ben = Phone(as_(cast.ben), cast.ben)
    ben.pull()
    assert ben.of("report") == [] and ben.of("finding") == []
    theirs = Written(ben, written.job)
    edit = ben.op("finding.edit", written.finding, {"cause_text": "x"}, base={"cause_text": "电池老化。"})
    submit = ben.op("report.submit", written.report, {})
    assert set(statuses(ben, [edit, submit, *theirs.begin()])) <= {"rejected", "blocked"}
    assert session.query(Report).count() == 1


def test_the_last_reports_of_an_asset_come_to_whoever_goes_there_next(cast, as_, phone, written, job, now):
    from backend.assets.models import Asset
    from tests.factories.work import make_visit, make_work_order

    statuses(phone, written.begin() + written.fill() + written.sign())
    zhou = make_user("Zhou", cast.chengdu)
    asset = job.session.get(Asset, job.work_order.asset_ids[0])
    make_visit(make_work_order(cast.site, [asset], reported_at=now), [zhou], planned_from=now + timedelta(days=1))
    other = Phone(as_(zhou), zhou)
    other.pull()
    assert other.row("report", written.report)["short_ref"] == "R-7K3QX2MF"
    assert other.row("finding", written.finding)["cause_text"] == "电池老化。"
    assert other.of("signature") == []


def test_the_form_comes_as_reference_and_only_once(phone):
    for _ in range(2):
        with write_transaction() as session:
            keep_forms(session)
    changes = phone.pull()
    assert len([c for c in changes if c["kind"] == "form"]) == 1
    form = phone.of("form")[0]
    assert (form["form"], form["version"]) == ("fault_report", 1)
    guidance = next(field for field in form["fields"] if field["name"] == "guidance")
    assert guidance["required_by"] == ["B"]


def test_files_of_a_report_are_read_by_whoever_sees_the_work(cast, as_, phone, written):
    statuses(phone, written.begin() + written.fill() + written.sign())
    with write_transaction() as session:
        from backend.sync_api.models import SyncFile

        written.bytes_arrive()
        sha256 = hashlib.sha256(written.document).hexdigest()
        file = session.get(SyncFile, sha256)
        file.state, file.content_type = "stored", "application/json"
    path = f"/api/files/{sha256}"
    assert as_(cast.ana).get(path).data == written.document
    assert as_(cast.cleo).get(path).status_code == 200
    assert as_(cast.ben).get(path).status_code == 404
    assert as_(make_user("Clara", cast.beijing, role="dispatcher")).get(path).status_code == 404


@pytest.mark.parametrize("stated", ["0001-01-01T00:00:00.000Z", "9999-12-31T23:59:59.999Z"])
def test_a_time_that_nobody_can_have_stated_is_the_taps(phone, written, job, session, stated):
    ops = written.begin() + written.fill() + written.sign(signed_at=stated)
    ops[5]["args"]["at"] = stated
    assert statuses(phone, ops) == ["applied"] * 8
    times = [entry.corrected_at for what in ("solved", "accepted") for entry in log_of(session, job.work_order, what)]
    assert [clock.iso(at) for at in times] == [TAPPED, TAPPED]
