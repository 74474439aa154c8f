"""Whatever is changed behind the program's back is found, and a database that went back in time is noticed."""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

from backend.core import clock, storage
from backend.core.db import db, write_transaction
from backend.sync_api import high_water
from backend.sync_api.models import SyncFile, SyncHead, SyncOperation, SyncRecord, SyncSecurityEvent, SyncSignature
from backend.sync_api.publish import start_epoch
from backend.sync_api.signatures import key_id_of
from backend.sync_api.verify import verify
from sync.server.canonical import content_hash, first_link, next_link


@pytest.fixture
def worked(phone: Any, cast: Any, session: Any) -> Any:
    """Three phones' work: good, refused, void."""
    for user in (cast.ana, cast.ben, cast.cleo):
        one = phone(user)
        for _ in range(3):
            one.seq += 1
            one.results(
                {"seq": one.seq, "void": "lost"}, one.note(), one.edit(cast.ana.id, {"title": "x"}, {"title": "y"})
            )
    session.rollback()
    return session


def findings(session: Any) -> list[str]:
    session.rollback()
    session.expire_all()
    return list(verify(session))


def test_an_untouched_ledger_verifies(worked: Any) -> None:
    assert findings(worked) == []


CHANGES: dict[str, Callable[[Any], Any]] = {
    "a payload": lambda t: sa.update(t).where(t.c.n == 2).values(payload=sa.func.replace(t.c.payload, '"A"', '"B"')),
    "an author": lambda t: sa.update(t).where(t.c.n == 3).values(author_id="0" * 36),
    "a salt": lambda t: sa.update(t).where(t.c.n == 4).values(salt="0" * 32),
    "a content hash": lambda t: sa.update(t).where(t.c.n == 4).values(content_hash="0" * 64),
    "a link": lambda t: sa.update(t).where(t.c.n == 5).values(link="0" * 64),
    "a chain hash": lambda t: sa.update(t).where(t.c.n == 5).values(chain="0" * 64),
    "a row removed": lambda t: sa.delete(t).where(t.c.n == 6),
    "the first row removed": lambda t: sa.delete(t).where(t.c.n == 1),
    "the last row removed": lambda t: sa.delete(t).where(t.c.n == 27),
    "two rows reordered": lambda t: sa.update(t).where(t.c.n.in_((7, 8))).values(n=115 - t.c.n),
}


@pytest.mark.parametrize("name", CHANGES)
def test_a_change_in_the_ledger_is_found(worked: Any, name: str) -> None:
    with write_transaction() as session:
        session.execute(CHANGES[name](SyncOperation.__table__))
    assert findings(worked)


def test_a_payload_may_be_erased_without_breaking_the_chain(worked: Any) -> None:
    with write_transaction() as session:
        session.execute(sa.update(SyncOperation).where(SyncOperation.n == 2).values(payload=None))
    assert findings(worked) == []


def test_a_row_that_is_not_canonical_and_one_that_is_missing_are_found(worked: Any) -> None:
    with write_transaction() as session:
        first = session.scalars(sa.select(SyncRecord.record_id).where(SyncRecord.kind == "note")).first()
        session.execute(sa.update(SyncRecord).where(SyncRecord.record_id == first).values(row='{"b": 1, "a": 2}'))
    assert any("not canonical" in line for line in findings(worked))
    with write_transaction() as session:
        session.execute(sa.delete(SyncRecord).where(SyncRecord.record_id == first))
    assert any("has no record" in line for line in findings(worked))


@pytest.mark.parametrize("how", ["flipped", "longer", "missing"])
def test_a_changed_file_is_found(app: Any, worked: Any, how: str) -> None:
    sha256 = storage.put(b"what was signed")
    with write_transaction() as session:
        now = clock.now()
        session.add(SyncFile(sha256=sha256, size_bytes=15, content_type="text/plain", state="stored", created_at=now))
    assert findings(worked) == []
    path = storage.path_of(sha256)
    if how == "missing":
        path.unlink()
    else:
        path.write_bytes(b"what was sIgned" if how == "flipped" else b"what was signed!")
    assert [line.startswith(f"file {sha256}") for line in findings(worked)] == [True]


