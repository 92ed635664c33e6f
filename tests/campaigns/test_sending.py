"""A slice sends what may go, once, past the gate, and writes down what came of it."""

import threading
from datetime import timedelta

from sqlalchemy import func, select

from tests import factories
from tests.campaigns.sending import (
    add_recipient,
    attempts_of,
    begin_with_picture,
    fresh,
    is_balanced,
    make_running,
    row_of,
    send,
    states_of,
    template_of,
)
from tests.support.stubs.meta import fault
from webapp import jobs, system
from webapp.campaigns import correlation, readiness, running
from webapp.campaigns.models import CampaignEvent, CampaignState, PauseCause
from webapp.campaigns.sending import handing_over, lanes, looking, slices
from webapp.columns import utcnow
from webapp.extensions import db
from webapp.inbox.models import Message
from webapp.unit_of_work import unit_of_work


def test_everybody_gets_it_once_and_the_campaign_is_done(stub):
    campaign = make_running(people=12)

    send()

    assert states_of(campaign) == ["sent"] * 12
    assert len({body["to"] for body in stub.sent}) == len(stub.sent) == 12
    assert stub.broken_rules == []
    assert fresh(campaign).state == CampaignState.DONE
    assert is_balanced(campaign)


def test_a_call_names_campaign_recipient_and_attempt(stub):
    campaign = make_running()
    one = add_recipient(campaign)

    send()

    (taken,) = stub.taken
    assert correlation.read(taken.correlation_id) == correlation.Told(campaign.token, one.id, 1)
    (attempt,) = attempts_of(one)
    assert (attempt.outcome, attempt.provider_id) == ("sent", taken.id)
    assert (row_of(one).provider_id, row_of(one).tries) == (taken.id, 1)
    assert row_of(one).sent_at >= attempt.started_at


def test_a_template_that_is_paused_by_now_stops_it_before_anybody_is_called(stub):
    campaign = make_running(people=2)
    factories.change(template_of(campaign), status="paused")

    send()

    assert stub.sent == []
    assert states_of(campaign) == ["queued"] * 2
    assert fresh(campaign).pause_cause == PauseCause.TEMPLATE


def test_nothing_leaves_while_sending_is_held(stub):
    campaign = make_running(people=2)
    with unit_of_work():
        system.hold_sending("The database was restored from a backup.")

    send()

    assert stub.sent == []
    assert looking.look() == {}
    assert states_of(campaign) == ["queued"] * 2


def test_a_campaign_nothing_is_known_of_holds_up_no_other(stub):
    broken = factories.make_campaign(factories.make_account(), state="running")
    factories.change(broken.account, provider="gone")
    factories.make_recipient(broken)
    sound = make_running(people=1)

    send()

    assert (states_of(broken), states_of(sound)) == (["queued"], ["sent"])


def test_a_warm_up_pauses_after_the_first_few_and_goes_on(stub):
    campaign = make_running(people=5, warm_up_count=2, warm_up_minutes=15)

    send()

    row = fresh(campaign)
    assert sorted(states_of(campaign)) == ["queued"] * 3 + ["sent"] * 2
    assert (row.state, row.pause_cause) == (CampaignState.PAUSED, PauseCause.WARM_UP)
    assert row.resume_at - row.paused_at == timedelta(minutes=15)

    factories.change(row, state="running")
    send()
    assert states_of(campaign) == ["sent"] * 5


def test_of_several_senders_one_pauses_a_warm_up(app):
    campaign = make_running(people=1, warm_up_count=1, warm_up_minutes=15)
    first_few = readiness.Hindrance(PauseCause.WARM_UP, "The first 1 went out.")
    for _ in range(2):
        with unit_of_work():
            running.hinder(fresh(campaign), first_few)

    chosen = select(func.count()).where(CampaignEvent.campaign_id == campaign.id)
    assert (fresh(campaign).state, db.session.scalar(chosen)) == (CampaignState.PAUSED, 1)


def test_several_campaigns_go_side_by_side(stub):
    first = make_running(people=3)
    values = {"state": "running", "started_at": utcnow(), "loaded_at": utcnow()}
    second = factories.make_campaign(first.account, template=template_of(first), **values)
    other = [add_recipient(second) for _ in range(3)]

    send()

    assert states_of(first) == states_of(second) == ["sent"] * 3
    assert all(row_of(one).provider_id for one in other)


def test_accounts_share_the_places_of_a_process(stub, monkeypatch):
    monkeypatch.setattr(lanes, "PLACES", 4)
    first = make_running(people=8)
    other = factories.make_meta_account(key="OTHER", phone="15550100201")
    values = {"state": "running", "started_at": utcnow(), "loaded_at": utcnow()}
    second = factories.make_campaign(other, template=template_of(first), **values)
    for _ in range(8):
        add_recipient(second)
    most = watch_calls(stub)

    send()

    assert states_of(first) == states_of(second) == ["sent"] * 8
    assert most() <= 4


def watch_calls(stub):
    """Tells how many calls the stub had at once, at most."""
    now, seen, one_at_a_time, handle = set(), [0], threading.Lock(), stub.handle

    def handled(request):
        with one_at_a_time:
            now.add(id(request))
            seen.append(len(now))
        threading.Event().wait(0.05)
        try:
            return handle(request)
        finally:
            with one_at_a_time:
                now.discard(id(request))

    stub.handle = handled
    return lambda: max(seen)


def test_behind_its_end_nobody_is_called_though_clock_has_not_ended_it(stub):
    campaign = make_running(people=2, end_at=utcnow())

    send()

    assert stub.sent == []
    assert (states_of(campaign), fresh(campaign).state) == (["queued"] * 2, "running")


def test_a_recipient_with_an_open_conversation_gets_its_bubble(stub):
    campaign = make_running(audience={"skip_open": False})
    person = factories.make_contact()
    talk = factories.make_interaction(campaign.account, person)
    one = add_recipient(campaign, person)

    send()

    message = db.session.scalar(select(Message).where(Message.interaction_id == talk.id))
    assert (message.text, message.campaign_id) == ("Your delivery comes tomorrow.", campaign.id)
    assert row_of(one).message_id == message.id


def test_the_picture_it_begins_with_is_handed_over_once_for_all(stub):
    campaign = make_running(people=3)
    begin_with_picture(campaign)

    send()
    assert (stub.uploaded, fresh(campaign).resting_reason) == ({}, "file")
    assert jobs.waiting(handing_over.JOB) == 1
    handing_over.hand_over(campaign.id)
    send()

    assert states_of(campaign) == ["sent"] * 3
    (media_id,) = stub.uploaded
    headers = [body["template"]["components"][0]["parameters"][0] for body in stub.sent]
    assert {header["image"]["id"] for header in headers} == {media_id}


def test_a_picture_the_provider_refuses_pauses_the_campaign(stub):
    campaign = make_running(people=1)
    begin_with_picture(campaign)
    stub.upload_answers = [fault(131053)]

    handing_over.hand_over(campaign.id)

    assert states_of(campaign) == ["queued"]
    assert "file its message begins with" in fresh(campaign).pause_reason


def test_asked_to_stop_it_claims_no_more_and_ends_what_is_under_way(app, stub):
    campaign = make_running(people=60)
    with app.app_context():
        slices.Slice(app, lambda: bool(stub.sent)).run()

    assert set(states_of(campaign)) == {"sent", "queued"}
    assert is_balanced(campaign)
