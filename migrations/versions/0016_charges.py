"""What the provider said a message is charged as, and the messages that may be charged by time."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

CHARGED = sa.text("template_id IS NOT NULL OR charged_as = 'service'")


def upgrade():
    op.add_column("messages", sa.Column("charged_as", sa.String(length=30), nullable=True))
    op.add_column("recipients", sa.Column("charged_as", sa.String(length=30), nullable=True))
    op.create_index(
        "ix_messages_charged",
        "messages",
        ["received_at"],
        postgresql_where=CHARGED,
        sqlite_where=CHARGED,
    )


def downgrade():
    raise RuntimeError("migrations only go forward; restore the backup made before the upgrade")
