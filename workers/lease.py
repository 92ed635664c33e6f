"""The right to be the one clock: a row that its holder renews, and that runs out by itself."""

import logging
from datetime import timedelta

from sqlalchemy import or_, update
from sqlalchemy.exc import DBAPIError, IntegrityError

from webapp.columns import utcnow
from webapp.extensions import db
from webapp.unit_of_work import unit_of_work
from webapp.webhooks.models import SystemMark

log = logging.getLogger(__name__)

NAME = "clock_lease"
SECONDS = 20


def keep(app, holder):
    """Take or renew the right to be the one clock.

    False while another holds it; None where the database does not tell. Whoever had it goes on
    then: every entry may run twice.
    """
    try:
        with app.app_context(), unit_of_work():
            return _renew(holder) or _create(holder)
    except IntegrityError:
        return False
    except DBAPIError as error:
        log.warning("clock: lease: %s", type(error).__name__)
        return None


def release(app, holder):
    try:
        with app.app_context(), unit_of_work():
            row = db.session.get(SystemMark, NAME)
            if row is not None and row.value == holder:
                db.session.delete(row)
    except DBAPIError as error:
        log.warning("clock: the lease runs out by itself: %s", type(error).__name__)


def _renew(holder):
    now = utcnow()
    free = now - timedelta(seconds=SECONDS)
    taken = db.session.execute(
        update(SystemMark)
        .where(SystemMark.name == NAME)
        .where(or_(SystemMark.value == holder, SystemMark.at < free))
        .values(value=holder, at=now)
    )
    return taken.rowcount == 1


def _create(holder):
    if db.session.get(SystemMark, NAME) is not None:
        return False
    db.session.add(SystemMark(name=NAME, value=holder, at=utcnow()))
    return True
