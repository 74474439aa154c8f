"""From bytes to an envelope: M-01, M-04, M-06, M-08, M-12, M-14, M-15, M-65. Limits come before parsing.

Nothing here asks a database. What can be said about one operation becomes an `Unreadable` in its place, so that what
stands behind it goes on (M-20); a request is only refused as a whole when its operations cannot be told apart.
"""

from __future__ import annotations

import json
import zlib
from typing import Any

from sync.server.canonical import canonical, content_hash, hash_text
from sync.server.model import Envelope, Operation, Unreadable
from sync.server.operations import (
    NAME,
    Bad,
    check_members,
    invalid,
    is_integer,
    is_odd_text,
    is_uuid,
    walk,
    words_of,
)
from sync.server.problems import Refused, RequestRefused

MAX_BODY, MAX_OPS, MAX_OP = 512 * 1024, 200, 64 * 1024


def inflate(body: bytes, encoding: str | None) -> bytes:
    """The request's bytes, decompressed up to the limit and not a byte further (a bomb costs 512 KiB)."""
    if len(body) > MAX_BODY:
        raise _too_large("body", f"{MAX_BODY} B")
    if encoding in (None, "", "identity"):
        return body
    if encoding != "gzip":
        raise RequestRefused(415, "unsupported-encoding", "Content-Encoding")
    stream = zlib.decompressobj(wbits=31)
    try:
        plain = stream.decompress(body, MAX_BODY + 1)
    except zlib.error as error:
        raise _unreadable("body", "不是完好的 gzip 数据。", "This is not sound gzip data.") from error
    if len(plain) > MAX_BODY:
        raise _too_large("body", f"{MAX_BODY} B")
    if not stream.eof or stream.unused_data:
        raise _unreadable(
            "body", "gzip 数据被截断或后面有多余内容。", "The gzip data is cut off, or more follows it."
        )
    return plain


def read_push(body: bytes) -> Envelope:
    """The envelope of a push; raises RequestRefused when it cannot be read as a whole."""
    value = _parse(body)
    if not isinstance(value, dict):
        raise _unreadable("body", "要一个 JSON 对象。", "A JSON object is needed.")
    device_id = value.get("device_id")
    if not is_uuid(device_id):
        raise _unreadable("device_id", "要 36 位小写的 UUID。", "A UUID of 36 lower-case characters is needed.")
    ops = value.get("ops")
    if not isinstance(ops, list):
        raise _unreadable("ops", "要一个操作列表。", "A list of operations is needed.")
    if len(ops) > MAX_OPS:
        raise _too_large("ops", f"{MAX_OPS}")
    texts = {name: _envelope_text(value, name) for name in ("epoch", "app", "prev_hash", "key_id", "signature")}
    schema = value.get("schema")
    if schema is not None and not is_integer(schema):
        raise _unreadable("schema", "要整数。", "An integer is needed.")
    _require_order(ops)
    return Envelope(device_id=device_id, schema=schema, ops=tuple(read_operation(op) for op in ops), **texts)


def read_operation(raw: dict[str, Any]) -> Operation | Unreadable:
    """One operation; what is wrong with it is said in an Unreadable, never raised. Its `seq` was looked at before."""
    try:
        walk(raw, "", 0)
        text = canonical({name: value for name, value in raw.items() if name != "seq"})
        if len(text.encode()) > MAX_OP:
            raise Refused(
                "operation-too-large", None, words_of(f"一条最多 {MAX_OP} 字节。", f"At most {MAX_OP} bytes.")
            )
        if "void" in raw:
            return _read_void(raw)
        check_members(raw)
    except Refused as problem:
        return _aside(raw, problem)
    record = raw["record"]
    return Operation(
        op_id=raw["op_id"], seq=raw["seq"], type=raw["type"], v=raw["v"], kind=record["kind"], record_id=record["id"],
        args=raw["args"], base=raw.get("base") or {}, base_rev=raw.get("base_rev"), occurred_at=raw["occurred_at"],
        mono_ms=raw.get("mono_ms"), clock=raw.get("clock"), files=tuple(raw.get("files") or ()),
        mends=raw.get("mends"), content_hash=hash_text(text), raw=raw,
    )  # fmt: skip


