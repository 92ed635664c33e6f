"""How long a conversation waits in a step's queue before it goes on with the next one."""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade():
    op.add_column("routing_steps", sa.Column("timeout", sa.Integer()))


def downgrade():
    raise RuntimeError("migrations only go forward; restore the backup made before the upgrade")
