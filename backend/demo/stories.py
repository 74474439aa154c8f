"""Work orders out of a company's files as stories: what was reported, who went, what was found, and when.

Two files, both may be missing: `work_orders.yaml` tells each in detail, `history.csv` one ordinary job per line, spread
out here into the same shape. `play.py` makes the records from them. Values of a story are plain dicts by field.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zlib import crc32

from backend.demo import fields as f
from backend.demo.fields import Field
from backend.demo.ground import Ground, Values
from backend.demo.moments import moment
from backend.demo.reading import FileFault, Row, read_csv, read_yaml
from backend.reports.models import CAUSES, FIXES, OUTCOMES, RESULTS
from backend.reports.rules.complete import LABELS, missing_of
from backend.workorders.models import CHANNELS, KINDS, PRIORITIES

Reader = Callable[[Any], Any]
PICTURES = ("lamp", "green", "label", "screen", "board", "door")
LOG_WORDS = ("contacted", "remote_started", "decided_on_site", "promised", "excused",
             "loaner_handed_out", "loaner_returned", "note")  # fmt: skip
CLOCKS = ("dispatch", "respond", "arrive", "resolve", "report")
MINUTE = timedelta(minutes=1)


class Stories:
    """Reads stories on a ground; every fault goes to `faults`."""

    def __init__(self, ground: Ground, now: datetime, faults: list[FileFault]) -> None:
        self.ground, self.now, self.faults = ground, now, faults
        self.assets, self.sites = ground.by_id("assets"), ground.by_id("sites")
        self.user = f.ref(ground.ids["users"], "人员", "users.csv")
        self.users = f.refs(ground.ids["users"], "人员", "users.csv")
        self.asset = f.ref(ground.ids["assets"], "设备", "assets.csv")
        self.names: set[str] = set()

    def read(self, folder: Path) -> list[Values]:
        """All stories of a folder, in the order of their reports."""
        stories = []
        if (folder / "history.csv").exists():
            stories += [self._line(row) for row in read_csv(folder / "history.csv", self.faults)]
        if (folder / "work_orders.yaml").exists():
            rows = read_yaml(folder / "work_orders.yaml", self.faults)
            if rows is not None and not (isinstance(rows, list) and all(isinstance(row, Row) for row in rows)):
                fault = Row("work_orders.yaml", 1, {}).fault("", "要写成“- name: …”的列表。", "A list of - name: ….")
                self.faults.append(fault)
                rows = None
            stories += [self._story(row) for row in rows or []]
        told = [story for story in stories if story is not None]
        return sorted(told, key=lambda story: story["reported_at"])

    # ------------------------------------------------------------ work_orders.yaml

    def _story(self, row: Row) -> Values | None:
        spec = {
            "name": Field(f.text(60), True),
            "reported": Field(f.plain, True),
            "assets": Field(f.refs(self.ground.ids["assets"], "设备", "assets.csv"), True),
            "contact": Field(f.text(60)),
            "kind": Field(f.word(KINDS), default="repair"),
            "channel": Field(f.word(CHANNELS), default="phone"),
            "priority": Field(f.word(PRIORITIES)),
            "fault": Field(f.text(60)),
            "symptom": Field(f.text(5000), True),
            "language": Field(f.word(("zh", "en")), default="zh"),
            "owner": Field(self.user),
            "phone_reason": Field(f.text(500), default=""),
        }
        parts = ("log", "visits", "report", "corrected", "on_phone", "changed", "link", "waiting", "closed",
                 "cancelled", "reopened")  # fmt: skip
        plain = Row(row.file, row.line, {k: v for k, v in row.values.items() if k not in parts}, row.lines)
        story = f.take(plain, spec, self.faults)
        if story["name"] in self.names:
            self.faults.append(row.fault("name", "这个名字用过了。", "This name is used already."))
        self.names.add(story["name"])
        story["row"] = row
        if not story["assets"] or not story["reported"]:
            return None
        self._place(story, row)
        at = self._moments(row, story)
        if at is None:
            return None
        story["log"] = [self._log(entry, at) for entry in self._list(row, "log")]
        story["visits"] = [self._visit(visit, story, at) for visit in self._list(row, "visits")]
        story["report"] = self._report(row, story, at, story["reported_at"] + timedelta(hours=1))
        reason = Field(f.text(500), True)
        by = {"at": Field(at, True), "by": Field(self.user, True)}
        waiting = {
            "reason": Field(f.word(("parts", "customer", "other")), True),
            "note": Field(f.text(500), default=""),
        }
        story["waiting"] = self._group(row, "waiting", by | waiting)
        for name in ("corrected", "on_phone"):
            story[name] = self._group(row, name, by | {"symptom": Field(f.text(5000), True)})
        story["changed"] = self._group(row, "changed", by | {"priority": Field(f.word(PRIORITIES), True)})
        story["link"] = self._group(row, "link", by | {"days": Field(f.whole(1, 365), default=30)})
        story["closed"] = self._group(row, "closed", by)
        story["cancelled"] = self._group(row, "cancelled", by | {"reason": reason})
        story["reopened"] = self._group(row, "reopened", by | {"reason": reason})
        return story

    def _place(self, story: Values, row: Row) -> None:
        """Customer, site and contact follow from the first asset."""
        places = {self.assets[asset]["site_id"] for asset in story["assets"]}
        if len(places) > 1:
            self.faults.append(row.fault("assets", "这些设备不在同一个现场。", "These assets are not at one site."))
        first = self.assets[story["assets"][0]]
        story["site_id"], story["customer_id"] = first["site_id"], first["customer_id"]
        name = story.pop("contact")
        story["contact_id"] = self.ground.ids["contacts"].get((first["customer_id"], name)) if name else None
        if name and story["contact_id"] is None:
            self.faults.append(row.fault("contact", "这个客户没有这位联系人。", "The customer has no such contact."))

    def _moments(self, row: Row, story: Values) -> Reader | None:
        """The reader of this story's moments; sets `reported_at`."""
        tz = self.sites[story["site_id"]]["tz"]
        try:
            story["reported_at"] = moment(self.now, tz)(story.pop("reported"))
        except f.Wrong as error:
            self.faults.append(row.fault("reported", error.message["zh"], error.message["en"]))
            return None
        return moment(self.now, tz, story["reported_at"])

    def _log(self, row: Row, at: Reader) -> Values:
        spec = {
            "at": Field(at, True),
            "what": Field(f.word(LOG_WORDS), True),
            "by": Field(self.user, True),
            "note": Field(f.text(2000), default=""),
            "until": Field(at),
            "clock": Field(f.word(CLOCKS)),
            "loaner": Field(f.text(200)),
            "to": Field(f.text(200)),
        }
        return f.take(row, spec, self.faults)

    def _visit(self, row: Row, story: Values, at: Reader) -> Values:
        spec = {
            "engineers": Field(self.users, True),
            "planned": Field(at, True),
            "until": Field(at),
            "sent": Field(at, default=story["reported_at"] + 4 * MINUTE),
            "note": Field(f.text(2000), default=""),
            "accepted": Field(at),
            "departed": Field(at),
            "left": Field(at),
            "received": Field(at),
            "futile": Field(f.text(500), default=""),
            "late_reason": Field(f.text(500), default=""),
        }
        groups = ("arrived", "declined", "given_to", "report", "told")
        plain = Row(row.file, row.line, {k: v for k, v in row.values.items() if k not in groups}, row.lines)
        visit = f.take(plain, spec, self.faults)
        visit["declined"] = self._group(row, "declined", {"at": Field(at, True), "reason": Field(f.text(500), True)})
        given = {"at": Field(at, True), "by": Field(self.user, True), "engineers": Field(self.users, True)}
        visit["given_to"] = self._group(row, "given_to", given)
        told = {"signer": Field(f.text(60), True), "statement": Field(f.text(2000), True)}
        visit["told"] = self._group(row, "told", told)
        visit["arrived"] = self._group(row, "arrived", self._arrival(at))
        begun = visit["arrived"]["at"] if visit["arrived"] else story["reported_at"]
        visit["report"] = self._report(row, story, at, visit["left"] or begun + 30 * MINUTE)
        if visit["report"] and not visit["arrived"]:
            self.faults.append(
                row.fault("report", "没有到场就没有这份报告。", "No report of a visit without arrival.")
            )
        return visit

    def _arrival(self, at: Reader) -> dict[str, Field]:
        metres = f.whole(-50_000, 50_000)
        return {
            "at": Field(at, True),
            "north_m": Field(metres),
            "east_m": Field(metres),
            "accuracy_m": Field(f.whole(1, 5000), default=12),
            "no_fix": Field(f.word(("underground", "customer_asked", "not_available", "other"))),
            "reason_text": Field(f.text(500), default=""),
            "accepted_by_office": Field(self._inner({"at": Field(at, True), "by": Field(self.user, True),
                                                     "note": Field(f.text(500), default="")})),
        }  # fmt: skip

    # ------------------------------------------------------------ a report

    def _report(self, row: Row, story: Values, at: Reader, end: datetime) -> Values | None:
        """A report; its usual times follow from `end`, when she left (or when it was solved from afar)."""
        given = row.values.get("report")
        if given is None:
            return None
        if not isinstance(given, Row):
            self.faults.append(row.fault("report", "这里要一组内容。", "A group of fields belongs here."))
            return None
        by = {"at": Field(at, True), "by": Field(self.user, True)}
        spec = {
            "by": Field(self.user),
            "solved": Field(at, default=end - 8 * MINUTE),
            "submitted": Field(at, default=end - 2 * MINUTE),
            "guidance": Field(f.text(5000), default=""),
            "findings": Field(f.plain),
            "photos": Field(f.plain),
            "signature": Field(self._inner(self._signature(at, end))),
            "approved": Field(self._inner(by)),
            "returned": Field(self._inner(by | {"comment": Field(f.text(2000), True)})),
            "withdrawn": Field(self._inner(by | {"reason": Field(f.text(500), True)})),
        }
        plain = Row(given.file, given.line, {k: v for k, v in given.values.items() if k not in ("findings", "photos")},
                    given.lines)  # fmt: skip
        report = f.take(plain, spec, self.faults)
        report["findings"] = [self._finding(finding, story) for finding in self._list(given, "findings")]
        report["photos"] = [self._photo(photo, at) for photo in self._list(given, "photos")]
        self._check_complete(given, report)
        return report

    def _check_complete(self, row: Row, report: Values) -> None:
        """What a report lacks before the customer may sign is a fault of the file too."""
        numbered = [
            finding | {"id": str(no), "cause_unknown_until": str(finding["cause_unknown_until"] or "")}
            for no, finding in enumerate(report["findings"])
        ]
        parts = [part | {"finding_id": finding["id"]} for finding in numbered for part in finding["parts"]]
        for lack in missing_of(report | {"findings": numbered, "part_lines": parts}, "sign"):
            label = LABELS[lack.missing]
            self.faults.append(row.fault("report", f"还缺{label['zh']}。", f"It lacks {label['en']} ({lack.path})."))

    def _signature(self, at: Reader, end: datetime) -> dict[str, Field]:
        return {
            "at": Field(at, default=end - 5 * MINUTE),
            "result": Field(f.word(RESULTS), default="accepted"),
            "signer": Field(f.text(60), default=""),
            "title": Field(f.text(60), default=""),
            "rating": Field(f.whole(1, 5)),
            "remarks": Field(f.text(2000), default=""),
            "reason": Field(f.text(500), default=""),
            "photo": Field(self._inner(self._picture())),
        }

    def _finding(self, row: Row, story: Values) -> Values:
        day = f.day(self.ground.today)
        spec = {
            "asset": Field(self.asset, default=story["assets"][0]),
            "symptom_found": Field(f.text(5000), True),
            "cause_category": Field(f.word(CAUSES)),
            "cause_text": Field(f.text(5000), default=""),
            "cause_unknown_until": Field(day),
            "fix_category": Field(f.word(FIXES), True),
            "fix_text": Field(f.text(5000), True),
            "outcome": Field(f.word(OUTCOMES), True),
            "not_fixed_reason": Field(f.text(2000), default=""),
            "next_step": Field(f.text(2000), default=""),
        }
        plain = Row(row.file, row.line, {k: v for k, v in row.values.items() if k != "parts"}, row.lines)
        finding = f.take(plain, spec, self.faults)
        part = {
            "name": Field(f.text(120), True),
            "part_no": Field(f.text(60), default=""),
            "quantity": Field(f.whole(1, 9999), default=1),
            "old_serial": Field(f.text(80), default=""),
            "new_serial": Field(f.text(80), default=""),
            "origin": Field(f.text(20), default="original_new"),
        }
        finding["parts"] = [f.take(line, part, self.faults) for line in self._list(row, "parts")]
        return finding

    def _photo(self, row: Row, at: Reader) -> Values:
        return f.take(row, {"at": Field(at, True)} | self._picture(), self.faults)

    def _picture(self) -> dict[str, Field]:
        """A drawn picture; its words are Latin, for they are drawn with Pillow's own font."""
        return {
            "caption": Field(f.text(200), default=""),
            "picture": Field(f.word(PICTURES), default="board"),
            "words": Field(f.text(40), default=""),
        }

    # ------------------------------------------------------------ lists and groups

    def _list(self, row: Row, name: str) -> list[Row]:
        given = row.values.get(name) or []
        if isinstance(given, list) and all(isinstance(item, Row) for item in given):
            return given
        self.faults.append(row.fault(name, "这里要一列，每条以 - 开头。", "A list belongs here, each begun with -."))
        return []

    def _inner(self, spec: dict[str, Field]) -> Reader:
        """A reader of a group of fields."""

        def read(value: Any) -> Values:
            if not isinstance(value, Row):
                raise f.wrong("这里要一组内容，写成 {at: …, by: …}。", "A group belongs here, like {at: …, by: …}.")
            return f.take(value, spec, self.faults)

        return read

    def _group(self, row: Row, name: str, spec: dict[str, Field]) -> Values | None:
        given = Row(row.file, row.line, {k: v for k, v in row.values.items() if k == name}, row.lines)
        value: Values | None = f.take(given, {name: Field(self._inner(spec))}, self.faults)[name]
        return value

    # ------------------------------------------------------------ history.csv

    def _line(self, row: Row) -> Values | None:
        spec = {
            "day": Field(f.plain, True),
            "time": Field(f.plain, True),
            "serial": Field(self.asset, True),
            "contact": Field(f.text(60)),
            "kind": Field(f.word(KINDS), default="repair"),
            "channel": Field(f.word(CHANNELS), default="phone"),
            "priority": Field(f.word(PRIORITIES)),
            "fault": Field(f.text(60)),
            "symptom": Field(f.text(5000), True),
            "engineer": Field(self.user, True),
            "arrive": Field(f.seconds),
            "stay": Field(f.seconds, True),
            "cause_category": Field(f.word(CAUSES), True),
            "cause": Field(f.text(5000), True),
            "fix_category": Field(f.word(FIXES), True),
            "fix": Field(f.text(5000), True),
            "outcome": Field(f.word(OUTCOMES), True),
            "next_step": Field(f.text(2000), default=""),
            "part": Field(f.text(120)),
            "part_no": Field(f.text(60), default=""),
            "old_serial": Field(f.text(80), default=""),
            "new_serial": Field(f.text(80), default=""),
            "guidance": Field(f.text(5000), default=""),
            "rating": Field(f.whole(1, 5)),
            "excuse": Field(f.text(500)),
        }
        faults = len(self.faults)
        line = f.take(row, spec, self.faults)
        if len(self.faults) > faults:
            return None
        day = line["day"] if "d" in line["day"] or "-" in line["day"][1:] else f"{line['day']}d"
        story: Values = {name: line[name] for name in ("kind", "channel", "priority", "fault", "symptom", "contact")}
        story |= {"row": row, "name": f"{row.file}:{row.line}", "assets": [line["serial"]], "owner": None, "phone_reason": "",
                  "reported": f"{day} {line['time']}", "language": "zh"}  # fmt: skip
        if "en" in line["symptom"].lower().split() or line["symptom"].isascii():
            story["language"] = "en"
        self._place(story, row)
        if self._moments(row, story) is None:
            return None
        story |= _spread(line, story, crc32(f"{row.line}{line['serial']}".encode()))
        for report in [story["report"], *(visit["report"] for visit in story["visits"])]:
            if report is not None:
                self._check_complete(row, report)
        return story


