"""How alembic reaches the app's database and models. Run through `python -m backend migrate`."""

from contextlib import contextmanager

from alembic import context
from flask import current_app

from backend.core.db import db


def render_item(kind, item, autogen_context):
    """Write our own column types by their place, with the import they need."""
    if kind == "type" and type(item).__module__.startswith("backend."):
        autogen_context.imports.add(f"from {type(item).__module__} import {type(item).__name__}")
        return f"{type(item).__name__}()"
    return False


def run() -> None:
    with db.engine.connect() as connection, unlinked(connection):
        options = connection.execution_options(begin="IMMEDIATE")
        context.configure(
            connection=options,
            target_metadata=db.metadata,
            render_as_batch=True,
            render_item=render_item,
            compare_type=True,
            transactional_ddl=True,  # SQLite too, whatever alembic believes of it
            transaction_per_migration=False,  # all or nothing: killed midway, the old schema is whole (C6)
        )
        with context.begin_transaction():
            context.run_migrations()
            check_links(options)
        options.commit()


def check_links(connection):
    """Raises when a migration left rows that name nothing; PostgreSQL sees to it by itself."""
    if connection.dialect.name == "sqlite":
        broken = connection.exec_driver_sql("PRAGMA foreign_key_check").all()
        if broken:
            raise RuntimeError(f"rows that name nothing after migrating: {broken[:5]}")


@contextmanager
def unlinked(connection):
    """SQLite changes a table by making it anew; rows of others that name it must not stop its drop meanwhile.

    The pragma does nothing inside a transaction, hence past SQLAlchemy; foreign keys are checked before the commit.
    """
    if connection.dialect.name != "sqlite":
        yield
        return
    raw = connection.connection.driver_connection
    raw.execute("PRAGMA foreign_keys=OFF")
    try:
        yield
    finally:
        raw.execute("PRAGMA foreign_keys=ON")


assert current_app
run()
