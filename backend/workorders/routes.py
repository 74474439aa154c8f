"""Work orders over HTTP: intake, list, page, log, ends, board, search."""

from __future__ import annotations

from typing import Any

from apiflask import APIBlueprint
from flask import g

from backend.core.db import db
from backend.core.http import needs, request_now
from backend.workorders import again, exchange, intake, lists, schemas, services, settling, trial
from backend.workorders.models import LogEntry, WorkOrder

bp = APIBlueprint("workorders", __name__, url_prefix="/api", tag="work orders")


@bp.post("/decisions/preview")
@needs("customers.read")
@bp.input(schemas.PreviewIn)
@bp.output(schemas.PreviewOut)
@bp.doc(summary="What the letters would decide for a call, and open work on the same assets; stores nothing")
def preview(json_data: dict[str, Any]) -> dict[str, Any]:
    return intake.preview(db.session, g.actor, json_data, request_now())


@bp.post("/decisions/try")
@needs("letters.write", own_transaction=True)
@bp.input(schemas.TryIn)
@bp.output(schemas.TryOut)
@bp.doc(summary="What letters would decide for facts as `explain` takes them, with its faults; stores nothing")
def try_letters(json_data: dict[str, Any]) -> dict[str, Any]:
    return trial.tried(db.session, json_data["facts"], json_data.get("text"))


@bp.get("/work-orders/<work_order_id>/facts")
@needs("letters.write")
@bp.output(schemas.FactsOut)
@bp.doc(summary="The facts that a work order is decided by, asset by asset, to try letters on")
def show_facts(work_order_id: str) -> dict[str, Any]:
    row = services.work_order_for(db.session, g.actor, work_order_id)
    return {"facts": trial.facts_by_asset(db.session, row, request_now())}


@bp.get("/decisions/again")
@needs("work_orders.read")
@bp.output(schemas.AgainOut)
@bp.doc(summary="How many open work orders a change touched are still to be decided again by the worker")
def decisions_again() -> dict[str, int]:
    return {"left": again.left(db.session)}


@bp.get("/work-orders")
@needs("work_orders.read")
@bp.input(schemas.WorkOrderQuery, location="query")
@bp.output(schemas.WorkOrderPage)
@bp.doc(summary="Work orders one sees, filtered; decides nothing")
def list_work_orders(query_data: dict[str, Any]) -> dict[str, Any]:
    rows, next_cursor = lists.listed(db.session, g.actor, query_data, request_now())
    return {"rows": rows, "next_cursor": next_cursor}


@bp.post("/work-orders")
@needs("work_orders.write")
@bp.input(schemas.WorkOrderIn)
@bp.output(schemas.WorkOrderDetail, status_code=201)
@bp.doc(summary="Take a call; the number, clocks and first log line are given")
def add_work_order(json_data: dict[str, Any]) -> dict[str, Any]:
    row = intake.take_call(db.session, g.actor, json_data, request_now())
    return _page(row)


@bp.get("/work-orders/<work_order_id>")
@needs("work_orders.read")
@bp.output(schemas.WorkOrderDetail)
@bp.doc(summary="A work order with its log, visits, reports, gates")
def show_work_order(work_order_id: str) -> dict[str, Any]:
    return _page(services.work_order_for(db.session, g.actor, work_order_id))


@bp.patch("/work-orders/<work_order_id>")
@needs("work_orders.write")
@bp.input(schemas.WorkOrderEdit)
@bp.output(schemas.WorkOrderDetail)
@bp.doc(summary="Change a work order, field by field; what it alters is decided again")
def edit_work_order(work_order_id: str, json_data: dict[str, Any]) -> dict[str, Any]:
    row = services.work_order_for(db.session, g.actor, work_order_id)
    services.change(
        db.session, g.actor, row, schemas.OfficeFields(), json_data["base"], json_data["fields"], request_now()
    )
    return _page(row)


@bp.post("/work-orders/<work_order_id>/log")
@needs("work_orders.log")
@bp.input(schemas.LogEntryIn)
@bp.output(schemas.LogEntryOut, status_code=201)
@bp.doc(summary="Write a line into the log")
def add_log_line(work_order_id: str, json_data: dict[str, Any]) -> LogEntry:
    row = services.work_order_for(db.session, g.actor, work_order_id)
    known = db.session.get(LogEntry, json_data["id"]) if "id" in json_data else None
    if known is not None and known.work_order_id == row.id:
        return known
    entry = services.log_by_hand(db.session, g.actor, row, json_data, request_now())
    db.session.flush()  # so that what its columns default to is answered
    return entry


