"""what search and the board ask by

Revision 1919846b78e6, after 94690536e98e.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy import Text  # noqa: F401  the JSONB variant names it
from sqlalchemy.dialects import postgresql  # noqa: F401
from backend.core.db import UtcDateTime

revision = '1919846b78e6'
down_revision = '94690536e98e'
branch_labels = None
depends_on = None


def upgrade():

    with op.batch_alter_table('asset', schema=None) as batch_op:
        batch_op.add_column(sa.Column('search', sa.Text(), nullable=False, server_default=''))

    with op.batch_alter_table('contact', schema=None) as batch_op:
        batch_op.add_column(sa.Column('search', sa.Text(), nullable=False, server_default=''))

    with op.batch_alter_table('customer', schema=None) as batch_op:
        batch_op.add_column(sa.Column('search', sa.Text(), nullable=False, server_default=''))

    with op.batch_alter_table('site', schema=None) as batch_op:
        batch_op.add_column(sa.Column('search', sa.Text(), nullable=False, server_default=''))

    with op.batch_alter_table('work_order', schema=None) as batch_op:
        batch_op.add_column(sa.Column('next_near_at', UtcDateTime(), nullable=True))
        batch_op.add_column(sa.Column('has_missed_clock', sa.Boolean(), nullable=False, server_default=sa.false()))
        batch_op.add_column(sa.Column('last_contact_at', UtcDateTime(), nullable=True))
        batch_op.create_index(batch_op.f('ix_work_order_next_near_at'), ['next_near_at'], unique=False)




def downgrade():

    with op.batch_alter_table('work_order', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_work_order_next_near_at'))
        batch_op.drop_column('last_contact_at')
        batch_op.drop_column('has_missed_clock')
        batch_op.drop_column('next_near_at')

    with op.batch_alter_table('site', schema=None) as batch_op:
        batch_op.drop_column('search')

    with op.batch_alter_table('customer', schema=None) as batch_op:
        batch_op.drop_column('search')

    with op.batch_alter_table('contact', schema=None) as batch_op:
        batch_op.drop_column('search')

    with op.batch_alter_table('asset', schema=None) as batch_op:
        batch_op.drop_column('search')


