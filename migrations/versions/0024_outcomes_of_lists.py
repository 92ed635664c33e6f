"""Outcomes that are offered for the contacts of one list."""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade():
    if op.get_bind().dialect.name == "sqlite":  # it adds no constraint to a table that is there
        op.execute(
            "ALTER TABLE dispositions ADD COLUMN contact_list_id INTEGER"
            " CONSTRAINT fk_dispositions_contact_list_id_contact_lists"
            " REFERENCES contact_lists (id)"
        )
        return
    op.add_column("dispositions", sa.Column("contact_list_id", BIG))
    op.create_foreign_key(
        "fk_dispositions_contact_list_id_contact_lists",
        "dispositions",
        "contact_lists",
        ["contact_list_id"],
        ["id"],
    )


def downgrade():
    raise RuntimeError("migrations only go forward; restore the backup made before the upgrade")
