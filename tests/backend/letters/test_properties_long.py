"""Laws that hold for any facts: time lost never shortens, letters never worsen, closing hours never hurry a clock."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from backend.letters.loader import load_letters
from backend.letters.rules import Calendar, Hours, OpeningHours, decide, due_at, words

from .conftest import facts_for
from .support import FIFTH

CALENDAR = Calendar()
ALL = ["A", "B", "C", "D", str(FIFTH)]
LETTERS = dict(zip(ALL, load_letters(ALL, allow_paths=True), strict=True))

days = st.dates(date(2015, 1, 1), date(2026, 6, 30))
spells = st.lists(
    st.tuples(days, st.integers(0, 90), st.sampled_from([*words.SPELL_REASONS])).map(
        lambda one: {
            "from": one[0].isoformat(), "to": (one[0] + timedelta(days=one[1])).isoformat(), "reason": one[2],
        }
    ),
    max_size=6,
)  # fmt: skip


@st.composite
def facts(draw: st.DrawFn) -> dict:
    """Any facts that can be true, with any of the optional ones missing."""

    def maybe(strategy: st.SearchStrategy) -> st.SearchStrategy:
        return st.one_of(st.none(), strategy)

    def past() -> str | None:
        found = draw(maybe(days))
        return found.isoformat() if found else None

    reported = draw(st.datetimes(datetime(2026, 7, 1), datetime(2026, 12, 30), timezones=st.just(UTC)))
    now = reported + timedelta(minutes=draw(st.integers(0, 100_000)))
    between = maybe(st.datetimes(reported.replace(tzinfo=None), now.replace(tzinfo=None), timezones=st.just(UTC)))
    money = maybe(st.decimals(0, 10**6, places=2, allow_nan=False).map(lambda amount: format(amount, "f")))
    said = facts_for(
        ["A"],
        now=now.isoformat(),
        timezone=draw(st.sampled_from(["Asia/Shanghai", "Europe/Berlin", "America/New_York", "UTC"])),
        customer={key: draw(maybe(st.booleans())) for key in ("payment_breach", "training_completed")},
        asset={
            "brand": draw(maybe(st.sampled_from(["DELL", "tcl", "Tongfang", "Otto", "Lenovo"]))),
            "category": draw(maybe(st.sampled_from(words.CATEGORIES))),
            "material": draw(maybe(st.sampled_from(words.MATERIALS))),
            "stores_data": draw(maybe(st.booleans())),
            "purchased_on": past(), "invoiced_on": past(), "accepted_on": past(), "price": draw(money),
        },
        out_of_service=draw(spells),
        request={
            "kind": draw(maybe(st.sampled_from(words.KINDS))), "channel": draw(maybe(st.sampled_from(words.CHANNELS))),
            "priority": draw(maybe(st.sampled_from(words.PRIORITIES))),
            "cause_category": draw(maybe(st.sampled_from(words.CAUSES))),
            "unrepairable": draw(st.booleans()), "reported_at": reported.isoformat(),
        },
    )  # fmt: skip
    for key in ("remote_started_at", "onsite_decided_at"):
        instant = draw(between)
        said["request"][key] = instant.isoformat() if instant else None
    promised = draw(maybe(st.integers(0, 10_000)))
    said["request"]["promised_for"] = (
        (now + timedelta(minutes=promised)).isoformat() if promised is not None else None
    )
    said["request"] |= {"product_price": draw(money), "upgrade_quote": draw(money)}
    return said


def decided(said: dict, *names: str) -> dict:
    return decide(said, [LETTERS[name] for name in names], CALENDAR)


@settings(max_examples=3000, deadline=None)
@given(said=facts(), more=spells)
def test_more_out_of_service_time_never_shortens_a_warranty(said, more):
    for name in ALL:
        before = decided(said, name)["entitlement"]["warranty_end"]
        after = decided(said | {"out_of_service": said["out_of_service"] + more}, name)["entitlement"]["warranty_end"]
        assert (before is None) == (after is None)
        assert before is None or before <= after


def first_due(answer: dict) -> dict[str, datetime]:
    """Per clock name what governs: the earliest due."""
    found: dict[str, datetime] = {}
    for clock in answer["clocks"]:
        due = datetime.fromisoformat(clock["due"])
        found[clock["name"]] = min(due, found.get(clock["name"], due))
    return found


def decides(answer: dict) -> bool:
    return answer["entitlement"]["status"] not in ("suspended", "undecided")


@settings(max_examples=3000, deadline=None)
@given(said=facts(), names=st.lists(st.sampled_from(ALL), min_size=2, max_size=4, unique=True))
def test_adding_a_letter_never_worsens_a_target_or_a_charge(said, names):
    one, several = decided(said, names[0]), decided(said, *names)
    if not decides(one):
        return  # it counts with nothing beside a letter that decides
    after = first_due(several)
    assert all(after[name] <= due for name, due in first_due(one).items())
    before, better = one["entitlement"], several["entitlement"]
    assert words.STATUSES.index(better["status"]) >= words.STATUSES.index(before["status"])
    for kind, charge in before["charges"].items():
        if charge is not None and better["charges"][kind] is not None:
            assert words.CHARGES.index(better["charges"][kind]) <= words.CHARGES.index(charge)
    assert set(before["remedies"]) <= set(better["remedies"])
    assert (before["warranty_end"] or "") <= (better["warranty_end"] or "")


@settings(max_examples=3000, deadline=None)
@given(said=facts(), name=st.sampled_from(ALL))
def test_a_decision_is_whole_and_the_same_every_time(said, name):
    answer = decided(said, name)
    assert json.dumps(answer) == json.dumps(decided(json.loads(json.dumps(said)), name))
    assert list(answer) == ["clocks", "entitlement", "gates", "owed", "missing"]
    entitlement = answer["entitlement"]
    assert entitlement["status"] in words.STATUSES
    assert answer["missing"] == sorted(set(answer["missing"]))
    assert [clock["name"] for clock in answer["clocks"]] == sorted(
        (clock["name"] for clock in answer["clocks"]), key=words.CLOCKS.index
    )
    if entitlement["status"] == "covered" and said["request"]["kind"] != "upgrade":
        assert set(entitlement["charges"].values()) == {"free"}


windows = st.lists(st.integers(0, 1440), min_size=2, max_size=6, unique=True).map(
    lambda cuts: tuple(zip(sorted(cuts)[0::2], sorted(cuts)[1::2], strict=False))
)


@settings(max_examples=3000, deadline=None)
@given(
    week=st.lists(windows, min_size=7, max_size=7),
    closed=st.sets(st.integers(0, 6), max_size=6),
    start=st.datetimes(datetime(2024, 1, 1), datetime(2026, 12, 31)),
    target_s=st.integers(0, 3 * 86400),
    zone=st.sampled_from(["Asia/Shanghai", "Europe/Berlin", "America/New_York"]),
)
def test_closing_hours_never_make_a_clock_end_earlier(week, closed, start, target_s, zone):
    tz = ZoneInfo(zone)
    begun = start.replace(tzinfo=tz).astimezone(UTC)
    wide = OpeningHours(tuple(week))
    narrow = OpeningHours(tuple(() if day in closed else week[day] for day in range(7)), on_holidays=False)
    elapsed, first, last = (due_at(begun, target_s, Hours(hours, tz, CALENDAR)) for hours in (None, wide, narrow))
    assert begun <= elapsed <= first <= last
    pause = (begun + timedelta(hours=1), begun + timedelta(hours=5))
    assert due_at(begun, target_s, Hours(wide, tz, CALENDAR), [pause]) >= first
    if target_s:
        assert due_at(begun, target_s - 1, Hours(wide, tz, CALENDAR)) <= first
