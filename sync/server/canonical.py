"""Canonical JSON (RFC 8785) and the hashes over it: M-02, M-05. The only way in which two values are compared.

orjson with sorted keys writes the same bytes, but sorts by code point where the RFC sorts by UTF-16 code unit; they
differ only where a member's name has a character above U+D7FF, and there the slower reference library is asked. (Such
characters in values, the comma of every Chinese sentence among them, change nothing.)
"""

from __future__ import annotations

import hashlib
import re
from typing import Any

import orjson
import rfc8785

_PLAIN = (str, int, bool, type(None))
_ABOVE_SURROGATES = re.compile("[\ud7ff-\U0010ffff]")


def canonical(value: Any) -> str:
    """The one JSON text of a value. Raises TypeError for what JSON or M-01 does not hold (lone surrogates, 2⁶⁴)."""
    text = orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode()
    return rfc8785.dumps(value).decode() if _ABOVE_SURROGATES.search(text) and _has_such_name(value) else text


def _has_such_name(value: Any) -> bool:
    left = [value]
    while left:
        one = left.pop()
        if isinstance(one, dict):
            names = "".join(one)
            if not names.isascii() and _ABOVE_SURROGATES.search(names):
                return True
            left += one.values()
        elif isinstance(one, (list, tuple)):
            left += one
    return False


def hash_of(value: Any) -> str:
    """hash(value) of M-05: SHA-256 over the canonical JSON, 64 lower-case hex digits."""
    return hash_text(canonical(value))


def hash_text(text: str) -> str:
    """SHA-256 over the UTF-8 bytes of a text."""
    return hashlib.sha256(text.encode()).hexdigest()


def same(one: Any, other: Any) -> bool:
    """Equal by M-02. Python's own equality would say that True is 1; in whichever order names stand, it is the same."""
    if type(one) is type(other) and type(one) in _PLAIN:
        return one == other
    return orjson.dumps(one, option=orjson.OPT_SORT_KEYS) == orjson.dumps(other, option=orjson.OPT_SORT_KEYS)


def content_hash(operation: dict[str, Any]) -> str:
    """Content hash of M-11: everything but `seq`; of a void only the reason (M-63)."""
    if "void" in operation:
        return hash_of({"void": operation["void"]})
    return hash_of({name: value for name, value in operation.items() if name != "seq"})


def first_link(device_id: str) -> str:
    """link(0) of a device's chain, M-63."""
    return hash_of({"device_id": device_id})


def next_link(previous: str, content: str, seq: int) -> str:
    """link(n) of a device's chain, M-63. Hex digits and an integer need no escaping, so the text is put together."""
    return hash_text(f'{{"content":"{content}","prev":"{previous}","seq":{seq}}}')
