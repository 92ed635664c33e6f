"""What happened with a contact, newest first: conversations, campaigns, notes, changes."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import and_, exists, false, func, or_, select, true
from sqlalchemy.orm import joinedload

from webapp.campaigns.models import Recipient
from webapp.columns import id_of, utcnow
from webapp.contacts.models import ConsentEntry, Contact, ContactMerge
from webapp.extensions import db
from webapp.inbox.models import Direction, Interaction, Message
from webapp.staff import access
from webapp.staff.models import AuditEntry

PAGE = 25
ALL, CONVERSATIONS, CHANGES = "all", "conversations", "changes"
# Told by rows of their own: consents and merges with all there is to say of them.
TOLD_ELSEWHERE = ("opted_in", "opted_out", "merged", "unmerged", "added")


@dataclass(frozen=True, slots=True)
class Step:
    at: datetime
    kind: str
    row: Any

    @property
    def key(self):
        return f"{self.at.isoformat()}~{self.kind}~{self.row.id}"


@dataclass(frozen=True, slots=True)
class Source:
    """One table's part. `rank` orders what happened at the very same moment."""

    kind: str
    rank: int
    at: Any
    id: Any
    rows: Callable


@dataclass(frozen=True, slots=True)
class Journey:
    show: str
    steps: list
    next: str | None
    counts: dict
    messages: dict  # interaction id → how many messages it has


def of(contact, user, show=ALL, after=""):
    """One page; costs the same number of queries however long the journey is."""
    sources = _sources(contact, user)
    wanted = [source for source in sources if _belongs(source.kind, show)]
    before = _key(after, sources)
    steps = [step for source in wanted for step in _steps(source, before)]
    ranks = {source.kind: source.rank for source in sources}
    steps.sort(key=lambda step: (step.at, ranks[step.kind], step.row.id), reverse=True)
    page = steps[:PAGE]
    return Journey(
        show=show if show in (CONVERSATIONS, CHANGES) else ALL,
        steps=page,
        next=page[-1].key if len(steps) > PAGE else None,
        counts={CONVERSATIONS: _count(contact, user)},
        messages=_message_counts([step.row.id for step in page if step.kind == "conversation"]),
    )


def _belongs(kind, show):
    if show == CONVERSATIONS:
        return kind in ("conversation", "template", "campaign", "note")
    if show == CHANGES:
        return kind in ("consent", "change", "merge", "created")
    return True


def _sources(contact, user):
    accounts = select(Interaction.account_id).where(Interaction.contact_id == contact.id)
    of_contact = and_(Message.contact_id == contact.id, Message.account_id.in_(accounts))
    seen = _seen_messages(user)
    return (
        Source("conversation", 7, Interaction.started_at, Interaction.id, lambda: (
            select(Interaction)
            .where(Interaction.contact_id == contact.id, access.visible_interactions(user))
            .options(joinedload(Interaction.account), joinedload(Interaction.owner),
                     joinedload(Interaction.queue))
        )),
        Source("template", 6, Message.written_at, Message.id, lambda: (
            select(Message).where(
                of_contact, seen, Message.kind == "template", Message.direction == Direction.OUT,
                Message.campaign_id.is_(None))  # those are told as the campaign's
        )),
        Source("campaign", 5, Recipient.sent_at, Recipient.id, lambda: (
            select(Recipient)
            .where(Recipient.contact_id == contact.id, Recipient.sent_at.is_not(None))
            .options(joinedload(Recipient.campaign))
        )),
        Source("note", 4, Message.written_at, Message.id, lambda: (
            select(Message).where(of_contact, seen, Message.direction == Direction.NOTE)
            .options(joinedload(Message.author))
        )),
        Source("consent", 3, ConsentEntry.at, ConsentEntry.id, lambda: (
            select(ConsentEntry).where(ConsentEntry.contact_id == contact.id)
        )),
        Source("change", 2, AuditEntry.at, AuditEntry.id, lambda: (
            select(AuditEntry).where(
                AuditEntry.subject == "contacts", AuditEntry.subject_id == contact.id,
                AuditEntry.action.not_in(TOLD_ELSEWHERE))
        )),
        Source("merge", 1, ContactMerge.at, ContactMerge.id, lambda: (
            select(ContactMerge).where(ContactMerge.kept_id == contact.id)
        )),
        Source("created", 0, Contact.created_at, Contact.id, lambda: (
            select(Contact).where(Contact.id == contact.id)
        )),
    )  # fmt: skip


def _seen_messages(user):
    """An agent reads notes and templates of the conversations they may open, no others."""
    if access.leads_all(user):
        return true()
    return (
        exists()
        .where(Interaction.id == Message.interaction_id, access.visible_interactions(user))
        .correlate(Message)
    )


def _steps(source, before):
    rows = source.rows().where(_earlier(source, before))
    newest = rows.order_by(source.at.desc(), source.id.desc()).limit(PAGE + 1)
    name = source.at.key
    return [Step(getattr(row, name), source.kind, row) for row in db.session.scalars(newest)]


def _earlier(source, before):
    if before is None:
        return true()
    at, rank, id = before
    same = source.id < id if source.rank == rank else (true() if source.rank < rank else false())
    return or_(source.at < at, and_(source.at == at, same))


def _key(text, sources):
    """None for the first page, also where the address was cut or changed by hand."""
    at, _, rest = text.partition("~")
    kind, _, id = rest.partition("~")
    ranks = {source.kind: source.rank for source in sources}
    if kind not in ranks or id_of(id) is None:
        return None
    try:
        moment = datetime.fromisoformat(at)
    except ValueError:
        return None
    if moment.tzinfo is None or not 1 < moment.year < utcnow().year + 100:
        return None
    return moment, ranks[kind], int(id)


def _count(contact, user):
    rows = select(func.count()).select_from(Interaction)
    mine = rows.where(Interaction.contact_id == contact.id, access.visible_interactions(user))
    return db.session.scalar(mine)


def _message_counts(interaction_ids):
    if not interaction_ids:
        return {}
    rows = (
        select(Message.interaction_id, func.count())
        .where(Message.interaction_id.in_(interaction_ids), Message.direction != Direction.NOTE)
        .group_by(Message.interaction_id)
    )
    return dict(db.session.execute(rows).all())
