"""Takes a file through in slices; how far it came is committed together with its rows.

So a crash, a second worker or a lost hint neither doubles nor loses a row: each batch first makes
sure, under a lock, that the import still stands where this run believes it to be.
"""

import logging
import time
from datetime import timedelta

from sqlalchemy import or_, select, update
from sqlalchemy.exc import DBAPIError

from webapp import jobs, media_store
from webapp.columns import utcnow
from webapp.contacts.importing import preparing, sweeping
from webapp.contacts.importing.limits import Unreadable
from webapp.contacts.importing.models import AT_WORK, ContactImport, ImportState
from webapp.contacts.importing.preparing import Stopped
from webapp.contacts.importing.slices import Lost, Slice
from webapp.extensions import db
from webapp.unit_of_work import unit_of_work

log = logging.getLogger(__name__)

JOB = "workers.contacts.import_file"
SLICE_SECONDS = 40
LEASE = timedelta(seconds=60)  # longer than anything here goes on without a beat
MOST_FAILURES = 5
BROKE = "Something went wrong here, not with the file. What is imported stays; try again later."


def never():
    return False


def due():
    """Ids of imports that wait for a worker, or whose worker was cut off."""
    found = select(ContactImport.id).where(ContactImport.state.in_(AT_WORK), _is_free())
    return db.session.scalars(found).all()


def run(id, stopping=never, seconds=SLICE_SECONDS):
    """Work on the import for a while; asks for the next slice if it is not at its end."""
    if not _claim(id):
        return
    try:
        finished = _work(id, stopping, time.monotonic() + seconds)
    except Lost:
        return
    except Stopped:
        finished = _was_stopped(id)
    except Unreadable as problem:
        _fail(id, str(problem))
        return
    except media_store.NotThere:
        _fail(id, "The file is no longer there. Upload it again.")
        return
    except DBAPIError:
        raise  # clock tries again once the lease is over
    except Exception:
        log.exception("import %s", id)
        _note_failure(id)
        return
    if not finished:
        _hand_on(id, hint=not stopping())


def _work(id, stopping, deadline):
    entry = db.session.get(ContactImport, id)
    if not entry.reading.get("prepared"):
        preparing.prepare(entry, stopping)
        entry = db.session.get(ContactImport, id)
        if "phone" not in entry.mapping["columns"]:
            _set(id, state=ImportState.UPLOADED, beat_at=None)
            return True
    with Slice(entry) as slice:
        return slice.work(lambda: stopping() or time.monotonic() > deadline)


def _claim(id):
    with unit_of_work():
        claimed = db.session.execute(
            update(ContactImport)
            .where(ContactImport.id == id, ContactImport.state.in_(AT_WORK), _is_free())
            .values(beat_at=utcnow())
        )
    return claimed.rowcount == 1


def _is_free():
    beat = ContactImport.beat_at
    return or_(beat.is_(None), beat < utcnow() - LEASE)


def _hand_on(id, hint):
    with unit_of_work():
        db.session.execute(update(ContactImport).where(ContactImport.id == id).values(beat_at=None))
        if hint:
            jobs.hint(JOB, id)


def _was_stopped(id):
    """While the file was still being read: by a person, or because the worker ends."""
    entry = db.session.get(ContactImport, id)
    if entry.stop_asked_at is None:
        return False
    _set(id, state=ImportState.STOPPED, stop_asked_at=None, beat_at=None)
    return True


def _fail(id, sentence):
    _set(id, state=ImportState.FAILED, problem=sentence, beat_at=None, finished_at=utcnow())
    sweeping.forget_work(db.session.get(ContactImport, id))


def _note_failure(id):
    """A fault of ours: tried again a few times, in case it was the machine's."""
    db.session.rollback()
    with unit_of_work():
        entry = db.session.get(ContactImport, id)
        failures = entry.reading.get("failures", 0) + 1
        entry.reading = {**entry.reading, "failures": failures}
        if failures < MOST_FAILURES:
            return
        entry.state, entry.problem, entry.finished_at = ImportState.FAILED, BROKE, utcnow()


def _set(id, **values):
    with unit_of_work():
        entry = db.session.get(ContactImport, id)
        for name, value in values.items():
            setattr(entry, name, value)
