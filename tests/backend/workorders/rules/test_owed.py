"""A stand-in machine is owed, handed out, returned; or not needed because the repair was in time."""

from datetime import UTC, datetime, timedelta

import pytest

from backend.workorders.rules.entries import Entry
from backend.workorders.rules.owed import standing_of

START = datetime(2026, 11, 20, 2, 0, tzinfo=UTC)
LOANER = {"what": "loaner", "clause": "D-14", "due": "2026-11-21T02:00:00.000Z"}
OUT = Entry("1", "loaner_handed_out", START + timedelta(hours=25), data={"loaner": "超越 E300 8812", "to": "黄志伟"})
BACK = Entry("2", "loaner_returned", START + timedelta(hours=50))


def stands(*entries, state="missed", clause="D-14"):
    return standing_of(LOANER, [{"name": "resolve", "clause": clause, "state": state}], entries)["state"]


@pytest.mark.promise("D-14")
@pytest.mark.parametrize(
    ("state", "entries", "became"),
    [
        ("running", [], "open"),
        ("missed", [], "open"),
        ("met", [], "not_needed"),
        ("idle", [], "not_needed"),
        ("missed", [OUT], "handed_out"),
        ("met", [OUT], "handed_out"),  # it stands at the customer's whatever the clock says
        ("missed", [OUT, BACK], "returned"),
        ("missed", [BACK, OUT], "returned"),  # the order in which they arrive does not matter
        ("missed", [BACK], "open"),
    ],
)
def test_what_became_of_it(state, entries, became):
    assert stands(*entries, state=state) == became


def test_another_letters_clock_kept_does_not_settle_it():
    assert stands(state="met", clause="B-02") == "open"


def test_lent_again_after_a_return_it_is_out_again():
    again = Entry("3", "loaner_handed_out", BACK.at + timedelta(hours=1), data={"loaner": "E500", "to": "黄志伟"})
    found = standing_of(LOANER, [], [OUT, BACK, again])
    assert (found["state"], found["loaner"], found["handed_out_at"]) == ("handed_out", "E500", again.at)


def test_what_else_is_owed_stays_open():
    assert standing_of({"what": "replacement", "clause": "C-02", "due": None}, [], [OUT])["state"] == "open"
