"""What is done to many contacts at once, in pieces of bounded size; each piece may be a unit."""

from sqlalchemy import delete, update

from webapp.columns import utcnow
from webapp.contacts.models import Contact, ContactListMember, ContactTag
from webapp.database import insert
from webapp.extensions import db
from webapp.staff.models import record

PIECE = 2_000


def pieces(statement):
    """Ids of what the statement finds, a list at a time and each once, whatever a piece changes."""
    ids = statement.with_only_columns(Contact.id, maintain_column_froms=True)
    ids = ids.order_by(None).order_by(Contact.id).limit(PIECE)
    after = 0
    while found := db.session.scalars(ids.where(Contact.id > after)).all():
        yield found
        after = found[-1]


def are_more_than(statement, number):
    """Whether a statement finds more contacts than this, without counting them all."""
    ids = statement.with_only_columns(Contact.id).order_by(None).limit(number + 1)
    return len(db.session.scalars(ids).all()) > number


def tag(ids, tag_id):
    """How many of these have the tag now and had it not before."""
    return _insert(ContactTag, ids, tag_id=tag_id)


def untag(ids, tag_id):
    return _delete(ContactTag, ids, ContactTag.tag_id == tag_id)


def copy(ids, list_id):
    return _insert(ContactListMember, ids, contact_list_id=list_id, added_at=utcnow())


def remove(ids, list_id):
    return _delete(ContactListMember, ids, ContactListMember.contact_list_id == list_id)


def block(ids, user_id):
    return _change(ids, user_id, Contact.blocked_at.is_(None), blocked_at=utcnow())


def unblock(ids, user_id):
    return _change(ids, user_id, Contact.blocked_at.is_not(None), blocked_at=None)


def note(action, subject, count, by, view):
    """One audit row for all of them: what was asked for, and how many it changed."""
    record(by, action, subject, after={"contacts": count, "of": view})


def _insert(table, ids, **columns):
    key = next(name for name in columns if name.endswith("_id"))
    statement = (
        insert(table)
        .on_conflict_do_nothing(index_elements=[key, "contact_id"])
        .returning(table.contact_id)
    )
    rows = [{"contact_id": id, **columns} for id in ids]
    return len(db.session.scalars(statement, rows).all())


def _delete(table, ids, condition):
    gone = delete(table).where(table.contact_id.in_(ids), condition)
    return db.session.execute(gone.execution_options(synchronize_session=False)).rowcount


def _change(ids, user_id, condition, **columns):
    changed = (
        update(Contact)
        .where(Contact.id.in_(ids), condition)
        .values(**columns, updated_at=utcnow(), updated_by_id=user_id)
        .execution_options(synchronize_session=False)
    )
    return db.session.execute(changed).rowcount
