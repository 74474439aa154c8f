"""Files over tus 1.0: announced, resumed, verified, stored, seen by whoever sees a record that names them."""

from __future__ import annotations

import base64
import hashlib
import io
from typing import Any

import pytest
from PIL import Image

from backend.core import storage
from backend.sync_api.models import SyncFile
from tests.backend.sync_api.toy import Note

KIB = 1024


def jpeg(size: int = 64, colour: str = "red", form: str = "JPEG", **given: Any) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (size, size), colour).save(out, form, **given)
    return out.getvalue()


def sha(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def b64(data: bytes | str) -> str:
    return base64.b64encode(data if isinstance(data, bytes) else data.encode()).decode()


class Uploader:
    """The phone's side of tus."""

    def __init__(self, client: Any) -> None:
        self.client = client

    def announce(self, sha256: str, length: Any, content_type: str = "image/jpeg", **headers: str) -> Any:
        metadata = f"sha256 {b64(sha256)},content_type {b64(content_type)}"
        given = {"Tus-Resumable": "1.0.0", "Upload-Length": str(length), "Upload-Metadata": metadata} | headers
        return self.client.post("/api/files/uploads", headers=given)

    def offset(self, sha256: str) -> int:
        response = self.client.head(f"/api/files/uploads/{sha256}")
        assert response.status_code == 200
        return int(response.headers["Upload-Offset"])

    def chunk(self, sha256: str, offset: Any, data: bytes, **headers: str) -> Any:
        given = {
            "Tus-Resumable": "1.0.0",
            "Content-Type": "application/offset+octet-stream",
            "Upload-Offset": str(offset),
            "Upload-Checksum": f"sha256 {b64(hashlib.sha256(data).digest())}",
        } | headers
        return self.client.patch(f"/api/files/uploads/{sha256}", data=data, headers=given)

    def whole(self, data: bytes, content_type: str = "image/jpeg", step: int = 256 * KIB) -> Any:
        sha256 = sha(data)
        self.announce(sha256, len(data), content_type)
        response = None
        for at in range(0, len(data), step):
            response = self.chunk(sha256, at, data[at : at + step])
        return response


@pytest.fixture
def ana(cast: Any, phone: Any) -> Any:
    return phone(cast.ana)


@pytest.fixture
def up(ana: Any) -> Uploader:
    return Uploader(ana.client)


def test_a_file_named_then_uploaded_is_pending_then_stored_and_readable(ana: Any, up: Uploader) -> None:
    data = jpeg()
    args = {"title": "A"}
    ana.results(ana.op("note.add", _id(), args, files=[f"sha256:{sha(data)}"]))
    ana.pull()
    assert ana.row("file", sha(data)) == {
        "sha256": sha(data),
        "size_bytes": None,
        "content_type": None,
        "state": "pending",
    }
    assert up.client.get(f"/api/files/{sha(data)}").status_code == 404
    announced = up.announce(sha(data), len(data))
    assert (announced.status_code, announced.headers["Upload-Offset"]) == (200, "0")
    assert up.chunk(sha(data), 0, data).status_code == 204
    ana.pull()
    assert ana.row("file", sha(data)) == {
        "sha256": sha(data),
        "size_bytes": len(data),
        "content_type": "image/jpeg",
        "state": "stored",
    }
    got = up.client.get(f"/api/files/{sha(data)}")
    assert (got.status_code, got.data, got.mimetype) == (200, data, "image/jpeg")
    assert got.headers["X-Content-Type-Options"] == "nosniff" and "sandbox" in got.headers["Content-Security-Policy"]


def _id() -> str:
    from backend.core.ids import new_id

    return new_id()


def test_bytes_may_come_before_their_operation(ana: Any, up: Uploader) -> None:
    data = jpeg(colour="blue")
    assert up.whole(data).status_code == 204
    ana.pull()
    assert ana.of("file") == []
    ana.results(ana.op("note.add", _id(), {"title": "A"}, files=[f"sha256:{sha(data)}"]))
    ana.pull()
    assert ana.row("file", sha(data))["state"] == "stored"


@pytest.mark.parametrize("cut", [1, 2, 100, 255, 256, 257, 700])
def test_an_upload_goes_on_from_every_offset(up: Uploader, cut: int) -> None:
    data = bytes(range(256)) * 3
    data = b'"' + b64(data).encode() + b'"'
    up.announce(sha(data), len(data), "application/json")
    assert up.chunk(sha(data), 0, data[:cut]).headers["Upload-Offset"] == str(cut)
    assert up.offset(sha(data)) == cut
    assert up.announce(sha(data), len(data), "application/json").headers["Upload-Offset"] == str(cut)
    assert up.chunk(sha(data), cut, data[cut:]).status_code == 204
    assert up.client.get(f"/api/files/{sha(data)}").data == data


def test_a_chunk_out_of_order_or_twice_is_told_the_right_offset(up: Uploader) -> None:
    data = jpeg(200, quality=100)
    up.announce(sha(data), len(data))
    third = up.chunk(sha(data), 300, data[300:400])
    assert (third.status_code, third.headers["Upload-Offset"]) == (409, "0")
    assert up.chunk(sha(data), 0, data[:300]).status_code == 204
    again = up.chunk(sha(data), 0, b"x" * 300)
    assert (again.status_code, again.headers["Upload-Offset"]) == (409, "300")
    assert up.chunk(sha(data), 300, data[300:]).status_code == 204
    late = up.chunk(sha(data), 300, data[300:])
    assert (late.status_code, late.headers["Upload-Offset"]) == (204, str(len(data)))


def test_a_damaged_chunk_is_not_written(up: Uploader) -> None:
    data = jpeg()
    up.announce(sha(data), len(data))
    wrong = {"Upload-Checksum": f"sha256 {b64(hashlib.sha256(b'other').digest())}"}
    assert up.chunk(sha(data), 0, data, **wrong).status_code == 460
    assert up.offset(sha(data)) == 0
    for header in ("md5 AAAA", "sha256 ???", "sha256", ""):
        assert up.chunk(sha(data), 0, data, **{"Upload-Checksum": header}).status_code == 422


def test_bytes_of_another_hash_are_dropped_and_may_be_sent_again(up: Uploader) -> None:
    data, other = jpeg(), jpeg(colour="green")
    other = other[: len(data)].ljust(len(data), b"\0")
    up.announce(sha(data), len(data))
    wrong = up.chunk(sha(data), 0, other)
    assert (wrong.status_code, wrong.json["type"]) == (422, "/problems/file-hash-wrong")
    assert up.offset(sha(data)) == 0 and not _stored(up, data)
    assert up.chunk(sha(data), 0, data).status_code == 204


def _stored(up: Uploader, data: bytes) -> bool:
    return up.client.get(f"/api/files/{sha(data)}").status_code == 200


HEIC = b"\0\0\0\x18ftypheic\0\0\0\0heicmif1" + b"\0" * 100
GIF = io.BytesIO()
Image.new("RGB", (4, 4)).save(GIF, "GIF")
HTML = b"<html><script>alert(1)</script></html>"
SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
EPS = b"%!PS-Adobe-3.0 EPSF-3.0\n"
MOVING = io.BytesIO()
Image.new("RGB", (4, 4)).save(MOVING, "WEBP", save_all=True, append_images=[Image.new("RGB", (4, 4), "red")])


@pytest.mark.parametrize(
    ("data", "content_type"),
    [
        pytest.param(HTML, "image/jpeg", id="HTML as jpg"),
        pytest.param(SVG, "image/png", id="SVG as png"),
        pytest.param(EPS, "image/jpeg", id="EPS"),
        pytest.param(GIF.getvalue(), "image/png", id="GIF as png"),
        pytest.param(jpeg(form="PNG"), "image/jpeg", id="PNG as jpg"),
        pytest.param(jpeg(200, quality=95)[:900], "image/jpeg", id="half a JPEG"),
        pytest.param(MOVING.getvalue(), "image/webp", id="moving picture"),
        pytest.param(HEIC, "image/jpeg", id="HEIC"),
        pytest.param(b"not a PDF", "application/pdf", id="no PDF"),
        pytest.param(b"{half", "application/json", id="half JSON"),
        pytest.param(b"\xff\xfe\x00", "text/plain", id="no text"),
    ],
)
def test_bytes_of_another_type_are_dropped_with_clear_words(up: Uploader, data: bytes, content_type: str) -> None:
    response = up.whole(data, content_type)
    assert (response.status_code, response.json["type"]) == (422, "/problems/file-type-wrong")
    assert response.json["faults"][0]["message"]["zh"]
    assert up.offset(sha(data)) == 0 and not _stored(up, data)


def test_a_picture_of_too_many_points_is_refused_by_its_header(up: Uploader) -> None:
    data = _png_header(20_000, 20_000)
    response = up.whole(data, "image/png")
    assert (response.status_code, response.json["type"]) == (422, "/problems/file-type-wrong")


def _png_header(width: int, height: int) -> bytes:
    import struct
    import zlib

    def part(name: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))

    head = part(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + part(b"IDAT", zlib.compress(b"\0" * 1_000)) + part(b"IEND", b"")


@pytest.mark.parametrize(
    ("given", "status", "field"),
    [
        ({"sha256": "../../etc/passwd"}, 422, "Upload-Metadata.sha256"),
        ({"sha256": "A" * 64}, 422, "Upload-Metadata.sha256"),
        ({"sha256": ""}, 422, "Upload-Metadata.sha256"),
        ({"content_type": "text/html"}, 422, "Upload-Metadata.content_type"),
        ({"content_type": "image/svg+xml"}, 422, "Upload-Metadata.content_type"),
        ({"length": 0}, 422, "Upload-Length"),
        ({"length": -1}, 422, "Upload-Length"),
        ({"length": "a lot"}, 422, "Upload-Length"),
        ({"length": 20 * KIB * KIB + 1}, 413, "Upload-Length"),
        ({"length": 10**30}, 422, "Upload-Length"),
    ],
)
def test_a_bad_announcement_names_what_is_wrong(up: Uploader, given: Any, status: int, field: str) -> None:
    values = {"sha256": "a" * 64, "length": 10, "content_type": "image/jpeg"} | given
    response = up.announce(values["sha256"], values["length"], values["content_type"])
    assert (response.status_code, response.json["field"]) == (status, field), response.text


def test_another_length_for_the_same_hash_is_refused(up: Uploader) -> None:
    assert up.announce("a" * 64, 10).status_code == 201
    again = up.announce("a" * 64, 11)
    assert (again.status_code, again.json["type"]) == (409, "/problems/upload-mismatch")


def test_no_chunk_goes_beyond_the_announced_length_or_one_mebibyte(up: Uploader) -> None:
    up.announce("a" * 64, 10)
    assert up.chunk("a" * 64, 0, b"x" * 11).status_code == 413
    up.announce("b" * 64, 3 * KIB * KIB)
    assert up.chunk("b" * 64, 0, b"x" * (KIB * KIB + 1)).status_code == 413
    assert up.offset("a" * 64) == up.offset("b" * 64) == 0


@pytest.mark.parametrize("sha256", ["a" * 64, "..%2f..%2fetc%2fpasswd", "A" * 64, "%00"])
def test_an_unknown_file_is_not_found_by_any_verb(up: Uploader, sha256: str) -> None:
    assert up.client.head(f"/api/files/uploads/{sha256}").status_code == 404
    assert up.chunk(sha256, 0, b"x").status_code in (404, 405)
    assert up.client.get(f"/api/files/{sha256}").status_code == 404


def test_only_who_sees_a_record_that_names_it_reads_a_file(
    ana: Any, up: Uploader, cast: Any, as_: Any, session: Any
) -> None:
    from backend.core.db import write_transaction

    data = jpeg()
    note_id = _id()
    ana.results(ana.op("note.add", note_id, {"title": "A"}, files=[f"sha256:{sha(data)}"]))
    with write_transaction() as writing:
        writing.get(Note, note_id).holders = [f"engineer:{cast.ana.id}"]
    up.whole(data)
    url = f"/api/files/{sha(data)}"
    assert as_(cast.ben).get(url).status_code == 404
    assert as_(cast.cleo).get(url).status_code == 200
    with write_transaction() as writing:
        writing.get(Note, note_id).holders = [f"engineer:{cast.ben.id}"]
    assert as_(cast.ben).get(url).status_code == 200


def test_same_bytes_twice_are_one_file_seen_by_both(phone: Any, cast: Any) -> None:
    data = jpeg(colour="yellow")
    phones = [phone(cast.ana), phone(cast.ben)]
    for one in phones:
        one.results(one.op("note.add", _id(), {"title": "A"}, files=[f"sha256:{sha(data)}"]))
        assert Uploader(one.client).whole(data).status_code == 204
    for one in phones:
        one.pull()
        assert one.row("file", sha(data))["state"] == "stored"


def test_a_file_stored_but_not_said_to_be_is_healed_by_the_next_try(app: Any, up: Uploader, session: Any) -> None:
    """Killed between the rename and the commit: the bytes are there, the row says pending."""
    data = jpeg(colour="pink")
    up.announce(sha(data), len(data))
    with app.app_context():
        assert storage.put(data) == sha(data)
    assert not _stored(up, data)
    assert up.announce(sha(data), len(data)).headers["Upload-Offset"] == str(len(data))
    assert _stored(up, data)


@pytest.mark.parametrize("is_sound", [True, False])
def test_an_upload_whose_server_died_after_the_last_byte_is_finished_at_the_next_announcement(
    phone: Any, cast: Any, session: Any, is_sound: bool
) -> None:
    up, data = Uploader(phone(cast.ana).client), b"whole " * 1000
    up.announce(sha(data), len(data), "text/plain")
    with storage.open_part(sha(data)) as part:
        part.append(0, data if is_sound else bytes(len(data)))
    answer = up.announce(sha(data), len(data), "text/plain")
    assert int(answer.headers["Upload-Offset"]) == (len(data) if is_sound else 0)
    session.rollback()
    assert session.get(SyncFile, sha(data)).state == ("stored" if is_sound else "pending")
