"""After an update: rows whose kind gained or lost fields are projected anew, so that phones get what is new.

A projection is only written when its record changes; without this, a field that a release adds would reach phones
record by record, over years. The worker's first look after a start compares, and works in slices (K-12).
"""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from backend.core.sync import RecordKind, registry_of, touch
from backend.sync_api.models import SyncShape

EVERY_S = 24 * 3600
SLICE = 100


def run(session: Session, _now: datetime) -> bool:
    """The worker's task: one slice of one kind. True while there is more."""
    for name, kind in sorted(registry_of().records.items()):
        shape = _shape_of(session, name, ",".join(sorted(kind.owners)))
        if shape.upto is not None:
            shape.upto = _project_slice(session, kind, shape.upto)
            return True
    return False


def _shape_of(session: Session, name: str, fields: str) -> SyncShape:
    """How the kind's rows were last projected; `upto` starts over when its fields are others now."""
    shape = session.get(SyncShape, name)
    if shape is None:
        shape = SyncShape(kind=name, fields="", upto=None)
        session.add(shape)
    if shape.fields != fields:
        shape.fields, shape.upto = fields, ""
    return shape


def _project_slice(session: Session, kind: RecordKind, after: str) -> str | None:
    """Look again at the next rows; the id up to which it is done, None at the end."""
    key = sa.inspect(kind.model).primary_key[0]
    rows = session.scalars(sa.select(kind.model).where(key > after).order_by(key).limit(SLICE)).all()
    touch(session, *rows)
    return sa.inspect(rows[-1]).identity[0] if len(rows) == SLICE else None