def _parse(body: bytes) -> Any:
    if body.startswith(b"\xef\xbb\xbf"):
        raise _unreadable("body", "开头不能有 BOM。", "There must be no byte order mark.")
    try:
        return json.loads(
            body.decode("utf-8", "surrogateescape"),
            object_pairs_hook=_members,
            parse_constant=lambda name: Bad(f"{name} 不是数。", f"{name} is not a number here."),
            parse_float=lambda text: Bad(f"要整数，不能是 {text[:40]}。", f"An integer is needed, not {text[:40]}."),
            parse_int=lambda text: int(text) if len(text) <= 17 else Bad("整数太大。", "The integer is too large."),
        )
    except RecursionError as error:
        raise _unreadable("body", "嵌套太深。", "Nested too deeply.") from error
    except json.JSONDecodeError as error:
        raise _unreadable(
            "body", f"第 {error.pos} 个字符处不是 JSON。", f"No JSON at character {error.pos}."
        ) from error


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    out = dict(pairs)
    if len(out) != len(pairs):
        seen: set[str] = set()
        for name, _ in pairs:
            if name in seen:
                out[name] = Bad("这一项出现了两次。", "This member is there twice.")
            seen.add(name)
    return out


def _envelope_text(value: dict[str, Any], name: str) -> str | None:
    text = value.get(name)
    limit = 64 if name == "app" else 1_024
    if text is not None and not (isinstance(text, str) and len(text) <= limit and not is_odd_text(text)):
        raise _unreadable(
            name, f"要不超过 {limit} 个字符的文字。", f"A text of at most {limit} characters is needed."
        )
    return text


def _require_order(ops: list[Any]) -> None:
    """Every operation has a number above the one before; whether one is missing (M-16) the ledger must be asked."""
    expected = None
    for place, op in enumerate(ops):
        seq = op.get("seq") if isinstance(op, dict) else None
        if not is_integer(seq) or seq < 1:
            raise _unreadable(
                f"ops[{place}].seq", "要从 1 开始的整数编号。", "An integer number from 1 on is needed."
            )
        if expected is not None and seq < expected:
            raise _unreadable(f"ops[{place}].seq", "编号要递增，不能重复。", "Numbers must rise and not repeat.")
        expected = seq + 1


def _read_void(raw: dict[str, Any]) -> Unreadable:
    if set(raw) != {"seq", "void"} or not isinstance(raw["void"], str):
        raise invalid("void", "只要 seq 和 void（原因）。", "Only seq and void (the reason) are needed.")
    words = {
        "zh": f"手机上的这一条丢失了：{raw['void'][:200]}",
        "en": f"The phone lost this one: {raw['void'][:200]}",
    }
    problem = Refused("operation-lost", None, words)
    return Unreadable(raw["seq"], None, content_hash(raw), "void", problem, None, canonical(raw))


def _aside(raw: dict[str, Any], problem: Refused) -> Unreadable:
    """Keep what came, as the text it was (it may hold what no JSON value of ours can)."""
    rest = {name: value for name, value in raw.items() if name != "seq"}
    text = json.dumps(rest, sort_keys=True, default=lambda bad: {"unreadable": bad.text["en"]})
    op_id = raw.get("op_id")
    record = raw.get("record")
    key = None
    if isinstance(record, dict) and isinstance(record.get("kind"), str) and NAME.match(record["kind"]):
        key = (record["kind"], record["id"]) if is_uuid(record.get("id")) else None
    name = raw.get("type")
    return Unreadable(
        seq=raw["seq"],
        op_id=op_id if is_uuid(op_id) else None,
        content_hash=hash_text(text),
        status="rejected",
        problem=problem,
        payload={"text": text if len(text) <= MAX_OP else text[:MAX_OP] + "…"},
        text=text,
        type=name if isinstance(name, str) and NAME.match(name) else None,
        key=key,
    )


def _unreadable(field: str, zh: str, en: str) -> RequestRefused:
    return RequestRefused(400, "unreadable-request", field, words_of(zh, en))


def _too_large(field: str, limit: str) -> RequestRefused:
    return RequestRefused(413, "too-large", field, words_of(f"最多 {limit}。", f"At most {limit}."))
