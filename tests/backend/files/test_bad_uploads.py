"""The corpus of bad files and bad uploads: each is refused with words that help, or kept as it is; none costs much.

Sent as a phone sends them (tus 1.0): announce, then chunks with their checksum.
"""

from __future__ import annotations

import base64
import hashlib
import secrets
from pathlib import Path
from types import SimpleNamespace

import pytest
import sqlalchemy as sa

from backend.core import storage
from backend.core.db import db
from backend.sync_api.models import SyncFile
from tests.backend.files.corpus import CORPUS, picture
from tests.support import signed_in

UPLOADS = "/api/files/uploads"
CHUNK = 1024 * 1024


class Uploader:
    """A phone that uploads; `base` lies below a signed-in client."""

    def __init__(self, client):
        self.client = client

    def announce(self, data, content_type="image/jpeg", **wrong):
        named = {"sha256": hashlib.sha256(data).hexdigest(), "content_type": content_type} | wrong.pop("named", {})
        pairs = ",".join(f"{name} {base64.b64encode(value.encode()).decode()}" for name, value in named.items())
        headers = {"Upload-Length": str(len(data)), "Upload-Metadata": pairs, "Tus-Resumable": "1.0.0"} | wrong
        return self.client.post(UPLOADS, headers=headers)

    def chunk(self, data, part, offset, **wrong):
        digest = base64.b64encode(hashlib.sha256(part).digest()).decode()
        headers = {"Upload-Offset": str(offset), "Upload-Checksum": f"sha256 {digest}",
                   "Content-Type": "application/offset+octet-stream"} | wrong  # fmt: skip
        return self.client.patch(f"{UPLOADS}/{hashlib.sha256(data).hexdigest()}", data=part, headers=headers)

    def upload(self, data, content_type="image/jpeg"):
        answer = self.announce(data, content_type)
        for offset in range(0, len(data), CHUNK):
            if answer.status_code >= 400:
                break
            answer = self.chunk(data, data[offset : offset + CHUNK], offset)
        return answer


@pytest.fixture(scope="module")
def house(app_once, tmp_path_factory):
    """One set of tables and one folder for all cases: a bad file must not need an empty house to be refused."""
    from tests.factories.people import make_cast
    from tests.support import empty_tables

    kept = app_once.config["VAR_DIR"]
    app_once.config["VAR_DIR"] = str(tmp_path_factory.mktemp("files"))
    with app_once.app_context():
        empty_tables()
        cast = make_cast()
        yield SimpleNamespace(app=app_once, cast=cast, folder=Path(app_once.config["VAR_DIR"]))
        db.session.remove()
    app_once.config["VAR_DIR"] = kept


@pytest.fixture
def phone(house):
    return Uploader(signed_in(house.app, house.cast.ana))


def _files(house):
    return {path for path in house.folder.rglob("*") if path.is_file()}


def _slug(answer):
    return answer.json["type"].removeprefix("/problems/")


def _is_stored(data):
    """Do database and folder both say that these bytes are there?"""
    sha256 = hashlib.sha256(data).hexdigest()
    db.session.rollback()
    state = db.session.scalar(sa.select(SyncFile.state).where(SyncFile.sha256 == sha256))
    assert (state == "stored") == storage.is_stored(sha256)
    return state == "stored"


def _fresh(size=(64, 48)):
    """A sound JPEG that no other test sends."""
    return picture(size=size, comment=secrets.token_bytes(8))


@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
@pytest.mark.parametrize("bad", CORPUS, ids=[bad.name for bad in CORPUS])
def test_a_file_of_the_corpus(phone, bad):
    data = bad.make()
    sha256 = hashlib.sha256(data).hexdigest()
    answer = phone.upload(data, bad.announced)
    if bad.expected == "stored":
        assert answer.status_code == 204, answer.text
        assert _is_stored(data) and storage.read(sha256) == data
        return
    assert answer.status_code == 422, answer.text
    assert _slug(answer) == bad.expected
    assert answer.json["faults"][0]["message"]["zh"] and answer.json["field"]
    assert bad.says in str(answer.json)
    assert not _is_stored(data)
    assert phone.upload(_fresh()).status_code == 204  # what stands behind it goes on


def test_a_stored_file_can_never_run_as_a_page(phone):
    data = _fresh() + b"<script>fetch('/api/me')</script>"
    phone.upload(data)
    answer = phone.client.get(f"/api/files/{hashlib.sha256(data).hexdigest()}")
    assert answer.headers["Content-Type"] == "image/jpeg"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in answer.headers["Content-Security-Policy"]


@pytest.mark.parametrize(("length", "slug"), [("0", "invalid"), ("-1", "invalid"), ("", "invalid"), ("1e3", "invalid"),
                                              ("9" * 40, "invalid"), (str(20 * CHUNK + 1), "file-too-large"),
                                              (str(50 * CHUNK), "file-too-large")])  # fmt: skip
def test_a_length_that_cannot_be_is_refused_before_a_byte_is_sent(phone, length, slug):
    answer = phone.announce(b"x", **{"Upload-Length": length})
    assert answer.status_code in (413, 422)
    assert _slug(answer) == slug
    assert answer.json["field"] == "Upload-Length"