def test_a_database_behind_its_own_mark_is_refused_until_told(worked: Any) -> None:
    high_water.note(db.session)
    assert high_water.check() is None
    with write_transaction() as session:
        session.execute(sa.update(SyncHead).values(feed_seq=SyncHead.feed_seq - 1))
    assert "new-epoch" in (high_water.check() or "")
    high_water.note(db.session)
    assert high_water.check(), "the mark is not lowered by looking again"
    with write_transaction() as session:
        start_epoch(session)
    assert high_water.check() is None


def test_a_damaged_mark_stops_nobody(worked: Any) -> None:
    for text in ("", "{}", "[]", '{"epoch": 1}'):
        high_water.mark_path().write_text(text)
        assert high_water.check() is None


# -- signatures ----------------------------------------------------------------------------------------------------


class Signing:
    """A phone's key, as WebCrypto makes it."""

    def __init__(self) -> None:
        self.key = ec.generate_private_key(ec.SECP256R1())
        numbers = self.key.public_key().public_numbers()
        point = {name: _b64url(getattr(numbers, name).to_bytes(32)) for name in ("x", "y")}
        self.public_key = {"kty": "EC", "crv": "P-256", **point}
        self.key_id = key_id_of(self.public_key)

    def sign(self, link: str) -> str:
        r, s = decode_dss_signature(self.key.sign(link.encode(), ec.ECDSA(SHA256())))
        return _b64url(r.to_bytes(32) + s.to_bytes(32))


def _b64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def signed_push(phone: Any, signing: Signing, link: str) -> str:
    """Push one note, signed over the chain's head; returns the new head."""
    op = phone.note()
    head = next_link(link, content_hash(op), op["seq"])
    response = phone.push(op, prev_hash=link, key_id=signing.key_id, signature=signing.sign(head))
    assert response.status_code == 200 and response.json["results"][0]["status"] == "applied"
    return head


def kept(session: Any) -> list[bool | None]:
    session.rollback()
    return list(session.scalars(sa.select(SyncSignature.is_good).order_by(SyncSignature.seq)))


def test_a_signature_over_the_chain_is_checked_and_kept(phone: Any, cast: Any, session: Any) -> None:
    ana, signing = phone(cast.ana), Signing()
    ana.client.post("/api/devices", json={"id": ana.device_id, "public_key": signing.public_key})
    link = signed_push(ana, signing, first_link(ana.device_id))
    signed_push(ana, signing, link)
    assert kept(session) == [True, True]
    assert findings(session) == []
    with write_transaction() as writing:
        writing.execute(
            sa.update(SyncSignature).where(SyncSignature.seq == 1).values(signature=signing.sign("other"))
        )
    assert len(findings(session)) == 1


def test_a_wrong_signature_is_noted_and_the_work_is_taken(phone: Any, cast: Any, session: Any) -> None:
    ana, signing, other = phone(cast.ana), Signing(), Signing()
    ana.client.post("/api/devices", json={"id": ana.device_id, "public_key": signing.public_key})
    other.key_id = signing.key_id
    link = signed_push(ana, other, first_link(ana.device_id))
    response = ana.push(ana.note(), key_id=signing.key_id, signature="not base64url!")
    assert response.json["results"][0]["status"] == "applied"
    assert kept(session) == [False, False]
    assert list(session.scalars(sa.select(SyncSecurityEvent.what))) == ["signature-wrong"] * 2
    assert link and findings(session) == []


def test_a_signature_of_a_key_that_is_not_registered_proves_nothing(phone: Any, cast: Any, session: Any) -> None:
    ana = phone(cast.ana)
    signed_push(ana, Signing(), first_link(ana.device_id))
    assert kept(session) == [None]
