"""What each kind of event does, for a slice of a drain: loaded together, applied in order."""

from webapp.contacts import matching, preferring
from webapp.inbox import receiving, summary
from webapp.inbox.arrivals import Arrivals
from webapp.message_templates import following
from webapp.providers.base import (
    AccountUpdate,
    Echo,
    IdentityChange,
    InboundMessage,
    NameChange,
    PreferenceChange,
    StatusUpdate,
    TemplateUpdate,
)
from webapp.webhooks import noticing

MESSAGES = (InboundMessage, Echo)
ABOUT_CONTACTS = (PreferenceChange, IdentityChange, NameChange)


def make_contacts(tasks):
    """{match key: contact id}, in short units before anything else is locked."""
    accounts = {task.account.id: task.account for task in tasks}
    known = {}
    for account_id, account in sorted(accounts.items()):
        events = [task.event for task in tasks if task.account.id == account_id]
        known |= matching.contacts_for(account, events)
    return known


class Slice:
    """Some events of a batch, inside one unit."""

    def __init__(self, tasks, known, now):
        about = [
            (task.account, task.event)
            for task in tasks
            if isinstance(task.event, MESSAGES + ABOUT_CONTACTS)
        ]
        self._arrivals = Arrivals(about, known)
        self._now = now

    def apply(self, task):
        match task.event:
            case InboundMessage() | Echo():
                self._receive(task)
            case PreferenceChange():
                self._follow_wish(task)
            case IdentityChange() | NameChange():
                self._rename(task)
            case TemplateUpdate():
                self._note(task)
                following.follow(task.account, task.event)
            case AccountUpdate():
                self._note(task)
            case StatusUpdate():
                raise TypeError("receipts are applied in bulk")

    def finish(self):
        """Once all of it is applied: what campaigns' answers add up to is locked last."""
        self._arrivals.answers.save()

    def _follow_wish(self, task):
        contact = self._arrivals.contact_of(task.account, task.event)
        preferring.follow(contact, task.event)
        if preferring.stops(task.event):
            at = min(task.event.at, self._now)
            self._arrivals.answers.opted_out(task.account, contact, at)

    def _receive(self, task):
        receiving.receive(
            task.account,
            task.event,
            task.payload.id,
            task.payload.received_at,
            among=self._arrivals,
            now=self._now,
        )

    def _note(self, task):
        noticing.note_update(task.account, task.event, task.payload.received_at, task.payload.id)

    def _rename(self, task):
        """The contact was changed when contacts were made; the open conversation shows it."""
        contact = self._arrivals.contact_of(task.account, task.event)
        if contact is None:
            return
        interaction = self._arrivals.open_interaction(task.account, contact)
        if interaction is not None and receiving.follow_name(interaction, contact):
            summary.announce(interaction)
