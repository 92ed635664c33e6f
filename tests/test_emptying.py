"""The next test begins with nothing: no row, no number given, nothing dead to read past."""

import pytest
from sqlalchemy import Engine, event, func, insert, select, text

from tests import factories
from tests.support.emptying import DEAD_ROWS, empty
from webapp.contacts.models import Contact, ContactList
from webapp.extensions import db


def test_rows_and_their_numbers_begin_anew(app, cast):
    campaign = factories.make_campaign(cast.account)
    factories.make_recipient(campaign)
    factories.make_message(factories.make_interaction(cast.account, owner=cast.ana))
    first = cast.admin.id
    db.session.rollback()

    empty(db)

    counts = [
        db.session.scalar(select(func.count()).select_from(table))
        for table in db.metadata.sorted_tables
    ]
    assert not any(counts)
    assert factories.make_cast().admin.id == first == 1


@pytest.mark.only("postgresql")
def test_a_row_that_comes_in_between_goes_too(app):
    """As a process that goes on writes one; SQLite lets nobody write meanwhile."""
    factories.make_contact()
    came = []

    def write(connection, cursor, statement, *_):
        if statement == "DELETE FROM contacts" and not came:
            came.append(factories.make_list())

    event.listen(Engine, "before_cursor_execute", write)
    empty(db)
    event.remove(Engine, "before_cursor_execute", write)

    assert came
    db.session.rollback()
    assert db.session.scalar(select(func.count(ContactList.id))) == 0


@pytest.mark.only("postgresql")
def test_a_table_that_held_thousands_is_as_good_as_new(app):
    with db.engine.begin() as connection:
        people = [{"name": f"Customer {n}", "source": "test"} for n in range(DEAD_ROWS + 1)]
        connection.execute(insert(Contact), people)
    empty(db)
    assert db.session.scalar(text("SELECT pg_relation_size('contacts')")) == 0
