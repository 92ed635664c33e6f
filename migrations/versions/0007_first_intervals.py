"""Two intervals to begin with, both free to change: the working time and the holidays."""

from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

INTERVALS = sa.table(
    "intervals",
    sa.column("id", sa.BigInteger),
    sa.column("name", sa.String),
    sa.column("description", sa.Text),
    sa.column("time_zone", sa.String),
    sa.column("created_at", sa.DateTime(timezone=True)),
)
SPANS = sa.table(
    "interval_spans",
    sa.column("interval_id", sa.BigInteger),
    sa.column("position", sa.Integer),
    sa.column("name", sa.String),
    sa.column("always", sa.Boolean),
    sa.column("starts", sa.String),
    sa.column("ends", sa.String),
    sa.column("week_days", sa.JSON),
    sa.column("month_days", sa.JSON),
    sa.column("months", sa.JSON),
)
WORK = {"name": "", "starts": "09:00", "ends": "17:00", "week_days": [0, 1, 2, 3, 4]}
NEW_YEAR = {"name": "New Year’s Day", "month_days": [1], "months": [1]}
CHRISTMAS = {"name": "Christmas", "month_days": [25, 26], "months": [12]}
WHOLE_DAY = {
    "always": False, "starts": "00:00", "ends": "24:00",
    "week_days": [], "month_days": [], "months": [],
}  # fmt: skip


def upgrade():
    connection = op.get_bind()
    if connection.scalar(sa.select(sa.func.count()).select_from(INTERVALS)):
        return
    _add(connection, "Working time", "Monday to Friday, nine to five.", [WORK])
    _add(
        connection,
        "Holidays",
        "Open on these days only: for a step that answers on holidays. Set the dates to yours.",
        [NEW_YEAR, CHRISTMAS],
    )


def _add(connection, name, description, spans):
    connection.execute(
        INTERVALS.insert().values(
            name=name, description=description, time_zone="UTC", created_at=datetime.now(UTC)
        )
    )
    interval_id = connection.scalar(sa.select(INTERVALS.c.id).where(INTERVALS.c.name == name))
    for position, span in enumerate(spans):
        connection.execute(
            SPANS.insert().values(interval_id=interval_id, position=position, **WHOLE_DAY | span)
        )


def downgrade():
    """They stay: by now they may be in use."""