@bp.post("/work-orders/<work_order_id>/log/<entry_id>/void")
@needs("work_orders.log")
@bp.input(schemas.ReasonIn)
@bp.output(schemas.LogEntryOut)
@bp.doc(summary="Void a wrong line of the log, with a reason")
def void_log_line(work_order_id: str, entry_id: str, json_data: dict[str, Any]) -> LogEntry:
    row = services.work_order_for(db.session, g.actor, work_order_id)
    return services.void_by_hand(db.session, g.actor, row, entry_id, json_data["reason"], request_now())


@bp.post("/work-orders/<work_order_id>/cancel")
@needs("work_orders.write")
@bp.input(schemas.ReasonIn)
@bp.output(schemas.WorkOrderDetail)
@bp.doc(summary="Call the work off, with a reason")
def cancel(work_order_id: str, json_data: dict[str, Any]) -> dict[str, Any]:
    row = services.work_order_for(db.session, g.actor, work_order_id)
    return _page(services.cancel(db.session, g.actor, row, json_data["reason"], request_now()))


@bp.post("/work-orders/<work_order_id>/close")
@needs("work_orders.write")
@bp.input(schemas.ReasonIn)
@bp.output(schemas.WorkOrderDetail)
@bp.doc(summary="Close when every gate holds; an admin may override with a reason")
def close(work_order_id: str, json_data: dict[str, Any]) -> dict[str, Any]:
    row = services.work_order_for(db.session, g.actor, work_order_id)
    return _page(services.close(db.session, g.actor, row, json_data["reason"], request_now()))


@bp.post("/work-orders/<work_order_id>/reopen")
@needs("work_orders.write")
@bp.input(schemas.ReasonIn)
@bp.output(schemas.WorkOrderDetail)
@bp.doc(summary="Open a closed or cancelled work order again, with a reason")
def reopen(work_order_id: str, json_data: dict[str, Any]) -> dict[str, Any]:
    row = services.work_order_for(db.session, g.actor, work_order_id)
    return _page(services.reopen(db.session, g.actor, row, json_data["reason"], request_now()))


@bp.post("/work-orders/<work_order_id>/lift-suspension")
@needs("work_orders.write")
@bp.input(schemas.ReasonIn)
@bp.output(schemas.WorkOrderDetail)
@bp.doc(summary="Serve although the letter lets one decline, with a reason; both stay on the record")
def lift_suspension(work_order_id: str, json_data: dict[str, Any]) -> dict[str, Any]:
    row = services.work_order_for(db.session, g.actor, work_order_id)
    return _page(services.lift_suspension(db.session, g.actor, row, json_data["reason"], request_now()))


@bp.post("/work-orders/<work_order_id>/suspend-again")
@needs("work_orders.write")
@bp.input(schemas.ReasonIn)
@bp.output(schemas.WorkOrderDetail)
@bp.doc(summary="Take back a lifted suspension, with a reason; the letter's word holds again")
def suspend_again(work_order_id: str, json_data: dict[str, Any]) -> dict[str, Any]:
    row = services.work_order_for(db.session, g.actor, work_order_id)
    return _page(services.suspend_again(db.session, g.actor, row, json_data["reason"], request_now()))


@bp.post("/work-orders/<work_order_id>/exchange")
@needs("assets.write")
@bp.input(schemas.ExchangeIn)
@bp.output(schemas.WorkOrderDetail)
@bp.doc(summary="Another unit in exchange for an asset; its dates start as the letter says")
def exchange_asset(work_order_id: str, json_data: dict[str, Any]) -> dict[str, Any]:
    row = services.work_order_for(db.session, g.actor, work_order_id)
    return _page(exchange.exchange(db.session, g.actor, row, json_data, request_now()))


@bp.get("/board")
@needs("work_orders.read")
@bp.output(schemas.BoardOut)
@bp.doc(summary="Counts above the board")
def board() -> dict[str, int]:
    return lists.board(db.session, g.actor, request_now())


@bp.get("/search")
@needs("search")
@bp.input(schemas.SearchQuery, location="query")
@bp.output(schemas.SearchOut)
@bp.doc(summary="Find customers, sites, contacts, assets, work orders, reports")
def search(query_data: dict[str, Any]) -> dict[str, Any]:
    return {"rows": lists.search(db.session, g.actor, query_data["q"], query_data["limit"])}


def _page(row: WorkOrder) -> dict[str, Any]:
    """The page as it will stand after the commit."""
    settling.settle_all(db.session)
    return lists.page_of(db.session, g.actor, row, request_now())
