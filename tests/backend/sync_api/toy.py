"""The toy kinds of sync/vectors/protocol.json as tables, so that sync is shown without the product's own records."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa
from apiflask import Schema, fields
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from backend.core.db import Id, db
from backend.core.editing import edit_row
from backend.core.problems import Fault, NotAllowedNow
from backend.core.sync import Outcome, RecordKind, operation_type, record_kind, registry_of, touch
from backend.sync_api.journal import Doer, journal_of


class ToyBase(DeclarativeBase):
    """Tables apart from the product's, so that migrations do not see them."""


class Note(ToyBase):
    __tablename__ = "toy_note"
    id: Mapped[str] = mapped_column(Id, primary_key=True)
    title: Mapped[str | None] = mapped_column(sa.Text)
    body: Mapped[str | None] = mapped_column(sa.Text)
    due: Mapped[str | None] = mapped_column(sa.Text)
    count: Mapped[int | None] = mapped_column(sa.BigInteger)
    number: Mapped[str | None] = mapped_column(sa.Text)
    tags: Mapped[list[Any]] = mapped_column(sa.JSON, default=list)
    closed: Mapped[bool] = mapped_column(default=False)
    holders: Mapped[list[str] | None] = mapped_column(sa.JSON)


class Tag(ToyBase):
    __tablename__ = "toy_tag"
    id: Mapped[str] = mapped_column(Id, primary_key=True)
    note_id: Mapped[str | None] = mapped_column(Id)
    name: Mapped[str | None] = mapped_column(sa.Text)


FIELDS = ("title", "body", "due", "count", "number", "tags", "closed")
OWNERS = {
    "title": "both",
    "body": "both",
    "due": "office",
    "count": "engineer",
    "number": "server",
    "tags": "both",
    "closed": "server",
}


def note_json(note: Note) -> dict[str, Any]:
    return {name: getattr(note, name) for name in FIELDS}


def note_buckets(note: Note, _session: Any) -> set[str]:
    return {"reference"} if note.holders is None else set(note.holders)


class NoteOut(Schema):
    title, body, due = fields.String(), fields.String(), fields.String()


def edit_at_the_desk(
    session: Any, note_id: str, base: dict[str, Any], changes: dict[str, Any], author_id: str, now: Any
) -> None:
    """What a console's route does: the fields merged into the row, in the name of who sits there."""
    journal_of(session, registry_of()).doer = Doer(author_id, None, None, now)
    edit_row(session.get(Note, note_id), NoteOut(), base, changes)


def tag_buckets(tag: Tag, session: Any) -> set[str]:
    note = session.get(Note, tag.note_id)
    return set() if note is None else note_buckets(note, session)


def add_note(session: Any, op: Any, ctx: Any) -> None:
    session.add(
        Note(
            id=op.record_id,
            **({"title": "A", "body": "甲。乙。丙。", "count": 0, "tags": [], "closed": False} | op.args),
        )
    )


def add_tag(session: Any, op: Any, ctx: Any) -> None:
    session.add(Tag(id=op.record_id, **op.args))


def close_note(session: Any, op: Any, ctx: Any) -> Outcome | None:
    note = session.get(Note, op.record_id)
    if note.closed:
        raise NotAllowedNow(faults=[Fault("$.closed", {"zh": "已经关闭。", "en": "Closed already."})])
    note.closed = True
    return None


def break_note(session: Any, op: Any, ctx: Any) -> None:
    session.get(Note, op.record_id).title = "half done"
    session.flush()
    raise ZeroDivisionError("a bug of ours")


def move_note(session: Any, note_id: str, holders: list[str] | None) -> None:
    """The office gives a note to these buckets (None: to everybody), and its tags with it (M-45)."""
    note = session.get(Note, note_id)
    if note is not None:
        note.holders = holders
        touch(session, *session.scalars(sa.select(Tag).where(Tag.note_id == note_id)))


def cancel_note(session: Any, note_id: str) -> None:
    """The office takes a note away for good; its tags stay where they are needed: in the ledger, with nobody."""
    note = session.get(Note, note_id)
    if note is not None:
        session.delete(note)
        session.flush()
        touch(session, *session.scalars(sa.select(Tag).where(Tag.note_id == note_id)))


def tally_note(session: Any, op: Any, ctx: Any) -> None:
    """Once more: what is done twice shows."""
    note = session.get(Note, op.record_id)
    note.count = (note.count or 0) + 1


@contextmanager
def only_toys(app: Any) -> Iterator[None]:
    """The toy kinds and sync's own; the product's are not followed, so that the feed holds what the vectors expect."""
    registry = registry_of(app)
    own = {
        kind: record for kind, record in registry.of_model.items() if kind.__module__.startswith("backend.sync_api")
    }
    kept, registry.of_model = registry.of_model, own
    try:
        with toy_kinds(app):
            yield
    finally:
        registry.of_model = kept


@contextmanager
def toy_kinds(app: Any) -> Iterator[None]:
    """The toy kinds in the app's registry and their tables in its database, for one test."""
    registry = registry_of(app)
    kept = [dict(part) for part in (registry.kinds, registry.types, registry.records, registry.of_model)]
    record_kind(app, RecordKind("note", Note, note_json, note_buckets, OWNERS, frozenset({"body"})))
    record_kind(
        app,
        RecordKind(
            "tag",
            Tag,
            lambda tag: {"note_id": tag.note_id, "name": tag.name},
            tag_buckets,
            {"note_id": "insert", "name": "insert"},
        ),
    )
    operation_type(app, "note.add", "insert", add_note)
    operation_type(app, "note.edit", "edit")
    operation_type(app, "note.close", "act", close_note)
    operation_type(app, "note.break", "act", break_note)
    operation_type(app, "note.tally", "act", tally_note)
    operation_type(app, "tag.add", "insert", add_tag, refs={"note_id": "note"})
    with app.app_context():
        ToyBase.metadata.create_all(db.engine)
    try:
        yield
    finally:
        with app.app_context():
            db.session.remove()
            ToyBase.metadata.drop_all(db.engine)
        for part, before in zip(
            (registry.kinds, registry.types, registry.records, registry.of_model), kept, strict=True
        ):
            part.clear()
            part.update(before)
