"""Adds and changes people; each change leaves an audit row, none leaves us without an admin."""

from sqlalchemy import func, select

from webapp.database import lock
from webapp.extensions import db
from webapp.queues import members, offering
from webapp.settings import plan
from webapp.staff import presence, signing_in
from webapp.staff.models import Presence, Role, User, differences, record

COLUMNS = ("name", "email", "role", "capacity", "active")


class LastAdmin(Exception):
    """Nobody would be left who may manage people."""

    def __init__(self):
        super().__init__("This is the last active administrator. Make somebody else one first.")


class NoSeat(Exception):
    """The plan has no place for one more active person."""

    def __init__(self, seats):
        counted = "1 seat, and it is" if seats == 1 else f"{seats} seats, and all are"
        super().__init__(f"Your plan has {counted} taken. Deactivate somebody or change the plan.")


class OwnSelf(Exception):
    """Whoever asks would lock themself out together with others."""

    def __init__(self):
        super().__init__("That is you: switch yourself off on your own page.")


def add(values, password_hash, queue_ids, by):
    """A new person. The hash comes ready made: argon2 is no work for inside a transaction."""
    if values["active"]:
        _take_a_seat()
    person = User(password_hash=password_hash, **{name: values[name] for name in COLUMNS})
    db.session.add(person)
    db.session.flush()
    members.set_queues(person, queue_ids)
    record(by, "added", person, after=facts(person))
    return person


def change(person, values, password_hash, queue_ids, by, sign_in=None):
    """Change a person; with a new password every browser but the one that asks is signed out."""
    _keep_an_admin(person, values)
    if values["active"] and not person.active:
        _take_a_seat()
    before = facts(person)
    for name in COLUMNS:
        setattr(person, name, values[name])
    members.set_queues(person, queue_ids)
    if password_hash:
        person.password_hash = password_hash
        signing_in.end_all(person, but=sign_in)
    if not person.active:
        _send_away(person)
    db.session.flush()
    offering.agent_freed(person.id)
    _record_change(person, before, bool(password_hash), by)


def switch(person, active, by):
    """Switch one of many on or off; whether that changed anything."""
    if person.active == active:
        return False
    _keep_an_admin(person, {"role": person.role, "active": active})
    if active:
        _take_a_seat()
    elif person.id == by.id:
        raise OwnSelf
    before = facts(person)
    person.active = active
    if not active:
        _send_away(person)
    db.session.flush()
    offering.agent_freed(person.id)
    _record_change(person, before, new_password=False, by=by)
    return True


def sign_out_there(sign_in, by):
    """End one browser's sign-in from the person's page."""
    signing_in.end(sign_in)
    record(by, "signed out", sign_in.user, note=sign_in.user_agent)


def _keep_an_admin(person, values):
    if values["role"] == Role.ADMIN and values["active"]:
        return
    # Locked in one order, so that two admins can't demote each other at the same moment.
    admins = lock(select(User.id).where(User.role == Role.ADMIN, User.active).order_by(User.id))
    if set(db.session.scalars(admins)) == {person.id}:
        raise LastAdmin


def _take_a_seat():
    plan.hold()  # so that two admins can't give the last seat away at the same moment
    if plan.seats_left() == 0:
        raise NoSeat(plan.plan().seats)


def _send_away(person):
    signing_in.end_all(person)
    presence.set_presence(person, Presence.OFFLINE)


def _record_change(person, before, new_password, by):
    old, new = differences(before, facts(person))
    if new or new_password:
        note = "password replaced" if new_password else ""
        record(by, "changed", person, before=old, after=new, note=note)


def facts(person):
    facts = {name: getattr(person, name) for name in COLUMNS}
    return facts | {"queues": list(members.queue_ids_of(person.id))}


def has_email(email, but=None):
    """Whether somebody (else) has this address already, however it is written."""
    found = select(User.id).where(func.lower(User.email) == email.strip().lower())
    if but is not None:
        found = found.where(User.id != but.id)
    return db.session.scalar(found) is not None


def admin_addresses():
    """Whom the installation writes to when nobody else is named."""
    return db.session.scalars(
        select(User.email).where(User.role == Role.ADMIN, User.active).order_by(User.id)
    ).all()
