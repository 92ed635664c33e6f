"""Makes and changes contacts: fields, lists, tags, blocking; each change leaves an audit row."""

from sqlalchemy import delete, select

from webapp.columns import utcnow
from webapp.contacts import calling, duplicates, numbers, plain_values, telling
from webapp.contacts.models import (
    Contact,
    ContactList,
    ContactListMember,
    ContactTag,
    CustomField,
)
from webapp.database import insert, lock
from webapp.extensions import db
from webapp.settings.models import Tag
from webapp.staff.models import person_id, record

FACTS = plain_values.FACTS


class Invalid(ValueError):
    """What cannot be saved, as sentences by the name of the value."""

    def __init__(self, errors):
        super().__init__(" ".join(errors.values()))
        self.errors = errors


def create(values, by, source="form"):
    """A contact of these `values`: FACTS, `phone` (digits), `fields` {id: stored value},
    `list_ids`, `tag_ids`. Raises Invalid; a number somebody else has names them.
    """
    facts = _checked(values)
    contact = Contact(source=source, fields=_without_empty(values.get("fields") or {}))
    _apply(contact, facts)
    _touch(contact, by)
    db.session.add(contact)
    db.session.flush()
    if values.get("phone"):
        try:
            numbers.attach(contact, values["phone"])
        except ValueError as refused:
            raise Invalid({"phone": str(refused)}) from None
    record(by, "added", contact, after=snapshot(contact))
    _join(contact, values.get("list_ids") or ())
    _tag(contact, values.get("tag_ids") or ())
    duplicates.look([contact.id])
    telling.changed(contact)
    return contact


def change(contact, values, by):
    """What `values` names becomes as it says, the rest stays; gives the names of what changed."""
    _lock(contact)
    facts = _checked(values)
    before = snapshot(contact)
    _apply(contact, facts)
    if "fields" in values:
        merged = {**contact.fields, **{str(id): value for id, value in values["fields"].items()}}
        contact.fields = _without_empty(merged)
    after = snapshot(contact)
    changed = [name for name in {**before, **after} if before.get(name) != after.get(name)]
    if not changed:
        return []
    _touch(contact, by)
    record(
        by,
        "changed",
        contact,
        before={name: before.get(name) for name in changed},
        after={name: after.get(name) for name in changed},
    )
    db.session.flush()
    duplicates.look([contact.id])
    telling.renamed(contact)
    telling.changed(contact)
    return changed


def add_number(contact, digits, by, main=False):
    """Another number of this person; ValueError names whoever has it already."""
    identity = numbers.attach(contact, digits, main=main)
    _note(contact, by, "added_number", after={"number": digits})
    return identity


def make_main(contact, identity, by):
    before = contact.phone
    numbers.make_main(contact, identity)
    _note(contact, by, "chose_number", before={"number": before}, after={"number": contact.phone})


def retire_number(contact, identity, by):
    """Kept for its history, never written to again."""
    numbers.retire(contact, identity)
    _note(contact, by, "retired_number", before={"number": identity.value})


def remove_number(contact, identity, by):
    """Whoever writes from it next is somebody else."""
    numbers.detach(contact, identity)
    _note(contact, by, "removed_number", before={"number": identity.value})


def join_lists(contact, list_ids, by):
    names = _join(contact, list_ids)
    if names:
        _note(contact, by, "joined_lists", after={"lists": names})
    return names


def leave_lists(contact, list_ids, by):
    held = ContactListMember.contact_id == contact.id
    names = _names(ContactList, ContactListMember.contact_list_id, held, list_ids)
    if names:
        mine = ContactListMember.contact_list_id.in_(list_ids)
        db.session.execute(delete(ContactListMember).where(held, mine))
        _note(contact, by, "left_lists", before={"lists": names})
    return names


def add_tags(contact, tag_ids, by):
    names = _tag(contact, tag_ids)
    if names:
        _note(contact, by, "tagged", after={"tags": names})
    return names


