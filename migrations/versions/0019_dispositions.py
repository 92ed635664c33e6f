"""How conversations ended: labels of three levels, and the one chosen at each close.

The columns of conversations and of their phases refer to no table: labels are never deleted, and
a reference would have SQLite copy every conversation.
"""

from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TIME = sa.DateTime(timezone=True)
CHOSEN = sa.text("disposition_id IS NOT NULL")
FIRST = ("Interested", "Not interested", "Sold", "Special")


def upgrade():
    dispositions = op.create_table(
        "dispositions",
        sa.Column("id", BIG, nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("parent_id", BIG, nullable=True),
        sa.Column("account_id", BIG, nullable=True),
        sa.Column("queue_id", BIG, nullable=True),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("archived_at", TIME, nullable=True),
        sa.ForeignKeyConstraint(
            ["parent_id"],
            ["dispositions.id"],
            name=op.f("fk_dispositions_parent_id_dispositions"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["accounts.id"],
            name=op.f("fk_dispositions_account_id_accounts"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["queue_id"],
            ["queues.id"],
            name=op.f("fk_dispositions_queue_id_queues"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dispositions")),
    )
    now = datetime.now(UTC)
    op.bulk_insert(
        dispositions,
        [
            {"name": name, "description": "", "position": place, "created_at": now}
            for place, name in enumerate(FIRST)
        ],
    )
    op.add_column(
        "accounts",
        sa.Column("needs_disposition", sa.Boolean(), server_default=sa.false(), nullable=False),
    )
    op.add_column("interactions", sa.Column("disposition_id", BIG, nullable=True))
    op.add_column("interactions", sa.Column("disposition_path", sa.JSON(), nullable=True))
    op.add_column("interaction_phases", sa.Column("disposition_id", BIG, nullable=True))
    op.create_index(
        "ix_interactions_disposition",
        "interactions",
        ["disposition_id", "closed_at"],
        postgresql_where=CHOSEN,
        sqlite_where=CHOSEN,
    )


def downgrade():
    raise RuntimeError("migrations only go forward; restore the backup made before the upgrade")
