"""Where a request can die: before each statement, before each commit, after it. Counted, so that all can be tried."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa


class PowerCut(Exception):
    """The server did not come back from here."""


def passing() -> Exception:
    """An error that a disk gives and that may be gone at the next try."""
    return sa.exc.OperationalError("cut", {}, Exception("disk I/O error"))


class Cuts(list[str]):
    """The points that were passed, by name. `dead` once one of them raised."""

    dead = False

    def pass_(self, name: str, at: int | str, error: Exception, for_ever: bool) -> None:
        self.append(name)
        if at in (len(self), name) or (for_ever and self.dead):
            self.dead = True
            raise error


@contextmanager
def cut(engine: sa.Engine, at: int | str, error: Exception, *, for_ever: bool = False) -> Iterator[Cuts]:
    """The `at`-th point from now (or each one of that name) raises `error`, with `for_ever` every one after it too.

    0: none does, all are counted.
    After a commit means: everything is kept, and nobody is told.
    """
    cuts = Cuts()
    real = engine.dialect.do_commit

    def statement(_c: Any, _cursor: Any, text: str, *_rest: Any) -> None:
        cuts.pass_(text, at, error, for_ever)

    def commit(connection: Any) -> None:
        cuts.pass_("before COMMIT", at, error, for_ever)
        real(connection)
        cuts.pass_("after COMMIT", at, error, for_ever)

    sa.event.listen(engine, "before_cursor_execute", statement)
    engine.dialect.do_commit = commit  # type: ignore[method-assign]
    try:
        yield cuts
    finally:
        sa.event.remove(engine, "before_cursor_execute", statement)
        engine.dialect.do_commit = real  # type: ignore[method-assign]
