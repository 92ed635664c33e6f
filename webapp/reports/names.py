"""Names of what is counted, and what a report can be narrowed to."""

from sqlalchemy import select

from webapp.accounts.models import Account
from webapp.campaigns.models import Campaign
from webapp.extensions import db
from webapp.message_templates.models import MessageTemplate
from webapp.queues.models import Queue
from webapp.settings import dispositions
from webapp.settings.models import Disposition, Tag
from webapp.staff import access
from webapp.staff.models import User

TABLES = {
    "account": (Account, "Account"),
    "queue": (Queue, "Queue"),
    "agent": (User, "Agent"),
    "campaign": (Campaign, "Campaign"),
    "disposition": (Disposition, "Outcome"),
    "tag": (Tag, "Tag"),
}
MOST = 500
SEEN = {"queue": access.visible_queues, "agent": access.led_people}
NONE = {"account": "No account", "queue": "No queue", "agent": "Nobody", "template": "Deleted"}


def of(kind, ids):
    """{id: name}; None, and what is deleted, have words of their own."""
    table = MessageTemplate if kind == "template" else TABLES[kind][0]
    wanted = {id for id in ids if id is not None}
    found = dict(db.session.execute(select(table.id, table.name).where(table.id.in_(wanted))).all())
    return {id: found.get(id, NONE.get(kind, "Deleted")) for id in ids}


def choices(kind, user):
    """(id, name) of everything a report can be about for this leader."""
    if kind == "disposition":
        labels = dispositions.every(dispositions.tree(archived=True)).values()
        return [(label.id, " › ".join(label.path)) for label in labels]
    table, _ = TABLES[kind]
    rows = select(table.id, table.name).order_by(table.name, table.id).limit(MOST)
    if kind in SEEN:
        rows = rows.where(SEEN[kind](user))
    return db.session.execute(rows).all()
