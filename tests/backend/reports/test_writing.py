"""Writing a report as a phone's operations do: whose it is, what may be written, what makes a new version."""

from __future__ import annotations

from datetime import timedelta

import pytest

from backend.core.db import write_transaction
from backend.core.ids import new_id
from backend.core.problems import Forbidden, Invalid, NotFound
from backend.reports import services
from backend.reports.models import Finding, PartLine, Photo, Report, Signature
from backend.reports.problems import ReportNotEditable
from tests.backend.reports.conftest import FOUND
from tests.backend.visits.conftest import actor, log_of
from tests.factories.customers import make_asset, make_customer, make_site
from tests.factories.people import make_user
from tests.factories.work import make_finding, make_report, make_visit, make_work_order
from tests.support import again

PHOTO = {"sha256": "a" * 64, "size_bytes": 400_000, "content_type": "image/jpeg", "caption": "故障灯"}


def test_a_started_report_knows_the_day_it_was_sent_for_repair_and_the_count(job, session):
    report = job.start().report
    assert report.sent_for_repair_on.isoformat() == "2026-11-20"
    assert report.repair_count == 1
    assert log_of(session, job.work_order, "report_started")[0].data["short_ref"] == "AR-7K3Q"


@pytest.mark.promise("D-07")
def test_the_repair_count_counts_handed_in_reports_of_the_same_asset(job, cast, now):
    asset = job.session.get(type(job.work_order), job.work_order.id).asset_ids[0]
    from backend.assets.models import Asset

    row = job.session.get(Asset, asset)
    for days, state, outcome in ((300, "approved", "fixed"), (200, "submitted", "workaround"), (100, "draft", "fixed"),
                                 (90, "withdrawn", "fixed"), (80, "approved", "refused")):  # fmt: skip
        earlier = make_work_order(cast.site, [row], reported_at=now - timedelta(days=days))
        make_finding(make_report(earlier, cast.ana, state=state), row, outcome=outcome)
    assert job.start().report.repair_count == 3


def test_two_reports_of_one_work_order_are_one_repair(job, cast, now):
    from backend.assets.models import Asset

    row = job.session.get(Asset, job.work_order.asset_ids[0])
    earlier = make_work_order(cast.site, [row], reported_at=now - timedelta(days=30))
    for _ in range(2):
        make_finding(make_report(earlier, cast.ana, state="approved"), row)
    assert job.start().report.repair_count == 2


def test_only_engineers_who_see_the_work_begin_a_report(job, cast, session, now):
    values = {"work_order_id": job.work_order.id, "visit_id": job.visit.id, "short_ref": "R-1"}
    with pytest.raises(NotFound), write_transaction():
        services.start_report(session, actor(cast.ben), new_id(), values, job.tap(), now)
    with pytest.raises(Forbidden), write_transaction():
        services.start_report(session, actor(cast.cleo), new_id(), values, job.tap(), now)
    other = make_visit(make_work_order(cast.site), [cast.ana])
    with pytest.raises(NotFound), write_transaction():
        services.start_report(session, actor(cast.ana), new_id(), values | {"visit_id": other.id}, job.tap(), now)
    assert session.query(Report).count() == 0


def test_a_colleague_on_the_visit_writes_too_a_stranger_does_not_find_it(job, cast, session, now):
    job.start()
    zhou = make_user("Zhou", cast.chengdu)
    with pytest.raises(NotFound), write_transaction():
        services.add_finding(session, actor(zhou), job.here(Report, job.report), new_id(), FOUND, now)
    pair = make_visit(job.work_order, [cast.ana, zhou])
    job.report = make_report(job.work_order, cast.ana, pair)
    with write_transaction():
        services.add_finding(session, actor(zhou), job.here(Report, job.report), new_id(), FOUND, now)
    with pytest.raises(Forbidden), write_transaction():
        services.add_finding(session, actor(cast.cleo), job.here(Report, job.report), new_id(), FOUND, now)


def test_a_finding_is_about_an_asset_of_the_customer(job, cast):
    job.start()
    foreign = make_asset(make_site(make_customer(cast.chengdu, name="别家")))
    with pytest.raises(Invalid) as problem:
        job.find(asset_id=foreign.id)
    assert problem.value.faults[0].path == "$.asset_id"
    assert job.session.query(Finding).count() == 0


def test_parts_keep_both_serials_and_are_voided_not_removed(job, session, now):
    job.start().find()
    values = {"name": "电池模块", "quantity": 1, "old_serial": "YM10BG58H042", "new_serial": "YM10BG63N187"}
    part = job.do(services.add_part_line, job.here(Finding, job.finding), new_id(), values, job.tap(), now)
    assert (part.old_serial, part.new_serial) == ("YM10BG58H042", "YM10BG63N187")
    for _ in range(2):
        job.do(services.void_part_line, job.here(PartLine, part), "写错了", now)
    assert again(part).void_reason == "写错了"
    assert session.query(PartLine).count() == 1


def test_a_photo_hangs_on_the_report_or_on_the_visit_of_the_same_work_order(job, cast, session, now):
    job.start().find()
    base = PHOTO | {"work_order_id": job.work_order.id, "taken_at": now}
    ours = job.do(
        services.add_photo, new_id(), base | {"report_id": job.report.id, "finding_id": job.finding.id}, now
    )
    assert ours.report_id == job.report.id
    assert job.do(services.add_photo, new_id(), base | {"visit_id": job.visit.id}, now).visit_id == job.visit.id
    other = make_work_order(cast.site)
    for wrong in ({"work_order_id": other.id, "report_id": job.report.id}, {"report_id": new_id()},
                  {"report_id": job.report.id, "finding_id": new_id()}):  # fmt: skip
        with pytest.raises(NotFound):
            job.do(services.add_photo, new_id(), base | wrong, now)
    assert session.query(Photo).count() == 2


def test_a_change_of_what_was_signed_makes_the_next_version_and_keeps_the_signature(job, session):
    job.start().find()
    first = job.sign()
    job.edit(cause_text="电池满充容量降到 42%")
    report = again(job.report)
    assert (report.version, report.signature_id) == (2, None)
    assert again(first).report_version == 1
    job.edit(cause_text="电池满充容量降到 43%")
    assert again(job.report).version == 2
    assert again(job.sign()).report_version == 2
    assert session.query(Signature).count() == 2


def test_saying_the_same_again_is_no_change(job):
    job.start().find()
    job.sign()
    job.edit(cause_text=FOUND["cause_text"])
    assert again(job.report).version == 1
    assert again(job.report).signature_id


@pytest.mark.parametrize("state", ["submitted", "approved", "withdrawn"])
def test_a_report_handed_in_is_not_changed(job, cast, now, state):
    job.start().find()
    job.report = make_report(job.work_order, cast.ana, job.visit, state=state)
    job.finding = make_finding(job.report)
    for change in (
        lambda: job.edit(cause_text="别的"),
        lambda: job.find(),
        lambda: job.do(services.edit_report, job.here(Report, job.report), {"guidance": "x"}, now),
    ):
        with pytest.raises(ReportNotEditable) as problem:
            change()
        assert problem.value.extra == {"state": state}


def test_a_photo_is_a_fact_and_is_kept_after_handing_in(job, cast, now):
    late = make_report(job.work_order, cast.ana, job.visit, state="submitted")
    values = PHOTO | {"work_order_id": job.work_order.id, "report_id": late.id, "taken_at": now}
    assert job.do(services.add_photo, new_id(), values, now).report_id == late.id
    assert again(late).version == 1
