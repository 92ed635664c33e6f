"""Who is in an audience's lists, under its tags and in its saved filters, and in how many of them.

Neither grouped nor numbered: a database that has to sort a million memberships, or misjudges how
many people are left of them, takes three times as long.
"""

from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import Integer, Select, case, exists, literal, select, union_all
from sqlalchemy.orm import aliased

from webapp.columns import BigId
from webapp.contacts import saved_filters
from webapp.contacts.models import Contact, ContactListMember, ContactTag, SavedFilter
from webapp.extensions import db


class Part(NamedTuple):
    """The contacts with ids behind `after` and up to `upto`; all of them where neither is said."""

    after: int | None = None
    upto: int | None = None

    def has(self, column):
        """Conditions for a column of contacts' ids.

        Each table asked about somebody of a part wants them too: a database that looks at many
        takes the whole table into memory, and does so for each part again.
        """
        behind = [] if self.after is None else [column > _bound(self.after)]
        return behind if self.upto is None else [*behind, column <= _bound(self.upto)]


EVERYBODY = Part()


@dataclass(frozen=True, slots=True)
class _Rows:
    """A list or a tag: rows of a table that name contacts."""

    table: Any
    key: str
    id: int

    def chosen(self):
        """(SELECT of contact ids, each once; its column)"""
        return select(self.table.contact_id).where(self._is_of(self.table)), self.table.contact_id

    def has(self, contact_id, part):
        other = aliased(self.table)
        own = (self._is_of(other), *part.has(other.contact_id))
        return exists().where(*own, other.contact_id == contact_id)

    def _is_of(self, table):
        return getattr(table, self.key) == self.id


@dataclass(frozen=True, slots=True)
class _Described:
    """A saved filter."""

    matching: Select

    def chosen(self):
        ids = self.matching.with_only_columns(Contact.id.label("contact_id")).subquery()
        return select(ids.c.contact_id), ids.c.contact_id

    def has(self, contact_id, part):
        return self.matching.where(Contact.id == contact_id).exists()


def memberships(given, part=EVERYBODY):
    """SELECT contact_id, again: once for each list, tag and saved filter somebody of the part is
    in. `again` counts those chosen before it that they are in as well."""
    sources = list(_sources(given))
    each = [_of(source, sources[:place], part) for place, source in enumerate(sources)]
    if not each:
        nobody = select(ContactListMember.contact_id, literal(0).label("again"))
        return nobody.where(literal(False))
    return union_all(*each) if len(each) > 1 else each[0]


def end_of_chunk(given, after, size):
    """The last contact's id of so many memberships behind this id; None where there are none."""
    columns = [source.chosen() for source in _sources(given)]
    each = [ids.where(*Part(after).has(column)) for ids, column in columns]
    if not each:
        return None
    behind = union_all(*each).subquery() if len(each) > 1 else each[0].subquery()
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


def _of(source, earlier, part):
    ids, column = source.chosen()
    again = _again(column, earlier, part)
    return ids.where(*part.has(column)).add_columns(again.label("again"))


def _bound(id):
    """In the statement itself: a plan for any part of the ids at all is a bad one for this one."""
    return literal(id, BigId, literal_execute=True)


def _again(contact_id, earlier, part):
    many = literal(0, Integer)
    for source in earlier:
        many = many + case((source.has(contact_id, part), 1), else_=0)
    return many