NAMES = ["../../x", "CON", "a\0b", "汉" * 300, "a\nb", '"><img onerror=alert(1)>', "", "A" * 64, "0" * 63]


@pytest.mark.parametrize("name", NAMES, ids=range(len(NAMES)))
def test_a_name_in_place_of_a_hash_is_refused_and_touches_no_path(phone, house, name):
    before = _files(house)
    answer = phone.announce(b"x", named={"sha256": name})
    assert answer.status_code == 422
    assert answer.json["field"] == "Upload-Metadata.sha256"
    assert _files(house) == before


@pytest.mark.parametrize("name", ["..%2f..%2fx", "CON", "a%00b", "%E6%B1%89" * 300, "a%0ab", "%22%3E%3Cimg%3E"])
def test_a_path_in_place_of_a_hash_is_not_found(phone, name):
    for answer in (phone.client.get(f"/api/files/{name}"), phone.client.head(f"{UPLOADS}/{name}")):
        assert answer.status_code in (400, 404)


@pytest.mark.parametrize("name", ["../../etc/cron.d/x", "CON", "汉" * 300, '"><img onerror=alert(1)>.jpg'])
def test_the_phones_own_file_name_is_never_used(phone, house, name):
    data, before = _fresh(), _files(house)
    assert phone.announce(data, named={"filename": name}).status_code == 201
    assert phone.chunk(data, data, 0).status_code == 204
    assert [path.name for path in _files(house) - before] == [hashlib.sha256(data).hexdigest()]


def test_bytes_of_another_hash_are_dropped_and_the_right_ones_then_taken(phone):
    data = _fresh()
    other = bytes(reversed(data))
    phone.announce(data)
    answer = phone.chunk(data, other, 0)
    assert (answer.status_code, _slug(answer)) == (422, "file-hash-wrong")
    assert phone.client.head(f"{UPLOADS}/{hashlib.sha256(data).hexdigest()}").headers["Upload-Offset"] == "0"
    assert phone.chunk(data, data, 0).status_code == 204
    assert _is_stored(data)


def test_more_bytes_than_announced_are_refused(phone):
    data = _fresh()
    phone.announce(data)
    answer = phone.chunk(data, data + b"\0", 0)
    assert (answer.status_code, _slug(answer)) == (413, "file-too-large")
    assert not _is_stored(data)


def test_fewer_bytes_than_announced_leave_the_upload_open(phone):
    data = _fresh()
    phone.announce(data)
    assert phone.chunk(data, data[:100], 0).headers["Upload-Offset"] == "100"
    assert not _is_stored(data)


def test_a_chunk_out_of_turn_is_told_the_offset(phone):
    data = _fresh((400, 400))
    phone.announce(data)
    answer = phone.chunk(data, data[300:400], 300)
    assert (answer.status_code, answer.headers["Upload-Offset"]) == (409, "0")
    phone.chunk(data, data[:200], 0)
    again = phone.chunk(data, b"\xff" * 200, 0)
    assert (again.status_code, again.headers["Upload-Offset"]) == (409, "200")
    assert phone.chunk(data, data[200:], 200).status_code == 204


def test_the_same_file_announced_with_another_size_is_refused(phone):
    data = _fresh()
    phone.announce(data)
    answer = phone.announce(data, **{"Upload-Length": str(len(data) + 1)})
    assert (answer.status_code, _slug(answer)) == (409, "upload-mismatch")


@pytest.mark.parametrize("checksum", ["", "sha256", "sha256 ###", "md5 AAAA", "sha256 AAAA"])
def test_a_chunk_without_a_sound_checksum_is_refused(phone, checksum):
    data = _fresh()
    phone.announce(data)
    assert phone.chunk(data, data, 0, **{"Upload-Checksum": checksum}).status_code == 422


def test_a_chunk_damaged_on_the_way_may_be_sent_again(phone):
    data = _fresh()
    phone.announce(data)
    digest = base64.b64encode(hashlib.sha256(data).digest()).decode()
    damaged = phone.chunk(data, data[:-1] + b"?", 0, **{"Upload-Checksum": f"sha256 {digest}"})
    assert (damaged.status_code, _slug(damaged)) == (460, "upload-checksum")
    assert phone.chunk(data, data, 0).status_code == 204


def test_ten_thousand_multipart_parts_are_refused_unread(phone):
    data = _fresh()
    phone.announce(data)
    form = (
        b"".join(b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n' for _ in range(10_000))
        + b"--x--\r\n"
    )
    answer = phone.chunk(data, form, 0, **{"Content-Type": "multipart/form-data; boundary=x"})
    assert answer.status_code == 415


def test_a_chunk_above_the_limit_is_refused(phone):
    data = b"\0" * (CHUNK + 1)
    phone.announce(data, "text/plain")
    answer = phone.chunk(data, data, 0)
    assert (answer.status_code, _slug(answer)) == (413, "file-too-large")


def test_a_chunk_of_a_file_nobody_announced_is_not_found(phone):
    assert phone.chunk(_fresh(), _fresh(), 0).status_code == 404


def test_somebody_elses_file_is_not_shown(phone, house):
    data = _fresh()
    phone.upload(data)
    path = f"/api/files/{hashlib.sha256(data).hexdigest()}"
    assert phone.client.get(path).status_code == 200
    assert signed_in(house.app, house.cast.ben).get(path).status_code == 404
