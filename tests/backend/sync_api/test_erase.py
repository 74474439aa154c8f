"""Erasing a photo for good: words and bytes go, the books stay whole, and nothing else that names the bytes loses them."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
import sqlalchemy as sa

from backend.core import storage
from backend.core.db import db, write_transaction
from backend.core.ids import new_id
from backend.reports.models import Photo
from backend.sync_api.erase import erase_photo, finish
from backend.sync_api.models import SyncFile, SyncHistory, SyncOperation
from backend.sync_api.verify import verify
from backend.workorders.models import LogEntry
from tests.backend.sync_api.conftest import Phone
from tests.backend.sync_api.test_files import Uploader, jpeg, sha
from tests.factories.work import make_visit, make_work_order
from tests.support import again

WORDS = "客户家的孩子在镜头里"


@pytest.fixture
def scene(cast: Any, as_: Any) -> Any:
    """photographed(data) → (id of a photo that Ana took and sent on her visit, its hash)."""
    visit = make_visit(make_work_order(cast.site), [cast.ana])
    ana = Phone(as_(cast.ana), cast.ana)

    def photographed(data: bytes) -> tuple[str, str]:
        photo_id, sha256 = new_id(), sha(data)
        args = {"work_order_id": visit.work_order_id, "visit_id": visit.id, "sha256": sha256, "caption": WORDS}
        args |= {"size_bytes": len(data), "content_type": "image/jpeg", "taken_at": "2026-11-20T01:30:00.000Z"}
        [result] = ana.results(ana.op("photo.add", photo_id, args, files=[f"sha256:{sha256}"]))
        assert result["status"] == "applied", result
        assert Uploader(ana.client).whole(data).status_code == 204
        return photo_id, sha256

    photographed.ana = ana  # type: ignore[attr-defined]
    return photographed


def erase(client: Any, photo_id: str, reason: Any = "客户要求") -> Any:
    return client.post(f"/api/photos/{photo_id}/erase", json={"reason": reason})


def test_an_erased_photo_is_gone_with_its_words_and_the_books_still_verify(
    scene: Any, as_: Any, cast: Any, session: Any
) -> None:
    photo_id, sha256 = scene(jpeg())
    answer = erase(as_(cast.adam), photo_id)
    assert answer.json == {"id": photo_id, "sha256": sha256, "is_gone": True}
    assert not storage.is_stored(sha256)
    photo = again(session.get(Photo, photo_id))
    assert photo.caption == "" and photo.voided_at is not None
    everything = [
        *session.scalars(sa.select(SyncOperation.payload)), *session.scalars(sa.select(SyncHistory.old_value))
    ]  # fmt: skip
    assert not any(WORDS in (text or "") for text in everything)
    assert list(verify(session)) == []
    entry = session.scalars(
        sa.select(LogEntry).where(LogEntry.work_order_id == photo.work_order_id, LogEntry.what == "note")
    ).one()
    assert (entry.note, entry.author_id, entry.data) == ("客户要求", cast.adam.id, {"erased_photo_id": photo_id})
    assert as_(cast.adam).get(f"/api/files/{sha256}").status_code == 404


def test_phones_that_hold_the_photo_hear_that_its_bytes_are_gone(scene: Any, as_: Any, cast: Any) -> None:
    photo_id, sha256 = scene(jpeg())
    scene.ana.pull()
    erase(as_(cast.adam), photo_id)
    states = [change["row"]["state"] for change in scene.ana.pull() if change["kind"] == "file"]
    assert states == ["erased"]
    told = Uploader(scene.ana.client).announce(sha256, len(jpeg()))
    assert (told.status_code, told.json["type"]) == (410, "/problems/file-erased")


def test_the_same_picture_elsewhere_keeps_its_bytes_until_it_is_erased_too(scene: Any, as_: Any, cast: Any) -> None:
    first, sha256 = scene(jpeg())
    second, same = scene(jpeg())
    assert same == sha256
    assert erase(as_(cast.adam), first).json["is_gone"] is False
    assert storage.is_stored(sha256)
    assert erase(as_(cast.adam), second).json["is_gone"] is True


def test_the_same_picture_taken_anew_begins_a_life_of_its_own(scene: Any, as_: Any, cast: Any, session: Any) -> None:
    first, sha256 = scene(jpeg())
    erase(as_(cast.adam), first)
    scene(jpeg())
    assert again(session.get(SyncFile, sha256)).state == "stored" and storage.is_stored(sha256)
    assert erase(as_(cast.adam), first).json["is_gone"] is False, "erased twice is erased once"


def test_only_an_admin_erases_and_says_why(scene: Any, as_: Any, cast: Any) -> None:
    photo_id, sha256 = scene(jpeg())
    for user in (cast.ana, cast.ben, cast.cleo):
        assert erase(as_(user), photo_id).status_code == 403
    for reason in ("", "   ", None):
        assert erase(as_(cast.adam), photo_id, reason).status_code == 422
    assert erase(as_(cast.adam), "0" * 36).status_code == 404
    assert storage.is_stored(sha256)


def test_bytes_that_a_crash_left_behind_go_with_the_workers_next_look(
    scene: Any, as_: Any, cast: Any, now: Any
) -> None:
    photo_id, sha256 = scene(jpeg())
    with write_transaction() as writing:
        erase_photo(writing, SimpleNamespace(user_id=cast.adam.id), photo_id, "客户要求", now)
    assert storage.is_stored(sha256)
    with write_transaction() as writing:
        finish(writing, now + timedelta(minutes=10))
    assert not storage.is_stored(sha256)
    assert WORDS not in "".join(db.session.scalars(sa.select(SyncHistory.old_value)))
