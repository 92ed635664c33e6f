"""Who wrote: finds or makes the contact behind the identities that a provider names."""

import re
from dataclasses import dataclass, field

from sqlalchemy import bindparam, delete, select, update
from sqlalchemy import insert as plain_insert

from webapp.contacts.models import Contact, ContactIdentity, ContactListMember
from webapp.database import insert
from webapp.extensions import db
from webapp.providers.base import (
    Echo,
    Identity,
    IdentityChange,
    IdentityKind,
    InboundMessage,
    PreferenceChange,
    Source,
    StatusUpdate,
)
from webapp.unit_of_work import unit_of_work
from webapp.webhooks import noticing

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
CHUNK = 500

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


def contacts_for(account, events):
    """{match key: contact id} for everybody these events name; who is missing is made.

    Makes them in a short unit of its own: two drains that meet on one customer wait for each
    other here, not while they hold conversations.
    """
    people = _people(account, events)
    faces = _faces(people.keys)
    known = _ids(faces)
    if people.are_all_in(known) and not _doubles(people, known) and not _news(people, faces):
        return known
    with unit_of_work():
        return _settle(account, people)


def found_or_made(account, events):
    """The same inside the caller's unit, for a single event."""
    return _settle(account, _people(account, events))


def contact_for(account, identities, name="", username=""):
    """The contact of one person, made if missing, inside the caller's unit."""
    people = People(account.portfolio)
    people.add(identities, name, username)
    found = _settle(account, people)
    return db.session.get(Contact, contact_id_of(found, account, identities))


def contact_id_of(known, account, identities):
    """Whose message it is, by what `contacts_for` gave; None if nothing names anybody."""
    keys = keys_of(identities, account.portfolio)
    return next((known[key] for key in keys if key in known), None)


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


def _people(account, events):
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
            case StatusUpdate(group=False):
                # The only link between a number we wrote to and a user id that answers later.
                people.add(event.recipient_identities, may_be_made=False)
    return people


def _moved(change):
    new = next((identity.value for identity in change.new if identity.kind in NUMBERS), None)
    old = [identity.value for identity in change.old if identity.kind in NUMBERS]
    return dict.fromkeys(old, new) if new else {}


_FACES = (
    select(
        ContactIdentity.match_key,
        Contact.id,
        Contact.profile_name,
        Contact.username,
        Contact.phone,
    )
    .join(Contact, Contact.id == ContactIdentity.contact_id)
    .where(ContactIdentity.match_key.in_(bindparam("keys", expanding=True)))
)


def _faces(keys):
    """{match key: contact's id and what WhatsApp says of it}"""
    found = {}
    for start in range(0, len(keys), CHUNK):
        rows = db.session.execute(_FACES, {"keys": keys[start : start + CHUNK]})
        found.update((row.match_key, row) for row in rows)
    return found


def _ids(faces):
    return {key: row.id for key, row in faces.items()}


def _settle(account, people):
    """Attach what is new, make who is missing, and follow what WhatsApp says of them."""
    faces = _faces(people.keys)
    known = _ids(faces)
    made = _made([person for person in people if _is_missing(person, known)])
    rows, contacts = [], {}
    for person in people:
        contact_id = made.get(person) or _contact_of(person, known)
        if contact_id is None:
            continue
        contacts[person] = contact_id
        rows += [
            _identity_row(people.scope, key, identity, contact_id)
            for key, identity in person.identities.items()
            if key not in known
        ]
    if rows:
        known = _attached(account, people, rows, made)
    _note_doubles(account, people, known)
    _follow(_news(people, faces))
    return known


def _is_missing(person, known):
    return person.may_be_made and not any(key in known for key in person.identities)


def _contact_of(person, known):
    return next((known[key] for key in person.identities if key in known), None)


def _made(people):
    """{person: contact id} of new contacts, in one statement."""
    if not people:
        return {}
    rows = [
        {
            "profile_name": person.name[:200],
            "username": person.username[:80] or None,
            "phone": _number_of(person),
        }
        for person in people
    ]
    ids = db.session.scalars(
        plain_insert(Contact.__table__).returning(
            Contact.__table__.c.id, sort_by_parameter_order=True
        ),
        rows,
    ).all()
    return dict(zip(people, ids, strict=True))


def _number_of(person):
    numbers = (i.value for i in person.identities.values() if i.kind in NUMBERS)
    return next((person.moved.get(number, number) for number in numbers), None)


def _identity_row(scope, key, identity, contact_id):
    return {
        "contact_id": contact_id,
        "scope": "" if identity.kind in NUMBERS else scope,
        "kind": identity.kind,
        "value": identity.value,
        "match_key": key,
    }


def _attached(account, people, rows, made):
    """Insert the identities in one fixed order, then see who else was here first."""
    rows.sort(key=lambda row: row["match_key"])
    db.session.execute(
        insert(ContactIdentity.__table__).on_conflict_do_nothing(index_elements=["match_key"]), rows
    )
    known = _ids(_faces(people.keys))
    for person, contact_id in made.items():
        winner = _contact_of(person, known)
        if winner != contact_id:
            _give_way(contact_id, winner)
            known = {key: winner if to == contact_id else to for key, to in known.items()}
    _join_list(account, set(made.values()) & set(known.values()))
    return known


def _give_way(contact_id, winner):
    """Another drain made this person meanwhile; nobody has seen our row yet."""
    db.session.execute(
        update(ContactIdentity)
        .where(ContactIdentity.contact_id == contact_id)
        .values(contact_id=winner)
    )
    db.session.execute(delete(Contact).where(Contact.id == contact_id))


def _join_list(account, contact_ids):
    if account.contact_list_id and contact_ids:
        db.session.execute(
            insert(ContactListMember.__table__).on_conflict_do_nothing(),
            [
                {"contact_list_id": account.contact_list_id, "contact_id": contact_id}
                for contact_id in sorted(contact_ids)
            ],
        )


def _doubles(people, known):
    """Contacts that one message names together, though they are kept apart."""
    found = (tuple(sorted(person.contact_ids(known))) for person in people)
    return [ids for ids in found if len(ids) > 1]


def _note_doubles(account, people, known):
    """Two contacts look like one person: a person decides, nothing is merged unseen."""
    for ids in _doubles(people, known):
        names = " and ".join(map(str, ids))
        noticing.note(
            account.id,
            ("merge_candidate", names),
            kind="merge_candidate",
            title="Two contacts look like one person",
            detail=f"Contacts {names} were named in one message.",
        )


def _news(people, faces):
    """{contact id: changed columns}: names as WhatsApp gives them, numbers as they move."""
    news = {}
    for person in people:
        row = _contact_of(person, faces)
        changes = _changes(row, person) if row else {}
        if changes:
            news[row.id] = changes
    return news


def _changes(row, person):
    wanted = {
        "profile_name": person.name[:200] or row.profile_name,
        "username": person.username[:80] or row.username,
        "phone": person.moved.get(row.phone, row.phone) or _number_of(person),
    }
    return {name: value for name, value in wanted.items() if value != getattr(row, name)}


def _follow(news):
    for contact_id in sorted(news):  # one fixed order: accounts share these rows
        db.session.execute(
            update(Contact).where(Contact.id == contact_id).values(**news[contact_id])
        )
