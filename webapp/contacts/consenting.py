"""What a contact agreed to, or asked us to stop: kept with its proof; the newest word counts."""

from sqlalchemy import select

from webapp.columns import utcnow
from webapp.contacts.models import Consent, ConsentEntry, Contact
from webapp.database import lock
from webapp.extensions import db
from webapp.staff.models import name_of, person_id
from webapp.staff.models import record as audit

MARKETING = "marketing"
# What a rule is called where a person's name would stand.
ACTORS = {"whatsapp": "WhatsApp", "keyword": "Opt-out words", "button": "Opt-out button"}
ACTIONS = {True: "opted_in", False: "opted_out"}


def record(contact, given, how, words="", at=None, by=None, message=None, purpose=MARKETING):
    """Write one statement down, once; `contact.consent` follows the newest of its purpose.

    `at` is when it was said. Nothing said earlier undoes it, whatever arrives later; what is
    dated ahead counts from when we heard of it, so that it can be taken back. Gives the entry,
    or None for a repeat.
    """
    now = utcnow()
    at = at or now
    # Two drains, or a drain and a person, must not each think theirs is the newest.
    db.session.scalar(lock(select(Contact.id).where(Contact.id == contact.id)))
    said = _entries(contact, purpose)
    if any(_is_repeat(entry, given, how, at, message) for entry in said):
        return None
    entry = ConsentEntry(
        contact_id=contact.id,
        purpose=purpose,
        given=given,
        at=at,
        how=how,
        words=words,
        message_id=message.id if message is not None else None,
        actor_id=person_id(by),
        actor=_actor(contact, how, by),
        recorded_at=now,
    )
    db.session.add(entry)
    db.session.flush()
    if purpose == MARKETING:
        _follow(contact, [*said, entry])
    audit(by or entry.actor, ACTIONS[given], contact, after=_facts(entry), note=words)
    return entry


def counted_at(entry):
    """From when it counts: what somebody's clock dates ahead, from when we were told."""
    return min(entry.at, entry.recorded_at)


def latest(entries):
    return max(entries, key=lambda entry: (counted_at(entry), entry.id), default=None)


def _entries(contact, purpose):
    return db.session.scalars(
        select(ConsentEntry).where(
            ConsentEntry.contact_id == contact.id, ConsentEntry.purpose == purpose
        )
    ).all()


def _is_repeat(entry, given, how, at, message):
    if message is not None and entry.message_id == message.id:
        return True
    return (entry.given, entry.how, entry.at) == (given, how, at)


def _follow(contact, entries):
    newest = latest(entries)
    at = counted_at(newest)
    # One that asked us to stop before there were entries, or whose list said so.
    if len(entries) == 1 and contact.opted_out_at is not None and contact.opted_out_at > at:
        return
    contact.consent = Consent.IN if newest.given else Consent.OUT
    contact.opted_out_at = None if newest.given else at


def _actor(contact, how, by):
    if by is not None:
        return name_of(by)
    return ACTORS.get(how) or contact.display_name[:120]


def _facts(entry):
    return {"purpose": entry.purpose, "how": entry.how, "at": entry.at.isoformat()}
