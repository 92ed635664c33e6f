"""A slice sends what may go, once, past the gate, and writes down what came of it."""

import threading
import time
from contextlib import suppress
from datetime import timedelta

import pytest
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
from tests.campaigns.test_audience import member
from tests.support.queries import counted_queries
from tests.support.raw_server import RawServer
from tests.support.stubs.base import CUT
from tests.support.stubs.meta import fault
from webapp import jobs, system
from webapp.accounts.models import AccountHealth
from webapp.campaigns import correlation, due, readiness, running
from webapp.campaigns.audience import rejoining
from webapp.campaigns.models import Campaign, CampaignEvent, CampaignState, PauseCause
from webapp.campaigns.sending import (
    claiming,
    handing_over,
    lanes,
    looking,
    outcomes,
    resting,
    slices,
)
from webapp.campaigns.sending.feeding import Feed
from webapp.columns import utcnow
from webapp.contacts.models import ContactListMember, ContactTag
from webapp.extensions import db
from webapp.inbox.models import Message
from webapp.settings.models import Tag
from webapp.unit_of_work import unit_of_work

BEGIN, CLAIM = lanes.Lane.begin, claiming.claim


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


def test_a_permanent_refusal_fails_with_its_code_and_a_sentence(stub):
    campaign = make_running()
    one = add_recipient(campaign)
    stub.answers = [fault(131026)]

    send()

    assert (row_of(one).state, row_of(one).reason) == ("failed", "131026")
    assert row_of(one).detail == "Not reachable on WhatsApp"
    (attempt,) = attempts_of(one)
    assert (attempt.outcome, attempt.error_code) == ("refused", "131026")


def test_a_temporary_refusal_waits_longer_each_time_until_the_tries_are_spent(stub):
    campaign = make_running(most_tries=3)
    one = add_recipient(campaign)
    stub.answers = [fault(131000, status=500)] * 3
    for wait in outcomes.WAITS[:2]:
        send()
        row = row_of(one)
        assert row.state == "retry"
        assert row.retry_at - row.state_at == wait
        assert fresh(campaign).resting_reason == "retry"
        assert fresh(campaign).resting_until == row.retry_at
        factories.change(row, retry_at=utcnow())

    send()

    assert (row_of(one).state, row_of(one).tries) == ("failed", 3)
    assert [attempt.outcome for attempt in attempts_of(one)] == ["refused"] * 3
    assert fresh(campaign).state == CampaignState.DONE
    assert is_balanced(campaign)


def test_no_answer_leaves_it_unknown_and_nothing_sends_it_again(stub):
    campaign = make_running()
    one = add_recipient(campaign)
    stub.answers = [(CUT, None, 0)]

    send()
    send()

    assert row_of(one).state == "unknown"
    assert len(stub.sent) == 1
    assert fresh(campaign).state == CampaignState.DONE


def test_refused_credentials_pause_the_campaign_and_nobody_is_lost(stub):
    campaign = make_running(people=3)
    stub.answers = [fault(190, status=401)] * 3

    send()

    assert states_of(campaign) == ["queued"] * 3
    assert (fresh(campaign).state, fresh(campaign).pause_cause) == ("paused", PauseCause.ACCOUNT)
    assert "token" in fresh(campaign).pause_reason
    assert db.session.get(AccountHealth, campaign.account_id).stopped_at
    assert is_balanced(campaign)


def test_a_spam_limit_pauses_the_campaign_until_a_person_has_looked(stub):
    campaign = make_running(people=1)
    stub.answers = [fault(131048)]

    send()

    assert (fresh(campaign).pause_cause, fresh(campaign).resume_at) == (PauseCause.ACCOUNT, None)
    assert states_of(campaign) == ["retry"]


def test_too_many_at_once_slows_and_nobody_fails_for_it(stub):
    campaign = make_running(most_tries=1)
    one = add_recipient(campaign)
    stub.answers = [fault(130429)]

    send()

    assert (row_of(one).state, row_of(one).reason) == ("retry", "130429")
    line = db.session.scalar(select(CampaignEvent).where(CampaignEvent.kind == "slowed"))
    assert "Too many messages at once" in line.text


def test_a_template_refused_at_the_call_pauses_the_campaign(stub):
    campaign = make_running(people=1)
    stub.answers = [fault(132015)]

    send()

    assert states_of(campaign) == ["failed"]
    assert fresh(campaign).pause_cause == PauseCause.TEMPLATE


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


def test_a_pause_takes_back_what_still_connects(app, monkeypatch):
    connects, over = threading.Event(), threading.Event()

    def run():
        with app.app_context():
            slices.Slice(app).run()

    with RawServer(lambda _: (connects.set(), over.wait(30))) as server:  # shakes no hands
        monkeypatch.setitem(app.config, "META_API_URL", server.url.replace("http", "https"))
        campaign = make_running(people=1)
        sender = threading.Thread(target=run)
        sender.start()
        assert connects.wait(30)
        with unit_of_work():
            running.pause(fresh(campaign), "test")
        sender.join()
        over.set()

    assert states_of(campaign) == ["queued"]
    assert is_balanced(campaign)


