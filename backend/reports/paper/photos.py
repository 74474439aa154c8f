"""Photos brought down to what paper needs, quickly: a phone's JPEG is decoded at half size and written once more."""

from __future__ import annotations

import base64
import io
import os
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

from PIL import Image, ImageOps

PAPER_PX = 1000
ENOUGH_PX = (400, 300)  # a photo is 36 mm wide on the sheet: 280 dots per inch; the original stays in the file store
PIXELS_AT_MOST = 60_000_000
_POOL = ThreadPoolExecutor(max_workers=min(os.cpu_count() or 1, 4), thread_name_prefix="paper-photo")


@dataclass(frozen=True)
class PaperPhoto:
    """A JPEG of at most 1,000 px a side; `jpeg` None says why not: absent (no bytes yet) or broken (no picture)."""

    jpeg: bytes | None
    width: int = 0
    height: int = 0
    problem: str = ""


def paper_photos(hashes: Iterable[str], photos: Callable[[str], bytes | None]) -> dict[str, Future[PaperPhoto]]:
    """Each hash once with its picture to come; fetched here in order, scaled aside (Pillow works outside the GIL)."""
    return {sha256: _POOL.submit(_scaled, _fetched(sha256, photos)) for sha256 in dict.fromkeys(hashes)}


def as_svg(photo: PaperPhoto) -> str:
    """The JPEG inside an SVG: typst takes it into the PDF as it is, and no file is ever written."""
    size = f'width="{photo.width}" height="{photo.height}"'
    bytes64 = base64.b64encode(photo.jpeg or b"").decode()
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" {size}>'
        f'<image {size} xlink:href="data:image/jpeg;base64,{bytes64}"/></svg>'
    )


def _fetched(sha256: str, photos: Callable[[str], bytes | None]) -> bytes | None:
    try:
        return photos(sha256)
    except (KeyError, FileNotFoundError):
        return None


def _scaled(raw: bytes | None) -> PaperPhoto:
    if not raw:
        return PaperPhoto(None, problem="absent")
    try:
        with Image.open(io.BytesIO(raw), formats=("JPEG", "PNG", "WEBP")) as picture:
            if picture.width * picture.height > PIXELS_AT_MOST:
                return PaperPhoto(None, problem="broken")
            picture.draft("RGB", ENOUGH_PX if picture.width >= picture.height else ENOUGH_PX[::-1])
            picture.decodermaxblock = len(raw)  # one call outside the GIL instead of one for each 64 KB
            upright = ImageOps.exif_transpose(_on_white(picture))
            if max(upright.size) > PAPER_PX:
                upright.thumbnail((PAPER_PX, PAPER_PX), Image.Resampling.BILINEAR, reducing_gap=2.0)
            out = io.BytesIO()
            upright.save(out, "JPEG", quality=75)
            return PaperPhoto(out.getvalue(), upright.width, upright.height)
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return PaperPhoto(None, problem="broken")


def _on_white(picture: Image.Image) -> Image.Image:
    if picture.mode == "RGB":
        return picture
    if "A" in picture.getbands() or "transparency" in picture.info:
        white = Image.new("RGBA", picture.size, "white")
        white.alpha_composite(picture.convert("RGBA"))
        return white.convert("RGB")
    return picture.convert("RGB")
