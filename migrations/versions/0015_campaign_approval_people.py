"""To how many people a second person agreed, so that a campaign that grows beyond it asks again."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

# Whoever has got it, or waits for it, was agreed to by whoever agreed so far.
AGREED = """
UPDATE campaigns SET approval_people = (
    SELECT sum(campaign_counts.count) FROM campaign_counts
    WHERE campaign_counts.campaign_id = campaigns.id AND campaign_counts.name IN (
        'queued', 'retry', 'sending', 'unknown', 'sent', 'delivered', 'read', 'replied',
        'no_response', 'failed', 'cancelled'
    )
)
WHERE approved_at IS NOT NULL
"""


def upgrade():
    op.add_column("campaigns", sa.Column("approval_people", sa.Integer()))
    op.execute(AGREED)


def downgrade():
    raise RuntimeError("migrations only go forward; restore the backup made before the upgrade")
