"""How alembic reaches the app's database and models. Run through `python -m backend migrate`."""

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
    with db.engine.connect() as connection:
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
        options.commit()


assert current_app
run()
