"""A customer's message after a campaign's: counted, linked, routed, shown with what it answers."""

from datetime import timedelta

import pytest

from tests.campaigns.sent import WAMID, balances, make_sent, now_of, told
from tests.factories import (
    change,
    make_campaign,
    make_contact,
    make_interaction,
    make_meta_account,
    make_queue,
    save,
)
from tests.support.arriving import DANA, ago, arrive, interactions, messages, said
from tests.support.queries import counted_queries
from webapp.campaigns import ledger
from webapp.contacts.models import Consent
from webapp.settings.models import Interval


@pytest.fixture
def meta(queue):
    return make_meta_account(queue)


@pytest.fixture
def orders(ana):
    return make_queue("Orders", [ana])


@pytest.fixture
def campaign(meta, orders):
    return make_campaign(meta, reply_queue_id=orders.id, response_minutes=60)


def reached(campaign, **columns):
    """Dana, who was sent it five minutes ago unless said otherwise."""
    return make_sent(campaign, phone=DANA, **columns)


def button(payload, quoting=WAMID, **more):
    return said(
        type="button",
        button={"payload": payload, "text": "Yes please"},
        context={"id": quoting},
        **more,
    )


def test_a_reply_in_time_is_counted(meta, campaign):
    row = reached(campaign, state="delivered", delivered_at=ago(minutes=4))
    at = ago(minutes=1)
    arrive(meta, said("Yes please", at=at))
    answered = now_of(row)
    assert (answered.state, answered.replied_at) == ("replied", at)
    counts = ledger.counts_of(campaign.id)
    assert (counts["ever:replied"], counts["ever:interaction"]) == (1, 1)
    assert balances(campaign)


def test_the_conversation_it_opens_waits_in_the_campaigns_queue(meta, campaign, orders):
    reached(campaign)
    arrive(meta, said("Yes please"))
    (talk,) = interactions()
    assert (talk.state, talk.queue_id, talk.campaign_id) == ("waiting", orders.id, campaign.id)
    assert talk.variables == {"campaign": "Autumn delivery slots"}


def test_the_campaigns_queue_serves_where_the_account_has_none(orders):
    plain = make_meta_account()
    reached(make_campaign(plain, reply_queue_id=orders.id))
    arrive(plain, said("Yes please"))
    assert (interactions()[0].state, interactions()[0].queue_id) == ("waiting", orders.id)


def test_outside_the_queues_hours_the_flow_goes_on(meta, campaign, orders):
    never = save(Interval(name="Never"))
    change(orders, interval_id=never.id)
    reached(campaign)
    arrive(meta, said("Yes please"))
    assert interactions()[0].state == "unmanaged"


def test_a_message_after_the_response_time_answers_nothing(meta, campaign, queue):
    row = reached(campaign, sent_at=ago(minutes=61))
    arrive(meta, said("Hello", at=ago(seconds=1)))
    assert now_of(row).state == "sent"
    assert (interactions()[0].queue_id, interactions()[0].campaign_id) == (queue.id, None)


def test_one_written_in_time_counts_however_late_it_arrives(meta, campaign):
    row = reached(campaign, state="no_response", sent_at=ago(minutes=90))
    arrive(meta, said("Yes please", at=ago(minutes=40)))
    assert now_of(row).state == "replied"
    assert balances(campaign)


def test_what_was_written_before_it_left_is_no_reply(meta, campaign):
    row = reached(campaign, sent_at=ago(minutes=1))
    arrive(meta, said("Hello", at=ago(minutes=2)))
    assert now_of(row).state == "sent"


def test_the_latest_campaign_is_answered_unless_an_earlier_one_is_quoted(meta, campaign):
    newer = make_campaign(meta, "Second wave", response_minutes=60)
    old = reached(campaign, sent_at=ago(minutes=20))
    new = make_sent(newer, contact=old.contact, provider_id="wamid.new")
    arrive(meta, said("Yes please"))
    assert (now_of(old).state, now_of(new).state) == ("sent", "replied")
    arrive(meta, button("YES", quoting=WAMID))
    assert now_of(old).state == "replied"


def test_another_accounts_campaign_is_not_answered(meta, queue):
    other = make_meta_account(queue, key="OTHER", phone="15550100999", phone_number_id="77")
    row = reached(make_campaign(other))
    make_campaign(meta)
    arrive(meta, said("Hello"))
    assert now_of(row).state == "sent"


def test_the_button_is_told_to_routing(meta, campaign):
    reached(campaign)
    arrive(meta, button("SLOT_TUESDAY"))
    assert interactions()[0].variables == {
        "campaign": "Autumn delivery slots",
        "button": "SLOT_TUESDAY",
    }


