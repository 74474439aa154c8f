"""Field types every slice shares: ids, instants, plain text. Errors read 'zh | en' (core/http.py splits them)."""

from __future__ import annotations

import re
import unicodedata
from datetime import datetime
from typing import Any
from zoneinfo import available_timezones

from apiflask import Schema
from marshmallow import ValidationError, fields, validate

from backend.core import clock, ids

MAX_TEXT = 20_000
_UNKEEPABLE = re.compile("[\0\ud800-\udfff]")
# Control characters but tab and newline; and what turns the reading direction of what follows around, which nobody types
# into a report on purpose.
_DROPPED = re.compile("[\x01-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


class Id(fields.String):
    """A lower-case UUIDv7."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        if not ids.is_id(value):
            raise ValidationError("编号要是小写的 UUIDv7 | An id is a lower-case UUIDv7")
        return str(value)


class Sha256(fields.String):
    """64 lower-case hex digits."""

    def __init__(self, **kwargs: Any) -> None:
        words = "校验值是 64 位小写十六进制 | A SHA-256 is 64 lower-case hex digits"
        super().__init__(validate=validate.Regexp(r"[0-9a-f]{64}\Z", error=words), **kwargs)


class Instant(fields.Field[datetime]):
    """An instant with an offset in; `…Z` with milliseconds out."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(metadata={"type": "string", "format": "date-time"}, **kwargs)

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> Any:
        return clock.iso(value) if isinstance(value, datetime) else value

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> datetime:
        try:
            return clock.parse(value)
        except (TypeError, ValueError):
            raise ValidationError(
                "时间要写成 2026-11-22T03:04:05Z 这样，带时区 | Write a time with its zone, as 2026-11-22T03:04:05Z"
            ) from None


ZONES = available_timezones()


class Zone(fields.String):
    """An IANA time zone. Not OneOf: the zones differ from machine to machine, the API's description must not."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        if not isinstance(value, str) or value not in ZONES:
            raise ValidationError("不认识这个时区，例：Asia/Shanghai | Unknown time zone, for example Asia/Shanghai")
        return str(value)


class Text(fields.String):
    """What a person writes: NFC, no control characters but newline and tab, no bidi overrides, ≤ `max` characters."""

    def __init__(self, *, max: int = MAX_TEXT, min: int = 0, **kwargs: Any) -> None:
        super().__init__(validate=validate.Length(min=min or None, max=max), **kwargs)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        if not isinstance(value, str):
            raise ValidationError("这里要写文字 | This is a text")
        return clean_text(value)


def clean_text(value: str) -> str:
    """The text as it is kept. Raises ValidationError for what no text may hold (NUL, lone surrogates)."""
    if value.isascii() and value.isprintable():
        return value
    if _UNKEEPABLE.search(value):
        raise ValidationError("这里有不能保存的字符 | This holds characters that cannot be kept")
    value = value.replace("\r\n", "\n").replace("\r", "\n")
    return unicodedata.normalize("NFC", _DROPPED.sub("", value))


class Both(Schema):
    """What ships or is configured, in both languages (K-9)."""

    zh = fields.String(required=True)
    en = fields.String(required=True)


class Whole(fields.Nested):
    """Given with all its members or not at all, in an edit too."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, partial: Any = None, **kwargs: Any) -> Any:
        return super()._deserialize(value, attr, data, partial=False, **kwargs)


class Maybe(fields.Nested):
    """A nested answer that is kept as {} where there is nothing to say; null to whoever asks."""

    def __init__(self, nested: Any, **kwargs: Any) -> None:
        super().__init__(nested, allow_none=True, **kwargs)

    def _serialize(self, nested_obj: Any, attr: str | None, obj: Any, **kwargs: Any) -> Any:
        return super()._serialize(nested_obj, attr, obj, **kwargs) if nested_obj else None


class FlagNote(Schema):
    """Why a flag that decides who pays stands as it does, and who said so."""

    reason = fields.String()
    by_id = fields.String(allow_none=True)
    by = fields.String()
    at = Instant()


class Empty(Schema):
    """An answer with nothing in it."""


class Page(Schema):
    """Cursor paging: `cursor` from the last answer, at most 200 rows."""

    cursor = fields.String(validate=validate.Length(max=200))
    limit = fields.Integer(load_default=50, validate=validate.Range(1, 200))
