"""Whoever may not get it any more when their turn comes is left out, or waits."""

from datetime import timedelta

import pytest

from tests import factories
from tests.campaigns.sending import (
    add_recipient,
    fresh,
    is_balanced,
    make_running,
    row_of,
    send,
    states_of,
    template_of,
)
from tests.campaigns.test_audience import member
from tests.support.queries import counted_queries
from webapp.campaigns import due
from webapp.campaigns.audience import rejoining
from webapp.campaigns.sending import claiming
from webapp.campaigns.sending.feeding import Feed
from webapp.columns import utcnow
from webapp.contacts.models import ContactListMember, ContactTag
from webapp.settings.models import Tag
from webapp.unit_of_work import unit_of_work


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda person: factories.change(person, blocked_at=utcnow()), "blocked"),
        (lambda person: factories.change(person, erased_at=utcnow()), "erased"),
        (lambda person: retire(person), "no_number"),
    ],
)
def test_whoever_may_not_be_written_to_by_now_is_left_out(stub, change, reason):
    campaign = make_running(people=1)
    person = factories.make_contact()
    change(person)
    one = add_recipient(campaign, person)

    send()

    assert (row_of(one).state, row_of(one).reason) == ("skipped", reason)
    assert row_of(one).detail
    assert len(stub.sent) == 1
    assert is_balanced(campaign)


def retire(person):
    factories.change(person, phone=None)
    factories.change(person.identities[0], retired_at=utcnow())


@pytest.mark.parametrize("category", ["marketing", "utility"])
def test_whoever_opted_out_since_is_left_out(stub, category):
    campaign = make_running()
    factories.change(template_of(campaign), category=category)
    one = add_recipient(campaign, factories.make_contact(consent="out"))

    send()

    assert (row_of(one).state, row_of(one).reason) == ("skipped", "opted_out")
    assert stub.sent == []


def test_a_claim_of_several_rounds_takes_the_counters_once(app):
    campaign = make_running()
    for consent in ("out", "out", "none", "none"):
        add_recipient(campaign, factories.make_contact(consent=consent))
    feed = Feed(campaign)

    with counted_queries() as queries:
        calls, _ = claiming.claim(feed, 2)

    assert len(calls) == 2
    assert sum("INSERT INTO campaign_counts" in query for query in queries) == 1
    assert is_balanced(campaign)


def test_whoever_was_put_off_is_not_among_the_first_few(stub):
    campaign = make_running(people=2, warm_up_count=2, warm_up_minutes=15)
    later = utcnow() + timedelta(minutes=5)
    add_recipient(campaign, state="retry", reason=claiming.PUT_OFF, retry_at=later)

    send()

    assert states_of(campaign) == ["sent", "sent", "retry"]


def test_whoever_was_excluded_since_it_was_loaded_is_left_out(stub):
    listed, tagged = factories.make_list("Do not write"), factories.save(Tag(name="complaint"))
    said = {"exclude_list_ids": [listed.id], "exclude_tag_ids": [tagged.id]}
    campaign = make_running(audience=said)
    people = [add_recipient(campaign) for _ in range(3)]
    factories.save(ContactListMember(contact_list_id=listed.id, contact_id=people[0].contact_id))
    factories.save(ContactTag(tag_id=tagged.id, contact_id=people[1].contact_id))

    send()

    assert [(row_of(one).state, row_of(one).reason) for one in people] == [
        ("skipped", "excluded"),
        ("skipped", "excluded"),
        ("sent", None),
    ]
    assert is_balanced(campaign)


def test_whoever_talks_to_an_agent_by_now_gets_it_afterwards(stub):
    people = factories.make_list()
    campaign = make_running(audience={"list_ids": [people.id]})
    person = member(people)
    one = add_recipient(campaign, person)
    talk = factories.make_interaction(campaign.account, person)
    send()
    assert (row_of(one).state, row_of(one).reason) == ("skipped", "open_conversation")
    assert (fresh(campaign).state, fresh(campaign).resting_reason) == ("running", "talk")
    assert fresh(campaign).resting_until == talk.session_expires_at

    factories.change(talk, state="closed")
    with unit_of_work():
        rejoining.rejoin(campaign.id)
    send()

    assert (row_of(one).state, fresh(campaign).state) == ("sent", "done")


def test_a_campaign_waits_for_conversations_no_longer_than_to_its_end(stub):
    campaign = make_running(end_at=utcnow() + timedelta(hours=1))
    add_recipient(campaign, state="skipped", reason="open_conversation")
    send()
    assert fresh(campaign).state == "running"
    due.steps(utcnow() + timedelta(hours=1))
    assert fresh(campaign).state == "done"
