"""Campaigns, their recipients and attempts, what they add up to, and what a message costs."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade():
    op.create_table(
        "message_rates",
        sa.Column("id", BIG, nullable=False),
        sa.Column("provider", sa.String(length=20), nullable=False),
        sa.Column("region", sa.String(length=60), nullable=False),
        sa.Column("prefixes", sa.JSON(), nullable=False),
        sa.Column("category", sa.String(length=16), nullable=False),
        sa.Column("price", sa.Numeric(precision=12, scale=6), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("valid_from", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_by_id", BIG, nullable=True),
        sa.ForeignKeyConstraint(
            ["updated_by_id"], ["users.id"], name=op.f("fk_message_rates_updated_by_id_users")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_message_rates")),
        sa.UniqueConstraint(
            "provider",
            "region",
            "category",
            "valid_from",
            name=op.f("uq_message_rates_provider_region_category_valid_from"),
        ),
    )
    op.create_table(
        "saved_filters",
        sa.Column("id", BIG, nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("view", sa.String(length=20), nullable=False),
        sa.Column("query", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by_id", BIG, nullable=True),
        sa.ForeignKeyConstraint(
            ["created_by_id"], ["users.id"], name=op.f("fk_saved_filters_created_by_id_users")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_saved_filters")),
        sa.UniqueConstraint("name", name=op.f("uq_saved_filters_name")),
    )
    op.create_table(
        "campaigns",
        sa.Column("id", BIG, nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("token", sa.String(length=16), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("account_id", BIG, nullable=True),
        sa.Column("audience", sa.JSON(), nullable=False),
        sa.Column("start_mode", sa.String(length=6), nullable=False),
        sa.Column("start_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("end_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("interval_id", BIG, nullable=True),
        sa.Column("zone_mode", sa.String(length=8), nullable=False),
        sa.Column("time_zone", sa.String(length=64), nullable=True),
        sa.Column("pace", sa.Integer(), nullable=True),
        sa.Column("spread_hours", sa.Integer(), nullable=True),
        sa.Column("warm_up_count", sa.Integer(), nullable=True),
        sa.Column("warm_up_minutes", sa.Integer(), nullable=True),
        sa.Column("most_tries", sa.Integer(), nullable=False),
        sa.Column("response_minutes", sa.Integer(), nullable=False),
        sa.Column("reply_queue_id", BIG, nullable=True),
        sa.Column("obeys_stop", sa.Boolean(), nullable=False),
        sa.Column("stop_rules", sa.JSON(), nullable=False),
        sa.Column("steps", sa.JSON(), nullable=False),
        sa.Column("approval_asked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("approved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("approved_by_id", BIG, nullable=True),
        sa.Column("launched_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("launched_by_id", BIG, nullable=True),
        sa.Column("load_after_id", BIG, nullable=True),
        sa.Column("loaded_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("next_load_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("warmed_up_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("retry_asked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("paused_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("pause_cause", sa.String(length=12), nullable=True),
        sa.Column("pause_reason", sa.Text(), nullable=True),
        sa.Column("resume_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("slowed_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("slowed_reason", sa.Text(), nullable=True),
        sa.Column("slowed_to", sa.Integer(), nullable=True),
        sa.Column("rule_marks", sa.JSON(), nullable=True),
        sa.Column("timeouts_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("resting_reason", sa.String(length=20), nullable=True),
        sa.Column("resting_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("end_reason", sa.Text(), nullable=True),
        sa.Column("cloned_from_id", BIG, nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by_id", BIG, nullable=True),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_by_id", BIG, nullable=True),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("fk_campaigns_account_id_accounts")
        ),
        sa.ForeignKeyConstraint(
            ["approved_by_id"], ["users.id"], name=op.f("fk_campaigns_approved_by_id_users")
        ),
        sa.ForeignKeyConstraint(
            ["created_by_id"], ["users.id"], name=op.f("fk_campaigns_created_by_id_users")
        ),
        sa.ForeignKeyConstraint(
            ["interval_id"], ["intervals.id"], name=op.f("fk_campaigns_interval_id_intervals")
        ),
        sa.ForeignKeyConstraint(
            ["launched_by_id"], ["users.id"], name=op.f("fk_campaigns_launched_by_id_users")
        ),
        sa.ForeignKeyConstraint(
            ["reply_queue_id"], ["queues.id"], name=op.f("fk_campaigns_reply_queue_id_queues")
        ),
        sa.ForeignKeyConstraint(
            ["updated_by_id"], ["users.id"], name=op.f("fk_campaigns_updated_by_id_users")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_campaigns")),
    )
    op.create_index(op.f("ix_campaigns_account_id"), "campaigns", ["account_id"])
    op.create_index("ix_campaigns_by_age", "campaigns", ["created_at", "id"])
    op.create_index(op.f("ix_campaigns_interval_id"), "campaigns", ["interval_id"])
    op.create_index(
        "ix_campaigns_live",
        "campaigns",
        ["state", "id"],
        postgresql_where=sa.text("state IN ('scheduled', 'running', 'paused')"),
        sqlite_where=sa.text("state IN ('scheduled', 'running', 'paused')"),
    )
    op.create_index(op.f("ix_campaigns_reply_queue_id"), "campaigns", ["reply_queue_id"])

    op.create_table(
        "header_uploads",
        sa.Column("account_id", BIG, nullable=False),
        sa.Column("storage_key", sa.String(length=255), nullable=False),
        sa.Column("provider_media_id", sa.Text(), nullable=False),
        sa.Column("uploaded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("renewing_until", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["accounts.id"],
            name=op.f("fk_header_uploads_account_id_accounts"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("account_id", "storage_key", name=op.f("pk_header_uploads")),
    )
    op.create_table(
        "portfolio_reaches",
        sa.Column("portfolio", sa.String(length=80), nullable=False),
        sa.Column("contact_id", BIG, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("counted", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["contact_id"],
            ["contacts.id"],
            name=op.f("fk_portfolio_reaches_contact_id_contacts"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("portfolio", "contact_id", name=op.f("pk_portfolio_reaches")),
    )
    op.create_index("ix_portfolio_reaches_at", "portfolio_reaches", ["portfolio", "at"])
    op.create_index(op.f("ix_portfolio_reaches_contact_id"), "portfolio_reaches", ["contact_id"])
    op.create_index(
        "ix_portfolio_reaches_new",
        "portfolio_reaches",
        ["portfolio"],
        postgresql_where=sa.text("NOT counted"),
        sqlite_where=sa.text("counted = 0"),
    )
    op.create_table(
        "portfolio_counts",
        sa.Column("portfolio", sa.String(length=80), nullable=False),
        sa.Column("people", sa.Integer(), nullable=False),
        sa.Column("recounted_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("portfolio", name=op.f("pk_portfolio_counts")),
    )

    op.create_table(
        "campaign_counts",
        sa.Column("campaign_id", BIG, nullable=False),
        sa.Column("variant_id", BIG, nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("shard", sa.Integer(), nullable=False),
        sa.Column("count", BIG, nullable=False),
        sa.ForeignKeyConstraint(
            ["campaign_id"],
            ["campaigns.id"],
            name=op.f("fk_campaign_counts_campaign_id_campaigns"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint(
            "campaign_id", "variant_id", "name", "shard", name=op.f("pk_campaign_counts")
        ),
    )
    op.create_table(
        "campaign_events",
        sa.Column("id", BIG, nullable=False),
        sa.Column("campaign_id", BIG, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("actor_id", BIG, nullable=True),
        sa.Column("actor", sa.String(length=120), nullable=False),
        sa.ForeignKeyConstraint(
            ["actor_id"], ["users.id"], name=op.f("fk_campaign_events_actor_id_users")
        ),
        sa.ForeignKeyConstraint(
            ["campaign_id"],
            ["campaigns.id"],
            name=op.f("fk_campaign_events_campaign_id_campaigns"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_campaign_events")),
    )
    op.create_index("ix_campaign_events_campaign", "campaign_events", ["campaign_id", "id"])

    op.create_table(
        "campaign_minutes",
        sa.Column("campaign_id", BIG, nullable=False),
        sa.Column("minute", sa.DateTime(timezone=True), nullable=False),
        sa.Column("shard", sa.Integer(), nullable=False),
        sa.Column("sent", sa.Integer(), nullable=False),
        sa.Column("failed", sa.Integer(), nullable=False),
        sa.Column("refused", sa.Integer(), nullable=False),
        sa.Column("read", sa.Integer(), nullable=False),
        sa.Column("replied", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["campaign_id"],
            ["campaigns.id"],
            name=op.f("fk_campaign_minutes_campaign_id_campaigns"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("campaign_id", "minute", "shard", name=op.f("pk_campaign_minutes")),
    )
    op.create_index("ix_campaign_minutes_minute", "campaign_minutes", ["minute"])
    op.create_table(
        "campaign_tests",
        sa.Column("id", BIG, nullable=False),
        sa.Column("campaign_id", BIG, nullable=False),
        sa.Column("variant_id", BIG, nullable=True),
        sa.Column("number", sa.String(length=20), nullable=False),
        sa.Column("as_contact_id", BIG, nullable=True),
        sa.Column("message_id", BIG, nullable=True),
        sa.Column("problem", sa.Text(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by_id", BIG, nullable=True),
        sa.ForeignKeyConstraint(
            ["by_id"], ["users.id"], name=op.f("fk_campaign_tests_by_id_users")
        ),
        sa.ForeignKeyConstraint(
            ["campaign_id"],
            ["campaigns.id"],
            name=op.f("fk_campaign_tests_campaign_id_campaigns"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_campaign_tests")),
    )
    op.create_index(op.f("ix_campaign_tests_campaign_id"), "campaign_tests", ["campaign_id"])

    op.create_table(
        "campaign_variants",
        sa.Column("id", BIG, nullable=False),
        sa.Column("campaign_id", BIG, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("template_name", sa.String(length=512), nullable=False),
        sa.Column("language", sa.String(length=20), nullable=False),
        sa.Column("percent", sa.Integer(), nullable=False),
        sa.Column("mapping", sa.JSON(), nullable=False),
        sa.Column("media", sa.JSON(), nullable=True),
        sa.ForeignKeyConstraint(
            ["campaign_id"],
            ["campaigns.id"],
            name=op.f("fk_campaign_variants_campaign_id_campaigns"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_campaign_variants")),
        sa.UniqueConstraint(
            "campaign_id", "position", name=op.f("uq_campaign_variants_campaign_id_position")
        ),
    )
    op.create_table(
        "recipients",
        sa.Column("id", BIG, nullable=False),
        sa.Column("campaign_id", BIG, nullable=False),
        sa.Column("contact_id", BIG, nullable=False),
        sa.Column("variant_id", BIG, nullable=True),
        sa.Column("template_id", BIG, nullable=True),
        sa.Column("zone", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("state_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reason", sa.String(length=40), nullable=True),
        sa.Column("detail", sa.Text(), nullable=True),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("retry_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("provider_id", sa.Text(), nullable=True),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("delivered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("read_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("replied_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("opted_out_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("message_id", BIG, nullable=True),
        sa.Column("interaction_id", BIG, nullable=True),
        sa.ForeignKeyConstraint(
            ["campaign_id"],
            ["campaigns.id"],
            name=op.f("fk_recipients_campaign_id_campaigns"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["contact_id"], ["contacts.id"], name=op.f("fk_recipients_contact_id_contacts")
        ),
        sa.ForeignKeyConstraint(
            ["variant_id"],
            ["campaign_variants.id"],
            name=op.f("fk_recipients_variant_id_campaign_variants"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recipients")),
    )
    op.create_index("ix_recipients_by_state", "recipients", ["campaign_id", "state", "id"])
    op.create_index("ix_recipients_contact", "recipients", ["contact_id", "sent_at"])
    op.create_index(
        "ix_recipients_doubtful",
        "recipients",
        ["campaign_id", "state_at"],
        postgresql_where=sa.text("state IN ('sending', 'unknown')"),
        sqlite_where=sa.text("state IN ('sending', 'unknown')"),
    )
    op.create_index("ix_recipients_provider_id", "recipients", ["provider_id"])
    op.create_index(
        "ix_recipients_retry",
        "recipients",
        ["campaign_id", "retry_at"],
        postgresql_where=sa.text("state = 'retry'"),
        sqlite_where=sa.text("state = 'retry'"),
    )
    op.create_index(
        "ix_recipients_talking",
        "recipients",
        ["campaign_id", "id"],
        postgresql_where=sa.text("state = 'skipped' AND reason = 'open_conversation'"),
        sqlite_where=sa.text("state = 'skipped' AND reason = 'open_conversation'"),
    )
    op.create_index(
        "ix_recipients_waiting",
        "recipients",
        ["campaign_id", "zone", "id"],
        postgresql_where=sa.text("state = 'queued'"),
        sqlite_where=sa.text("state = 'queued'"),
    )
    op.create_index(
        "uq_recipients_once",
        "recipients",
        ["campaign_id", "contact_id"],
        unique=True,
        postgresql_where=sa.text("state <> 'skipped'"),
        sqlite_where=sa.text("state <> 'skipped'"),
    )

    op.create_table(
        "campaign_attempts",
        sa.Column("recipient_id", BIG, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("outcome", sa.String(length=10), nullable=False),
        sa.Column("provider_id", sa.Text(), nullable=True),
        sa.Column("error_code", sa.String(length=40), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["recipient_id"],
            ["recipients.id"],
            name=op.f("fk_campaign_attempts_recipient_id_recipients"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("recipient_id", "number", name=op.f("pk_campaign_attempts")),
    )
    op.create_index(
        "ix_campaign_attempts_ended",
        "campaign_attempts",
        ["provider_id"],
        postgresql_where=sa.text("error_code IS NOT NULL AND provider_id IS NOT NULL"),
        sqlite_where=sa.text("error_code IS NOT NULL AND provider_id IS NOT NULL"),
    )
    op.add_column("interactions", sa.Column("campaign_id", BIG, nullable=True))
    op.add_column("interactions", sa.Column("variables", sa.JSON(), nullable=True))
    op.create_index(
        "ix_interactions_campaign",
        "interactions",
        ["campaign_id", "id"],
        postgresql_where=sa.text("campaign_id IS NOT NULL"),
        sqlite_where=sa.text("campaign_id IS NOT NULL"),
    )

    op.add_column("messages", sa.Column("campaign_id", BIG, nullable=True))
    op.create_index(
        "ix_messages_templates",
        "messages",
        ["contact_id", "written_at"],
        postgresql_where=sa.text("template_id IS NOT NULL"),
        sqlite_where=sa.text("template_id IS NOT NULL"),
    )


def downgrade():
    raise RuntimeError("migrations only go forward; restore the backup made before the upgrade")
