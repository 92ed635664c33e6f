"""What a batch of arriving messages needs to know, loaded and locked in a few statements."""

from sqlalchemy import func, select

from webapp.campaigns.results.replies import Answers
from webapp.columns import utcnow
from webapp.contacts import matching
from webapp.contacts.models import Contact
from webapp.database import lock
from webapp.extensions import db
from webapp.inbox.models import Interaction, InteractionState, Message
from webapp.providers.base import IdentityChange

FRESH = {"populate_existing": True}


class Gone(Exception):
    """A contact was merged or erased since it was looked up; looking again finds who it is now."""


class Arrivals:
    """The contacts, open interactions and already stored ids of `[(account, event)]`.

    Locks in one fixed order, contacts by id, what campaigns sent them, then interactions by id:
    drains that meet on a customer take turns, so that what one has looked at the other cannot
    change underneath it.
    """

    def __init__(self, arriving, known):
        self._known = known
        self._contact_ids = {}
        for account, event in arriving:
            if getattr(event, "group_id", None) is None:
                who = _who(event)
                contact_id = matching.contact_id_of(known, account, who)
                self._contact_ids[account.id, who] = contact_id
        self._contacts = _contacts({i for i in self._contact_ids.values() if i})
        account_ids = {account.id for account, _ in arriving}
        self.answers = Answers(account_ids, self._contacts, utcnow())
        self._open = _open_interactions(account_ids, self._contacts)
        self._arriving = arriving
        self._stored = self._previous = None

    def has(self, account, provider_id):
        """Whether it is stored already; asked only where something is about to be made for it."""
        if self._stored is None:
            self._stored = _stored(self._arriving)
        return (account.id, provider_id) in self._stored

    def stored(self, account, provider_id):
        if self._stored is not None:
            self._stored.add((account.id, provider_id))

    def previous(self, account, contact):
        """(id, window's end) of the contact's last interaction here, or None."""
        if self._previous is None:
            self._previous = _previous({a.id for a, _ in self._arriving}, self._contacts)
        return self._previous.get((account.id, contact.id))

    def contact_of(self, account, event):
        """The customer this event is about; nobody for what a group writes."""
        contact_id = self._contact_ids.get((account.id, _who(event)))
        return self._contacts.get(contact_id)

    def open_interaction(self, account, contact):
        found = self._open.get((account.id, contact.id))
        return None if found is None or found.state == InteractionState.CLOSED else found

    def opened(self, interaction):
        key = interaction.account_id, interaction.contact_id
        self._open[key] = interaction

    def closed(self, interaction):
        """A batch may end one interaction and open the next."""
        if self._previous is not None:
            key = interaction.account_id, interaction.contact_id
            self._previous[key] = (interaction.id, interaction.window_expires_at)

    def look_again(self, account, contact):
        """After losing a race for the one open interaction."""
        self._open |= _open_interactions({account.id}, {contact.id})
        return self.open_interaction(account, contact)


def _who(event):
    return event.old if isinstance(event, IdentityChange) else event.identities


def _contacts(ids):
    if not ids:
        return {}
    rows = select(Contact).where(Contact.id.in_(ids)).order_by(Contact.id)
    found = {row.id: row for row in db.session.scalars(lock(rows).execution_options(**FRESH))}
    if len(found) < len(ids) or not all(contact.is_listed for contact in found.values()):
        raise Gone
    return found


def _open_interactions(account_ids, contact_ids):
    if not contact_ids:
        return {}
    rows = (
        select(Interaction)
        .where(
            Interaction.account_id.in_(account_ids),
            Interaction.contact_id.in_(contact_ids),
            Interaction.state != InteractionState.CLOSED,
        )
        .order_by(Interaction.id)
    )
    found = db.session.scalars(lock(rows).execution_options(**FRESH))
    return {(row.account_id, row.contact_id): row for row in found}


def _previous(account_ids, contact_ids):
    last = (
        select(func.max(Interaction.id))
        .where(Interaction.account_id.in_(account_ids), Interaction.contact_id.in_(contact_ids))
        .group_by(Interaction.account_id, Interaction.contact_id)
    )
    rows = db.session.execute(
        select(
            Interaction.account_id,
            Interaction.contact_id,
            Interaction.id,
            Interaction.window_expires_at,
        ).where(Interaction.id.in_(last))
    )
    return {(row[0], row[1]): (row[2], row[3]) for row in rows}


def _stored(arriving):
    """Looked up after the locks: whoever stored one of these before has committed."""
    ids = {}
    for account, event in arriving:
        if hasattr(event, "id"):
            ids.setdefault(account.id, set()).add(event.id)
    found = set()
    for account_id, provider_ids in ids.items():
        rows = db.session.scalars(
            select(Message.provider_id).where(
                Message.account_id == account_id, Message.provider_id.in_(provider_ids)
            )
        )
        found.update((account_id, provider_id) for provider_id in rows)
    return found
