"""What the page of a first contact is given: accounts that can begin, and whom to write to."""

from dataclasses import dataclass, field

from sqlalchemy import select

from webapp.accounts.access_points import capabilities_of
from webapp.accounts.models import Account
from webapp.contacts import phones, search
from webapp.contacts.models import LISTED, Contact, ContactIdentity
from webapp.contacts.people import match_key
from webapp.extensions import db
from webapp.inbox.models import Interaction, InteractionState
from webapp.providers.base import IdentityKind
from webapp.staff import access

MOST = 8


@dataclass(slots=True)
class New:
    accounts: list
    account: object = None
    contact: object = None
    number: str = ""  # of somebody nobody has written to yet
    problem: str = ""  # what is wrong with the number
    note: str = ""  # how the number was read
    query: str = ""
    found: list = field(default_factory=list)
    standing: object = None  # a conversation with them that is open already

    @property
    def ready(self):
        return self.account is not None and (self.contact is not None or bool(self.number))

    @property
    def name(self):
        return self.contact.display_name if self.contact else f"+{self.number}"

    @property
    def to(self):
        """What the next request has to say to mean the same."""
        to = {"account": self.account.id if self.account else None}
        if self.contact:
            return to | {"contact": self.contact.id}
        return to | {"number": f"+{self.number}"} if self.number else to


def page(user, account_id=None, contact_id=None, number="", query=""):
    """One account is chosen by itself where there is no other."""
    accounts = accounts_of(user)
    chosen = next((one for one in accounts if one.id == account_id), None)
    new = New(accounts, chosen or (accounts[0] if len(accounts) == 1 else None), query=query)
    contact = db.session.get(Contact, contact_id) if contact_id else None
    if contact is not None and access.may_see_contact(user, contact):
        new.contact = contact
    elif number:
        _read(new, user, number)
    if query:
        new.found = _found(user, query)
        if not new.found:
            _read(new, user, query)
    if new.account is not None and new.contact is not None:
        new.standing = _standing(new.account, new.contact)
    return new


def accounts_of(user):
    """Only those whose provider sends templates of its own."""
    served = select(Account).where(Account.archived_at.is_(None), access.served_accounts(user))
    found = db.session.scalars(served.order_by(Account.name))
    return [account for account in found if capabilities_of(account).manages_templates]


def account_of(user, account_id):
    return next((one for one in accounts_of(user) if one.id == account_id), None)


def _read(new, user, text):
    """A number somebody has is that contact; where this person may not see it, it is only known
    once it is written to."""
    try:
        number = phones.parsed(text)
    except phones.NotANumber as error:
        new.problem = str(error) if any(sign.isdigit() for sign in text) else ""
        return
    known = db.session.scalar(
        select(Contact)
        .join(ContactIdentity, ContactIdentity.contact_id == Contact.id)
        .where(ContactIdentity.match_key == match_key(IdentityKind.PHONE, number.digits))
    )
    if known is not None and access.may_see_contact(user, known):
        new.contact = known
    else:
        new.number, new.note = number.digits, number.note


def _found(user, query):
    found = select(Contact).where(LISTED, access.visible_contacts(user), search.matching(query))
    return list(db.session.scalars(found.order_by(Contact.id.desc()).limit(MOST)))


def _standing(account, contact):
    found = db.session.scalar(
        select(Interaction).where(
            Interaction.account_id == account.id,
            Interaction.contact_id == contact.id,
            Interaction.state != InteractionState.CLOSED,
        )
    )
    return None if found is None or found.is_closed() else found
