"""What belongs to no slice: health, version, and the built apps as files."""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa
from apiflask import APIBlueprint, Schema
from flask import Response, abort, current_app, request, send_file
from marshmallow import fields
from werkzeug.security import safe_join

from backend.core import clock
from backend.core.db import db
from backend.core.http import public

bp = APIBlueprint("core", __name__, tag="core")
API_VERSION = 1
IMMUTABLE = "public, max-age=31536000, immutable"


@bp.get("/healthz")
@public
@bp.doc(summary="Is the server up and its database reachable", responses=[200, 503])
def healthz() -> tuple[dict[str, str], int]:
    try:
        db.session.execute(sa.text("SELECT 1"))
    except sa.exc.SQLAlchemyError:
        return {"status": "database away"}, 503
    return {"status": "ok"}, 200


class VersionOut(Schema):
    api = fields.Integer()
    server_time = fields.String()


@bp.get("/api/version")
@public
@bp.output(VersionOut)
@bp.doc(summary="API version and server time")
def version() -> dict[str, object]:
    return {"api": API_VERSION, "server_time": clock.iso(clock.now())}


@bp.get("/")
@public
@bp.doc(hide=True)
def phone() -> Response:
    return built_file("index.html")


@bp.get("/console")
@bp.get("/console/")
@bp.get("/console/<path:page>")
@public
@bp.doc(hide=True)
def console(page: str = "") -> Response:
    return built_file("console/index.html")


@bp.get("/<path:name>")
@public
@bp.doc(hide=True)
def asset(name: str) -> Response:
    if name.startswith("api/"):
        abort(404)
    found = _find(name)
    return (
        built_file(name) if found else built_file("index.html") if "." not in name.rsplit("/", 1)[-1] else abort(404)
    )


def _find(name: str) -> Path | None:
    path = safe_join(current_app.config["PWA_DIR"], name)
    return Path(path) if path and Path(path).is_file() else None


def built_file(name: str) -> Response:
    """A built file; the brotli twin made at build time when the browser takes it. Shells are never cached."""
    path = _find(name)
    if path is None:
        abort(404)
    packed = path.with_name(path.name + ".br")
    use_packed = packed.is_file() and "br" in request.headers.get("Accept-Encoding", "")
    response = send_file(packed if use_packed else path, mimetype=_mimetype(path), conditional=True, etag=True)
    if use_packed:
        response.headers["Content-Encoding"] = "br"
    response.headers["Vary"] = "Accept-Encoding"
    hashed = "assets/" in name
    response.headers["Cache-Control"] = IMMUTABLE if hashed else "no-cache"
    return response


def _mimetype(path: Path) -> str:
    known = {
        ".js": "text/javascript",
        ".css": "text/css",
        ".html": "text/html",
        ".svg": "image/svg+xml",
        ".webmanifest": "application/manifest+json",
        ".json": "application/json",
        ".png": "image/png",
        ".woff2": "font/woff2",
        ".ico": "image/x-icon",
    }
    return known.get(path.suffix, "application/octet-stream")
