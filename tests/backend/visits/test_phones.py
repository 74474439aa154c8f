"""Several phones around one visit: a new phone while the old one has unsent work, two phones of one engineer, two engineers."""

from __future__ import annotations

import pytest

from backend.visits.models import CheckIn
from tests.backend.sync_api.conftest import Phone
from tests.backend.visits.conftest import log_of
from tests.backend.visits.test_sync import fix_for, statuses, tapped
from tests.factories.people import make_user
from tests.factories.work import make_visit
from tests.support import again


@pytest.fixture
def old(cast, as_, visit):
    made = Phone(as_(cast.ana), cast.ana)
    made.pull()
    return made


def new_phone(as_, user):
    made = Phone(as_(user), user)
    made.pull()
    return made


def test_what_the_old_phone_had_unsent_is_accepted_days_after_she_moved_to_a_new_one(cast, as_, old, visit, session):
    """On the old phone she set out and checked in, unsent; on the new one she leaves and writes. Then the old one syncs."""
    unsent = [old.op("visit.accept", visit.id, {}), old.op("visit.depart", visit.id, {})]
    came = tapped(old, "visit.check_in", visit)
    unsent += [came, fix_for(old, came), old.op("log_entry.add", came["record"]["id"][:-1] + "0", {
        "work_order_id": visit.work_order_id, "visit_id": visit.id, "what": "note", "note": "旧手机上写的"})]  # fmt: skip
    new = new_phone(as_, cast.ana)
    again_there = tapped(new, "visit.check_in", visit)
    assert statuses(new, again_there, fix_for(new, again_there)) == [("applied", "")] * 2
    assert statuses(old, *unsent) == [("applied", "")] * 5
    assert again(visit).state == "on_site"
    for phone in (old, new):
        phone.pull()
        assert {key for key, _ in _check_ins(phone)} == {came["record"]["id"], again_there["record"]["id"]}
        assert any(row["note"] == "旧手机上写的" for row in phone.of("log_entry"))
    assert session.query(CheckIn).count() == 2


def _check_ins(phone):
    return [(record_id, row) for (kind, record_id), (_, row) in phone.rows.items() if kind == "check_in"]


def test_two_phones_of_one_engineer_show_the_same_and_collide_in_nothing_they_did_not_both_write(
    cast, as_, old, visit
):
    new = new_phone(as_, cast.ana)
    contact_id, contact = next((i, row) for (kind, i), (_, row) in old.rows.items() if kind == "contact")
    edits = [
        (old, {"name": "王工"}, {"name": contact["name"]}),
        (new, {"phone": "138 0000 0000"}, {"phone": contact["phone"]}),
    ]
    for phone, args, base in edits:
        [result] = phone.results(phone.op("contact.edit", contact_id, args, base=base))
        assert result["status"] in ("applied", "merged")
    for phone in (old, new):
        phone.pull()
        row = phone.row("contact", contact_id)
        assert (row["name"], row["phone"]) == ("王工", "138 0000 0000")
    assert old.rows.keys() == new.rows.keys()


def test_two_engineers_on_one_visit_each_check_in_and_both_see_both(cast, as_, session, work_order):
    zhou = make_user("Zhou", cast.chengdu)
    visit = make_visit(work_order, [cast.ana, zhou])
    phones = [new_phone(as_, cast.ana), new_phone(as_, zhou)]
    came = []
    for phone in phones:
        came.append(tapped(phone, "visit.check_in", visit))
        assert statuses(phone, came[-1], fix_for(phone, came[-1])) == [("applied", "")] * 2
    for phone in phones:
        phone.pull()
        seen = {record_id: row["engineer_id"] for record_id, row in _check_ins(phone)}
        assert seen == {came[0]["record"]["id"]: cast.ana.id, came[1]["record"]["id"]: zhou.id}
    left = statuses(phones[0], tapped(phones[0], "visit.check_out", visit))
    assert left == [("applied", "")]
    assert again(visit).state in ("on_site", "done")


def test_the_office_is_told_that_work_on_a_visit_given_away_came_late(cast, as_, old, visit, work_order, session):
    zhou = make_user("Zhou", cast.chengdu)
    body = {"base": {"engineer_ids": [cast.ana.id]}, "fields": {"engineer_ids": [zhou.id]}}
    office = as_(cast.cleo)
    assert office.patch(f"/api/visits/{visit.id}", json=body).status_code == 200
    came = tapped(old, "visit.check_in", visit)
    assert statuses(old, came, fix_for(old, came)) == [("applied", "")] * 2
    shown = office.get(f"/api/work-orders/{work_order.id}").json
    [arrived] = [entry for entry in shown["log"] if entry["what"] == "arrived"]
    assert arrived["data"]["late"] and arrived["author_id"] == cast.ana.id
    [check_in] = shown["check_ins"]
    assert check_in["flags"] == ["late_visit"]
    assert log_of(session, work_order, "arrived")[0].data["late"]


def test_the_new_phone_and_the_office_are_told_what_the_old_one_has_not_sent(cast, as_, old, visit):
    old.results(old.op("visit.accept", visit.id, {}))
    assert old.get(cursor=old.cursor, unsent=3).status_code == 200
    for who in (cast.ana, cast.adam):
        [phone] = [one for one in as_(who).get("/api/devices").json if one["id"] == old.device_id]
        assert phone["unsent"] == 3 and phone["last_seen_at"]
    ben = Phone(as_(cast.ben), cast.ben)
    ben.device_id = old.device_id
    ben.get(unsent=0)  # another person's word about her phone counts for nothing
    [phone] = as_(cast.ana).get("/api/devices").json
    assert phone["unsent"] == 3
    assert old.get(unsent=-1).json["field"] == "unsent"
