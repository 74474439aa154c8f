"""What became of each clock, derived from the log (K-4). Pure; called whenever a work order is settled.

source: CORE.md K-3, K-4; letters/DECISIONS.md "Clocks"
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from backend.workorders.rules.entries import Entry, in_order

NEAR_PART = 0.75  # of the time given: from here on a clock is shown as near
# Channels on which the report itself is a conversation: a promise to answer at once is kept by the intake.
LIVE_CHANNELS = ("phone", "remote", "walk_in")


@dataclass(frozen=True)
class Clock:
    """A clock as decided. `is_at_once`: zero time was promised, so its due is the first open instant."""

    name: str
    clause: str
    starts: datetime
    due: datetime
    is_at_once: bool = False


@dataclass(frozen=True)
class Outcome:
    """What became of it. state: running · met · missed · excused · idle (stopped before it was due).

    A running one keeps the excuse that is logged already: it tells when the clock falls due.
    met_received_at  when it became known that it was met, where that was later; the clock ran until then for the office
    missed_reason    why it was missed, as somebody who was there says it
    """

    state: str
    met_at: datetime | None = None
    met_by: str | None = None
    excused_by: str | None = None
    excuse: str = ""
    met_received_at: datetime | None = None
    missed_reason: str = ""


def near_at(clock: Clock) -> datetime:
    """From when a running clock is shown as near."""
    return clock.starts + (clock.due - clock.starts) * NEAR_PART


def outcome_of(clock: Clock, entries: Sequence[Entry], channel: str, now: datetime) -> Outcome:
    """What became of one clock at `now`. An event at the very instant it is due is in time.

    entries  the log without voided entries, in any order
    """
    ordered = in_order(entries)
    met = _met(clock, ordered, channel)
    if met is not None and met.at <= clock.due:
        return Outcome("met", met.at, met.id, met_received_at=_received_later(met))
    stopped_at = _stopped_at(clock, ordered)
    if stopped_at is not None and stopped_at <= clock.due:
        return Outcome("idle")
    excuse = _last(ordered, "excused", clock)
    excused = {"excused_by": excuse.id, "excuse": excuse.note} if excuse else {}
    if met is None and now <= clock.due:
        return Outcome("running", **excused)
    late = {"met_at": met.at, "met_by": met.id, "met_received_at": _received_later(met)} if met else {}
    reason = _last(ordered, "missed_reason", clock)
    return Outcome("excused" if excuse else "missed", **late, **excused, missed_reason=reason.note if reason else "")


def governing(clocks: Iterable[Clock]) -> dict[str, Clock]:
    """Of several clocks of one name the earliest due governs; of equals the first."""
    out: dict[str, Clock] = {}
    for clock in clocks:
        if clock.name not in out or clock.due < out[clock.name].due:
            out[clock.name] = clock
    return out


def _met(clock: Clock, entries: list[Entry], channel: str) -> Entry | None:
    """The entry that stopped it, or None while nothing has."""
    if clock.name == "respond":
        return _responded(clock, entries, channel)
    if clock.name == "resolve":
        return _resolved(clock, entries)
    what = {"dispatch": "sent", "arrive": "arrived", "report": "report_submitted"}[clock.name]
    return next((entry for entry in entries if entry.what == what and entry.at >= clock.starts), None)


def _responded(clock: Clock, entries: list[Entry], channel: str) -> Entry | None:
    """First contact with the customer; who stands there, or has solved it by phone, has made it."""
    if clock.is_at_once and channel in LIVE_CHANNELS:
        intake = next((entry for entry in entries if entry.what == "reported"), None)
        if intake is not None:
            return intake
    contacts = ("contacted", "remote_started", "arrived", "solved")
    return next((entry for entry in entries if entry.what in contacts and entry.at >= clock.starts), None)


def _resolved(clock: Clock, entries: list[Entry]) -> Entry | None:
    return _solved(entry for entry in entries if entry.what != "solved" or entry.at >= clock.starts)


def _solved(entries: Iterable[Entry]) -> Entry | None:
    """The time stated as in working order, void if the customer rejects it afterwards."""
    found = None
    for entry in entries:
        if entry.what == "rejected":
            found = None
        elif entry.what == "solved" and found is None:
            found = entry
    return found


def solved_at(entries: Iterable[Entry]) -> datetime | None:
    """When it was in working order again, if it still counts: a report's term starts there."""
    found = _solved(in_order(entries))
    return found.at if found else None


def _stopped_at(clock: Clock, entries: list[Entry]) -> datetime | None:
    """When there was nothing left to do for it: the work order ended, or, for an arrival, it was solved from afar.

    A solution told of a visit stops no arrival: somebody went, and the check-in says when.
    """
    stopped = _ended_at(entries)
    solved = _solved(entries) if clock.name == "arrive" else None
    if solved is not None and solved.visit_id is None:
        stopped = min(solved.at, stopped) if stopped else solved.at
    return stopped


def _ended_at(entries: list[Entry]) -> datetime | None:
    """When the work order was closed or cancelled, if it still is."""
    stopped = None
    for entry in entries:
        if entry.what in ("closed", "cancelled"):
            stopped = stopped or entry.at
        elif entry.what == "reopened":
            stopped = None
    return stopped


_AT_ONCE = timedelta(minutes=1)  # what takes this long to arrive was not sent late


def _received_later(entry: Entry) -> datetime | None:
    """When an entry arrived, if that was later than it says."""
    late = entry.received_at is not None and entry.received_at - entry.at >= _AT_ONCE
    return entry.received_at if late else None


def _last(ordered: list[Entry], what: str, clock: Clock) -> Entry | None:
    """The last entry of a kind that names the clock, or the one clause of it."""
    return next((entry for entry in reversed(ordered) if entry.what == what and _names(entry, clock)), None)


def _names(entry: Entry, clock: Clock) -> bool:
    return entry.data.get("clock") == clock.name and entry.data.get("clause") in (None, clock.clause)
