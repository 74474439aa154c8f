"""The bad files of the corpus, made here: each a name, bytes, the type it is announced with, and what must happen.

"stored": taken as it is. Otherwise the slug of the problem that refuses it. Nothing here is kept in git as bytes.
"""

from __future__ import annotations

import io
import json
import struct
import zlib
from collections.abc import Callable
from dataclasses import dataclass

from PIL import Image, TiffImagePlugin

TYPE = "file-type-wrong"


@dataclass(frozen=True)
class BadFile:
    """One case; `make` gives the bytes."""

    name: str
    announced: str
    expected: str
    make: Callable[[], bytes]
    says: str = ""


def picture(form: str = "JPEG", size: tuple[int, int] = (64, 48), **options: object) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", size, (40, 90, 120)).save(out, form, **options)
    return out.getvalue()


def _png(width: int, height: int, whole: bool = True) -> bytes:
    """A PNG that says it has so many points; black, one bit each, so that its bytes stay few."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = (b"\0" + b"\0" * ((width + 7) // 8)) * (height if whole else 1)
    head = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows, 9)) + chunk(b"IEND", b"")


def _frames(form: str, count: int) -> bytes:
    out = io.BytesIO()
    frames = [Image.new("L", (2, 2), n * 7 % 250) for n in range(count)]
    frames[0].save(out, form, save_all=True, append_images=frames[1:])
    return out.getvalue()


def _exif_position() -> bytes:
    """A JPEG whose EXIF tells a position and holds a thumbnail of another picture."""
    exif = Image.Exif()
    exif[0x010E] = "basement"
    place = exif.get_ifd(0x8825)
    place[1], place[2] = "N", tuple(TiffImagePlugin.IFDRational(n) for n in (30, 34, 43))
    return picture(exif=exif.tobytes() + picture(size=(8, 8)))


def _heic() -> bytes:
    return struct.pack(">I", 24) + b"ftypheic" + b"\0\0\0\0" + b"mif1heic" + b"\0" * 200


def _html() -> bytes:
    return b"<!doctype html><script>fetch('/api/me')</script>"


CORPUS = (
    BadFile("a sound JPEG", "image/jpeg", "stored", picture),
    BadFile("a sound PNG", "image/png", "stored", lambda: picture("PNG")),
    BadFile("a sound WebP", "image/webp", "stored", lambda: picture("WEBP")),
    BadFile("ink as JSON", "application/json", "stored", lambda: b'{"width":290,"height":150,"lines":[]}'),
    BadFile("EXIF with a position and a foreign thumbnail", "image/jpeg", "stored", _exif_position),
    BadFile("a JPEG with an archive behind it", "image/jpeg", "stored", lambda: picture() + b"PK\x03\x04" + b"\0" * 60),
    BadFile("PNG of 20,000 x 20,000", "image/png", TYPE, lambda: _png(20_000, 20_000)),
    BadFile("PNG of 12,000 x 12,000, of which Pillow only warns", "image/png", TYPE, lambda: _png(12_000, 12_000)),
    BadFile("PNG that ends early and says so: shown as far as it goes", "image/png", "stored",
            lambda: _png(300, 300, whole=False)),
    BadFile("half a PNG", "image/png", TYPE, lambda: picture("PNG", (900, 900))[:2000]),
    BadFile("GIF of 10,000 frames", "image/gif", TYPE, lambda: _frames("GIF", 10_000)),
    BadFile("GIF called PNG", "image/png", TYPE, lambda: _frames("GIF", 3)),
    BadFile("moving WebP", "image/webp", TYPE, lambda: _frames("WEBP", 300)),
    BadFile("moving PNG", "image/png", TYPE, lambda: _frames("PNG", 300)),
    BadFile("half a JPEG", "image/jpeg", TYPE, lambda: picture(size=(900, 900))[:3000]),
    BadFile("JPEG called PNG", "image/png", TYPE, lambda: picture(size=(65, 48))),
    BadFile("PDF called JPEG", "image/jpeg", TYPE, lambda: b"%PDF-1.7\n%\xff\xd8\xff\n"),
    BadFile("JPEG called PDF", "application/pdf", TYPE, lambda: picture(size=(66, 48))),
    BadFile("SVG with script", "image/svg+xml", TYPE, lambda: b"<svg xmlns='x'><script>alert(1)</script></svg>"),
    BadFile("SVG called PNG", "image/png", TYPE, lambda: b"<svg xmlns='x'><script>alert(1)</script></svg>"),
    BadFile("HTML called JPEG", "image/jpeg", TYPE, _html),
    BadFile("HTML as HTML", "text/html", TYPE, _html),
    BadFile("EPS", "image/jpeg", TYPE, lambda: b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n(x) run\n"),
    BadFile("TIFF", "image/jpeg", TYPE, lambda: picture("TIFF")),
    BadFile("BMP called WebP", "image/webp", TYPE, lambda: picture("BMP")),
    BadFile("HEIC", "image/jpeg", TYPE, _heic, says="HEIC"),
    BadFile("a program", "application/x-msdownload", TYPE, lambda: b"MZ" + b"\0" * 100),
    BadFile("JSON that is not UTF-8", "application/json", TYPE, lambda: b'{"lines": "\xff"}'),
    BadFile("JSON with NaN", "application/json", TYPE, lambda: b'{"width": NaN}'),
    BadFile("JSON cut off", "application/json", TYPE, lambda: b'{"width": 290, "lines": [[[1,'),
    BadFile("JSON nested 10,000 deep", "application/json", TYPE, lambda: b"[" * 10_000 + b"]" * 10_000),
    BadFile("ink with 20,000 strokes", "application/json", "stored",
            lambda: json.dumps({"width": 290, "height": 150, "lines": [[[1, 2], [3, 4]]] * 20_000}).encode()),
)  # fmt: skip
