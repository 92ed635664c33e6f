"""Outcomes: what people choose from when they wrap up, in up to three levels.

A first level is offered everywhere, for one account, for one queue, or for the contacts of one
list; what is below it goes with it. The last level is what is chosen. Archived labels are offered
no more, and conversations that were closed with one keep its words.
"""

from dataclasses import dataclass, field

from sqlalchemy import select

from webapp.columns import utcnow
from webapp.contacts.models import ContactListMember
from webapp.extensions import db
from webapp.settings.models import Disposition
from webapp.staff.models import differences, record

LEVELS = 3
LONGEST_NAME = 60


class Refused(ValueError):
    """Why it cannot be, in words for the screen."""


@dataclass(frozen=True, slots=True)
class Label:
    """One label in its place."""

    row: Disposition
    path: tuple  # the names from the first level down to its own
    below: list = field(default_factory=list)

    @property
    def id(self):
        return self.row.id

    @property
    def name(self):
        return self.row.name

    @property
    def level(self):
        return len(self.path)

    def walk(self):
        """This one and all below it, as a tree is read."""
        yield self
        for label in self.below:
            yield from label.walk()


def tree(archived=False):
    """The first levels in their order, with what is below; all of them, or those in use alone."""
    rows = select(Disposition).order_by(Disposition.position, Disposition.id)
    if not archived:
        rows = rows.where(Disposition.archived_at.is_(None))
    below = {}
    for row in db.session.scalars(rows):
        below.setdefault(row.parent_id, []).append(row)
    return [_planted(row, (), below) for row in below.get(None, ())]


def offered(account_id, queue_id, contact_id):
    """The first levels that a conversation of this account, queue and contact may end with."""
    labels = [
        label
        for label in tree()
        if label.row.account_id in (None, account_id) and label.row.queue_id in (None, queue_id)
    ]
    lists = {label.row.contact_list_id for label in labels} - {None}
    of_contact = {None} | (_lists_of(contact_id, lists) if lists else set())
    return [label for label in labels if label.row.contact_list_id in of_contact]


def _lists_of(contact_id, list_ids):
    member = ContactListMember
    found = select(member.contact_list_id).where(
        member.contact_id == contact_id, member.contact_list_id.in_(list_ids)
    )
    return set(db.session.scalars(found))


def every(labels):
    """{id: label} of these and all below them, as trees are read."""
    return {label.id: label for first in labels for label in first.walk()}


def with_below(id):
    """The ids of a label, archived or not, and of all below it; none for one there never was."""
    label = every(tree(archived=True)).get(id)
    return [one.id for one in label.walk()] if label else []


def add(name, by, description="", parent=None, account=None, queue=None, contact_list=None):
    """A new label as the last one below its parent, or of the first level; raises Refused."""
    _check_place(parent, [one for one in (account, queue, contact_list) if one])
    row = Disposition(
        name=_name(name),
        description=description.strip(),
        parent_id=parent and parent.id,
        account_id=account and account.id,
        queue_id=queue and queue.id,
        contact_list_id=contact_list and contact_list.id,
    )
    beside = _beside(row)
    _check_name(row, row.name, beside)
    row.position = max((one.position for one in beside), default=-1) + 1
    db.session.add(row)
    db.session.flush()
    record(by, "added", row, after=_facts(row))
    return row


def change(row, by, name, description):
    """Another name for what comes; what was closed with it keeps the former one. Raises Refused."""
    name = _name(name)
    _check_name(row, name, _beside(row))
    before = _facts(row)
    row.name, row.description = name, description.strip()
    db.session.flush()
    old, new = differences(before, _facts(row))
    if new:
        record(by, "changed", row, before=old, after=new)


def move(row, places, by):
    """Up (below zero) or down among those beside it."""
    beside = [one for one in _beside(row) if one.archived_at is None]
    if row not in beside:
        return
    place = beside.index(row)
    beside.insert(max(0, place + places), beside.pop(place))
    if beside.index(row) == place:
        return
    for position, one in enumerate(beside):
        one.position = position
    record(by, "moved", row)


def archive(row, by, now=None):
    """Offer it no more, nor what is below it; how many went with it."""
    if row.archived_at is not None:
        return 0
    rows = [label.row for label in every(tree())[row.id].walk()]
    now = now or utcnow()
    for one in rows:
        one.archived_at = now
        record(by, "archived", one, before=_facts(one))
    return len(rows) - 1


def restore(row, by):
    """Offer it again, with what was archived together with it; raises Refused."""
    if row.archived_at is None:
        return
    parent = row.parent_id and db.session.get(Disposition, row.parent_id)
    if parent and parent.archived_at is not None:
        raise Refused(f"“{parent.name}” above it is archived: restore that one first.")
    _check_name(row, row.name, _beside(row))
    together = row.archived_at
    for label in every(tree(archived=True))[row.id].walk():
        if label.row.archived_at == together:
            label.row.archived_at = None
            record(by, "restored", label.row, after=_facts(label.row))


def _planted(row, above, below):
    path = (*above, row.name)
    return Label(row, path, [_planted(one, path, below) for one in below.get(row.id, ())])


def _beside(row):
    """Those of the same parent, or all first levels: they have one order wherever offered."""
    same = Disposition.parent_id.is_not_distinct_from(row.parent_id)
    rows = select(Disposition).where(same).order_by(Disposition.position, Disposition.id)
    return db.session.scalars(rows).all()


def _check_place(parent, places):
    if len(places) > 1:
        raise Refused("An outcome is for one account, for one queue or for one list, not for more.")
    if parent is None:
        return
    if places:
        raise Refused(f"It is offered where “{parent.name}” above it is: choose nothing else.")
    if parent.archived_at is not None:
        raise Refused(f"“{parent.name}” is archived: restore it first.")
    if every(tree())[parent.id].level == LEVELS:
        raise Refused(f"Outcomes have {LEVELS} levels: nothing goes below “{parent.name}”.")


def _check_name(row, name, beside):
    """Beside each other, and offered at the same place, no two that are in use have one name."""
    place = _where(row)
    for other in beside:
        is_same = (_where(other), other.name.casefold()) == (place, name.casefold())
        if is_same and other.archived_at is None and other.id != row.id:
            raise Refused(f"There is “{other.name}” here already. Write another name.")


def _where(row):
    return row.account_id, row.queue_id, row.contact_list_id


def _name(text):
    name = " ".join((text or "").split())
    if not name:
        raise Refused("Write a name.")
    if len(name) > LONGEST_NAME:
        raise Refused(f"A name may have {LONGEST_NAME} characters.")
    return name


def _facts(row):
    names = ("name", "description", "parent_id", "account_id", "queue_id", "contact_list_id")
    return {name: getattr(row, name) for name in names}
