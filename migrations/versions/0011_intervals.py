"""How long everything lasted: agents' states, conversations' phases; targets, teams, board links.

What is there already gets the intervals its own columns tell of. Only adds: the release before
this one goes on working on the tables while this runs.
"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TIME = sa.DateTime(timezone=True)
STILL = sa.text("to_at IS NULL")
LONG = 25 * 3600
TARGETS = {"service_seconds": 60, "service_percent": 80, "most_waiting": 10, "longest_wait": 300}


def upgrade():
    _agent_intervals()
    _interaction_phases()
    _teams()
    _board_links()
    for name, value in TARGETS.items():
        op.add_column(
            "queues", sa.Column(name, sa.Integer(), nullable=False, server_default=str(value))
        )
    op.create_index("ix_offers_ended", "offers", ["ended_at"])
    op.create_index("ix_messages_received", "messages", ["received_at"])
    _fill_agents()
    _fill_phases()


def _agent_intervals():
    op.create_table(
        "agent_intervals",
        sa.Column("id", BIG, nullable=False),
        sa.Column("user_id", BIG, nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("reason", sa.String(length=60), nullable=True),
        sa.Column("from_at", TIME, nullable=False),
        sa.Column("to_at", TIME, nullable=True),
        sa.ForeignKeyConstraint(
            ["user_id"],
            ["users.id"],
            name=op.f("fk_agent_intervals_user_id_users"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_agent_intervals")),
    )
    _still_once("agent_intervals", "user_id")
    op.create_index("ix_agent_intervals_user", "agent_intervals", ["user_id", "from_at"])
    op.create_index("ix_agent_intervals_ended", "agent_intervals", ["to_at"])


def _interaction_phases():
    op.create_table(
        "interaction_phases",
        sa.Column("id", BIG, nullable=False),
        sa.Column("interaction_id", BIG, nullable=False),
        sa.Column("phase", sa.String(length=10), nullable=False),
        sa.Column("account_id", BIG, nullable=False),
        sa.Column("queue_id", BIG, nullable=True),
        sa.Column("owner_id", BIG, nullable=True),
        sa.Column("from_at", TIME, nullable=False),
        sa.Column("to_at", TIME, nullable=True),
        sa.Column("outcome", sa.String(length=10), nullable=True),
        sa.Column("close_reason", sa.String(length=10), nullable=True),
        sa.Column("opens", sa.Boolean(), nullable=False),
        sa.Column("is_long", sa.Boolean(), nullable=False),
        sa.Column("accepted_at", TIME, nullable=True),
        sa.Column("first_reply_at", TIME, nullable=True),
        sa.Column("first_reply_seconds", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["interaction_id"],
            ["interactions.id"],
            name=op.f("fk_interaction_phases_interaction_id_interactions"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_interaction_phases")),
    )
    _still_once("interaction_phases", "interaction_id")
    for name, columns in {
        "interaction": ["interaction_id", "from_at"],
        "ended": ["to_at"],
        "begun": ["from_at"],
        "owner": ["owner_id", "from_at"],
    }.items():
        op.create_index(f"ix_interaction_phases_{name}", "interaction_phases", columns)
    op.create_index(
        "ix_interaction_phases_long",
        "interaction_phases",
        ["to_at"],
        postgresql_where=sa.text("is_long"),
        sqlite_where=sa.text("is_long = 1"),
    )
    replied = sa.text("first_reply_at IS NOT NULL")
    op.create_index(
        "ix_interaction_phases_replied",
        "interaction_phases",
        ["first_reply_at"],
        postgresql_where=replied,
        sqlite_where=replied,
    )


def _still_once(table, column):
    op.create_index(
        f"uq_{table}_still",
        table,
        [column],
        unique=True,
        postgresql_where=STILL,
        sqlite_where=STILL,
    )


def _teams():
    op.create_table(
        "teams",
        sa.Column("id", BIG, nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_teams")),
        sa.UniqueConstraint("name", name=op.f("uq_teams_name")),
    )
    op.create_table(
        "team_members",
        sa.Column("team_id", BIG, nullable=False),
        sa.Column("user_id", BIG, nullable=False),
        sa.ForeignKeyConstraint(
            ["team_id"],
            ["teams.id"],
            name=op.f("fk_team_members_team_id_teams"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["user_id"],
            ["users.id"],
            name=op.f("fk_team_members_user_id_users"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("team_id", "user_id", name=op.f("pk_team_members")),
    )
    op.create_index(op.f("ix_team_members_user_id"), "team_members", ["user_id"])


def _board_links():
    op.create_table(
        "board_links",
        sa.Column("id", BIG, nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("choice", sa.JSON(), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("created_by_id", BIG, nullable=True),
        sa.Column("expires_at", TIME, nullable=True),
        sa.Column("revoked_at", TIME, nullable=True),
        sa.Column("seen_at", TIME, nullable=True),
        sa.ForeignKeyConstraint(
            ["created_by_id"], ["users.id"], name=op.f("fk_board_links_created_by_id_users")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_board_links")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_board_links_token_hash")),
    )


def _fill_agents():
    """Everybody is what they are since they became it; what was before is not known."""
    op.execute(
        "INSERT INTO agent_intervals (user_id, state, reason, from_at) "
        "SELECT id, presence, CASE WHEN presence = 'paused' THEN pause_reason END, presence_at "
        "FROM users"
    )


def _fill_phases():
    """A conversation waited, then somebody had it: its columns tell of one of each at most."""
    waited = "(waiting_since IS NOT NULL AND queue_id IS NOT NULL)"
    replied = "direction = 'in' AND first_reply_at IS NOT NULL"
    end = "CASE WHEN state = 'closed' THEN COALESCE(closed_at, session_expires_at) END"
    closed = "WHEN state = 'closed' THEN 'closed'"
    _insert_phases(
        f"{waited} AND state NOT IN ('new', 'routing')",
        start="waiting_since",
        end=f"COALESCE(assigned_at, {end})",
        phase="'waiting'",
        outcome=f"CASE WHEN assigned_at IS NOT NULL THEN 'accepted' {closed} END",
        close_reason="CASE WHEN assigned_at IS NULL THEN close_reason END",
        opens="true",
    )
    _insert_phases(
        "assigned_at IS NOT NULL",
        start="assigned_at",
        end=end,
        phase="'assigned'",
        owner_id="owner_id",
        outcome=f"CASE {closed} END",
        close_reason="close_reason",
        accepted_at="assigned_at",
        first_reply_at=f"CASE WHEN {replied} THEN first_reply_at END",
        first_reply_seconds=f"CASE WHEN {replied} THEN {_seconds('started_at', 'first_reply_at')} END",
        opens=f"NOT {waited}",
    )
    _insert_phases(
        f"assigned_at IS NULL AND state <> 'new' AND (state = 'routing' OR NOT {waited})",
        start="created_at",
        end=end,
        phase="CASE WHEN state = 'routing' THEN 'routing' ELSE 'unmanaged' END",
        outcome=f"CASE {closed} END",
        close_reason="close_reason",
        opens="true",
    )


def _insert_phases(condition, start, end, **columns):
    """Nothing ends before it began, whatever two columns say."""
    columns |= {
        "interaction_id": "id",
        "account_id": "account_id",
        "queue_id": "queue_id",
        "from_at": start,
        "to_at": f"CASE WHEN {end} < {start} THEN {start} ELSE {end} END",
        "is_long": f"COALESCE({_seconds(start, end)} > {LONG}, false)",
    }
    names, values = ", ".join(columns), ", ".join(columns.values())
    op.execute(
        f"INSERT INTO interaction_phases ({names}) SELECT {values} FROM interactions "
        f"WHERE {condition}"
    )


def _seconds(start, end):
    """The difference of two whole seconds."""
    if op.get_bind().dialect.name == "postgresql":
        start, end = (f"FLOOR(EXTRACT(EPOCH FROM {moment}))" for moment in (start, end))
        return f"GREATEST(0, {end} - {start})::integer"
    start, end = (f"CAST(strftime('%s', substr({one}, 1, 19)) AS INTEGER)" for one in (start, end))
    return f"MAX(0, {end} - {start})"


def downgrade():
    raise RuntimeError("migrations only go forward; restore the backup made before the upgrade")
