"""Ids are UUIDv7, made where the record is born, written in lower case."""

from __future__ import annotations

import re

from uuid6 import uuid7

UUID7 = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}\Z")


def new_id() -> str:
    """A fresh id, 36 characters, ascending within this process."""
    return str(uuid7())


def spoken(ident: str) -> str:
    """How people name a row that has no number: the end of its id, which no neighbour shares."""
    return ident[-6:].upper()


def is_id(value: object) -> bool:
    """True for a lower-case UUIDv7 in its one written form."""
    return isinstance(value, str) and UUID7.match(value) is not None
