"""Notices over HTTP: mine, how many are unread, marking them as read."""

from __future__ import annotations

from typing import Any

from apiflask import APIBlueprint
from flask import g

from backend.core.db import db
from backend.core.http import needs, request_now
from backend.notices import schemas, services

bp = APIBlueprint("notices", __name__, url_prefix="/api/notices", tag="notices")


@bp.get("")
@needs("self")
@bp.input(schemas.NoticeQuery, location="query")
@bp.output(schemas.NoticePage)
@bp.doc(summary="My notices, the newest first")
def list_notices(query_data: dict[str, Any]) -> dict[str, Any]:
    rows, next_cursor = services.listed(
        db.session, g.actor.user_id, is_unread=query_data["unread"], limit=query_data["limit"],
        cursor=query_data.get("cursor"), now=request_now(),
    )  # fmt: skip
    return {"rows": rows, "next_cursor": next_cursor}


@bp.get("/unread")
@needs("self")
@bp.output(schemas.UnreadOut)
@bp.doc(summary="How many of my notices are unread")
def count_unread() -> dict[str, int]:
    return {"unread": services.unread(db.session, g.actor.user_id)}


@bp.post("/<notice_id>/read")
@needs("self")
@bp.output(schemas.UnreadOut)
@bp.doc(summary="I have read it")
def read_notice(notice_id: str) -> dict[str, int]:
    services.mark_read(services.notice_of(db.session, g.actor.user_id, notice_id), request_now())
    return _left()


@bp.post("/read-all")
@needs("self")
@bp.input(schemas.ReadAllIn)
@bp.output(schemas.UnreadOut)
@bp.doc(summary="I have read all that I had before me")
def read_all(json_data: dict[str, Any]) -> dict[str, int]:
    services.mark_all_read(db.session, g.actor.user_id, json_data["until"], request_now())
    return _left()


def _left() -> dict[str, int]:
    db.session.flush()
    return {"unread": services.unread(db.session, g.actor.user_id)}
