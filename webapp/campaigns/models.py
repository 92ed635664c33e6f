"""Campaigns: what is sent to whom and when, each recipient's ledger, and what it adds up to."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import JSON, ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from webapp.columns import BigId, UtcDateTime, Word, utcnow
from webapp.extensions import db


class CampaignState(StrEnum):
    DRAFT = "draft"
    SCHEDULED = "scheduled"  # launched; starts at `start_at`
    RUNNING = "running"  # loading until `loaded_at`, then sending
    PAUSED = "paused"
    DONE = "done"
    STOPPED = "stopped"
    FAILED = "failed"  # it could never begin: account or template unusable


LIVE = (CampaignState.SCHEDULED, CampaignState.RUNNING, CampaignState.PAUSED)
ENDED = (CampaignState.DONE, CampaignState.STOPPED, CampaignState.FAILED)


class PauseCause(StrEnum):
    """Who or what paused it; QUEUE goes on by itself, LATE_START to APPROVAL wait for a person."""

    PERSON = "person"
    LATE_START = "late_start"  # its start came due while nothing ran
    RESTORED = "restored"  # found running in a database restored from a backup
    RULE = "rule"  # failures, blocks or opt-outs passed their bound, or quality fell
    APPROVAL = "approval"  # its audience grew above the bound; waits for a second person
    TEMPLATE = "template"  # paused, rejected, disabled or deleted
    ACCOUNT = "account"  # token refused, restricted, switched off
    WARM_UP = "warm_up"  # the first few went out; goes on at `resume_at`
    QUEUE = "queue"  # too many wait for an answer; goes on once fewer do


class StartMode(StrEnum):
    NOW = "now"
    AT = "at"
    DAILY = "daily"  # each day at that time, to those who have come into the audience since


class ZoneMode(StrEnum):
    CONTACT = "contact"  # the contact's own, else the number's, else `time_zone`
    FIXED = "fixed"


class Campaign(db.Model):
    """One mass message: its parts as the wizard keeps them, and how far it came.

    `audience`: {list_ids, tag_ids, filter_ids, conditions, exclude_list_ids, exclude_tag_ids,
    once, quiet_days, skip_open, consent_only}: see `audience/selection.py`.
    `stop_rules`: {failed_percent, failed_of, opt_out_percent, blocked_percent,
    queue_wait_seconds, queue_waiting, quality_low}: see `watching.py`.
    """

    __tablename__ = "campaigns"
    __table_args__ = (
        Index(
            "ix_campaigns_live",
            "state",
            "id",
            postgresql_where=text("state IN ('scheduled', 'running', 'paused')"),
            sqlite_where=text("state IN ('scheduled', 'running', 'paused')"),
        ),
        Index("ix_campaigns_by_age", "created_at", "id"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    name: Mapped[str] = mapped_column(String(120))
    # In every correlation id: receipts of an installation's former life fit no present recipient.
    token: Mapped[str] = mapped_column(String(16))
    state: Mapped[str] = mapped_column(Word(10), default=CampaignState.DRAFT)
    account_id: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"), index=True)
    audience: Mapped[dict] = mapped_column(JSON, default=dict)

    start_mode: Mapped[str] = mapped_column(String(6), default=StartMode.NOW)
    start_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    end_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    interval_id: Mapped[int | None] = mapped_column(ForeignKey("intervals.id"), index=True)
    zone_mode: Mapped[str] = mapped_column(String(8), default=ZoneMode.CONTACT)
    time_zone: Mapped[str | None] = mapped_column(String(64))
    pace: Mapped[int | None]  # messages a minute; None: as fast as the account allows
    spread_hours: Mapped[int | None]  # instead of a pace: evenly over so many hours
    warm_up_count: Mapped[int | None]
    warm_up_minutes: Mapped[int | None]
    most_tries: Mapped[int] = mapped_column(default=4)  # the first one included
    response_minutes: Mapped[int] = mapped_column(default=2880)  # how long a reply counts
    reply_queue_id: Mapped[int | None] = mapped_column(ForeignKey("queues.id"), index=True)
    obeys_stop: Mapped[bool] = mapped_column(default=True)
    stop_rules: Mapped[dict] = mapped_column(JSON, default=dict)

    steps: Mapped[list] = mapped_column(JSON, default=list)  # of the wizard, that were gone on from

    # A second person's word, where the audience is larger than the admin's bound.
    approval_asked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    approval_people: Mapped[int | None]  # so many it would reach, as was asked
    approved_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    approved_by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))

    launched_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    launched_by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    # Loading: contacts up to this id have their row; None once everybody has.
    load_after_id: Mapped[int | None] = mapped_column(BigId)
    loaded_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    next_load_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # daily, and extensions
    started_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    warmed_up_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    retry_asked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # of all; None once done
    paused_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    pause_cause: Mapped[str | None] = mapped_column(String(12))
    pause_reason: Mapped[str | None] = mapped_column(Text)
    resume_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    # Slower than asked for: by the provider's hint, or while the reply queue waits too long.
    slowed_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    slowed_reason: Mapped[str | None] = mapped_column(Text)
    slowed_to: Mapped[int | None]  # messages a minute
    # Stop rules count from here: what a person resumed it in spite of does not stop it again.
    rule_marks: Mapped[dict | None] = mapped_column(JSON)
    # When to look again for those whose time to answer is over.
    timeouts_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    # Why nobody is being sent to just now though it runs: hours, limit; and until when.
    resting_reason: Mapped[str | None] = mapped_column(String(20))
    resting_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # done, stopped or failed
    end_reason: Mapped[str | None] = mapped_column(Text)

    cloned_from_id: Mapped[int | None] = mapped_column(BigId)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utcnow)
    created_by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utcnow, onupdate=utcnow)
    updated_by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))

    account = relationship("Account")
    interval = relationship("Interval")
    reply_queue = relationship("Queue")
    created_by = relationship("User", foreign_keys=[created_by_id])
    updated_by = relationship("User", foreign_keys=[updated_by_id])
    approved_by = relationship("User", foreign_keys=[approved_by_id])
    launched_by = relationship("User", foreign_keys=[launched_by_id])
    variants = relationship(
        "CampaignVariant", order_by="CampaignVariant.position", cascade="all, delete-orphan"
    )


class CampaignVariant(db.Model):
    """One of one to four messages of a campaign: a template by name, in all its languages.

    `mapping`: {"body 1": {"from": "contact" | "field" | "text", "key": …, "text": …,
    "fallback": … | None}}; a value that is empty without a fallback leaves the contact out.
    `media`: the header's file, {key, mime_type, filename, size}; None: the template's own sample.
    """

    __tablename__ = "campaign_variants"
    __table_args__ = (UniqueConstraint("campaign_id", "position"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaigns.id", ondelete="CASCADE"))
    position: Mapped[int] = mapped_column(default=0)
    template_name: Mapped[str] = mapped_column(String(512))
    language: Mapped[str] = mapped_column(String(20))  # for contacts whose own it does not have
    percent: Mapped[int] = mapped_column(default=100)
    mapping: Mapped[dict] = mapped_column(JSON, default=dict)
    media: Mapped[dict | None] = mapped_column(JSON)


class RecipientState(StrEnum):
    QUEUED = "queued"
    RETRY = "retry"
    SENDING = "sending"
    UNKNOWN = "unknown"
    SENT = "sent"
    DELIVERED = "delivered"
    READ = "read"
    REPLIED = "replied"
    NO_RESPONSE = "no_response"
    FAILED = "failed"
    SKIPPED = "skipped"
    CANCELLED = "cancelled"


WAITING = (RecipientState.QUEUED, RecipientState.RETRY)
REACHED = (RecipientState.SENT, RecipientState.DELIVERED, RecipientState.READ)
FINAL = (
    RecipientState.REPLIED,
    RecipientState.NO_RESPONSE,
    RecipientState.FAILED,
    RecipientState.SKIPPED,
    RecipientState.CANCELLED,
)


# Left out for a conversation, and asked about again once that is over: word for word the condition
# of ix_recipients_talking.
TALKING = text("recipients.state = 'skipped' AND recipients.reason = 'open_conversation'")


class Recipient(db.Model):
    """One contact in one campaign, and what became of the message to them.

    Of a contact that is in the audience twice the further rows are `skipped` as `duplicate`.
    `provider_id` and the `…_at` are of the latest attempt. It is `sending` only when its call is
    about to be made.
    """

    __tablename__ = "recipients"
    __table_args__ = (
        Index(
            "uq_recipients_once",
            "campaign_id",
            "contact_id",
            unique=True,
            postgresql_where=text("state <> 'skipped'"),
            sqlite_where=text("state <> 'skipped'"),
        ),
        Index(
            "ix_recipients_waiting",
            "campaign_id",
            "zone",
            "id",
            postgresql_where=text("state = 'queued'"),
            sqlite_where=text("state = 'queued'"),
        ),
        Index(
            "ix_recipients_retry",
            "campaign_id",
            "retry_at",
            postgresql_where=text("state = 'retry'"),
            sqlite_where=text("state = 'retry'"),
        ),
        Index(
            "ix_recipients_doubtful",
            "campaign_id",
            "state_at",
            postgresql_where=text("state IN ('sending', 'unknown')"),
            sqlite_where=text("state IN ('sending', 'unknown')"),
        ),
        Index(
            "ix_recipients_talking",
            "campaign_id",
            "id",
            postgresql_where=text("state = 'skipped' AND reason = 'open_conversation'"),
            sqlite_where=text("state = 'skipped' AND reason = 'open_conversation'"),
        ),
        Index("ix_recipients_by_state", "campaign_id", "state", "id"),
        Index("ix_recipients_contact", "contact_id", "sent_at"),
        Index("ix_recipients_provider_id", "provider_id"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaigns.id", ondelete="CASCADE"))
    contact_id: Mapped[int] = mapped_column(ForeignKey("contacts.id"))
    variant_id: Mapped[int | None] = mapped_column(ForeignKey("campaign_variants.id"))
    template_id: Mapped[int | None] = mapped_column(BigId)  # the variant's language for this one
    zone: Mapped[str] = mapped_column(String(64), default="")  # an IANA name
    state: Mapped[str] = mapped_column(Word(12), default=RecipientState.QUEUED)
    state_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utcnow)
    # Why it is skipped, failed, retried or unknown: a word of ours, or the provider's code.
    reason: Mapped[str | None] = mapped_column(String(40))
    detail: Mapped[str | None] = mapped_column(Text)  # in a sentence, where one is known
    tries: Mapped[int] = mapped_column(default=0)
    retry_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    provider_id: Mapped[str | None] = mapped_column(Text)
    sent_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    delivered_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    read_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    replied_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    opted_out_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    charged_as: Mapped[str | None] = mapped_column(Word(30))  # by the provider's own word
    # Its bubble in a conversation: made when there is one, so that most never need it.
    message_id: Mapped[int | None] = mapped_column(BigId)
    interaction_id: Mapped[int | None] = mapped_column(BigId)

    campaign = relationship("Campaign")
    contact = relationship("Contact")
    variant = relationship("CampaignVariant")


ENDED_ATTEMPTS = text("error_code IS NOT NULL AND provider_id IS NOT NULL")


class CampaignAttempt(db.Model):
    """One call for one recipient, committed before it is made.

    Its correlation id is not stored but told: `correlation.id_of(campaign, recipient, number)`.
    """

    __tablename__ = "campaign_attempts"
    __table_args__ = (
        # Those that a receipt ended: a person may have sent again, and the provider names the
        # first one by its own id alone.
        Index(
            "ix_campaign_attempts_ended",
            "provider_id",
            postgresql_where=ENDED_ATTEMPTS,
            sqlite_where=ENDED_ATTEMPTS,
        ),
        Index("ix_campaign_attempts_started", "started_at", "recipient_id"),
    )

    recipient_id: Mapped[int] = mapped_column(
        ForeignKey("recipients.id", ondelete="CASCADE"), primary_key=True
    )
    number: Mapped[int] = mapped_column(primary_key=True)
    started_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utcnow)
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    outcome: Mapped[str] = mapped_column(Word(10), default="sending")  # sent, refused, unknown
    provider_id: Mapped[str | None] = mapped_column(Text)
    error_code: Mapped[str | None] = mapped_column(String(40))
    error: Mapped[str | None] = mapped_column(Text)


class CampaignCount(db.Model):
    """What recipients add up to, kept by deltas in the transactions that move them.

    `name`: a state ("queued", …); "ever:sent", "ever:delivered", "ever:read", "ever:replied",
    "ever:opted_out", "ever:interaction"; "why:<state>:<reason>". Rows of several shards (writers)
    are summed: processes that count at the same moment do not wait for one row.
    """

    __tablename__ = "campaign_counts"

    campaign_id: Mapped[int] = mapped_column(
        ForeignKey("campaigns.id", ondelete="CASCADE"), primary_key=True
    )
    variant_id: Mapped[int] = mapped_column(BigId, primary_key=True)  # 0: none
    name: Mapped[str] = mapped_column(String(64), primary_key=True)
    shard: Mapped[int] = mapped_column(primary_key=True)
    count: Mapped[int] = mapped_column(BigId, default=0)


class CampaignMinute(db.Model):
    """What left, failed, was read and came back in one minute, for charts over time."""

    __tablename__ = "campaign_minutes"
    __table_args__ = (Index("ix_campaign_minutes_minute", "minute"),)

    campaign_id: Mapped[int] = mapped_column(
        ForeignKey("campaigns.id", ondelete="CASCADE"), primary_key=True
    )
    minute: Mapped[datetime] = mapped_column(UtcDateTime, primary_key=True)
    shard: Mapped[int] = mapped_column(primary_key=True)
    sent: Mapped[int] = mapped_column(default=0)
    failed: Mapped[int] = mapped_column(default=0)
    refused: Mapped[int] = mapped_column(default=0)  # of the failed: those that never left
    read: Mapped[int] = mapped_column(default=0)
    replied: Mapped[int] = mapped_column(default=0)


class CampaignEvent(db.Model):
    """A line of a campaign's activity, in words."""

    __tablename__ = "campaign_events"
    __table_args__ = (Index("ix_campaign_events_campaign", "campaign_id", "id"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaigns.id", ondelete="CASCADE"))
    at: Mapped[datetime] = mapped_column(UtcDateTime, default=utcnow)
    kind: Mapped[str] = mapped_column(String(20))
    text: Mapped[str] = mapped_column(Text)
    actor_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    actor: Mapped[str] = mapped_column(String(120), default="")
