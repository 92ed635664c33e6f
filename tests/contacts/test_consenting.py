"""The newest word counts, whatever the order, and each is kept with its proof."""

import itertools
from datetime import timedelta

import pytest
from sqlalchemy import select

from tests.factories import make_contact, make_interaction, make_message
from webapp.columns import utcnow
from webapp.contacts import consenting
from webapp.contacts.models import ConsentEntry, Contact
from webapp.extensions import db
from webapp.staff.models import AuditEntry
from webapp.unit_of_work import unit_of_work

NOW = utcnow().replace(microsecond=0)


def say(contact, given, how="keyword", **rest):
    with unit_of_work():
        return consenting.record(db.session.get(Contact, contact.id), given, how, **rest)


def entries():
    return db.session.scalars(select(ConsentEntry)).all()


@pytest.mark.parametrize("order", list(itertools.permutations((0, 1, 2))))
def test_the_newest_word_wins_in_any_order(app, order):
    contact = make_contact()
    said = [(False, NOW - timedelta(hours=3)), (True, NOW - timedelta(hours=2)),
            (False, NOW - timedelta(hours=1))]  # fmt: skip
    for n in order:
        say(contact, said[n][0], at=said[n][1])
    assert (contact.consent, contact.opted_out_at) == ("out", NOW - timedelta(hours=1))


def test_a_repeat_changes_nothing(app):
    contact = make_contact()
    say(contact, False, at=NOW - timedelta(hours=3))
    say(contact, True, at=NOW - timedelta(hours=2))
    assert say(contact, False, at=NOW - timedelta(hours=3)) is None
    assert contact.consent == "in" and contact.opted_out_at is None
    assert len(entries()) == 2


def test_one_message_is_one_statement(cast):
    interaction = make_interaction(cast.account, owner=cast.ana)
    message, contact = make_message(interaction, "STOP"), interaction.contact
    say(contact, False, words="STOP", message=message, at=NOW)
    assert say(contact, False, words="STOP", message=message) is None
    (entry,) = entries()
    assert (entry.message_id, entry.words, entry.at) == (message.id, "STOP", NOW)


def test_an_opt_out_by_an_agent_names_them_and_leaves_an_audit_row(cast):
    contact = make_contact()
    say(contact, False, "agent", words="Asked on the phone", by=cast.ana)
    (entry,) = entries()
    assert (entry.actor, entry.actor_id, entry.words) == (
        "Ana Agent", cast.ana.id, "Asked on the phone",
    )  # fmt: skip
    row = db.session.scalars(select(AuditEntry).where(AuditEntry.action == "opted_out")).one()
    assert (row.actor_id, row.subject_id, row.note) == (
        cast.ana.id, contact.id, "Asked on the phone",
    )  # fmt: skip


def test_another_purpose_leaves_marketing_as_it_is(app):
    contact = make_contact()
    say(contact, True, "agent", purpose="surveys")
    assert contact.consent == "none"


def test_an_opt_out_from_before_there_were_entries_is_not_undone_by_something_older(app):
    contact = make_contact(consent="out", opted_out_at=NOW - timedelta(days=1))
    say(contact, True, at=NOW - timedelta(days=2))
    assert contact.consent == "out"
    say(contact, True, at=NOW)
    assert contact.consent == "in"
