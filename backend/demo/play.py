"""Plays stories into records: every step goes through the slices' own services, at the instant it happened.

All steps of all stories run in the order of time, so that numbers, logs, clocks and flags are as in real life. What
lies after the moment of loading is left out. Called by seed.load_company inside its one transaction.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from math import cos, radians
from typing import Any

from sqlalchemy.orm import Session

from backend.accounts.services import Actor
from backend.core import clock
from backend.core.ids import new_id
from backend.core.problems import Problem
from backend.demo.ground import Ground, Values
from backend.demo.play_before import sign_before
from backend.demo.play_phone import correct_symptom, send_symptom
from backend.demo.play_reports import ReportPlay
from backend.demo.reading import BadFiles, FileFault
from backend.links import services as links
from backend.links.models import SCOPES
from backend.visits import arrivals
from backend.visits import services as visits
from backend.visits.arrivals import CheckInWords
from backend.visits.models import Visit
from backend.visits.rules.check_in import judge_check_in
from backend.visits.taps import Tap
from backend.workorders import intake, settling
from backend.workorders import services as orders
from backend.workorders.acknowledged import WHATS as OPENED_BY
from backend.workorders.models import WorkOrder
from backend.workorders.schemas import OfficeFields

METRES_PER_DEGREE = 111_320
MINUTE = timedelta(minutes=1)
PHONE_CLOCK_MS = 800


@dataclass
class Told:
    """A story while it is played: what the files say, and the rows made of it so far."""

    story: Values
    order: WorkOrder | None = None
    visits: dict[int, Visit] = field(default_factory=dict)

    @property
    def made(self) -> WorkOrder:
        assert self.order is not None
        return self.order


@dataclass(frozen=True)
class Step:
    """One thing that happens: when the server learns of it, and what to do then."""

    at: datetime
    do: Callable[[datetime], object]


class Players:
    """Who acts: users as actors, and the dispatcher of a branch."""

    def __init__(self, ground: Ground) -> None:
        self.actors = {
            user["id"]: Actor(
                user_id=user["id"], name=user["name"], role=user["role"], language=user["language"],
                branch_id=user["branch_id"], branch_ids=frozenset(user["branch_ids"]), session_id="",
            )
            for user in ground.users
        }  # fmt: skip
        by_role = sorted(
            self.actors.values(), key=lambda actor: ("dispatcher", "admin", "engineer").index(actor.role)
        )
        self.office = {
            branch["id"]: next(a for a in by_role if a.branch_id == branch["id"] or a.role == "admin")
            for branch in ground.branches
        }
        self.admin = next(actor for actor in self.actors.values() if actor.role == "admin")

    def of(self, user_id: str | None, branch_id: str) -> Actor:
        """The user, or the branch's dispatcher when none is named."""
        return self.actors[user_id] if user_id else self.office[branch_id]


