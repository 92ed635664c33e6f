"""Who is named: identities that belong to one person, before anybody is looked up."""

import re
from dataclasses import dataclass, field

from webapp.providers.base import (
    Echo,
    Identity,
    IdentityChange,
    IdentityKind,
    InboundMessage,
    NameChange,
    PreferenceChange,
    Source,
    StatusUpdate,
)

NUMBERS = (IdentityKind.WA_ID, IdentityKind.PHONE)
# Where two identities lead to two contacts, the number's contact gets the message.
ORDER = (
    IdentityKind.WA_ID,
    IdentityKind.PHONE,
    IdentityKind.BSUID,
    IdentityKind.PARENT_BSUID,
)
LONGEST = {IdentityKind.WA_ID: 20, IdentityKind.PHONE: 20}
LONGEST_USER_ID = 200

# The variants of one number that WhatsApp itself mixes up, from long to short:
# Brazil's ninth digit (mobile numbers go on with 6 to 9), Mexico's 1, Argentina's 9.
# developers.facebook.com/documentation/business-messaging/whatsapp/business-phone-numbers/
# phone-numbers
_FOLDS = (
    (re.compile(r"55(\d\d)9([6-9]\d{7})"), r"55\1\2"),
    (re.compile(r"521(\d{10})"), r"52\1"),
    (re.compile(r"549(\d{10})"), r"54\1"),
)


def match_key(kind, value, scope=""):
    """What two spellings of one person's identity have in common."""
    if kind in NUMBERS:
        return f"tel:{_folded(value)}"
    return f"bsuid:{scope}:{value}"


def keys_of(identities, scope):
    """Match keys, the strongest first; what no provider can have meant is left out."""
    usable = [identity for identity in identities if _usable(identity)]
    usable.sort(key=lambda identity: ORDER.index(identity.kind))
    return {match_key(identity.kind, identity.value, scope): identity for identity in usable}


@dataclass(eq=False)
class Person:
    """Identities that one batch shows to belong together."""

    identities: dict[str, Identity] = field(default_factory=dict)
    name: str = ""
    username: str = ""
    may_be_made: bool = False
    moved: dict[str, str] = field(default_factory=dict)  # former number → the new one

    def contact_ids(self, known):
        return {known[key] for key in self.identities if key in known}

    def take(self, other):
        """They turned out to be one; the strongest identity still comes first."""
        joined = {**self.identities, **other.identities}
        self.identities = dict(sorted(joined.items(), key=lambda i: ORDER.index(i[1].kind)))
        self.name = other.name or self.name
        self.username = other.username or self.username
        self.may_be_made |= other.may_be_made
        self.moved |= other.moved


class People:
    def __init__(self, scope):
        self.scope = scope
        self._by_key = {}

    def __iter__(self):
        return iter(dict.fromkeys(self._by_key.values()))

    @property
    def keys(self):
        return sorted(self._by_key)

    def are_all_in(self, known):
        """A receipt alone makes nobody, so nothing is missing where it names a stranger."""
        for person in self:
            found = [key in known for key in person.identities]
            if not all(found) and (person.may_be_made or any(found)):
                return False
        return True

    def add(self, identities, name="", username="", may_be_made=True, moved=None):
        keys = keys_of(identities, self.scope)
        if not keys:
            return
        person = Person(may_be_made=may_be_made)
        for other in dict.fromkeys(self._by_key[key] for key in keys if key in self._by_key):
            person.take(other)
        person.take(Person(keys, name, username, moved=moved or {}))
        self._by_key.update(dict.fromkeys(person.identities, person))


def _folded(value):
    for pattern, shorter in _FOLDS:
        if pattern.fullmatch(value):
            return pattern.sub(shorter, value)
    return value


def _usable(identity):
    longest = LONGEST.get(identity.kind, LONGEST_USER_ID)
    return identity.kind in ORDER and 0 < len(identity.value) <= longest


def people_of(account, events):
    people = People(account.portfolio)
    for event in events:
        match event:
            case InboundMessage(group_id=None):
                live = event.source is Source.LIVE
                name, username = (event.sender_name, event.username) if live else ("", "")
                people.add(event.identities, name, username)
            case Echo() | PreferenceChange():
                people.add(event.identities)
            case IdentityChange():
                people.add((*event.old, *event.new), moved=_moved(event))
            case NameChange():
                # A provider's address book also holds people who never wrote here.
                people.add(event.identities, event.name, may_be_made=False)
            case StatusUpdate(group=False):
                # The only link between a number we wrote to and a user id that answers later.
                people.add(event.recipient_identities, may_be_made=False)
    return people


def _moved(change):
    new = next((identity.value for identity in change.new if identity.kind in NUMBERS), None)
    old = [identity.value for identity in change.old if identity.kind in NUMBERS]
    return dict.fromkeys(old, new) if new else {}
