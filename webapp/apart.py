"""What fails for one of many holds up none of the others."""

import logging
from contextlib import contextmanager

from sqlalchemy.exc import DBAPIError, OperationalError

from webapp.extensions import db

log = logging.getLogger(__name__)

# PostgreSQL's own words for one statement that took too long, or met another one in its way:
# https://www.postgresql.org/docs/current/errcodes-appendix.html
OF_ONE = ("57014", "55P03", "40001", "40P01")


@contextmanager
def apart(words, *which):
    """Log what fails inside as “… failed”, and go on: its own work is rolled back.

    Raises what says that the database itself is away: the others would fail as slowly.
    """
    try:
        yield
    except Exception as error:
        if _is_away(error):
            raise
        log.exception(f"{words} failed", *which)
        db.session.rollback()


def _is_away(error):
    if not isinstance(error, DBAPIError):
        return False
    if error.connection_invalidated:
        return True
    # SQLite has none: where it is locked, it is so for all.
    code = getattr(error.orig, "sqlstate", None)
    return isinstance(error, OperationalError) and code not in OF_ONE