class Play:
    """Plays stories on a stored ground; `session` is inside a write transaction."""

    def __init__(self, session: Session, ground: Ground, now: datetime) -> None:
        self.session, self.ground, self.now = session, ground, now
        self.players = Players(ground)
        self.sites, self.contacts = ground.by_id("sites"), ground.by_id("contacts")
        self.customers = ground.by_id("customers")
        self.afterwards: list[Told] = []

    def run(self, stories: list[Values]) -> None:
        """Every step up to now, in the order of time. Raises BadFiles naming the story whose step is refused."""
        steps = []
        for number, story in enumerate(stories):
            told = Told(story)
            for place, step in enumerate(self._steps(told)):
                if step.at <= self.now:
                    steps.append((step.at, number, place, step, story))
        for at, _, _, step, story in sorted(steps, key=lambda one: one[:3]):
            try:
                with clock.fixed(at):
                    step.do(at)
            except Problem as problem:
                raise BadFiles([_refused(story, at, problem)]) from problem

    # ------------------------------------------------------------ a work order

    def _steps(self, told: Told) -> Iterator[Step]:
        story = told.story
        yield Step(story["reported_at"], lambda at: self._report(told, at))
        for entry in story["log"]:
            yield Step(entry["at"], lambda at, entry=entry: self._log(told, entry, at))
        for number, visit in enumerate(story["visits"]):
            yield from self._visit_steps(told, number, visit)
        if story["report"]:
            begun = max(story["report"]["solved"] - 10 * MINUTE, story["reported_at"])
            yield from ReportPlay(self, told, story["report"], None).steps(begun, None)
        if story["corrected"] or story["on_phone"]:
            self.afterwards.append(told)
        if story["changed"]:
            yield Step(story["changed"]["at"], lambda at: self._change(told, at))
        if story["link"]:
            yield Step(story["link"]["at"], lambda at: self._link(told, at))
        if story["waiting"]:
            yield Step(story["waiting"]["at"], lambda at: self._wait(told, at))
        for what, act in (("closed", orders.close), ("cancelled", orders.cancel), ("reopened", orders.reopen)):
            if story[what]:
                yield Step(story[what]["at"], lambda at, what=what, act=act: self._end(told, what, act, at))

    def _report(self, told: Told, at: datetime) -> None:
        story = told.story
        contact = self.contacts.get(story["contact_id"] or "", {})
        office = self.players.office[self.customers[story["customer_id"]]["branch_id"]]
        names = ("customer_id", "site_id", "contact_id", "kind", "channel", "priority", "fault", "symptom",
                 "phone_reason")  # fmt: skip
        values = {name: story[name] for name in names} | {
            "asset_ids": story["assets"],
            "owner_id": story["owner"] or office.user_id,
            "caller_name": contact.get("name", ""),
            "caller_phone": contact.get("phone", ""),
            "reported_at": at,
        }
        told.order = intake.take_call(self.session, office, values, at)

    def _log(self, told: Told, entry: Values, at: datetime) -> None:
        data = {"promised_for": clock.iso(entry["until"])} if entry["until"] else {}
        data |= {name: entry[name] for name in ("clock", "loaner", "to") if entry.get(name)}
        by = entry["by"] or self.players.admin.user_id
        self.write(told, by, entry["what"], at, entry["note"], data)

    def write(self, told: Told, by: str, what: str, at: datetime, note: str = "", data: Values | None = None) -> None:
        values = {"what": what, "note": note, "data": data or {}}
        orders.log_by_hand(self.session, self.players.actors[by], told.made, values, at)

    def _wait(self, told: Told, at: datetime) -> None:
        waiting = told.story["waiting"]
        self.write(told, waiting["by"], "waiting", at, waiting["note"], {"reason": waiting["reason"]})

    def _change(self, told: Told, at: datetime) -> None:
        """The office says anew how urgent it is."""
        said, order = told.story["changed"], told.made
        base, fields = {"priority": order.priority}, {"priority": said["priority"]}
        orders.change(self.session, self.players.actors[said["by"]], order, OfficeFields(), base, fields, at)

    def _link(self, told: Told, at: datetime) -> None:
        said = told.story["link"]
        values = {"scope": SCOPES, "days": said["days"]}
        links.make(self.session, self.players.actors[said["by"]], told.made, values, at)

    def settle_afterwards(self) -> None:
        """After the commit, for the engine compares with what stands there: a correction, and what a phone kept."""
        for told in self.afterwards:
            corrected, edit = told.story["corrected"], told.story["on_phone"]
            if told.order is not None and corrected and corrected["at"] <= self.now:
                correct_symptom(self.players.actors[corrected["by"]], told.order.id, corrected)
            if told.order is not None and edit and edit["at"] <= self.now:
                send_symptom(self.players.actors[edit["by"]], told.order.id, edit, told.story["symptom"], self.now)

    def _end(self, told: Told, what: str, act: Callable[..., object], at: datetime) -> None:
        said = told.story[what]
        actor = self.players.of(said["by"], told.made.branch_id)
        act(self.session, actor, told.made, said.get("reason") or "", at)

    # ------------------------------------------------------------ a visit

    def _visit_steps(self, told: Told, number: int, visit: Values) -> Iterator[Step]:
        yield Step(visit["sent"], lambda at: self._send(told, number, visit, at))
        lead = self.players.actors[visit["engineers"][0]]
        answers = {"accepted": visits.accept_visit, "departed": visits.depart}
        for name, act in answers.items():
            if visit[name]:
                yield Step(visit[name], lambda at, act=act: act(
                    self.session, lead, told.visits[number], self.tap(at, at), at))  # fmt: skip
        if visit["declined"]:
            reason = visit["declined"]["reason"]
            yield Step(visit["declined"]["at"], lambda at: visits.decline_visit(
                self.session, lead, told.visits[number], reason, self.tap(at, at), at))  # fmt: skip
        if visit["given_to"]:
            given = visit["given_to"]
            yield Step(given["at"], lambda at: self._give(told, number, given, at))
        if visit["arrived"]:
            yield from self._on_site_steps(told, number, visit)

    def _on_site_steps(self, told: Told, number: int, visit: Values) -> Iterator[Step]:
        """What the phones of those who came send: at once, or all together once there was network again."""

        def known(at: datetime) -> datetime:
            return max(at, visit["received"] or at)

        arrived, left = visit["arrived"]["at"], visit["left"]
        for place, user_id in enumerate(visit["engineers"]):
            tapped = arrived + timedelta(seconds=40 * place)
            yield Step(known(tapped), lambda at, t=tapped, u=user_id: self._check(told, number, u, "in", t, at))
        yield Step(known(arrived), lambda at: self.notices(told, visit["engineers"][0], number, at))
        if visit["late_reason"]:
            yield Step(known(arrived + MINUTE), lambda at: self.write(
                told, visit["engineers"][0], "missed_reason", at, visit["late_reason"], {"clock": "arrive"}))  # fmt: skip
        if visit["report"]:
            report = ReportPlay(self, told, visit["report"], number)
            yield from report.steps(arrived + 3 * MINUTE, visit["received"])
        office = visit["arrived"]["accepted_by_office"]
        if office:
            yield Step(office["at"], lambda at: self._accept_check_in(told, number, office, at))
        if left:
            for place, user_id in enumerate(visit["engineers"]):
                tapped = left + timedelta(seconds=25 * place)
                yield Step(known(tapped), lambda at, t=tapped, u=user_id: self._check(told, number, u, "out", t, at))

    def _send(self, told: Told, number: int, visit: Values, at: datetime) -> None:
        values = {
            "engineer_ids": visit["engineers"],
            "planned_from": visit["planned"],
            "planned_until": visit["until"],
            "note": visit["note"],
        }
        office = self.players.office[told.made.branch_id]
        told.visits[number] = visits.plan_visit(self.session, office, told.made, values, at)

    def _give(self, told: Told, number: int, given: Values, at: datetime) -> None:
        """Somebody else goes: the first visit is superseded."""
        visit, office = told.visits[number], self.players.actors[given["by"]]
        changes = {"engineer_ids": given["engineers"]}
        base = {"engineer_ids": visit.engineer_ids}
        told.visits[number] = visits.change_visit(self.session, office, visit, base, changes, at)

    def _check(self, told: Told, number: int, user_id: str, direction: str, tapped: datetime, at: datetime) -> None:
        visit = told.story["visits"][number]
        arrived = visit["arrived"]
        fix = self._fix(told, arrived, user_id, tapped)
        words = CheckInWords(
            reason_code=arrived["no_fix"] if direction == "in" else None,
            reason_text=(arrived["reason_text"] if direction == "in" else visit["futile"]),
            phone_verdict=asdict(judge_check_in(fix, self.sites[told.story["site_id"]])),
            fix=fix,
            is_futile=bool(visit["futile"]) and direction == "out",
        )
        act = arrivals.check_in if direction == "in" else arrivals.check_out
        act(
            self.session, self.players.actors[user_id], told.visits[number], new_id(), self.tap(tapped, at), words, at
        )

    def _fix(self, told: Told, arrived: Values, user_id: str, tapped: datetime) -> Values | None:
        """The phone's position: so many metres from the site's point, never twice the same."""
        site = self.sites[told.story["site_id"]]
        if arrived["no_fix"] or site["lat_e7"] is None:
            return None
        jitter = (sum(map(ord, user_id)) + int(tapped.timestamp())) % 7 - 3
        north, east = (arrived["north_m"] or 0) + jitter, (arrived["east_m"] or 0) - jitter
        lat_e7 = site["lat_e7"] + round(north / METRES_PER_DEGREE * 1e7) + jitter
        wide = METRES_PER_DEGREE * cos(radians(site["lat_e7"] / 1e7))
        fix_at = clock.iso(tapped - timedelta(seconds=3) + timedelta(milliseconds=PHONE_CLOCK_MS))
        return {
            "lat_e7": lat_e7,
            "lng_e7": site["lng_e7"] + round(east / wide * 1e7) - jitter,
            "accuracy_m": arrived["accuracy_m"],
            "fix_at": fix_at,
            "age_s": 3,
        }

    def notices(self, told: Told, user_id: str, number: int | None, at: datetime) -> None:
        """What the letter wants acknowledged before work, acknowledged: signed where the story says by whom."""
        settling.settle_all(self.session)
        if number is not None and told.story["visits"][number]["told"]:
            return sign_before(self, told, number, at)
        for gate in told.made.gates:
            if gate["gate"] in OPENED_BY and not gate["holds"]:
                self.write(told, user_id, OPENED_BY[gate["gate"]][0], at)

    def _accept_check_in(self, told: Told, number: int, office: Values, at: datetime) -> None:
        row = next(row for row in self._check_ins(told.visits[number]) if row.direction == "in")
        arrivals.accept_by_office(self.session, self.players.actors[office["by"]], row, office["note"], at)

    def _check_ins(self, visit: Visit) -> list[Any]:
        query = self.session.query(arrivals.CheckIn).filter_by(visit_id=visit.id)
        return list(query.order_by(arrivals.CheckIn.corrected_at))

    def tap(self, tapped: datetime, known: datetime) -> Tap:
        """A tap on a phone whose clock is a little fast, known to the server from `known` on."""
        at = tapped + timedelta(milliseconds=PHONE_CLOCK_MS)
        return Tap(at=at, corrected_at=tapped, quality="good", received_at=known, offset_ms=PHONE_CLOCK_MS,
                   source="phone")  # fmt: skip


def _refused(story: Values, at: datetime, problem: Problem) -> FileFault:
    """A step that a service refused, told at the story's place in its file."""
    row = story["row"]
    text = problem.detail or (problem.faults[0].message if problem.faults else problem.title)
    when = clock.iso(at)
    return FileFault(row.file, row.line, "", {
        "zh": f"{when} 的一步行不通：{text['zh']}", "en": f"The step of {when} is not possible: {text['en']}"})  # fmt: skip
