"""Whose file is it? A file that a photo or a signature names is read by whoever sees the work order it belongs to."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from backend.acknowledgements.models import Acknowledgement
from backend.reports.models import Photo, Signature
from backend.workorders.models import WorkOrder
from backend.workorders.services import visible


def is_of_visible_work(session: Session, actor: Any, sha256: str) -> bool | None:
    """Does a photo or signature of work that the actor sees name this file? None when no work names it at all."""
    named = list(session.scalars(
        sa.union_all(
            sa.select(Photo.work_order_id).where(Photo.sha256 == sha256),
            sa.select(Signature.work_order_id).where(
                sa.or_(Signature.document_sha256 == sha256, Signature.strokes_sha256 == sha256)
            ),
            sa.select(Acknowledgement.work_order_id).where(
                sa.or_(Acknowledgement.document_sha256 == sha256, Acknowledgement.strokes_sha256 == sha256)
            ),
        )
    ))  # fmt: skip
    if not named:
        return None
    query = sa.select(WorkOrder.id).where(WorkOrder.id.in_(named), visible(actor))
    return session.scalar(query.limit(1)) is not None
