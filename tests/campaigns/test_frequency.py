"""How often one person is written to, by campaigns and agents together."""

import threading
from datetime import timedelta

import pytest

from tests import factories
from tests.campaigns.sending import GREETING
from tests.campaigns.sent import make_sent
from tests.inbox.templates import make_template
from webapp.campaigns import ledger
from webapp.campaigns.sending import frequency
from webapp.campaigns.settings.rules import Rules, change
from webapp.columns import utcnow
from webapp.unit_of_work import unit_of_work


@pytest.fixture
def meta(app):
    return factories.make_meta_account()


@pytest.fixture
def dana(app):
    return factories.make_contact("Dana Whitlock")


def written(account, contact, at, status="sent", **columns):
    talk = factories.make_interaction(account, contact, state="closed")
    return factories.make_message(
        talk, direction="out", status=status, status_at=at, written_at=at, **columns
    )


# WhatsApp's pause between two messages to one person


def test_an_agents_message_holds_a_campaigns_back_for_six_seconds(meta, dana):
    now = utcnow()
    written(meta, dana, now - timedelta(seconds=2))
    assert frequency.too_soon(meta, [dana.id], now) == {dana.id: now + timedelta(seconds=4)}
    assert frequency.too_soon(meta, [dana.id], now + timedelta(seconds=5)) == {}


@pytest.mark.parametrize("state", ["sent", "sending", "unknown"])
def test_another_campaigns_message_holds_it_back_too(meta, dana, state):
    now = utcnow()
    other = factories.make_campaign(meta, "Other")
    at = now - timedelta(seconds=1)
    sent_at = at if state == "sent" else None
    make_sent(other, contact=dana, state=state, sent_at=sent_at, state_at=at)
    assert frequency.too_soon(meta, [dana.id], now) == {dana.id: now + timedelta(seconds=5)}


def test_another_numbers_messages_hold_nothing_back(meta, dana):
    now = utcnow()
    other = factories.make_meta_account(phone="15550100999", phone_number_id="2", key="OTHR")
    written(other, dana, now)
    make_sent(factories.make_campaign(other), contact=dana, sent_at=now)
    assert frequency.too_soon(meta, [dana.id], now) == {}


# The admins' cap


@pytest.fixture
def capped_at(admin):
    def decide(most, days=7):
        with unit_of_work():
            change(Rules(marketing_most=most, marketing_days=days), admin)

    return decide


@pytest.fixture
def sent_to(meta):
    """`sent_to(contact, category, …)`: a campaign's message that this contact got."""

    def build(contact, category="marketing", **columns):
        name = f"t{category}"
        template = templates.get(name) or make_template(
            name, GREETING, account=meta, category=category
        )
        templates[name] = template
        campaign = factories.make_campaign(meta)
        return make_sent(campaign, contact=contact, template_id=template.id, **columns)

    templates = {}
    return build


def test_who_had_enough_marketing_lately_is_capped(dana, sent_to, capped_at):
    ben = factories.make_contact("Ben Ito")
    capped_at(2)
    sent_to(dana)
    sent_to(ben)
    assert frequency.capped([dana.id, ben.id]) == set()
    sent_to(dana)
    assert frequency.capped([dana.id, ben.id]) == {dana.id}


def test_two_senders_at_one_moment_do_not_both_find_room(app, dana, sent_to, capped_at):
    capped_at(1)
    id, row = dana.id, sent_to(dana, state="queued", tries=0)
    row_id, found = row.id, []

    def ask():
        with app.app_context(), unit_of_work():
            found.extend(frequency.capped([id]))

    other = threading.Thread(target=ask)
    with unit_of_work():
        assert frequency.capped([id]) == set()
        entries = ledger.hold([row_id])
        entries[0].move("sending")
        ledger.save(entries)
        other.start()
        other.join(0.5)
    other.join()

    assert found == [id]


def test_without_a_cap_nobody_is(dana, sent_to):
    for _ in range(3):
        sent_to(dana)
    assert frequency.capped([dana.id]) == set()


def test_utility_messages_failed_ones_and_old_ones_do_not_count(dana, sent_to, capped_at):
    capped_at(1, days=3)
    sent_to(dana, "utility")
    sent_to(dana, state="failed")
    sent_to(dana, sent_at=utcnow() - timedelta(days=4))
    assert frequency.capped([dana.id]) == set()


@pytest.mark.parametrize("state", ["sending", "unknown"])
def test_what_may_have_left_counts(dana, sent_to, capped_at, state):
    capped_at(1)
    sent_to(dana, state=state)
    assert frequency.capped([dana.id]) == {dana.id}


def test_an_agents_marketing_template_counts_and_a_campaigns_bubble_not_twice(
    meta, dana, sent_to, capped_at
):
    capped_at(2)
    row = sent_to(dana)
    written(meta, dana, utcnow(), template_id=row.template_id, campaign_id=row.campaign_id)
    assert frequency.capped([dana.id]) == set()
    written(meta, dana, utcnow(), template_id=row.template_id)
    assert frequency.capped([dana.id]) == {dana.id}
