"""A recipient's message as a row of `messages`, made only where a conversation shows it.

Most recipients never answer, and need none. What is shown is the template and the contact as they
are when it is made; `content.since_changed` says that one of them has changed since it was sent.
"""

from datetime import timedelta

from sqlalchemy import select

from webapp.campaigns import ledger
from webapp.campaigns.messages.wording import Wording
from webapp.campaigns.models import Campaign, CampaignVariant, Recipient, RecipientState
from webapp.columns import utcnow
from webapp.contacts.models import Contact
from webapp.database import among, insert, lock
from webapp.extensions import db
from webapp.inbox import summary
from webapp.inbox.media_models import Media, MediaState
from webapp.inbox.models import Direction, Interaction, InteractionState, Message, MessageStatus
from webapp.message_templates import rendering
from webapp.message_templates.models import MessageTemplate
from webapp.providers.base import MessageKind

MESSAGES, FILES = Message.__table__, Media.__table__
RECENT = timedelta(days=7)  # older ones the contact's journey tells of
AFTERWARDS = (RecipientState.REPLIED, RecipientState.NO_RESPONSE)
SHOWN = {
    RecipientState.SENT: MessageStatus.SENT,
    RecipientState.DELIVERED: MessageStatus.DELIVERED,
    RecipientState.READ: MessageStatus.READ,
}


def join(account_id, recipient_ids, now=None):
    """Show what was just sent where a conversation with the customer is open; how many it were.

    In a unit of its own, after the sends were recorded.
    """
    now = now or utcnow()
    wanted = _with_conversation(account_id, recipient_ids, now)
    if not wanted:
        return 0
    entries = ledger.hold(wanted, Recipient.message_id.is_(None))
    conversations = _conversations(set(wanted.values()))
    shown = 0
    for entry in entries:
        interaction = conversations[wanted[entry.id]]
        if not interaction.is_closed(now):
            for message in show(interaction, [entry]):
                summary.note_message(interaction, message)
                summary.announce(interaction, message)
                shown += 1
    ledger.save(entries)
    return shown


def unshown(account_id, contact_id, now=None):
    """Held entries of what campaigns sent to this customer lately and no conversation shows yet.

    Asked before a conversation is made: recipients are locked first.
    """
    ids = db.session.scalars(
        select(Recipient.id)
        .join(Campaign, Campaign.id == Recipient.campaign_id)
        .where(
            Recipient.contact_id == contact_id,
            Recipient.sent_at >= (now or utcnow()) - RECENT,
            Recipient.message_id.is_(None),
            Campaign.account_id == account_id,
        )
    ).all()
    return ledger.hold(ids, Recipient.message_id.is_(None)) if ids else []


def show(interaction, entries):
    """Messages in this conversation for the held entries that have none yet and have arrived;
    whoever holds them saves them."""
    waiting = [entry for entry in entries if entry.message_id is None and _status(entry)]
    if not waiting:
        return []
    drawing = _Drawing(interaction.contact_id, waiting)
    shown = []
    for entry in sorted(waiting, key=lambda entry: entry.sent_at):
        message = _stored(interaction, entry, *drawing.of(entry))
        if message is not None:
            entry.message_id = message.id
            shown.append(message)
    return shown


class _Drawing:
    """What each of one customer's campaigns said, each kind of row read once."""

    def __init__(self, contact_id, entries):
        self._contact = db.session.get(Contact, contact_id)
        self._campaigns = _by_id(Campaign, {entry.campaign_id for entry in entries})
        self._variants = _by_id(CampaignVariant, {entry.variant_id for entry in entries})
        self._templates = _by_id(MessageTemplate, {entry.template_id for entry in entries})

    def of(self, entry):
        """(text, content, the header's file or None)"""
        campaign = self._campaigns[entry.campaign_id]
        variant = self._variants.get(entry.variant_id)
        template = self._templates.get(entry.template_id)
        content = {"campaign": campaign.name}
        if variant is None or template is None:
            name = variant.template_name if variant else campaign.name
            return f"Template {name}", content | {"name": name}, None
        wording = Wording(variant, template)
        if self._has_changed(template, entry):
            content["since_changed"] = True
        text, drawn = self._drawn(wording)
        return text, content | drawn, wording.media if wording.header_kind else None

    def _drawn(self, wording):
        try:
            filled = wording.filled(self._contact)
        except ValueError:  # a value is gone since it was sent
            shown = rendering.render(wording.template.components, wording.values(self._contact))
            names = {"name": wording.template.name, "language": wording.template.language}
            return shown.body, names
        return filled.text, filled.content

    def _has_changed(self, template, entry):
        moments = (template.components_at, self._contact.updated_at)
        return any(at is not None and at > entry.sent_at for at in moments)


def _by_id(model, ids):
    rows = db.session.scalars(select(model).where(model.id.in_(ids - {None})))
    return {row.id: row for row in rows}


def _status(entry):
    """How far it came; None for what did not reach the customer."""
    if entry.state in AFTERWARDS:
        ticks = (entry.read_at, MessageStatus.READ), (entry.delivered_at, MessageStatus.DELIVERED)
        return next((status for at, status in ticks if at), MessageStatus.SENT)
    return SHOWN.get(entry.state)


def _stored(interaction, entry, text, content, file):
    """The new row; None where the same message stands here already, however it came."""
    now = utcnow()
    statement = insert(MESSAGES).on_conflict_do_nothing(
        index_elements=["account_id", "provider_id"]
    )
    message_id = db.session.scalar(
        statement.returning(MESSAGES.c.id),
        {
            "account_id": interaction.account_id,
            "contact_id": interaction.contact_id,
            "interaction_id": interaction.id,
            "direction": Direction.OUT,
            "kind": MessageKind.TEMPLATE,
            "text": text,
            "content": content,
            "template_id": entry.template_id,
            "campaign_id": entry.campaign_id,
            "status": _status(entry),
            "status_at": entry.state_at,
            "provider_id": entry.provider_id,
            "written_at": entry.sent_at.replace(microsecond=0),
            "received_at": now,
            "processed_at": now,
            "attempt_count": entry.tries,
        },
    )
    if message_id is None:
        return None
    if file and file.get("key"):
        _show_file(message_id, interaction.account_id, file)
    return db.session.get(Message, message_id)


def _show_file(message_id, account_id, file):
    """The campaign's own file, which all its recipients share."""
    db.session.execute(
        insert(FILES),
        {
            "message_id": message_id,
            "account_id": account_id,
            "state": MediaState.READY,
            "storage_key": file["key"],
            "mime_type": file.get("mime_type", ""),
            "filename": file.get("filename", ""),
            "size": file.get("size"),
            "next_attempt_at": None,
        },
    )


def _with_conversation(account_id, recipient_ids, now):
    """{recipient id: the id of the conversation that is open with them}"""
    rows = db.session.execute(
        select(Recipient.id, Interaction.id)
        .join(Interaction, Interaction.contact_id == Recipient.contact_id)
        .where(
            among(Recipient.id, recipient_ids),
            Interaction.account_id == account_id,
            Interaction.state != InteractionState.CLOSED,
            Interaction.session_expires_at > now,
        )
    )
    return dict(rows.all())


def _conversations(ids):
    rows = select(Interaction).where(Interaction.id.in_(ids)).order_by(Interaction.id)
    found = db.session.scalars(lock(rows).execution_options(populate_existing=True))
    return {row.id: row for row in found}