def test_the_session_counts_from_the_delivery(meta, campaign):
    delivered = ago(minutes=4)
    reached(campaign, state="delivered", delivered_at=delivered)
    arrive(meta, said("Yes please"))
    assert interactions()[0].session_expires_at == delivered + timedelta(hours=24)


def test_after_a_day_the_session_counts_from_the_reply(meta, campaign):
    change(campaign, response_minutes=3000)
    reached(campaign, sent_at=ago(hours=30), delivered_at=ago(hours=30), state="delivered")
    at = ago(minutes=1)
    arrive(meta, said("Yes please", at=at))
    assert interactions()[0].session_expires_at == at + timedelta(hours=24)


def test_an_open_conversation_is_linked_and_stays_where_it_is(meta, campaign, ana, queue):
    contact = make_contact(phone=DANA)
    talk = make_interaction(meta, contact, owner=ana, queue=queue)
    row = make_sent(campaign, contact=contact)
    arrive(meta, said("Yes please"))
    (linked,) = interactions()
    assert (linked.id, linked.owner_id, linked.campaign_id) == (talk.id, ana.id, campaign.id)
    assert now_of(row).interaction_id == talk.id


def test_one_linked_to_a_campaign_keeps_it(meta, campaign, ana):
    contact = make_contact(phone=DANA)
    make_interaction(meta, contact, owner=ana, campaign_id=99)
    row = make_sent(campaign, contact=contact)
    arrive(meta, said("Yes please"))
    assert interactions()[0].campaign_id == 99
    assert now_of(row).state == "replied"


def test_a_second_reply_and_a_repeat_count_nothing_more(meta, campaign):
    row = reached(campaign)
    at = ago(seconds=30)
    first = said("Yes please", at=at)
    arrive(meta, first)
    arrive(meta, first, said("At noon"))
    assert now_of(row).replied_at == at
    assert ledger.counts_of(campaign.id)["ever:replied"] == 1
    assert len(interactions()) == 1


def test_the_agent_sees_what_is_answered(meta, campaign):
    row = reached(campaign, state="read", read_at=ago(minutes=2), delivered_at=ago(minutes=2))
    arrive(meta, said("Yes please"))
    shown, reply = messages()
    assert (shown.direction, shown.kind, shown.status) == ("out", "template", "read")
    assert (shown.campaign_id, shown.provider_id) == (campaign.id, WAMID)
    assert shown.content["campaign"] == "Autumn delivery slots"
    assert (shown.interaction_id, now_of(row).message_id) == (reply.interaction_id, shown.id)
    assert shown.written_at < reply.written_at
    assert interactions()[0].last_message_id == reply.id


def test_what_arrived_then_climbs_on_in_both_places(meta, campaign):
    row = reached(campaign)
    arrive(meta, said("Yes please"))
    arrive(meta, told(campaign, row, "read"))
    assert messages()[0].status == "read"
    assert (now_of(row).state, now_of(row).read_at is not None) == ("replied", True)


def test_stop_counts_as_the_campaigns_opt_out(meta, campaign):
    row = reached(campaign)
    arrive(meta, said("STOP"))
    assert now_of(row).opted_out_at is not None
    assert ledger.counts_of(campaign.id)["ever:opted_out"] == 1
    assert now_of(row).contact.consent == Consent.OUT


def test_without_obeying_stop_the_wish_is_kept_all_the_same(meta, campaign):
    change(campaign, obeys_stop=False)
    row = reached(campaign)
    arrive(meta, said("STOP"))
    assert now_of(row).opted_out_at is None
    assert now_of(row).contact.consent == Consent.OUT


def test_whatsapps_own_stop_counts_too(meta, campaign):
    row, at = reached(campaign), ago(seconds=5)
    wish = {
        "user_preferences": [
            {
                "wa_id": DANA,
                "detail": "User requested to stop marketing messages",
                "category": "marketing_messages",
                "value": "stop",
                "timestamp": int(at.timestamp()),
            }
        ]
    }
    arrive(meta, wish, field="user_preferences")
    assert now_of(row).opted_out_at == at
    assert now_of(row).contact.consent == Consent.OUT


def test_without_campaigns_a_message_costs_no_query_more(meta):
    arrive(meta, said("Hello"))
    with counted_queries() as queries:
        arrive(meta, said("Hello again"))
    assert not [one for one in queries if "recipients" in one or "campaigns" in one]


def test_with_campaigns_an_ordinary_message_costs_one_query(meta, campaign):
    arrive(meta, said("Hello"))
    with counted_queries() as queries:
        arrive(meta, said("Hello again"))
    assert len([one for one in queries if "recipients" in one or "campaigns" in one]) == 1
