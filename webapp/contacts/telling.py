"""Who shows a contact looks again after it changed: its page, its conversations, the list."""

from sqlalchemy import select

from webapp.extensions import db
from webapp.inbox import summary
from webapp.inbox.models import Interaction, InteractionState
from webapp.live import push


def room(contact):
    return f"contact:{contact.id}"


def changed(contact):
    """Flush only: browsers are told after the commit."""
    push.changed(room(contact))
    for interaction in _open_interactions(contact):
        summary.announce(interaction)


def note(contact, kind, text, words=""):
    """A line in the threads that go on, for whoever is writing with the customer."""
    push.changed(room(contact))
    for interaction in _open_interactions(contact):
        summary.note_event(interaction, kind, text=text, words=words)
        summary.announce(interaction)


def renamed(contact):
    """Conversations repeat the name and the number for their lists; open and closed ones follow."""
    name, phone = contact.display_name[:200], contact.display_phone[:90]
    for interaction in _interactions(contact):
        if (interaction.contact_name, interaction.contact_phone) != (name, phone):
            interaction.contact_name, interaction.contact_phone = name, phone
            summary.announce(interaction)
    push.changed(room(contact))


def _interactions(contact):
    return db.session.scalars(
        select(Interaction).where(Interaction.contact_id == contact.id).order_by(Interaction.id)
    )


def _open_interactions(contact):
    return db.session.scalars(
        select(Interaction)
        .where(Interaction.contact_id == contact.id, Interaction.state != InteractionState.CLOSED)
        .order_by(Interaction.id)
    )
