"""What a customer does by her link: accept or reject, rate, sign what was handed in unsigned.

Each writes the work-order log as the office and the signature do, with source `link`, no author of ours, and who she
says she is. The id comes from her browser: the same tap again changes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import rfc8785
import sqlalchemy as sa
from sqlalchemy.orm import Session

from backend.acknowledgements.problems import NoInk
from backend.acknowledgements.rules.ink import has_ink, read_strokes
from backend.core import clock, storage
from backend.core.problems import Fault, Invalid
from backend.customers.models import Site
from backend.links.models import CustomerLink
from backend.links.problems import AlreadyAnswered, NothingToAnswer, NothingToSign
from backend.links.rules.progress import CustomerSaid, last_of, said_of
from backend.links.view import report_of
from backend.notices import services as notices
from backend.notices.people import concerned
from backend.reports import signing
from backend.reports.models import Report, Signature
from backend.reports.paper_desk import read_file
from backend.reports.rules.states import COUNTED
from backend.visits.models import Visit
from backend.visits.taps import Tap
from backend.workorders.ground import entries_of
from backend.workorders.models import LogEntry, WorkOrder
from backend.workorders.rules.entries import Entry
from backend.workorders.services import add_log_entry

RATED = ("resolved", "accepted", "closed")  # states of the work order in which she may say how it was


def answer(session: Session, link: CustomerLink, values: Mapping[str, Any], now: datetime) -> None:
    """accepted or rejected. values: {id, result, who, remarks}. Raises AlreadyAnswered, NothingToAnswer, Invalid."""
    order = session.get_one(WorkOrder, link.work_order_id)
    if _is_known(session, LogEntry, values["id"], link):
        return
    if order.state != "resolved":
        raise _too_late(session, order)
    _check_words(values)
    _log(session, link, order, values["result"], values, values["remarks"], {}, now)
    if values["result"] == "accepted":
        _hand_over(session, order, now)
    else:
        _tell_people(session, order, values["id"], now)


def _check_words(values: Mapping[str, Any]) -> None:
    faults = []
    if not values["who"].strip():
        faults.append(Fault("$.who", {"zh": "请写您的姓名。", "en": "Please write your name."}))
    if values["result"] == "rejected" and not values["remarks"].strip():
        words = {"zh": "请写一句哪里不对。", "en": "Please say what is not right."}
        faults.append(Fault("$.remarks", words))
    if faults:
        raise Invalid(faults=faults)


def rate(session: Session, link: CustomerLink, values: Mapping[str, Any], now: datetime) -> None:
    """How satisfied she is, once. values: {id, rating 1–5, remarks, who}. Raises AlreadyAnswered, NothingToAnswer."""
    order = session.get_one(WorkOrder, link.work_order_id)
    if _is_known(session, LogEntry, values["id"], link):
        return
    rated = last_of(_entries(session, order), "rated")
    if rated is not None:
        at = _local(session, order, rated.at)
        words = {"zh": f"{at} 已经评过了，谢谢您。", "en": f"It was rated on {at} already, thank you."}
        extra = {"what": "rated", "who": str(rated.data.get("who") or ""), "at": clock.iso(rated.at)}
        raise AlreadyAnswered(detail=words, extra=extra)
    if order.state not in RATED:
        raise NothingToAnswer()
    _log(session, link, order, "rated", values, values["remarks"], {"rating": values["rating"]}, now)


def sign(
    session: Session, link: CustomerLink, report_id: str, values: Mapping[str, Any], now: datetime
) -> None:  # fmt: skip
    """Ink under the very file that was frozen when nobody signed (K-8).

    values  {id, document_sha256, strokes {width, height, lines}, result, remarks, signer_name, signer_title}
    raises  NothingToSign, AlreadyAnswered, NoInk, Invalid
    """
    report = report_of(session, link, report_id)
    if _is_known(session, Signature, values["id"], link):
        return
    waiting = signing.unsigned_answer(session, report)
    if waiting is None or waiting.document_sha256 != values["document_sha256"]:
        raise NothingToSign()
    order = session.get_one(WorkOrder, link.work_order_id)
    said = said_of(_entries(session, order))
    if said is not None and (said.what == "rejected" or values["result"] == "rejected"):
        raise _already(session, order, said)
    if values["result"] == "rejected" and order.state != "resolved":
        raise NothingToAnswer()
    strokes = rfc8785.dumps(values["strokes"])
    if not has_ink(read_strokes(strokes)):
        raise NoInk(faults=[Fault("$.strokes", NoInk.title)])
    given = {name: values[name] for name in ("document_sha256", "result", "remarks", "signer_name", "signer_title")}
    rated = last_of(_entries(session, order), "rated")
    given |= {"rating": rated.data.get("rating") if rated else None}
    given |= {"report_id": report.id, "strokes_sha256": storage.put(strokes)}
    tap = Tap(at=now, corrected_at=now, quality="server", received_at=now, source="link")
    signing.sign_later(session, report, values["id"], given, tap, read_file, now)
    if values["result"] == "rejected":
        _tell_people(session, order, values["id"], now)


# ---------------------------------------------------------------- what is shared


def _entries(session: Session, order: WorkOrder) -> Sequence[Entry]:
    return entries_of(session, [order.id])[order.id]


def _is_known(session: Session, model: type[Any], ident: str, link: CustomerLink) -> bool:
    """The same tap again. Raises Invalid for an id that is another work order's."""
    row = session.get(model, ident)
    if row is not None and row.work_order_id != link.work_order_id:
        raise Invalid(faults=[Fault("$.id", {"zh": "请刷新后再试。", "en": "Please reload and try again."})])
    return row is not None


