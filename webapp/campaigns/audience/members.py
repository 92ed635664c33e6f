"""Who is in an audience's lists, under its tags and in its saved filters, and in how many of them.

Neither grouped nor numbered: a database that has to sort a million memberships, or misjudges how
many people are left of them, takes three times as long.
"""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Integer, Select, case, exists, literal, select, union_all
from sqlalchemy.orm import aliased

from webapp.campaigns.models import SavedFilter
from webapp.columns import BigId
from webapp.contacts import saved_filters
from webapp.contacts.models import Contact, ContactListMember, ContactTag
from webapp.extensions import db


@dataclass(frozen=True, slots=True)
class _Rows:
    """A list or a tag: rows of a table that name contacts."""

    table: Any
    key: str
    id: int

    def chosen(self):
        """(SELECT of contact ids, each once; its column)"""
        return select(self.table.contact_id).where(self._is_of(self.table)), self.table.contact_id

    def has(self, contact_id):
        other = aliased(self.table)
        return exists().where(self._is_of(other), other.contact_id == contact_id)

    def _is_of(self, table):
        return getattr(table, self.key) == self.id


@dataclass(frozen=True, slots=True)
class _Described:
    """A saved filter."""

    matching: Select

    def chosen(self):
        ids = self.matching.with_only_columns(Contact.id.label("contact_id")).subquery()
        return select(ids.c.contact_id), ids.c.contact_id

    def has(self, contact_id):
        return self.matching.where(Contact.id == contact_id).exists()


def memberships(given, after=None, upto=None):
    """SELECT contact_id, again: once for each list, tag and saved filter somebody is in.

    `again` counts those chosen before it that they are in as well. `after` and `upto` bound the
    contacts' ids.
    """
    sources = list(_sources(given))
    parts = [_part(source, sources[:place], after, upto) for place, source in enumerate(sources)]
    if not parts:
        nobody = select(ContactListMember.contact_id, literal(0).label("again"))
        return nobody.where(literal(False))
    return union_all(*parts) if len(parts) > 1 else parts[0]


def end_of_chunk(given, after, size):
    """The last contact's id of so many memberships behind this id; None where there are none."""
    columns = [source.chosen() for source in _sources(given)]
    parts = [ids.where(column > _bound(after)) for ids, column in columns]
    if not parts:
        return None
    behind = union_all(*parts).subquery() if len(parts) > 1 else parts[0].subquery()
    chunk = select(behind.c.contact_id).order_by(behind.c.contact_id).limit(size).subquery()
    return db.session.scalar(
        select(chunk.c.contact_id).order_by(chunk.c.contact_id.desc()).limit(1)
    )


def _sources(given):
    for list_id in dict.fromkeys(given.list_ids):
        yield _Rows(ContactListMember, "contact_list_id", list_id)
    for tag_id in dict.fromkeys(given.tag_ids):
        yield _Rows(ContactTag, "tag_id", tag_id)
    for filter_id in dict.fromkeys(given.filter_ids):
        saved = db.session.get(SavedFilter, filter_id)
        if saved is not None:
            yield _Described(saved_filters.matching(saved))


def _part(source, earlier, after, upto):
    ids, column = source.chosen()
    if after is not None:
        ids = ids.where(column > _bound(after))
    if upto is not None:
        ids = ids.where(column <= _bound(upto))
    return ids.add_columns(_again(column, earlier).label("again"))


def _bound(id):
    """In the statement itself: a plan for any part of the ids at all is a bad one for this one."""
    return literal(id, BigId, literal_execute=True)


def _again(contact_id, earlier):
    many = literal(0, Integer)
    for source in earlier:
        many = many + case((source.has(contact_id), 1), else_=0)
    return many
