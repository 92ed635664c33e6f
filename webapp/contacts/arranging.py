"""Sets up lists, custom fields and tags; each change leaves an audit row."""

from sqlalchemy import delete, func, select

from webapp.accounts.models import Account
from webapp.campaigns.audience.using import campaigns_with
from webapp.columns import utcnow
from webapp.contacts.models import ContactList, ContactListMember, ContactTag, CustomField
from webapp.database import insert
from webapp.extensions import db
from webapp.queues.models import Queue
from webapp.settings.models import Disposition, Tag
from webapp.staff.models import record

COLORS = ("grey", "accent", "ok", "warn", "bad", "violet", "note")


class Refused(ValueError):
    """Why it cannot be, in words for the screen."""


def save_list(contact_list, name, description, queue_ids, by):
    """`contact_list` is None for a new one."""
    name = _name(name, 120)
    if _taken(ContactList, name, contact_list):
        raise Refused("Another list has this name already.")
    before = _list_facts(contact_list) if contact_list else None
    contact_list = contact_list or ContactList(name=name)
    contact_list.name, contact_list.description = name, description.strip()
    found = select(Queue).where(Queue.id.in_(queue_ids)).order_by(Queue.id)
    contact_list.queues = list(db.session.scalars(found))
    db.session.add(contact_list)
    db.session.flush()
    _note(by, contact_list, before, _list_facts(contact_list))
    return contact_list


def delete_list(contact_list, by):
    """The contacts stay; what only this list knew of them goes with its fields."""
    names = default_of(contact_list)
    if names:
        raise Refused(
            f"New customers of {', '.join(names)} join this list. "
            "Choose another list on the account's page first."
        )
    outcomes = select(Disposition.name).where(Disposition.contact_list_id == contact_list.id)
    if names := db.session.scalars(outcomes.order_by(Disposition.name)).all():
        raise Refused(f"Its outcomes ({', '.join(names)}) stand on conversations, so it stays.")
    _keep_for_campaigns(contact_list.id, "list_ids", "exclude_list_ids")
    record(by, "deleted", contact_list, before=_list_facts(contact_list))
    db.session.delete(contact_list)
    db.session.flush()


def default_of(contact_list):
    rows = select(Account.name).where(Account.contact_list_id == contact_list.id)
    return db.session.scalars(rows.order_by(Account.name)).all()


def member_count(contact_list):
    rows = select(func.count()).where(ContactListMember.contact_list_id == contact_list.id)
    return db.session.scalar(rows)


def fields_in(list_id, show="available"):
    """The fields of a list, or with None those of everybody."""
    rows = select(CustomField).where(CustomField.contact_list_id.is_(None))
    if list_id is not None:
        rows = select(CustomField).where(CustomField.contact_list_id == list_id)
    if show == "available":
        rows = rows.where(CustomField.deleted_at.is_(None))
    elif show == "deleted":
        rows = rows.where(CustomField.deleted_at.is_not(None))
    return db.session.scalars(rows.order_by(CustomField.position, CustomField.id)).all()


def save_field(field, values, by):
    """`field` is None for a new one; its kind stays, because values of that kind are stored."""
    name = _name(values["name"], 60)
    list_id = field.contact_list_id if field else values["contact_list_id"]
    if any(
        other.name.casefold() == name.casefold() and (field is None or other.id != field.id)
        for other in fields_in(list_id)
    ):
        raise Refused("Another field here has this name already.")
    before = _field_facts(field) if field else None
    if field is None:
        last = max((other.position for other in fields_in(list_id, "all")), default=0)
        field = CustomField(contact_list_id=list_id, kind=values["kind"], position=last + 1)
    field.name, field.required = name, bool(values["required"])
    field.choices = list(values["choices"]) if field.kind == "select" else []
    if field.kind == "select" and not field.choices:
        raise Refused("A choice needs at least one thing to choose.")
    db.session.add(field)
    db.session.flush()
    _note(by, field, before, _field_facts(field))
    return field


def delete_field(field, by):
    """Its values stay where they are until it is restored; nobody sees them meanwhile."""
    if field.deleted_at is None:
        field.deleted_at = utcnow()
        record(by, "deleted", field, before=_field_facts(field))


def restore_field(field, by):
    if field.deleted_at is None:
        return
    if any(
        other.name.casefold() == field.name.casefold() for other in fields_in(field.contact_list_id)
    ):
        raise Refused("Another field took this name meanwhile. Rename that one first.")
    field.deleted_at = None
    record(by, "restored", field, after=_field_facts(field))


def move_field(field, by_places, by):
    row = fields_in(field.contact_list_id)
    place = row.index(field)
    row.insert(max(0, place + by_places), row.pop(place))
    for position, one in enumerate(row):
        one.position = position
    record(by, "moved", field)


def tags_with_counts():
    count = func.count(ContactTag.contact_id)
    rows = select(Tag, count).outerjoin(ContactTag, ContactTag.tag_id == Tag.id).group_by(Tag.id)
    return db.session.execute(rows.order_by(func.lower(Tag.name))).all()


def save_tag(tag, name, color, by):
    """A tag renamed to the name of another becomes part of that one."""
    name = _name(name, 60)
    color = color if color in COLORS else "grey"
    other = _taken(Tag, name, tag)
    if other is not None:
        return _merge_tags(tag, other, by) if tag else other
    before = {"name": tag.name, "color": tag.color} if tag else None
    tag = tag or Tag(name=name)
    tag.name, tag.color = name, color
    db.session.add(tag)
    db.session.flush()
    _note(by, tag, before, {"name": name, "color": color})
    return tag


def delete_tag(tag, by):
    _keep_for_campaigns(tag.id, "tag_ids", "exclude_tag_ids")
    record(by, "deleted", tag, before={"name": tag.name, "color": tag.color})
    db.session.delete(tag)
    db.session.flush()


def _keep_for_campaigns(id, *keys):
    """Without its black list a campaign would write to whoever must not get it."""
    names = campaigns_with(id, *keys)
    if names:
        raise Refused(f"{', '.join(names)} needs it. Take it out of the campaign's audience first.")


def _merge_tags(tag, other, by):
    _keep_for_campaigns(tag.id, "tag_ids", "exclude_tag_ids")
    carried = select(ContactTag.contact_id, db.literal(other.id)).where(ContactTag.tag_id == tag.id)
    db.session.execute(
        insert(ContactTag.__table__)
        .from_select(["contact_id", "tag_id"], carried.where(db.true()))
        .on_conflict_do_nothing(index_elements=["contact_id", "tag_id"])
    )
    db.session.execute(delete(ContactTag).where(ContactTag.tag_id == tag.id))
    record(by, "merged", other, before={"name": tag.name}, after={"name": other.name})
    db.session.delete(tag)
    db.session.flush()
    return other


def _taken(table, name, but):
    found = select(table).where(func.lower(table.name) == name.lower())
    if but is not None:
        found = found.where(table.id != but.id)
    return db.session.scalar(found.limit(1))


def _name(text, longest):
    name = " ".join((text or "").split())
    if not name:
        raise Refused("Write a name.")
    if len(name) > longest:
        raise Refused(f"A name may have {longest} characters.")
    return name


def _note(by, row, before, after):
    if before is None:
        record(by, "added", row, after=after)
    elif before != after:
        record(by, "changed", row, before=before, after=after)


def _list_facts(one):
    queues = [queue.name for queue in one.queues]
    return {"name": one.name, "description": one.description, "queues": queues}


def _field_facts(field):
    names = ("name", "kind", "required", "choices", "contact_list_id")
    return {name: getattr(field, name) for name in names}