def _log(
    session: Session, link: CustomerLink, order: WorkOrder, what: str, values: Mapping[str, Any], note: str,
    more: Mapping[str, Any], now: datetime,
) -> None:  # fmt: skip
    data = {"who": values["who"].strip(), "how": "link", "link_id": link.id} | dict(more)
    add_log_entry(
        session, order, what=what, at=now, now=now, source="link", note=note.strip(), data=data, entry_id=values["id"]
    )


def _hand_over(session: Session, order: WorkOrder, now: datetime) -> None:
    """交验日期 comes with the acceptance, on reports that have none yet."""
    tz = session.get_one(Site, order.site_id).tz
    query = sa.select(Report).where(
        Report.work_order_id == order.id, Report.state.in_(COUNTED), Report.handed_over_on.is_(None)
    )
    for report in session.scalars(query):
        report.handed_over_on = clock.local_date(now, tz)


def _tell_people(session: Session, order: WorkOrder, said_id: str, now: datetime) -> None:
    """Nobody of ours was there when she said no: the dispatchers, the owner and who was on site last are told."""
    last = (
        sa.select(Visit.lead_id).where(Visit.work_order_id == order.id).order_by(Visit.planned_from.desc()).limit(1)
    )
    people = concerned(session, [order])[order.id].of(with_admins=False) | set(session.scalars(last))
    subject = f"customer_rejected {said_id}"
    notices.tell(session, people, kind="customer_rejected", subject=subject, work_order_id=order.id, now=now)


def _too_late(session: Session, order: WorkOrder) -> AlreadyAnswered | NothingToAnswer:
    said = said_of(_entries(session, order))
    return _already(session, order, said) if said else NothingToAnswer()


def _already(session: Session, order: WorkOrder, said: CustomerSaid) -> AlreadyAnswered:
    """Says who answered what, and when."""
    at, is_yes = _local(session, order, said.at), said.what == "accepted"
    words = {
        "zh": f"{said.who or '客户'} {at} 已答复：{'验收' if is_yes else '没有验收'}。",
        "en": f"{said.who or 'The customer'} {'accepted' if is_yes else 'did not accept'} it on {at}.",
    }
    return AlreadyAnswered(detail=words, extra={"what": said.what, "who": said.who, "at": clock.iso(said.at)})


def _local(session: Session, order: WorkOrder, at: datetime) -> str:
    return f"{at.astimezone(ZoneInfo(session.get_one(Site, order.site_id).tz)):%Y-%m-%d %H:%M}"
