"""Wiring: the kinds and operation types that sync owns, the journal's hooks, what happens after a restore."""

from __future__ import annotations

from datetime import datetime

from flask import Flask
from sqlalchemy.orm import Session

from backend.core.backup import after_restore, say_in_backup
from backend.core.db import before_commit, db
from backend.core.sync import operation_type, registry_of
from backend.sync_api import (
    audit,
    daily,
    desk_routes,
    erase,
    file_routes,
    high_water,
    journal,
    kinds,
    rescue_routes,
    scope,
    services,
    shapes,
)
from backend.sync_api.publish import publish, start_epoch
from backend.worker import every

REPLAY_EVERY_S = 3600  # an update of the server comes with a start, and a start runs every task once
_listening: list[bool] = []


def register(app: Flask) -> None:
    """Called by create_app, last of all slices."""
    kinds.register(app)
    operation_type(app, "conflict.settle", "act", services.handle_settle)
    operation_type(app, "stuck_operation.hand_over", "act", services.handle_hand_over)
    registry = registry_of(app)
    app.extensions["sync"] = services.SyncServices(registry)
    if not _listening:  # sessions of every app of this process pass through one class
        journal.listen(db.session.session_factory.class_)
        _listening.append(True)

    def publish_changes(session: Session) -> None:
        publish(session, journal.journal_of(session, registry))

    def new_epoch(session: Session, now: datetime, made_at: datetime) -> None:
        start_epoch(session, now, made_at)

    for routes in (file_routes, desk_routes, rescue_routes):
        app.register_blueprint(routes.bp)
    scope.register(app)
    every(app, "sync_high_water", high_water.EVERY_S, high_water.note)
    every(app, "sync_daily", daily.EVERY_S, daily.run)
    every(app, "sync_shapes", shapes.EVERY_S, shapes.run)
    every(app, "sync_erase", erase.EVERY_S, erase.finish)
    every(app, "sync_replay", REPLAY_EVERY_S, services.replay_next)
    before_commit(publish_changes)
    after_restore(new_epoch)
    say_in_backup("anchor", audit.anchor_now)
