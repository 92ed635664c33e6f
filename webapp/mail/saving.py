"""Keeps the mail server's settings; the password is sealed, and shown to nobody again."""

from webapp.extensions import db
from webapp.mail.models import ONLY, MailServer
from webapp.mail.sending import Server
from webapp.staff.models import differences, record

SHOWN = ("host", "port", "security", "username", "sender")


def save(values, by):
    """From now on mail goes by this server; an empty password keeps the one there is."""
    row = db.session.get(MailServer, ONLY)
    before = {name: getattr(row, name, None) for name in SHOWN}
    if row is None:
        row = MailServer(id=ONLY)
        db.session.add(row)
    for name in SHOWN:
        setattr(row, name, values[name])
    replaced = bool(values["password"]) or not values["username"]
    if replaced:
        row.password = values["password"] or None
    row.updated_by_id = getattr(by, "id", None)
    db.session.flush()
    was, is_now = differences(before, {name: getattr(row, name) for name in SHOWN})
    if is_now or values["password"]:
        note = "with a new password" if values["password"] else ""
        record(by, "changed", row, before=was, after=is_now, note=note)
    return row


def forget(by):
    """Back to what the environment says."""
    row = db.session.get(MailServer, ONLY)
    if row is not None:
        record(by, "deleted", row, before={"host": row.host})
        db.session.delete(row)


def is_elsewhere(values):
    """Whether a password is kept, and for another server than this one."""
    kept = db.session.get(MailServer, ONLY)
    place = ("host", "port", "security", "username")
    return bool(kept and kept.password) and any(
        getattr(kept, name) != values[name] for name in place
    )


def as_server(values):
    """The server as it is typed, to try it out before it is kept."""
    kept = db.session.get(MailServer, ONLY)
    password = values["password"] or (kept.password if kept else "") or ""
    return Server(password=password, **{name: values[name] for name in SHOWN})
