"""What one operation may be: M-01, M-04, M-06, M-08. Said by the first thing in it that is not so.

Called by reading.py, which keeps what is refused here in an Unreadable. Nothing here knows a request.
"""

from __future__ import annotations

import re
from typing import Any

from sync.server.problems import Refused

MAX_DEPTH, MAX_TEXT = 16, 20_000
MAX_INTEGER = 2**53 - 1
UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\Z")
SHA256 = re.compile(r"[0-9a-f]{64}\Z")
FILE = re.compile(r"sha256:[0-9a-f]{64}\Z")
NAME = re.compile(r"[a-z][a-z0-9_]{0,39}(\.[a-z][a-z0-9_]{0,39})?\Z")
_FORBIDDEN = {"__proto__", "constructor", "prototype"}
_REQUIRED = ("op_id", "type", "v", "record", "args", "occurred_at")
MEMBERS = {*_REQUIRED, "seq", "base_rev", "base", "mono_ms", "clock", "files", "mends"}


class Bad:
    """Stands where JSON held something that M-01 does not know; says what."""

    def __init__(self, zh: str, en: str) -> None:
        self.text = {"zh": zh, "en": en}


def walk(value: Any, path: str, depth: int) -> None:
    """Refuse the first thing below `path` that is not a value of M-01 and M-04."""
    if type(value) is str:
        if len(value) > MAX_TEXT:
            raise invalid(path, f"最多 {MAX_TEXT} 个字符。", f"At most {MAX_TEXT} characters.")
        if is_odd_text(value):
            raise invalid(path, "文字里有不能保存的字符。", "The text holds a character that cannot be stored.")
    elif type(value) is int:
        if abs(value) > MAX_INTEGER:
            raise invalid(path, "整数太大。", "The integer is too large.")
    elif isinstance(value, Bad):
        raise Refused("invalid-operation", path or None, value.text)
    elif isinstance(value, (dict, list)):
        if depth >= MAX_DEPTH:
            raise invalid(path, "嵌套太深。", "Nested too deeply.")
        if isinstance(value, list):
            for place, item in enumerate(value):
                walk(item, f"{path}[{place}]", depth + 1)
            return
        for name, item in value.items():
            inner = f"{path}.{name[:64]}" if path else name[:64]
            if name in _FORBIDDEN or len(name) > 200 or is_odd_text(name):
                raise invalid(_printable(inner), "不能用这个名字。", "This name is not allowed.")
            walk(item, inner, depth + 1)


def check_members(raw: dict[str, Any]) -> None:
    for name in raw:
        if name not in MEMBERS:
            raise Refused("unknown-field", name)
    for name in _REQUIRED:
        if raw.get(name) is None:
            raise invalid(name, "缺少这一项。", "This is missing.")
    _check_identity(raw)
    for name in ("args", "base"):
        if raw.get(name) is not None and not isinstance(raw[name], dict):
            raise invalid(name, "要一个对象。", "An object is needed.")
    if not (isinstance(raw["occurred_at"], str) and len(raw["occurred_at"]) <= 40):
        raise invalid(
            "occurred_at", "要 2026-11-22T03:04:05.678Z 这样的时刻。", "An instant such as 2026-11-22T03:04:05.678Z."
        )
    for name in ("base_rev", "mono_ms"):
        if raw.get(name) is not None and not is_integer(raw[name]):
            raise invalid(name, "要整数。", "An integer is needed.")
    _check_clock(raw.get("clock"))
    files = raw.get("files")
    if files is not None and not (
        isinstance(files, list)
        and len(files) <= 50
        and all(isinstance(file, str) and FILE.match(file) for file in files)
    ):
        raise invalid("files", "要 sha256:… 的列表，最多 50 个。", "A list of sha256:…, at most 50, is needed.")


def _check_identity(raw: dict[str, Any]) -> None:
    for name in ("op_id", "mends"):
        if raw.get(name) is not None and not is_uuid(raw[name]):
            raise invalid(name, "要 36 位小写的 UUID。", "A UUID of 36 lower-case characters is needed.")
    if not (isinstance(raw["type"], str) and NAME.match(raw["type"])):
        raise invalid("type", "要 kind.verb 这样的类型名。", "A type such as kind.verb is needed.")
    if not is_integer(raw["v"]) or raw["v"] < 1:
        raise invalid("v", "要从 1 开始的整数。", "An integer from 1 on is needed.")
    record = raw["record"]
    if not isinstance(record, dict) or set(record) != {"kind", "id"}:
        raise invalid("record", "要 {kind, id}。", "{kind, id} is needed.")
    if not (isinstance(record["kind"], str) and NAME.match(record["kind"])):
        raise invalid("record.kind", "要记录种类的名字。", "The name of a kind is needed.")
    if not is_uuid(record["id"]) and not (isinstance(record["id"], str) and SHA256.match(record["id"])):
        raise invalid("record.id", "要 36 位小写的 UUID。", "A UUID of 36 lower-case characters is needed.")


def _check_clock(clock: Any) -> None:
    if clock is None:
        return
    if not isinstance(clock, dict) or set(clock) != {"offset_ms", "rtt_ms", "age_s"}:
        raise invalid("clock", "要 {offset_ms, rtt_ms, age_s}。", "{offset_ms, rtt_ms, age_s} is needed.")
    for name, value in clock.items():
        if not is_integer(value) or (name != "offset_ms" and value < 0):
            raise invalid(f"clock.{name}", "要整数，不能为负。", "An integer, not below 0, is needed.")


def is_uuid(value: Any) -> bool:
    """An id of M-06."""
    return isinstance(value, str) and UUID.match(value) is not None


def is_odd_text(text: str) -> bool:
    """NUL or a lone surrogate (also what invalid UTF-8 was read as)."""
    if text.isascii():
        return "\x00" in text
    try:
        text.encode()
    except UnicodeEncodeError:
        return True
    return "\x00" in text


def is_integer(value: Any) -> bool:
    return type(value) is int and abs(value) <= MAX_INTEGER


def _printable(path: str) -> str:
    return path.encode("ascii", "backslashreplace").decode().replace("\x00", "\\x00")


def words_of(zh: str, en: str) -> dict[str, str]:
    return {"zh": zh, "en": en}


def invalid(path: str, zh: str, en: str) -> Refused:
    return Refused("invalid-operation", path or None, words_of(zh, en))
