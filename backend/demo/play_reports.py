"""Plays a story's reports: written, photographed, signed on a frozen document, handed in, read by the office.

Beside play.py for length; every step again goes through the slices' own services. The customer signs the document
that `reports.rules.document` makes, byte for byte as on a phone, so that its verification is a real one.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import orjson

from backend.core import clock, storage
from backend.core.ids import new_id
from backend.customers.models import Contact
from backend.demo.ground import Values
from backend.demo.pictures import jpeg_of, strokes_of
from backend.reports import review, services, signing
from backend.reports.facts import freeze, gather
from backend.reports.models import Finding, Photo, Report
from backend.reports.rules import document as documents
from backend.reports.rules.short_ref import short_ref
from backend.sync_api.journal import Doer
from backend.sync_api.naming import name_file
from backend.workorders import settling

if TYPE_CHECKING:
    from backend.demo.play import Play, Step, Told

MINUTE = timedelta(minutes=1)


class ReportPlay:
    """One report of a story: of its visit `number`, or of none."""

    def __init__(self, play: Play, told: Told, values: Values, number: int | None) -> None:
        self.play, self.session, self.told, self.values, self.number = play, play.session, told, values, number
        story = told.story
        author = story["visits"][number]["engineers"][0] if number is not None else values["by"] or story["owner"]
        self.actor = play.players.actors[author]
        self.report: Report | None = None
        self.findings: list[Finding] = []

    @property
    def made(self) -> Report:
        assert self.report is not None
        return self.report

    def steps(self, begun: datetime, received: datetime | None) -> Iterator[Step]:
        """What happens to the report, `begun` when work began; what the phone kept comes at `received`."""
        from backend.demo.play import Step

        def known(at: datetime) -> datetime:
            return max(at, received or at)

        values = self.values
        signature = values["signature"]
        yield Step(known(begun), lambda at: self._start(begun, at))
        yield Step(known(values["solved"]), lambda at: self._write(values["solved"], at))
        for photo in values["photos"]:
            yield Step(known(max(photo["at"], values["solved"])), lambda at, photo=photo: self._photo(photo, at))
        if signature and self.number is not None:
            yield Step(known(signature["at"]), lambda at: self._sign(signature, at))
        yield Step(known(values["submitted"]), lambda at: self._submit(at))
        if self.number is None:
            yield Step(values["submitted"] + 10 * MINUTE, self._accept_by_phone)
        yield from self._office_steps()

    def _office_steps(self) -> Iterator[Step]:
        from backend.demo.play import Step

        back, values = self.values["returned"], self.values
        players, session = self.play.players, self.session
        if back:
            yield Step(back["at"], lambda at: review.send_back(
                session, players.actors[back["by"]], self.made, back["comment"], (), at))  # fmt: skip
        if values["approved"]:
            by = values["approved"]["by"]
            admin = players.actors[by] if by else players.admin
            yield Step(values["approved"]["at"], lambda at: review.approve(session, admin, self.made, at))
        gone = values["withdrawn"]
        if gone:
            yield Step(gone["at"], lambda at: review.withdraw(
                session, players.actors[gone["by"]], self.made, gone["reason"], at))  # fmt: skip

    # ------------------------------------------------------------ written

    def _start(self, begun: datetime, at: datetime) -> None:
        ident = new_id()
        visit = self.told.visits[self.number] if self.number is not None else None
        values = {
            "work_order_id": self.told.made.id,
            "visit_id": visit.id if visit else None,
            "short_ref": short_ref(ident),
            "language": self.told.story["language"],
        }
        tap = self.play.tap(begun, at)
        self.report = services.start_report(self.session, self.actor, ident, values, tap, at)

    def _write(self, solved: datetime, at: datetime) -> None:
        """Findings, parts, guidance; and what the cause makes necessary to tell before work."""
        names = ("symptom_found", "cause_category", "cause_text", "cause_unknown_until", "fix_category", "fix_text",
                 "outcome", "not_fixed_reason", "next_step")  # fmt: skip
        tap = self.play.tap(solved, at)
        for told in self.values["findings"]:
            values = {name: told[name] for name in names} | {"asset_id": told["asset"]}
            finding = services.add_finding(self.session, self.actor, self.made, new_id(), values, at)
            self.findings.append(finding)
            for part in told["parts"]:
                services.add_part_line(self.session, self.actor, finding, new_id(), part, tap, at)
        services.edit_report(self.session, self.actor, self.made, {"guidance": self.values["guidance"]}, at)
        if any(told["cause_category"] == "user_damage" for told in self.values["findings"]):
            settling.mark(self.session, self.told.made.id, at)  # the cause changed who pays: that is told before work
            self.play.notices(self.told, self.actor.user_id, self.number, at)

    def _photo(self, photo: Values, at: datetime) -> Photo:
        taken = self.play.tap(photo["at"], at).at
        data = jpeg_of(photo["picture"], photo["words"], f"{self.told.story['name']} {photo['at']}")
        values = {
            "work_order_id": self.told.made.id,
            "visit_id": self.made.visit_id,
            "report_id": self.made.id,
            "finding_id": self.findings[0].id if self.findings else None,
            "sha256": storage.put(data),
            "size_bytes": len(data),
            "content_type": "image/jpeg",
            "taken_at": taken,
            "caption": photo["caption"],
        }
        row = services.add_photo(self.session, self.actor, new_id(), values, at)
        self._name(values["sha256"], ("photo", row.id), len(data), "image/jpeg", at)
        return row

    # ------------------------------------------------------------ signed

    def _sign(self, signature: Values, at: datetime) -> None:
        tap = self.play.tap(signature["at"], at)
        document = documents.bytes_of(self._document(signature, tap.at))
        ident, strokes = new_id(), None
        contact = self.session.get(Contact, self.told.made.contact_id) if self.told.made.contact_id else None
        signer = signature["signer"] or (contact.name if contact else "")
        if signature["result"] not in signing.UNSIGNED:
            strokes = orjson.dumps(strokes_of(signer, self.made.id))
        photo = self._photo(signature["photo"] | {"at": signature["at"]}, at) if signature["photo"] else None
        values = {
            "report_id": self.made.id,
            "document_sha256": storage.put(document),
            "strokes_sha256": storage.put(strokes) if strokes else None,
            "signer_name": signer if strokes else "",
            "signer_title": (signature["title"] or (contact.title if contact else "")) if strokes else "",
            "photo_id": photo.id if photo else None,
        } | {name: signature[name] for name in ("result", "remarks", "reason", "rating")}
        signing.add_signature(self.session, self.actor, ident, values, tap, _read, at)
        self._name(values["document_sha256"], ("signature", ident), len(document), "application/json", at)
        if strokes:
            self._name(values["strokes_sha256"], ("signature", ident), len(strokes), "application/json", at)

    def _document(self, signature: Values, frozen_at: datetime) -> Values:
        """The document as the phone freezes it: the rows, who pays, and the times she will hand in."""
        document = freeze(self.session, gather(self.session, self.made), clock.iso(frozen_at) or "")
        signed = document["signed"]
        signed["charges"] = self._charges()
        paid = next((one for one in signed["charges"] if one["kind"] == "parts"), {})
        for part in (part for finding in signed["findings"] for part in finding["parts"]):
            part |= {"charge": paid.get("charge"), "clause": paid.get("clause")}
        if any(told["outcome"] in review.WORKING for told in self.values["findings"]):
            signed["moments"].append({"what": "solved", "at": clock.iso(self.values["solved"])})
        if signature["result"] in ("accepted", "accepted_with_remarks"):
            site = self.play.sites[self.told.story["site_id"]]
            signed["handed_over_on"] = clock.local_date(signature["at"], site["tz"]).isoformat()
        return document

    def _charges(self) -> list[Values]:
        """Each kind of cost as decided; the clause is the first reason's."""
        decided: Values = self.told.made.entitlement or {}
        clause = next((reason["clause"] for reason in decided.get("reasons") or ()), None)
        return [
            {"kind": kind, "charge": charge, "amount": None, "clause": clause}
            for kind, charge in (decided.get("charges") or {}).items()
            if charge
        ]

    # ------------------------------------------------------------ handed in

    def _submit(self, at: datetime) -> None:
        tap = self.play.tap(self.values["submitted"], at)
        solved = self.play.tap(self.values["solved"], at).at
        review.submit(self.session, self.actor, self.made, solved, tap, at)

    def _accept_by_phone(self, at: datetime) -> None:
        """Fixed from afar: the customer says so on the telephone, the office writes it down."""
        order = self.told.made
        office = self.play.players.office[order.branch_id]
        self.play.write(self.told, office.user_id, "accepted", at, data={"who": order.caller_name, "how": "phone"})

    def _name(self, sha256: str, key: tuple[str, str], size: int, content_type: str, at: datetime) -> None:
        """The record names the file, whose bytes are there already."""
        doer = Doer(self.actor.user_id, None, None, at)
        file = name_file(self.session, sha256, key, doer, size, content_type)
        file.state, file.stored_at = "stored", at


def _read(sha256: str) -> bytes | None:
    return storage.read(sha256) if storage.is_stored(sha256) else None
