"""Rows that name a contact, moved to another one and back: by their ids, in bounded statements."""

from sqlalchemy import and_, delete, select, update

from webapp.accounts.models import Account
from webapp.campaigns.models import Recipient, RecipientState
from webapp.contacts.models import ConsentEntry, ContactIdentity, ContactListMember, ContactTag
from webapp.database import insert
from webapp.extensions import db
from webapp.inbox.models import Interaction, Message

CHUNK = 1000
# Tables whose rows simply belong to somebody; of the first three there may be very many.
BELONGING = {
    "recipients": Recipient.__table__,
    "messages": Message.__table__,
    "interactions": Interaction.__table__,
    "contact_identities": ContactIdentity.__table__,
    "consents": ConsentEntry.__table__,
}
# Tables with one row for each contact and list or tag, and the column that says which.
JOINED = {
    "contact_list_members": (ContactListMember.__table__, "contact_list_id"),
    "contact_tags": (ContactTag.__table__, "tag_id"),
}


def ids_of(name, contact_id):
    """Ids of all rows of a table that belong to somebody, in the order they are locked in."""
    table = BELONGING[name]
    mine = table.c.contact_id == contact_id
    if name == "messages":
        # The index begins with the account.
        accounts = db.session.scalars(select(Account.id)).all()
        mine = and_(table.c.account_id.in_(accounts), mine)
    return sorted(db.session.scalars(select(table.c.id).where(mine)))


def recipient_ids(contact_id, into):
    """The same of what campaigns sent them, without campaigns that the other contact is in too:
    those rows stay, and what is still queued of them never leaves."""
    table = BELONGING["recipients"]
    own, theirs = table.alias(), table.alias()
    both = (
        select(theirs.c.id)
        .where(
            theirs.c.contact_id == into,
            theirs.c.campaign_id == own.c.campaign_id,
            theirs.c.state != RecipientState.SKIPPED,
            own.c.state != RecipientState.SKIPPED,
        )
        .exists()
    )
    mine = select(own.c.id).where(own.c.contact_id == contact_id, ~both)
    return sorted(db.session.scalars(mine))


def move(name, ids, source, target, **values):
    """Move those that still belong to the source; which did not."""
    db.session.flush()
    table, missing = BELONGING[name], []
    for part in chunks(ids):
        moved = set(
            db.session.scalars(
                update(table)
                .where(table.c.id.in_(part), table.c.contact_id == source)
                .values(contact_id=target, **values)
                .returning(table.c.id)
            )
        )
        missing += [id for id in part if id not in moved]
    db.session.expire_all()  # the rows were changed underneath what is loaded
    return missing


def join(name, kept_id, merged_id):
    """Give the kept contact the other's lists or tags: (which were new, the other's rows)."""
    table, key = JOINED[name]
    theirs = _rows(table, merged_id)
    had = {row[key] for row in _rows(table, kept_id)}
    added = [row for row in theirs if row[key] not in had]
    db.session.execute(delete(table).where(table.c.contact_id == merged_id))
    if added:
        db.session.execute(insert(table), [row | {"contact_id": kept_id} for row in added])
    return [row[key] for row in added], theirs


def part(name, kept_id, merged_id, added, theirs):
    """Take back what `join` gave."""
    table, key = JOINED[name]
    db.session.execute(delete(table).where(table.c.contact_id == kept_id, table.c[key].in_(added)))
    if theirs:
        rows = [row | {"contact_id": merged_id} for row in theirs]
        db.session.execute(insert(table).on_conflict_do_nothing(), rows)


def standing(name, rows):
    """Those of the other's lists or tags that have not been deleted since."""
    table, key = JOINED[name]
    (foreign,) = table.c[key].foreign_keys
    known = select(foreign.column).where(foreign.column.in_([row[key] for row in rows]))
    there = set(db.session.scalars(known))
    return [row for row in rows if row[key] in there]


def chunks(ids, size=CHUNK):
    return (ids[start : start + size] for start in range(0, len(ids), size))


def _rows(table, contact_id):
    found = db.session.execute(select(table).where(table.c.contact_id == contact_id))
    return [dict(row) for row in found.mappings()]
