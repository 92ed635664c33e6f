"""Rules on figures and their alarms, our own webhooks, and the mail server set by admins."""

from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TIME = sa.DateTime(timezone=True)
NOT_ENDED = sa.text("ended_at IS NULL")
TO_DELIVER = sa.text("next_attempt_at IS NOT NULL")


def upgrade():
    _outgoing_webhooks()
    _webhook_deliveries()
    _alarm_rules()
    _alarms()
    _mail_servers()
    _first_rules()


def _outgoing_webhooks():
    op.create_table(
        "outgoing_webhooks",
        sa.Column("id", BIG, nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("secret", sa.LargeBinary(), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outgoing_webhooks")),
        sa.UniqueConstraint("name", name=op.f("uq_outgoing_webhooks_name")),
    )


def _webhook_deliveries():
    op.create_table(
        "webhook_deliveries",
        sa.Column("id", BIG, nullable=False),
        sa.Column("webhook_id", BIG, nullable=False),
        sa.Column("event_id", sa.String(length=40), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("attempt_count", sa.Integer(), nullable=False),
        sa.Column("next_attempt_at", TIME, nullable=True),
        sa.Column("delivered_at", TIME, nullable=True),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["webhook_id"],
            ["outgoing_webhooks.id"],
            name=op.f("fk_webhook_deliveries_webhook_id_outgoing_webhooks"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhook_deliveries")),
    )
    op.create_index(
        "ix_webhook_deliveries_due",
        "webhook_deliveries",
        ["next_attempt_at"],
        postgresql_where=TO_DELIVER,
        sqlite_where=TO_DELIVER,
    )
    op.create_index("ix_webhook_deliveries_webhook", "webhook_deliveries", ["webhook_id", "id"])
    op.create_index("ix_webhook_deliveries_created", "webhook_deliveries", ["created_at"])


def _alarm_rules():
    op.create_table(
        "alarm_rules",
        sa.Column("id", BIG, nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("figure", sa.String(length=40), nullable=False),
        sa.Column("scope", sa.String(length=10), nullable=False),
        sa.Column("queue_id", BIG, nullable=True),
        sa.Column("account_id", BIG, nullable=True),
        sa.Column("comparison", sa.String(length=5), nullable=False),
        sa.Column("bound", sa.Float(), nullable=True),
        sa.Column("minutes", sa.Integer(), nullable=False),
        sa.Column("critical", sa.Boolean(), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("notifies", sa.Boolean(), nullable=False),
        sa.Column("mails", sa.Boolean(), nullable=False),
        sa.Column("mail_to", sa.JSON(), nullable=False),
        sa.Column("webhook_id", BIG, nullable=True),
        sa.Column("quiet_id", BIG, nullable=True),
        sa.Column("created_at", TIME, nullable=False),
        *[
            sa.ForeignKeyConstraint(
                [column],
                [f"{table}.id"],
                name=op.f(f"fk_alarm_rules_{column}_{table}"),
                ondelete=then,
            )
            for column, table, then in (
                ("queue_id", "queues", "CASCADE"),
                ("account_id", "accounts", "CASCADE"),
                ("webhook_id", "outgoing_webhooks", "SET NULL"),
                ("quiet_id", "intervals", "SET NULL"),
            )
        ],
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alarm_rules")),
    )


def _alarms():
    op.create_table(
        "alarms",
        sa.Column("id", BIG, nullable=False),
        sa.Column("rule_id", BIG, nullable=False),
        sa.Column("subject", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=160), nullable=False),
        sa.Column("bound", sa.Float(), nullable=False),
        sa.Column("value", sa.Float(), nullable=False),
        sa.Column("worst", sa.Float(), nullable=False),
        sa.Column("began_at", TIME, nullable=False),
        sa.Column("seen_at", TIME, nullable=False),
        sa.Column("fired_at", TIME, nullable=True),
        sa.Column("told_at", TIME, nullable=True),
        sa.Column("acknowledged_at", TIME, nullable=True),
        sa.Column("acknowledged_by_id", BIG, nullable=True),
        sa.Column("ended_at", TIME, nullable=True),
        sa.Column("mailed_at", TIME, nullable=True),
        sa.Column("mail_tried_at", TIME, nullable=True),
        sa.ForeignKeyConstraint(
            ["rule_id"],
            ["alarm_rules.id"],
            name=op.f("fk_alarms_rule_id_alarm_rules"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["acknowledged_by_id"],
            ["users.id"],
            name=op.f("fk_alarms_acknowledged_by_id_users"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alarms")),
    )
    op.create_index(
        "uq_alarms_one_open",
        "alarms",
        ["rule_id", "subject"],
        unique=True,
        postgresql_where=NOT_ENDED,
        sqlite_where=NOT_ENDED,
    )
    op.create_index("ix_alarms_ended", "alarms", ["ended_at", "id"])


def _mail_servers():
    op.create_table(
        "mail_servers",
        sa.Column("id", BIG, nullable=False),
        sa.Column("host", sa.String(length=255), nullable=False),
        sa.Column("port", sa.Integer(), nullable=False),
        sa.Column("security", sa.String(length=10), nullable=False),
        sa.Column("username", sa.String(length=255), nullable=False),
        sa.Column("password", sa.LargeBinary(), nullable=True),
        sa.Column("sender", sa.String(length=255), nullable=False),
        sa.Column("updated_at", TIME, nullable=False),
        sa.Column("updated_by_id", BIG, nullable=True),
        sa.ForeignKeyConstraint(
            ["updated_by_id"], ["users.id"], name=op.f("fk_mail_servers_updated_by_id_users")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mail_servers")),
    )


def _first_rules():
    """What most teams want to hear of; each can be changed, switched off or deleted."""
    rules = sa.table(
        "alarm_rules",
        *[
            sa.column(name)
            for name in ("name", "figure", "scope", "comparison", "minutes", "critical", "enabled")
        ],
        *[sa.column(name) for name in ("notifies", "mails")],
        sa.column("mail_to", sa.JSON()),
        sa.column("created_at", TIME),
    )
    shared = {
        "scope": "queue",
        "enabled": True,
        "notifies": True,
        "mails": False,
        "mail_to": [],
        "created_at": datetime.now(UTC),
    }
    first = (
        ("Service level below target", "service_level", "below", 5, True),
        ("A customer waits longer than the queue's target", "longest_wait", "above", 1, True),
        ("More customers wait than the queue's target", "waiting", "above", 5, False),
    )
    names = ("name", "figure", "comparison", "minutes", "critical")
    op.bulk_insert(rules, [shared | dict(zip(names, rule, strict=True)) for rule in first])


def downgrade():
    raise RuntimeError("migrations only go forward; restore the backup made before the upgrade")
