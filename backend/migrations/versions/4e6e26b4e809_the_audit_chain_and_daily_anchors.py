"""the audit chain and daily anchors

Revision 4e6e26b4e809, after 27c54531eb4d. Records that are there already get a line each, with the trail they have. The
ledger is chained anew: a link now covers when its operation was received.
"""

import secrets

import sqlalchemy as sa
from alembic import op

from backend.core.db import UtcDateTime

# the chains' formats, which never change
from backend.sync_api.audit import FIRST_LINE, line_of, row_hash, trail_hash
from backend.sync_api.publish import FIRST_CHAIN, link_of

revision = "4e6e26b4e809"
down_revision = "27c54531eb4d"
branch_labels = None
depends_on = None

REMOVED = sa.text("why IS NOT NULL")
HEAD = sa.table("sync_head", *map(sa.column, ("ledger_chain", "audit_n", "audit_chain")))
LEDGER = sa.table(
    "sync_op",
    *map(sa.column, ("n", "device_id", "seq", "author_id", "content_hash", "payload_hash", "chain")),
    sa.column("received_at", UtcDateTime()),
)
RECORD = sa.table(
    "sync_record",
    *map(sa.column, ("kind", "record_id", "rev", "row", "is_gone", "made_by_id")),
    sa.column("made_at", UtcDateTime()),
)
HISTORY = sa.table(
    "sync_history",
    *map(sa.column, ("id", "kind", "record_id", "field", "rev", "old_value", "author_id", "device_id", "op_id")),
    sa.column("at", UtcDateTime()),
)


def upgrade():
    op.create_table(
        "sync_anchor",
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("epoch", sa.String(length=36), nullable=False),
        sa.Column("feed_seq", sa.BigInteger(), nullable=False),
        sa.Column("anchor", sa.String(length=100), nullable=False),
        sa.PrimaryKeyConstraint("at", name=op.f("pk_sync_anchor")),
    )
    lines = op.create_table(
        "sync_audit",
        sa.Column("n", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("record_id", sa.String(length=64), nullable=False),
        sa.Column("rev", sa.BigInteger(), nullable=False),
        sa.Column("salt", sa.String(length=32), nullable=True),
        sa.Column("row_hash", sa.String(length=64), nullable=False),
        sa.Column("trail_hash", sa.String(length=64), nullable=False),
        sa.Column("chain", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("n", name=op.f("pk_sync_audit")),
    )
    with op.batch_alter_table("sync_audit") as batch_op:
        batch_op.create_index("ix_sync_audit_record", ["record_id", "kind", "rev"], unique=False)
    with op.batch_alter_table("sync_head") as batch_op:
        batch_op.add_column(sa.Column("audit_n", sa.BigInteger(), server_default="0", nullable=False))
        batch_op.add_column(sa.Column("audit_chain", sa.String(length=64), server_default=FIRST_LINE, nullable=False))
    with op.batch_alter_table("sync_feed") as batch_op:
        batch_op.create_index("ix_sync_feed_removed", ["seq"], sqlite_where=REMOVED, postgresql_where=REMOVED)
    _write_lines(op.get_bind(), lines)
    _chain_anew(op.get_bind())


def _write_lines(bind, lines):
    """One line per record, a batch at a time."""
    n, chain, batch = 0, FIRST_LINE, []
    for record, trail in _records(bind):
        n, salt = n + 1, secrets.token_hex(16)
        hashes = (
            row_hash(salt, record.row, bool(record.is_gone), record.made_by_id, record.made_at),
            trail_hash(salt, trail),
        )
        chain = line_of(chain, n, record.kind, record.record_id, record.rev, hashes)
        batch.append(
            {"n": n, "kind": record.kind, "record_id": record.record_id, "rev": record.rev, "salt": salt}
            | {"row_hash": hashes[0], "trail_hash": hashes[1], "chain": chain}
        )
        if len(batch) == 500:
            bind.execute(sa.insert(lines), batch)
            batch = []
    if batch:
        bind.execute(sa.insert(lines), batch)
    bind.execute(sa.update(HEAD).values(audit_n=n, audit_chain=chain))


def _chain_anew(bind):
    chain, links = FIRST_CHAIN, []
    for row in bind.execute(sa.select(LEDGER).order_by(LEDGER.c.n)).all():
        chain = link_of(chain, row.n, row, row.payload_hash)
        links.append({"at": row.n, "link": chain})
    if links:
        at = LEDGER.c.n == sa.bindparam("at")
        bind.execute(sa.update(LEDGER).where(at).values(chain=sa.bindparam("link")), links)
    bind.execute(sa.update(HEAD).values(ledger_chain=chain))


def _records(bind):
    """(record, its superseded values in order), every one; read before anything is written."""
    history = bind.execute(sa.select(HISTORY).order_by(HISTORY.c.id)).mappings().all()
    trails = {}
    for row in history:
        trails.setdefault((row["kind"], row["record_id"]), []).append(row)
    for record in bind.execute(sa.select(RECORD).order_by(RECORD.c.kind, RECORD.c.record_id)).all():
        yield record, trails.get((record.kind, record.record_id), [])


def downgrade():
    with op.batch_alter_table("sync_feed") as batch_op:
        batch_op.drop_index("ix_sync_feed_removed")
    with op.batch_alter_table("sync_head") as batch_op:
        batch_op.drop_column("audit_chain")
        batch_op.drop_column("audit_n")
    op.drop_table("sync_audit")
    op.drop_table("sync_anchor")
