"""Opening a thread: nothing unread for the owner, blue ticks for the customer."""

import pytest

from tests.factories import make_interaction, make_message, make_meta_account
from webapp.extensions import db
from webapp.inbox import reading
from webapp.inbox.models import Interaction
from webapp.unit_of_work import unit_of_work


@pytest.fixture
def talk(queue, ana):
    interaction = make_interaction(make_meta_account(queue), owner=ana, queue=queue)
    make_message(interaction, "one", provider_id="wamid.1")
    make_message(interaction, "two", provider_id="wamid.2")
    return interaction


def see(talk, user):
    with unit_of_work():
        return reading.seen(db.session.get(Interaction, talk.id), user)


def test_the_owner_reads_and_the_provider_hears_of_the_last_message(stub, talk, ana):
    assert talk.unread == 2
    assert see(talk, ana)
    reading.report(talk.account_id)
    assert talk.unread == 0
    assert stub.reads == ["wamid.2"]


def test_a_colleague_looking_in_changes_nothing_for_the_customer(talk, sara, ben):
    assert not see(talk, sara)
    assert not see(talk, ben)
    assert talk.unread == 2
    assert reading.accounts_with_unreported() == []


def test_what_was_reported_is_not_reported_again(stub, talk, ana):
    see(talk, ana)
    reading.report(talk.account_id)
    assert not see(talk, ana)
    reading.report(talk.account_id)
    assert stub.reads == ["wamid.2"]


def test_one_job_reports_all_that_was_read_at_an_account(stub, talk, queue, ana):
    other = make_interaction(talk.account, owner=ana, queue=queue)
    make_message(other, "three", provider_id="wamid.3")
    second = make_meta_account(queue, key="WEST", phone="15550100201", phone_number_id="2")
    elsewhere = make_interaction(second, owner=ana, queue=queue)
    make_message(elsewhere, "four", provider_id="wamid.4")
    for each in (talk, other, elsewhere):
        see(each, ana)
    reading.report(talk.account_id)
    assert stub.reads == ["wamid.2", "wamid.3"]
    assert reading.accounts_with_unreported() == [elsewhere.account_id]


def test_what_no_job_picked_up_is_found(stub, talk, ana):
    see(talk, ana)
    assert reading.accounts_with_unreported() == [talk.account_id]
    reading.report(talk.account_id)
    assert reading.accounts_with_unreported() == []


def test_without_a_connection_it_is_tried_again_later(app, talk, ana):
    see(talk, ana)
    before, app.config["META_API_URL"] = app.config["META_API_URL"], "http://127.0.0.1:9"
    reading.report(talk.account_id)
    app.config["META_API_URL"] = before
    assert reading.accounts_with_unreported() == [talk.account_id]


def test_reading_leaves_the_window_and_who_waits_alone(talk, ana):
    before = (talk.window_expires_at, talk.unanswered_since)
    see(talk, ana)
    assert (talk.window_expires_at, talk.unanswered_since) == before
    assert before[1] is not None