def remove_tags(contact, tag_ids, by):
    held = ContactTag.contact_id == contact.id
    names = _names(Tag, ContactTag.tag_id, held, tag_ids)
    if names:
        db.session.execute(delete(ContactTag).where(held, ContactTag.tag_id.in_(tag_ids)))
        _note(contact, by, "untagged", before={"tags": names})
    return names


def block(contact, by, reason=""):
    """Nothing is written to them any more; what they write still arrives."""
    if contact.blocked_at is None:
        contact.blocked_at = utcnow()
        _note(contact, by, "blocked", note=reason)


def unblock(contact, by, reason=""):
    if contact.blocked_at is not None:
        contact.blocked_at = None
        _note(contact, by, "unblocked", note=reason)


def snapshot(contact):
    """The contact's fields for the audit; custom ones as field:<id>."""
    facts = {name: getattr(contact, name) for name in FACTS}
    return facts | {f"field:{id}": value for id, value in contact.fields.items()}


def _lock(contact):
    """As it is now, and nobody else changes it until this unit ends."""
    row = select(Contact).where(Contact.id == contact.id)
    db.session.scalar(lock(row).execution_options(populate_existing=True))


def _checked(values):
    facts, errors = {}, {}
    for name in FACTS:
        if name not in values:
            continue
        try:
            facts[name] = plain_values.checked(name, values[name])
        except ValueError as wrong:
            errors[name] = str(wrong)
    if errors:
        raise Invalid(errors)
    return facts


def _apply(contact, facts):
    facts = dict(facts)
    if "first_name" in facts or "last_name" in facts:
        first = facts.pop("first_name", contact.first_name)
        last = facts.pop("last_name", contact.last_name)
        calling.call(contact, first or "", last or "")
    for name, value in facts.items():
        setattr(contact, name, value)


def _without_empty(fields):
    return {str(id): value for id, value in fields.items() if value is not None and value != ""}


def _touch(contact, by):
    contact.updated_at = utcnow()
    contact.updated_by_id = person_id(by)


def _note(contact, by, action, before=None, after=None, note=""):
    _touch(contact, by)
    record(by, action, contact, before=before, after=after, note=note)
    db.session.flush()
    db.session.expire(contact, ["lists", "tags", "identities"])
    telling.changed(contact)


def _join(contact, list_ids):
    """Names of the lists that are new to it; one it is in already is no mistake."""
    return _link(ContactListMember, "contact_list_id", ContactList, contact, list_ids)


def _tag(contact, tag_ids):
    return _link(ContactTag, "tag_id", Tag, contact, tag_ids)


def _link(table, column, other, contact, ids):
    wanted = dict(db.session.execute(select(other.id, other.name).where(other.id.in_(ids))).all())
    if not wanted:
        return []
    rows = [{"contact_id": contact.id, column: id} for id in sorted(wanted)]
    key = getattr(table, column)
    made = db.session.scalars(
        insert(table).on_conflict_do_nothing(index_elements=[column, "contact_id"]).returning(key),
        rows,
    )
    return sorted(wanted[id] for id in made)


def _names(other, column, held, ids):
    rows = select(other.name).join_from(other, column.class_, other.id == column)
    return list(db.session.scalars(rows.where(held, other.id.in_(ids)).order_by(other.name)))


def fields_of(contact):
    """The custom fields this contact has: of everybody, then of its lists."""
    in_its_lists = select(ContactListMember.contact_list_id).where(
        ContactListMember.contact_id == contact.id
    )
    return fields_where(CustomField.contact_list_id.in_(in_its_lists))


def fields_where(condition):
    """Global fields and those the condition names, in the order forms show them."""
    rows = select(CustomField).where(
        CustomField.deleted_at.is_(None), CustomField.contact_list_id.is_(None) | condition
    )
    order = (
        CustomField.contact_list_id.is_not(None),
        CustomField.contact_list_id,
        CustomField.position,
        CustomField.id,
    )
    return db.session.scalars(rows.order_by(*order)).all()
