"""Forgets a person: name, number, messages and files go; counts in reports stay.

The contact is empty and nameless with the first transaction, and a message that comes afterwards
makes somebody new. What has to be searched for follows in batches, by a job that goes on after a
crash: `PersonRequest.place` says which step, and how far.
"""

import time
from datetime import timedelta

from sqlalchemy import delete, or_, select, update

from webapp import jobs
from webapp.columns import utcnow
from webapp.contacts import erasing_steps, forgetting, merging, person_requests, sparing, traces
from webapp.contacts.models import (
    Consent,
    ConsentEntry,
    Contact,
    ContactIdentity,
    ContactListMember,
    ContactMerge,
    ContactTag,
    DuplicatePair,
    PersonRequest,
)
from webapp.database import lock
from webapp.extensions import db
from webapp.inbox import closing
from webapp.inbox.models import CloseReason
from webapp.staff.models import AuditEntry, name_of, person, person_id, record
from webapp.unit_of_work import unit_of_work

JOB = "workers.privacy.erase"
SECONDS = 45  # then another job goes on
STALE = timedelta(minutes=2)
EMPTY = {
    "name": "", "first_name": "", "last_name": "", "company": "", "email": "", "language": None,
    "time_zone": None, "profile_name": "", "username": None, "phone": None, "fields": {},
    "consent": Consent.NONE, "opted_out_at": None, "blocked_at": None, "unreachable_at": None,
}  # fmt: skip


def is_confirmed(contact, typed):
    """Whether what was typed is what the page shows the person as."""
    return typed.strip() == contact.display_name


def erase(contact, by, reason):
    """Empty the contact and everyone merged into it; the rest follows in batches."""
    family = merging.locked(*_family(contact.id))
    contact = family[contact.id]
    if contact.erased_at is not None:
        raise ValueError("This person's data was deleted already.")
    if contact.merged_into_id is not None:
        raise ValueError("This contact is part of another one. Delete that one.")
    ids = sorted(family)
    identities = db.session.scalars(
        select(ContactIdentity).where(ContactIdentity.contact_id.in_(ids))
    ).all()
    traces_left = traces.of(family.values(), identities)
    sparing.remember(contact, identities)
    for interaction in merging.locked_open(*ids).values():
        closing.close(interaction, CloseReason.AGENT, by=person(by))
    _forget(ids)
    for one in family.values():
        for name, value in EMPTY.items():
            setattr(one, name, value)
        one.erased_at = utcnow()
    request = PersonRequest(
        contact_id=contact.id,
        kind="erasure",
        reason=reason,
        by_id=person_id(by),
        actor=name_of(by),
        traces=traces_left | {"contacts": ids, "until": utcnow().isoformat()},
        beat_at=utcnow(),
    )
    db.session.add(request)
    # Whether somebody was forgotten here can be told later, by who has the number and the key.
    after = {"sha256": traces.hashed(traces_left["numbers"])}
    record(by, "erased", contact, after=after, note=reason)
    db.session.flush()
    jobs.hint(JOB, request.id)
    return request


def go_on(request_id, stop_asked=lambda: False):
    """Carry the request out, batch by batch; True once it is done."""
    until = time.monotonic() + SECONDS
    while True:
        with unit_of_work():
            found = select(PersonRequest).where(PersonRequest.id == request_id)
            request = db.session.scalar(lock(found, skip_locked=True))
            if request is None or request.kind != "erasure" or request.state == "done":
                return request is not None
            _step(request)
            done = request.state == "done"
        if done:
            return True
        if time.monotonic() > until or stop_asked():
            jobs.hint_now(JOB, request_id)
            return False


def due(now=None):
    """Requests no job picked up, or whose job was cut off."""
    return person_requests.left("erasure", (now or utcnow()) - STALE)


def _step(request):
    names = list(erasing_steps.STEPS)
    place = dict(request.place) or {"step": names[0], "after": 0}
    after, count = erasing_steps.STEPS[place["step"]](request.traces, place["after"])
    request.state, request.beat_at = "running", utcnow()
    request.counts = {
        **request.counts, place["step"]: request.counts.get(place["step"], 0) + count
    }  # fmt: skip
    if after is not None:
        request.place = {**place, "after": after}
        return
    following = names.index(place["step"]) + 1
    if following < len(names):
        request.place = {"step": names[following], "after": 0}
        return
    request.state, request.finished_at, request.traces = "done", utcnow(), None


def _family(contact_id):
    """The contact and everybody who was merged into it, however far back."""
    family, fresh = [contact_id], [contact_id]
    while fresh:
        fresh = db.session.scalars(
            select(Contact.id).where(Contact.merged_into_id.in_(fresh))
        ).all()
        family += fresh
    return family


def _forget(ids):
    """Rows of theirs alone; their history of changes keeps a hash."""
    for model in (ContactIdentity, ContactListMember, ContactTag, ConsentEntry):
        db.session.execute(delete(model).where(model.contact_id.in_(ids)))
    pairs = or_(DuplicatePair.first_id.in_(ids), DuplicatePair.second_id.in_(ids))
    db.session.execute(delete(DuplicatePair).where(pairs))
    merges = or_(ContactMerge.kept_id.in_(ids), ContactMerge.merged_id.in_(ids))
    db.session.execute(update(ContactMerge).where(merges).values(before={}, moved={}))
    entries = db.session.scalars(
        select(AuditEntry).where(AuditEntry.subject == "contacts", AuditEntry.subject_id.in_(ids))
    )
    for entry in entries:
        forgetting.keep_a_hash(entry)
    db.session.flush()
    db.session.expire_all()  # rows went underneath what is loaded
