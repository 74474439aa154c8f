"""The customer's answer to a report without a visit: told on the telephone, written down by who heard it (K-2, K-8).

Nobody stands before her with a phone, so nothing is signed: the text is frozen as it was read to her, the answer is
*absent* with its reason, and what she said stands in the work order's log with who said it and how.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy.orm import Session

from backend.accounts.services import Actor
from backend.core import clock, storage
from backend.core.ids import new_id
from backend.core.problems import Fault, Invalid
from backend.customers.models import Site
from backend.reports import signing
from backend.reports.facts import freeze, gather
from backend.reports.models import Report, Signature
from backend.reports.paper_desk import read_file
from backend.reports.rules.document import bytes_of
from backend.visits.services import write_log
from backend.visits.taps import at_desk
from backend.workorders.models import WorkOrder

ANSWERS = ("accepted", "rejected", "absent")
_SAID = {
    "zh": {"accepted": "远程处理，{who}在电话里验收", "rejected": "远程处理，{who}在电话里没有验收", "absent": "远程处理，没有联系上客户"},
    "en": {"accepted": "Handled from afar; {who} accepted it on the telephone",
           "rejected": "Handled from afar; {who} did not accept it on the telephone",
           "absent": "Handled from afar; the customer could not be reached"},
}  # fmt: skip


def keep_answer(
    session: Session, actor: Actor, report: Report, answer: Mapping[str, str], now: datetime
) -> Signature:
    """answer: {result: accepted | rejected | absent, who, note}. Raises Invalid, and what signing raises."""
    result, who, note = answer["result"], answer["who"].strip(), answer["note"].strip()
    _check(report, result, who, note)
    tap = at_desk(now)
    document = freeze(session, gather(session, report), clock.iso(now) or "")
    words = _SAID[report.language][result].format(who=who)
    values = {
        "report_id": report.id,
        "document_sha256": storage.put(bytes_of(document)),
        "result": "absent",
        "reason": ("：" if report.language == "zh" else ": ").join(part for part in (words, note) if part),
    }
    signature = signing.add_signature(session, actor, new_id(), values, tap, read_file, now)
    if result != "absent":
        work_order = session.get_one(WorkOrder, report.work_order_id)
        if result == "accepted":
            report.handed_over_on = clock.local_date(now, session.get_one(Site, work_order.site_id).tz)
        data = {"signature_id": signature.id, "report_id": report.id, "who": who, "how": "phone"}
        write_log(session, work_order, result, actor.user_id, tap, now, note=note, data=data)
    return signature


def _check(report: Report, result: str, who: str, note: str) -> None:
    faults = []
    if report.visit_id is not None:
        words = {"zh": "上门的报告请客户在手机上答复。", "en": "After a visit the customer answers on the phone."}
        faults.append(Fault("$.answer", words))
    if result != "absent" and not who:
        words = {"zh": "请写是谁说的。", "en": "State who said it."}
        faults.append(Fault("$.answer.who", words))
    if result != "accepted" and not note:
        words = {"zh": "请写明原因。", "en": "Please state the reason."}
        faults.append(Fault("$.answer.note", words))
    if faults:
        raise Invalid(faults=faults)
