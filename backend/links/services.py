"""Customer links: made, listed, revoked by the office; found again by their token. Never commits, never reads the clock.

The token has 150 random bits and is shown once; the database holds its SHA-256, and finding a link is one look-up of that
hash: nothing is compared character by character. In the address it stands behind `#`, which browsers send to nobody.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from backend.accounts.services import check_tries, count_try
from backend.core.ids import new_id
from backend.core.problems import NotFound
from backend.links.models import SCOPES, CustomerLink
from backend.links.problems import LinkNotValid
from backend.workorders.models import WorkOrder
from backend.workorders.services import visible

ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnpqrstuvwxyz"  # nothing that is misread or cut off by a chat
TOKEN_CHARS = 26
USE_S = 300  # asked again within this time it is the same use
BUCKETS = 1024  # wrong tries are counted by a hash of the address: rows and memory have an end, no address is kept


def make(
    session: Session, actor: Any, work_order: WorkOrder, values: Mapping[str, Any], now: datetime
) -> tuple[CustomerLink, str]:
    """A new link and its token, which nobody can read again. values: {scope, days}"""
    token = "".join(secrets.choice(ALPHABET) for _ in range(TOKEN_CHARS))
    row = CustomerLink(
        id=new_id(),
        work_order_id=work_order.id,
        token_hash=hash_of(token),
        scope=[one for one in SCOPES if one == "progress" or one in values["scope"]],
        created_by_id=actor.user_id,
        created_at=now,
        expires_at=now + timedelta(days=values["days"]),
        uses=0,
    )
    session.add(row)
    session.flush()
    return row, token


def hash_of(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()


def links_of(session: Session, work_order_id: str) -> Sequence[CustomerLink]:
    """Newest first."""
    query = sa.select(CustomerLink).where(CustomerLink.work_order_id == work_order_id)
    return list(session.scalars(query.order_by(CustomerLink.created_at.desc(), CustomerLink.id.desc())))


def link_for(session: Session, actor: Any, link_id: str) -> CustomerLink:
    """The link, if the actor sees its work order. Raises NotFound."""
    query = sa.select(CustomerLink).join(WorkOrder, WorkOrder.id == CustomerLink.work_order_id)
    row = session.scalar(query.where(CustomerLink.id == link_id, visible(actor)))
    if row is None:
        raise NotFound()
    return row


def revoke(session: Session, actor: Any, link: CustomerLink, now: datetime) -> CustomerLink:
    """It opens nothing from now on. Taken back by mistake: make another."""
    if link.revoked_at is None:
        link.revoked_at, link.revoked_by_id = now, actor.user_id
        session.flush()
    return link


# ---------------------------------------------------------------- the token


def link_of(session: Session, token: str, now: datetime) -> CustomerLink:
    """The living link of a token. Raises LinkNotValid, whatever is wrong with it."""
    row = session.scalar(sa.select(CustomerLink).where(CustomerLink.token_hash == hash_of(token)))
    if row is None or row.state_at(now) != "active":
        raise LinkNotValid()
    return row


def count_use(session: Session, link: CustomerLink, now: datetime) -> None:
    link.uses, link.last_used_at = link.uses + 1, now


def is_new_use(link: CustomerLink, now: datetime) -> bool:
    return link.last_used_at is None or (now - link.last_used_at).total_seconds() >= USE_S


# ---------------------------------------------------------------- wrong ones


def check_guesses(session: Session, address: str, limit: int, now: datetime) -> None:
    """Raises TooMany once an address has had its wrong tries; reads only, so that a flood writes nothing.

    Asked only where the token is wrong: somebody who guesses behind the same address never locks the customer out.
    """
    check_tries(session, _bucket(address), limit, now)


def count_guess(session: Session, address: str, limit: int, now: datetime) -> None:
    count_try(session, _bucket(address), limit, now)


def _bucket(address: str) -> str:
    return f"link {int.from_bytes(hashlib.sha256(address.encode()).digest()[:4]) % BUCKETS}"
