"""Facts about this installation: is sending held, and the mark that tells a restored database.

Clock moves one mark in the database and a copy outside it, in DATA_DIR and in Redis. A database
whose mark is behind its copies was restored from a backup: what it has queued may have gone out
already, so nothing leaves until a person says so.
"""

from datetime import datetime, timedelta

from flask import current_app
from redis.exceptions import RedisError

from webapp.columns import utcnow
from webapp.extensions import db, redis_clients
from webapp.webhooks.models import SystemMark

HELD = "sending_held"
MARK = "mark"
CLOCK = "clock"
TOLERANCE = timedelta(seconds=30)


def sending_held():
    """Why nothing may leave, or None."""
    row = db.session.get(SystemMark, HELD)
    return row.value if row else None


def hold_sending(reason):
    set_mark(HELD, reason)


def release_sending():
    """A person says that what is queued may go."""
    row = db.session.get(SystemMark, HELD)
    if row is not None:
        db.session.delete(row)


def set_mark(name, value):
    db.session.merge(SystemMark(name=name, value=str(value), at=utcnow()))


def mark_of(name):
    return db.session.get(SystemMark, name)


def check_mark(now=None):
    """Hold sending if this database is older than its marks outside; move the mark on."""
    behind = is_behind()
    if behind and mark_of(MARK) is not None:
        hold_sending(
            "The database was restored from a backup. What it still has queued may have been sent."
        )
    set_mark(MARK, (now or utcnow()).isoformat())
    return behind


def is_behind():
    """Whether this database is older than its marks outside; clock's next look holds it then."""
    row = mark_of(MARK)
    outside = max(filter(None, (_file_mark(), _redis_mark())), default=None)
    inside = datetime.fromisoformat(row.value) if row else None
    # A new database beside an old copy was restored too: it has no mark because it is older.
    return outside is not None and (inside is None or inside < outside - TOLERANCE)


def copy_mark():
    """After the commit: the same mark outside the database."""
    row = db.session.get(SystemMark, MARK)
    if row is None:
        return
    path = _mark_file()
    draft = path.with_suffix(".new")
    draft.write_text(row.value)
    draft.replace(path)
    try:
        redis_clients.hasty.set(f"parley:{MARK}", row.value)
    except RedisError:
        current_app.logger.warning("the mark was not copied to Redis")


def _file_mark():
    try:
        return datetime.fromisoformat(_mark_file().read_text().strip())
    except (OSError, ValueError):
        return None


def _redis_mark():
    try:
        value = redis_clients.hasty.get(f"parley:{MARK}")
        return datetime.fromisoformat(value.decode()) if value else None
    except (RedisError, ValueError):
        return None


def _mark_file():
    return current_app.config["DATA_DIR"] / "clock.mark"
