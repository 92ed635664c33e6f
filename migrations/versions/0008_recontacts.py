"""Many customers written to again at once: who asked, by which templates, and each one's fate."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
RUNNING = sa.text("finished_at IS NULL")
WAITING = sa.text("state = 'queued'")


def upgrade():
    op.create_table(
        "recontacts",
        sa.Column("id", BIG, nullable=False),
        sa.Column("by_id", BIG, nullable=False),
        sa.Column("templates", sa.JSON(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["by_id"], ["users.id"], name=op.f("fk_recontacts_by_id_users")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recontacts")),
    )
    op.create_index(
        "ix_recontacts_running",
        "recontacts",
        ["id"],
        postgresql_where=RUNNING,
        sqlite_where=RUNNING,
    )
    op.create_table(
        "recontact_entries",
        sa.Column("id", BIG, nullable=False),
        sa.Column("recontact_id", BIG, nullable=False),
        sa.Column("interaction_id", BIG, nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("message_id", BIG, nullable=True),
        sa.ForeignKeyConstraint(
            ["interaction_id"],
            ["interactions.id"],
            name=op.f("fk_recontact_entries_interaction_id_interactions"),
        ),
        sa.ForeignKeyConstraint(
            ["recontact_id"],
            ["recontacts.id"],
            name=op.f("fk_recontact_entries_recontact_id_recontacts"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recontact_entries")),
        sa.UniqueConstraint(
            "recontact_id",
            "interaction_id",
            name=op.f("uq_recontact_entries_recontact_id_interaction_id"),
        ),
    )
    op.create_index(
        op.f("ix_recontact_entries_interaction_id"), "recontact_entries", ["interaction_id"]
    )
    op.create_index(
        "ix_recontact_entries_queued",
        "recontact_entries",
        ["recontact_id", "id"],
        postgresql_where=WAITING,
        sqlite_where=WAITING,
    )


def downgrade():
    op.drop_table("recontact_entries")
    op.drop_table("recontacts")
