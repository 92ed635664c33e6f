"""What customers ask for counts once, and can be taken back."""

from datetime import timedelta

from tests.factories import make_contact
from webapp.columns import utcnow
from webapp.contacts import preferring
from webapp.providers.base import AccountRef, PreferenceChange
from webapp.unit_of_work import unit_of_work


def ask(contact, value, at):
    change = PreferenceChange(AccountRef(), (), "marketing_messages", value, at, {})
    with unit_of_work():
        preferring.follow(contact, change)


def test_a_stop_dated_ahead_can_be_taken_back(app):
    contact = make_contact()
    ask(contact, "stop", utcnow() + timedelta(days=9))
    assert contact.opted_out_at <= utcnow()
    ask(contact, "resume", utcnow() + timedelta(seconds=1))
    assert contact.opted_out_at is None
