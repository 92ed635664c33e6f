"""A call leaves only while a fresh look says that its campaign may send."""

import threading
import time
from contextlib import suppress
from datetime import timedelta

from tests import factories
from tests.campaigns.sending import fresh, is_balanced, make_running, send, states_of, template_of
from tests.support.raw_server import RawServer
from webapp.campaigns import running
from webapp.campaigns.models import Campaign, CampaignState
from webapp.campaigns.sending import claiming, lanes, looking, resting, slices
from webapp.columns import utcnow
from webapp.extensions import db
from webapp.unit_of_work import unit_of_work

BEGIN, CLAIM = lanes.Lane.begin, claiming.claim


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
    # The recorder takes what has ended, too.
    while ended.qsize() < len(lane._under_way) and time.monotonic() < until:
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
