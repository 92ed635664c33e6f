"""Whether a person wants to hear alarms: apart from offers and messages."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade():
    op.add_column(
        "users", sa.Column("alarm_sounds", sa.Boolean(), server_default=sa.true(), nullable=False)
    )


def downgrade():
    raise RuntimeError("migrations only go forward; restore the backup made before the upgrade")