def _spread(line: Values, story: Values, seed: int) -> Values:
    """The course of an ordinary job out of its line: who wrote when follows from arrival and stay."""
    reported = story["reported_at"]
    contacted = reported if line["channel"] == "onsite" else reported + timedelta(minutes=3 + seed % 9)
    finding = {
        "asset": line["serial"], "symptom_found": line["symptom"], "cause_category": line["cause_category"],
        "cause_text": line["cause"], "cause_unknown_until": None, "fix_category": line["fix_category"],
        "fix_text": line["fix"], "outcome": line["outcome"], "not_fixed_reason": "",
        "next_step": line["next_step"], "parts": [],
    }  # fmt: skip
    if line["part"]:
        finding["parts"] = [
            {"name": line["part"], "quantity": 1, "origin": "original_new"}
            | {name: line[name] for name in ("part_no", "old_serial", "new_serial")}
        ]
    stay = timedelta(seconds=line["stay"])
    arrived = reported + timedelta(seconds=line["arrive"]) if line["arrive"] else None
    end = (arrived or reported) + stay
    report: Values = {
        "by": line["engineer"], "solved": end - 8 * MINUTE, "submitted": end - 2 * MINUTE, "photos": [],
        "guidance": line["guidance"], "findings": [finding], "returned": None, "withdrawn": None,
        "approved": {"at": end + timedelta(hours=20 + seed % 6), "by": None},
        "signature": {"at": end - 5 * MINUTE, "result": "accepted", "signer": None, "title": None,
                      "rating": line["rating"], "remarks": "", "reason": "", "photo": None},
    }  # fmt: skip
    out: Values = {
        "log": [_entry(contacted, "contacted", line["engineer"])],
        "visits": [], "report": None, "waiting": None, "cancelled": None, "reopened": None,
        "corrected": None, "on_phone": None, "changed": None, "link": None,
        "closed": {"at": end + timedelta(hours=27), "by": None},
    }  # fmt: skip
    if line["excuse"]:
        out["log"].append(_entry(end + 5 * MINUTE, "excused", None, line["excuse"], "arrive"))
    if arrived is None:
        report["submitted"] = report["solved"] = end
        out["closed"]["at"] = end + timedelta(minutes=40)
        return out | {"report": report, "owner": line["engineer"]}
    travel = min(timedelta(minutes=35), (arrived - reported) / 2)
    sent = max(reported + MINUTE, min(contacted + 2 * MINUTE, arrived - travel - 2 * MINUTE))
    if line["priority"] == "critical":
        sent = reported  # somebody leaves at once
    visit = {
        "engineers": [line["engineer"]], "planned": arrived - timedelta(minutes=arrived.minute % 10), "until": None,
        "sent": sent, "note": "", "accepted": sent + MINUTE,
        "departed": arrived - travel, "left": end, "received": None, "futile": "", "late_reason": "",
        "declined": None, "given_to": None, "report": report, "told": None,
        "arrived": {"at": arrived, "north_m": seed % 90 - 45, "east_m": seed // 97 % 90 - 45, "no_fix": None,
                    "accuracy_m": 6 + seed // 31 % 17, "reason_text": "", "accepted_by_office": None},
    }  # fmt: skip
    return out | {"visits": [visit]}


def _entry(at: datetime, what: str, by: str | None, note: str = "", clock: str | None = None) -> Values:
    return {"at": at, "what": what, "by": by, "note": note, "until": None, "clock": clock}
