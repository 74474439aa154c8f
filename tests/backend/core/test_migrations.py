"""The schema that migrations make is the schema that the models describe, on the database of this run."""

from __future__ import annotations

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from backend.config import ROOT
from backend.core.db import db

PRODUCT_TABLES = set(db.metadata.tables)


def test_the_migrated_schema_is_what_the_models_say(app):
    with app.app_context(), db.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "include_object": _ours})
        assert compare_metadata(context, db.metadata) == []


def test_there_is_one_newest_migration_and_the_database_stands_on_it(app):
    script = ScriptDirectory(str(ROOT / "backend" / "migrations"))
    with app.app_context(), db.engine.connect() as connection:
        assert script.get_heads() == [MigrationContext.configure(connection).get_current_revision()]


def _ours(item, name, kind, reflected, compare_to):
    """Tables that other tests made for themselves are not the product's."""
    table = name if kind == "table" else getattr(getattr(item, "table", None), "name", None)
    return table is None or table in PRODUCT_TABLES or table.startswith("alembic")
