"""One transaction, what is to happen last in it, and what after its commit."""

import logging
import threading
from contextlib import contextmanager, nullcontext
from contextvars import ContextVar

from webapp.extensions import db

log = logging.getLogger(__name__)

_writing = ContextVar("writing", default=False)
_turn = threading.Lock()


def is_writing():
    """Whether a transaction begun now may write; on SQLite that decides how it begins."""
    return _writing.get()


@contextmanager
def unit_of_work():
    """Commit what happens inside, then run what it asked for with `after_commit`.

    Any error rolls everything back, and nothing asked for runs. Units do not nest: whoever is at
    the door (a writing route, a job, a command) opens one.
    """
    if _writing.get():
        raise RuntimeError("a unit of work is already open")
    # A page has usually read something before it writes. SQLite cannot turn a reading transaction
    # into a writing one once somebody else has written, so the reading one ends here.
    db.session.rollback()
    db.session.info["before_commit"] = last = {}
    db.session.info["after_commit"] = actions = {}
    token = _writing.set(True)
    try:
        with _turn_to_write():
            try:
                yield db.session
                db.session.flush()
                for step in last.values():
                    step()
                db.session.commit()
            except BaseException:
                db.session.rollback()
                raise
    finally:
        _writing.reset(token)
        db.session.info.pop("before_commit", None)
        db.session.info.pop("after_commit", None)
    for run in actions.values():
        _run(run)


def _turn_to_write():
    """SQLite has one writer at a time, and waiting for its lock stops the whole process: under
    gevent that would be the very process whose other request holds the lock, for ten seconds.
    So the writers of one process queue here, where waiting lets the others go on.
    """
    return _turn if db.engine.dialect.name == "sqlite" else nullcontext()


def before_commit(key, make):
    """The step under this key that is the unit's last before its commit; `make()` makes it where
    there is none yet. For rows that everybody writes: whoever locks them last, and once, waits for
    nobody who waits for him."""
    steps = db.session.info.get("before_commit")
    if steps is None:
        raise RuntimeError("before_commit needs an open unit of work")
    if key not in steps:
        steps[key] = make()
    return steps[key]


def after_commit(key, run):
    """Run once after the commit; asking again with the same key replaces what was asked before."""
    actions = db.session.info.get("after_commit")
    if actions is None:
        raise RuntimeError("after_commit needs an open unit of work")
    actions[key] = run


def pending(key):
    """What was asked for under this key in the open unit, or None."""
    return db.session.info["after_commit"].get(key) if _writing.get() else None


def _run(run):
    try:
        run()
    except Exception:
        # The rows are committed and clock finds what no hint announced: nothing is lost.
        log.exception("after the commit")
