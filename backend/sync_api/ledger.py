"""The unit's part for phones and the ledger: what is stored already, what is stored now, signatures, security events."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from backend.accounts.models import Device as PhoneDevice
from backend.core.db import IDS
from backend.core.ids import new_id
from backend.sync_api.journal import CHUNK, Journal
from backend.sync_api.models import SyncDevice, SyncOperation, SyncSecurityEvent, SyncSignature
from backend.sync_api.signatures import is_signed
from sync.server.canonical import canonical, first_link
from sync.server.model import Actor, Device, Envelope, LedgerRow, Stored

_LEDGER = (
    SyncOperation.device_id,
    SyncOperation.seq,
    SyncOperation.op_id,
    SyncOperation.author_id,
    SyncOperation.content_hash,
    SyncOperation.result,
    SyncOperation.link,
)


_KNOWN = sa.select(*_LEDGER).where(SyncOperation.op_id.in_(IDS))


class Ledger:
    """Devices and the numbers of their operations."""

    session: Session
    journal: Journal
    device_row: Any = None

    def device(self, device_id: str, user_id: str, now: datetime) -> Device:
        phone = self.session.get(PhoneDevice, device_id)
        if phone is None:
            phone = PhoneDevice(id=device_id, user_id=user_id, created_at=now)
            self.session.add(phone)
            self.session.flush()
        phone.last_seen_at = now
        row = self.session.get(SyncDevice, device_id)
        if row is None:
            row = SyncDevice(device_id=device_id, acked_seq=0, link=first_link(device_id))
            self.session.add(row)
        self.device_row = row
        return Device(device_id, phone.user_id, row.acked_seq, row.link, phone.revoked_at is not None)

    def stored(self, device_id: str, first: int, last: int) -> dict[int, Stored]:
        query = sa.select(*_LEDGER).where(
            SyncOperation.device_id == device_id, SyncOperation.seq >= first, SyncOperation.seq <= last
        )
        return {row.seq: Stored(*row) for row in self.session.execute(query)}

    def known(self, op_ids: Iterable[str]) -> dict[str, Stored]:
        ids, out = list(op_ids), {}
        for start in range(0, len(ids), CHUNK):
            part = {"ids": ids[start : start + CHUNK]}
            out |= {row.op_id: Stored(*row) for row in self.session.execute(_KNOWN, part)}
        return out

    def append(self, rows: list[LedgerRow]) -> None:
        self.journal.ledger += rows

    def restate(self, device_id: str, seq: int, status: str, result: str) -> None:
        self.session.execute(
            sa.update(SyncOperation)
            .where(SyncOperation.device_id == device_id, SyncOperation.seq == seq)
            .values(status=status, result=result)
        )

    def acknowledge(self, envelope: Envelope, seq: int, link: str, now: datetime) -> None:
        row = self.device_row
        row.acked_seq, row.link, row.last_push_at = seq, link, now
        row.epoch, row.schema, row.app = envelope.epoch, envelope.schema, envelope.app
        if envelope.signature and envelope.ops and envelope.ops[-1].seq == seq:
            self._keep_signature(envelope, seq, link, now)

    def _keep_signature(self, envelope: Envelope, seq: int, link: str, now: datetime) -> None:
        """The first signature over a link of the chain is kept, good or not."""
        if self.session.get(SyncSignature, (envelope.device_id, seq)) is not None:
            return
        phone = self.session.get(PhoneDevice, envelope.device_id)
        is_good = is_signed(link, envelope.signature or "", envelope.key_id, phone.public_key)
        key = canonical(phone.public_key) if phone.public_key else None
        row = SyncSignature(
            device_id=envelope.device_id,
            seq=seq,
            link=link,
            key_id=envelope.key_id,
            signature=envelope.signature,
            public_key=key,
            is_good=is_good,
            at=now,
        )
        self.session.add(row)
        if is_good is False:
            self.note_security("signature-wrong", envelope.device_id, Actor(phone.user_id, ""), None, now)

    def note_security(self, what: str, device_id: str, actor: Actor, op_id: str | None, now: datetime) -> None:
        event = SyncSecurityEvent(
            id=new_id(), at=now, what=what, device_id=device_id, user_id=actor.id or None, op_id=op_id
        )
        self.session.add(event)
