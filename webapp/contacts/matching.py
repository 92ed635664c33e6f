"""Who wrote: finds or makes the contact behind the identities that a provider names."""

from sqlalchemy import bindparam, delete, select, update
from sqlalchemy import insert as plain_insert

from webapp.contacts import duplicates, merging, sparing
from webapp.contacts.models import LISTED, Contact, ContactIdentity, ContactListMember
from webapp.contacts.people import NUMBERS, People, keys_of, people_of
from webapp.database import insert, lock
from webapp.extensions import db
from webapp.unit_of_work import unit_of_work
from webapp.webhooks import noticing

CHUNK = 500


def contacts_for(account, events):
    """{match key: contact id} for everybody these events name; who is missing is made.

    Makes them in a short unit of its own: two drains that meet on one customer wait for each
    other here, not while they hold conversations.
    """
    people = people_of(account, events)
    faces = _faces(people.keys)
    known = _ids(faces)
    settled = not _left_behind(faces) and not _doubles(people, known)
    if people.are_all_in(known) and settled and not _news(people, faces):
        return known
    with unit_of_work():
        return _settle(account, people)


def found_or_made(account, events):
    """The same inside the caller's unit, for a single event."""
    return _settle(account, people_of(account, events))


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


_FACES = (
    select(
        ContactIdentity.match_key,
        Contact.id,
        Contact.profile_name,
        Contact.username,
        Contact.phone,
        Contact.merged_into_id,
        Contact.erased_at,
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
    if _left_behind(faces):
        _lead_on(faces)
        faces = _faces(people.keys)
    known = _ids(faces)
    if not _stand(people, known):
        return _settle(account, people)  # a merge or an erasure ended while we waited for it
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


def _left_behind(faces):
    """Identities that came to a contact while it was merged or erased."""
    return [row for row in faces.values() if row.merged_into_id or row.erased_at]


def _lead_on(faces):
    """They belong to whom the contact is part of; those of an erased one to nobody."""
    for row in sorted(_left_behind(faces), key=lambda row: row.match_key):
        identity = ContactIdentity.match_key == row.match_key
        contact = merging.standing(db.session.get(Contact, row.id, populate_existing=True))
        if contact.erased_at:
            db.session.execute(delete(ContactIdentity).where(identity))
        else:
            db.session.execute(
                update(ContactIdentity).where(identity).values(contact_id=contact.id)
            )


def _stand(people, known):
    """Lock the contacts about to learn an identity; whether all of them are still listed."""
    learning = {
        known_id
        for person in people
        if (known_id := _contact_of(person, known))
        and not all(k in known for k in person.identities)
    }
    if not learning:
        return True
    rows = lock(select(Contact.id).where(Contact.id.in_(learning), LISTED).order_by(Contact.id))
    return len(db.session.scalars(rows).all()) == len(learning)


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
    sparing.obey([row["match_key"] for row in rows])
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
        duplicates.note_named_together(ids)
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
            update(Contact).where(Contact.id == contact_id, LISTED).values(**news[contact_id])
        )
