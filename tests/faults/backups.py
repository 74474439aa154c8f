"""The database of a test put back to what it was: by the product's own backup, the toy tables beside it."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from backend.core import backup, clock
from backend.core.db import db
from tests.backend.sync_api.toy import ToyBase
from tests.support import empty_tables


class Backup:
    """What one backup holds. Needs an app context."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.unlink(missing_ok=True)
        backup.write(path, clock.now())
        with db.engine.connect() as connection:
            self.toys = {
                table.name: [dict(row) for row in connection.execute(sa.select(table)).mappings()]
                for table in ToyBase.metadata.sorted_tables
            }

    def put_back(self, app: Any) -> None:
        """Restored into empty tables and an empty file store; a new epoch begins."""
        db.session.remove()
        empty_tables()
        shutil.rmtree(Path(app.config["VAR_DIR"]) / "files", ignore_errors=True)
        with db.engine.begin() as connection:
            for table in ToyBase.metadata.sorted_tables:
                connection.execute(sa.delete(table))
                if self.toys[table.name]:
                    connection.execute(sa.insert(table), self.toys[table.name])
        backup.read(self.path, clock.now())
