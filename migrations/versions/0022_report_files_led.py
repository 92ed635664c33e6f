"""Which queues the owner of a report's file led when it was made."""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade():
    op.add_column("report_files", sa.Column("led", sa.JSON()))


def downgrade():
    raise RuntimeError("migrations only go forward; restore the backup made before the upgrade")