def test_a_claim_that_takes_long_calls_nobody_after_a_pause(app, stub, monkeypatch):
    campaign = make_running(people=3)
    id = campaign.id

    def claim(*arguments):
        claimed = CLAIM(*arguments)
        with app.app_context(), unit_of_work():
            running.pause(db.session.get(Campaign, id), "test")
        time.sleep(looking.EVERY * 2)
        return claimed

    monkeypatch.setattr(claiming, "claim", claim)
    send()

    assert stub.sent == []
    assert states_of(campaign) == ["queued"] * 3
    assert is_balanced(campaign)


def test_a_look_sees_a_pause_that_came_after_the_one_before(app, stub, monkeypatch):
    """On SQLite a second look in the same transaction sees what the first one saw."""
    campaign = make_running(people=3)
    id, begin = campaign.id, lanes.Lane.begin

    def claim(feed, _most, warms_up):
        claimed = CLAIM(feed, 1, warms_up)
        if not stub.sent:
            time.sleep(looking.EVERY * 2)  # its calls need a look of their own
        return claimed

    def paused(lane, calls):
        begin(lane, calls)
        with suppress(ValueError), app.app_context(), unit_of_work():
            running.pause(db.session.get(Campaign, id), "test")
        time.sleep(1)

    monkeypatch.setattr(claiming, "claim", claim)
    monkeypatch.setattr(lanes.Lane, "begin", paused)
    send()

    assert len(stub.sent) == 1
    assert states_of(campaign) == ["sent", "queued", "queued"]


def test_a_pause_while_another_one_claims_is_no_fault(app, stub, monkeypatch, caplog):
    slow = make_running(people=1)
    paused = factories.make_campaign(slow.account, template=template_of(slow), state="running")
    slow_id, paused_id = slow.id, paused.id

    def claim(feed, *arguments):
        claimed = CLAIM(feed, *arguments)
        if feed.id == slow_id:
            with suppress(ValueError), app.app_context(), unit_of_work():
                running.pause(db.session.get(Campaign, paused_id), "test")
            time.sleep(looking.EVERY * 2)
        return claimed

    monkeypatch.setattr(claiming, "claim", claim)
    send()

    assert (states_of(slow), fresh(paused).state) == (["sent"], CampaignState.PAUSED)
    assert [one for one in caplog.records if one.exc_info] == []


def begin_late(lane, calls):
    """Its calls ask whether they may leave before there is a new look."""
    time.sleep(looking.BEGINS_WITHIN)
    BEGIN(lane, calls)
    ended, until = lane._sender._client._ended, time.monotonic() + 10
    while ended.qsize() < len(calls) and time.monotonic() < until:
        time.sleep(0.01)


def test_what_was_not_looked_at_for_a_second_does_not_leave(stub, monkeypatch):
    campaign = make_running(people=3)
    with monkeypatch.context() as patch:
        patch.setattr(lanes.Lane, "begin", begin_late)
        patch.setattr(slices, "SLICE_SECONDS", 1)
        send()
    assert stub.sent == []
    assert states_of(campaign) == ["queued"] * 3

    send()
    assert states_of(campaign) == ["sent"] * 3
    assert is_balanced(campaign)


def test_whoever_was_given_back_does_not_wait_for_a_daily_ones_next_day(stub, monkeypatch):
    tomorrow = utcnow() + timedelta(days=1)
    campaign = make_running(people=3, start_mode="daily", next_load_at=tomorrow)
    with monkeypatch.context() as patch:
        patch.setattr(lanes.Lane, "begin", begin_late)
        send()
    assert states_of(campaign) == ["queued"] * 3
    assert resting.awake() == [campaign.id]

    send()
    assert states_of(campaign) == ["sent"] * 3
    assert (fresh(campaign).resting_reason, resting.awake()) == ("day", [])


def test_an_answer_that_says_they_are_not_on_whatsapp_marks_them(stub):
    campaign = make_running()
    one = add_recipient(campaign)
    stub.answers = [fault(131026)]

    send()

    assert row_of(one).contact.unreachable_at is not None


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


def test_behind_its_end_nobody_is_called_though_clock_has_not_ended_it(stub):
    campaign = make_running(people=2, end_at=utcnow())

    send()

    assert stub.sent == []
    assert (states_of(campaign), fresh(campaign).state) == (["queued"] * 2, "running")


def test_a_campaign_waits_for_conversations_no_longer_than_to_its_end(stub):
    campaign = make_running(end_at=utcnow() + timedelta(hours=1))
    add_recipient(campaign, state="skipped", reason="open_conversation")
    send()
    assert fresh(campaign).state == "running"
    due.steps(utcnow() + timedelta(hours=1))
    assert fresh(campaign).state == "done"


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
