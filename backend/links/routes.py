"""Customer links over HTTP: the desk makes and revokes them, the customer comes with one.

Her token arrives in the `Authorization: Link …` header: never in an address, so that no log, Referer or proxy keeps it.
Whatever is wrong with it, the answer is one and the same.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from functools import wraps
from typing import Any

from apiflask import APIBlueprint
from apiflask.schemas import FileSchema
from flask import Response, current_app, g, request

from backend.core.db import DatabaseBusy, db, write_transaction
from backend.core.http import READING, language, needs, public, request_now
from backend.core.problems import NotFound
from backend.core.routes import built_file
from backend.links import acts, schemas, services
from backend.links.models import CustomerLink
from backend.links.problems import LinkNotValid, NotInScope
from backend.links.view import customer_view, report_of
from backend.reports import paper_desk
from backend.reports.assemble import assemble
from backend.reports.paper.drawings import qr
from backend.reports.paper.shapes import svg
from backend.reports.routes import base_url
from backend.reports.signing import present_signature
from backend.workorders import settling
from backend.workorders.services import work_order_for

bp = APIBlueprint("links", __name__, tag="customer links")
BYTES = FileSchema(type="string", format="binary")
FILE = "application/octet-stream"


@bp.after_request
def _leave_no_trace(response: Response) -> Response:
    """Errors too: kept nowhere, told to nobody, found by no search engine."""
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Robots-Tag"] = "noindex"
    return response


# ---------------------------------------------------------------- the desk


@bp.get("/api/work-orders/<work_order_id>/links")
@needs("work_orders.write")
@bp.output(schemas.LinkList)
@bp.doc(summary="A work order's customer links, newest first")
def list_links(work_order_id: str) -> dict[str, Any]:
    order = work_order_for(db.session, g.actor, work_order_id)
    return {"rows": services.links_of(db.session, order.id)}


@bp.post("/api/work-orders/<work_order_id>/links")
@needs("work_orders.write")
@bp.input(schemas.LinkIn)
@bp.output(schemas.LinkMade, status_code=201)
@bp.doc(summary="Make a customer link; its address is answered once and kept nowhere")
def add_link(work_order_id: str, json_data: dict[str, Any]) -> dict[str, Any]:
    order = work_order_for(db.session, g.actor, work_order_id)
    link, token = services.make(db.session, g.actor, order, json_data, request_now())
    url = f"{base_url()}/c/#{token}"
    return {"link": link, "url": url, "qr_svg": svg(qr(url))}


@bp.post("/api/links/<link_id>/revoke")
@needs("work_orders.write")
@bp.output(schemas.LinkOut)
@bp.doc(summary="Revoke a customer link")
def revoke_link(link_id: str) -> CustomerLink:
    link = services.link_for(db.session, g.actor, link_id)
    return services.revoke(db.session, g.actor, link, request_now())


# ---------------------------------------------------------------- the customer


@bp.get("/c/")
@public
@bp.doc(hide=True)
def page() -> Response:
    """Her page: the same file for everybody; the token stays in the browser, behind the address's #."""
    return built_file("c/index.html")


def by_link(scope: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Only with a living link of that scope; `g.link` is it. Sessions count for nothing here."""

    def wrap(view: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(view)
        def run(*args: Any, **kwargs: Any) -> Any:
            g.link = _link_or_count()
            _check_scope(scope)
            if request.method in READING:
                return view(*args, **kwargs)
            with write_transaction() as session:
                g.link = services.link_of(session, _token(), request_now())  # revoked this very moment: refused
                return view(*args, **kwargs)

        run.permission = "link"
        return run

    return wrap


def _token() -> str:
    said = request.authorization
    return (said.token or "") if said is not None and said.type == "link" else ""


def _link_or_count() -> CustomerLink:
    """Wrong ones are counted per address, right ones are not asked about it: a guesser locks nobody out."""
    now, address, limit = request_now(), request.remote_addr or "", current_app.config["LINK_TRIES"]
    try:
        return services.link_of(db.session, _token(), now)
    except LinkNotValid:
        services.check_guesses(db.session, address, limit, now)
        with write_transaction() as session:
            services.count_guess(session, address, limit, now)
        raise


def _check_scope(scope: str) -> None:
    if scope not in g.link.scope:
        raise NotInScope()


def _view() -> dict[str, Any]:
    """Her page as it will stand after the commit."""
    settling.settle_all(db.session)
    return customer_view(db.session, g.link, current_app.config["LINK_SHOWS_ENGINEER"], request_now())


@bp.get("/api/link")
@by_link("progress")
@bp.output(schemas.CustomerView)
@bp.doc(summary="The work order as its customer reads it")
def show_link() -> dict[str, Any]:
    shown = customer_view(db.session, g.link, current_app.config["LINK_SHOWS_ENGINEER"], request_now())
    if services.is_new_use(g.link, request_now()):
        with suppress(DatabaseBusy), write_transaction() as session:  # counting must not keep her from reading
            services.count_use(session, g.link, request_now())
    return shown


@bp.post("/api/link/answer")
@by_link("accept")
@bp.input(schemas.AnswerIn)
@bp.output(schemas.CustomerView)
@bp.doc(summary="Accept the work, or reject it with words")
def answer_link(json_data: dict[str, Any]) -> dict[str, Any]:
    acts.answer(db.session, g.link, json_data, request_now())
    return _view()


@bp.post("/api/link/rating")
@by_link("rate")
@bp.input(schemas.RatingIn)
@bp.output(schemas.CustomerView)
@bp.doc(summary="Say how satisfied one is, 1 to 5")
def rate_link(json_data: dict[str, Any]) -> dict[str, Any]:
    acts.rate(db.session, g.link, json_data, request_now())
    return _view()


@bp.get("/api/link/reports/<report_id>/document")
@by_link("sign")
@bp.output(BYTES, content_type=FILE)
@bp.doc(summary="The frozen text that is signed: the very bytes of the file its hash names")
def link_document(report_id: str) -> Response:
    signature = present_signature(db.session, report_of(db.session, g.link, report_id))
    data = paper_desk.read_file(signature.document_sha256) if signature else None
    if data is None:
        raise NotFound()
    return Response(data, content_type=FILE)


@bp.post("/api/link/reports/<report_id>/signature")
@by_link("sign")
@bp.input(schemas.LinkSignatureIn)
@bp.output(schemas.CustomerView)
@bp.doc(summary="Sign later what was handed in unsigned")
def sign_link(report_id: str, json_data: dict[str, Any]) -> dict[str, Any]:
    acts.sign(db.session, g.link, report_id, json_data, request_now())
    return _view()


@bp.get("/api/link/reports/<report_id>/pdf")
@by_link("report")
@bp.output(BYTES, content_type=paper_desk.TYPES["pdf"])
@bp.doc(summary="The report as PDF")
def link_pdf(report_id: str) -> Response:
    report = report_of(db.session, g.link, report_id)
    sheet = assemble(db.session, report, paper_desk.read_file, request_now(), base_url())
    data = paper_desk.render(sheet, "pdf", "en" if language() == "en" else "zh")
    name = paper_desk.file_name(report, "pdf")
    return Response(data, content_type=paper_desk.TYPES["pdf"],
                    headers={"Content-Disposition": f'attachment; filename="{name}"'})  # fmt: skip
