"""What a customer was told before work and signed on the engineer's phone. Called by Play for the visits that say so."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import orjson

from backend.acknowledgements import services
from backend.acknowledgements.rules.document import FORM, SCHEMA, bytes_of
from backend.acknowledgements.rules.told import PRICED, told_of
from backend.core import clock, storage
from backend.core.ids import new_id
from backend.demo.ground import Values
from backend.demo.pictures import strokes_of
from backend.sync_api.journal import Doer
from backend.sync_api.naming import name_file
from backend.workorders.acknowledged import WHATS as OPENED_BY

if TYPE_CHECKING:
    from backend.demo.play import Play, Told


def sign_before(play: Play, told: Told, number: int, at: datetime) -> None:
    """Each open gate of this kind gets the signed answer that opens it.

    number  of the visit, whose `told` names the signer and the sentence she read
    """
    words, visit = told.story["visits"][number]["told"], told.visits[number]
    for gate in told.made.gates:
        if gate["gate"] not in OPENED_BY or gate["holds"]:
            continue
        about, order = OPENED_BY[gate["gate"]][1], told.made
        lines = told_of(order.entitlement["charges"], order.quote) if about in PRICED else []
        said = {"about": about, "statement": words["statement"], "clauses": [{"clause": gate["clause"]}], "charges": lines,
                "said_by": "price_list" if lines else None, "remedy": None, "refund": None}  # fmt: skip
        document = bytes_of(_document(play, told, [said], at) | {"work_order_id": order.id, "visit_id": visit.id})
        strokes = orjson.dumps(strokes_of(words["signer"], order.id))
        values = {
            "work_order_id": order.id, "visit_id": visit.id, "about": about, "answer": "accepted",
            "document_sha256": storage.put(document), "strokes_sha256": storage.put(strokes), "reason": "",
            "signer_name": words["signer"], "signer_title": "", "told": lines,
        }  # fmt: skip
        actor = play.players.actors[visit.lead_id]
        row = services.acknowledge(play.session, actor, new_id(), values, play.tap(at, at), storage.read_file, at)
        for sha256, data in ((row.document_sha256, document), (values["strokes_sha256"], strokes)):
            file = name_file(play.session, sha256, ("acknowledgement", row.id), Doer(actor.user_id, None, None, at),
                             len(data), "application/json")  # fmt: skip
            file.state, file.stored_at = "stored", at


def _document(play: Play, told: Told, notices: list[Values], at: datetime) -> Values:
    story = told.story
    site, customer = play.sites[story["site_id"]], play.customers[story["customer_id"]]
    signed = {
        "frozen_at": clock.iso(at), "language": story["language"], "work_order_ref": told.made.number,
        "customer_name": customer["name"], "site_name": site["name"], "site_address": site["address"],
        "contact_name": play.contacts.get(story["contact_id"] or "", {}).get("name", ""), "engineers": [], "assets": [],
        "reported_symptom": story["symptom"], "notices": notices,
    }  # fmt: skip
    return {"schema": SCHEMA, "form": FORM, "signed": signed}
