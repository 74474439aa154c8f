"""what a customer acknowledged before work

Revision bc4193382631, after 0f0b6e15a325.
"""

import sqlalchemy as sa
from alembic import op
from backend.core.db import UtcDateTime
from sqlalchemy import Text
from sqlalchemy.dialects import postgresql

revision = "bc4193382631"
down_revision = "0f0b6e15a325"
branch_labels = None
depends_on = None


def upgrade():
    op.create_table(
        "acknowledgement",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("work_order_id", sa.String(length=36), nullable=False),
        sa.Column("visit_id", sa.String(length=36), nullable=True),
        sa.Column("about", sa.String(length=30), nullable=False),
        sa.Column("answer", sa.String(length=20), nullable=False),
        sa.Column("document_sha256", sa.String(length=64), nullable=False),
        sa.Column("strokes_sha256", sa.String(length=64), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("photo_id", sa.String(length=36), nullable=True),
        sa.Column("photo_sha256", sa.String(length=64), nullable=True),
        sa.Column("signer_name", sa.String(length=60), nullable=False),
        sa.Column("signer_title", sa.String(length=60), nullable=False),
        sa.Column("remedy", sa.String(length=20), nullable=True),
        sa.Column("told", sa.JSON().with_variant(postgresql.JSONB(astext_type=Text()), "postgresql"), nullable=False),
        sa.Column(
            "decided", sa.JSON().with_variant(postgresql.JSONB(astext_type=Text()), "postgresql"), nullable=False
        ),
        sa.Column(
            "flags", sa.JSON().with_variant(postgresql.JSONB(astext_type=Text()), "postgresql"), nullable=False
        ),
        sa.Column("author_id", sa.String(length=36), nullable=True),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("corrected_at", UtcDateTime(), nullable=False),
        sa.Column("received_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["visit_id"], ["visit.id"], name=op.f("fk_acknowledgement_visit_id_visit")),
        sa.ForeignKeyConstraint(
            ["work_order_id"], ["work_order.id"], name=op.f("fk_acknowledgement_work_order_id_work_order")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_acknowledgement")),
    )
    with op.batch_alter_table("acknowledgement", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_acknowledgement_document_sha256"), ["document_sha256"], unique=False)
        batch_op.create_index(batch_op.f("ix_acknowledgement_photo_id"), ["photo_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_acknowledgement_strokes_sha256"), ["strokes_sha256"], unique=False)
        batch_op.create_index(batch_op.f("ix_acknowledgement_work_order_id"), ["work_order_id"], unique=False)


def downgrade():
    with op.batch_alter_table("acknowledgement", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_acknowledgement_work_order_id"))
        batch_op.drop_index(batch_op.f("ix_acknowledgement_strokes_sha256"))
        batch_op.drop_index(batch_op.f("ix_acknowledgement_photo_id"))
        batch_op.drop_index(batch_op.f("ix_acknowledgement_document_sha256"))

    op.drop_table("acknowledgement")
