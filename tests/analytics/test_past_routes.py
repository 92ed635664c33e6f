"""Looking back: the board at a minute of the past, and a person's day."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from tests import factories
from tests.support.queries import counted_queries
from webapp.analytics import board, choosing, days, keeping, past
from webapp.analytics.models import Outcome
from webapp.campaigns.models import CampaignMinute
from webapp.columns import utcnow
from webapp.extensions import db
from webapp.inbox.models import Interaction, InteractionState
from webapp.queues.models import Offer, OfferState
from webapp.settings import zone
from webapp.staff import presence
from webapp.staff.models import AuditEntry, Presence
from webapp.unit_of_work import unit_of_work

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
MIDNIGHT = NOON.replace(hour=0)


def minutes(count):
    return NOON + timedelta(minutes=count)


@pytest.fixture
def yesterday(cast, account, queue, ana):
    """At noon Ana comes and Dana writes; ten minutes later Ana accepts, and after twenty ends."""
    factories.change(ana, created_at=minutes(-60))
    contact = factories.make_contact("Dana Whitlock")
    times = {"started_at": NOON, "waiting_since": NOON}
    talk = factories.make_interaction(account, contact, queue=queue, **times)
    with unit_of_work():
        presence.set_presence(ana, Presence.AVAILABLE, now=NOON)
        row = db.session.get(Interaction, talk.id)
        row.owner_id, row.state = ana.id, InteractionState.ASSIGNED
        keeping.moved(row, Outcome.ACCEPTED, minutes(10))
        keeping.first_replied(row, minutes(11))
        row.state, row.closed_at, row.close_reason = InteractionState.CLOSED, minutes(20), "agent"
        db.session.flush()
        keeping.closed([talk.id])
        presence.set_presence(ana, Presence.PAUSED, "Lunch", minutes(30))
        presence.set_presence(ana, Presence.OFFLINE, None, minutes(60))
        offer = {"interaction_id": talk.id, "queue_id": queue.id, "user_id": ana.id}
        times = {"offered_at": minutes(9), "expires_at": minutes(11), "ended_at": minutes(10)}
        db.session.add(Offer(state=OfferState.ACCEPTED, **offer, **times))
    return talk


def seen_at(moment):
    return board.View(past.snapshot(moment, "UTC"), choosing.DEFAULT)


def test_the_board_is_as_it_was_at_any_minute(yesterday, ana):
    for moment, waiting, held, group in (
        (minutes(-1), 0, 0, "offline"),
        (minutes(5), 1, 0, "available"),
        (minutes(15), 0, 1, "available"),
        (minutes(40), 0, 0, "paused"),
        (minutes(90), 0, 0, "offline"),
    ):
        view = seen_at(moment)
        (agent,) = (one for one in view.agents if one.id == ana.id)
        assert (view.standing("waiting"), agent.held, agent.group) == (waiting, held, group)


def test_the_figures_of_a_past_minute_are_those_of_the_half_hour_before(yesterday, queue):
    (row,) = seen_at(minutes(25)).queues
    assert (row.sums["accepted"], row.reply) == (1, 11 * 60)
    assert row.level == 0  # ten minutes are more than one
    assert seen_at(minutes(75)).queues[0].level is None


def test_what_came_within_the_minute_but_later_is_not_counted_yet(yesterday, account):
    factories.change(account, created_at=minutes(-60))
    at = minutes(5) + timedelta(seconds=30)
    factories.make_message(yesterday, written_at=at, received_at=at)
    rows = [row for m in (5, 6) for row in seen_at(minutes(m)).account_rows]
    assert [row.count("received") for row in rows] == [0, 1]


def test_the_page_says_who_waited(sign_in, sara, yesterday):
    page = sign_in(sara).get("/board/past?day=2026-11-20&minute=725").get_data(as_text=True)
    assert "Dana Whitlock" in page
    assert "12:05" in page
    later = sign_in(sara).get("/board/past?day=2026-11-20&minute=735").get_data(as_text=True)
    assert "Nobody waited." in later


def test_who_waited_is_of_what_was_chosen(sign_in, sara, yesterday, account, queue, monkeypatch):
    monkeypatch.setattr(past, "MOST_LISTED", 1)
    other, longer = factories.make_account(), minutes(-1)
    contact = factories.make_contact("Ellen Elsewhere")
    times = {"started_at": longer, "waiting_since": longer}
    factories.make_interaction(other, contact, queue=queue, **times)
    browser, path = sign_in(sara), "/board/past?day=2026-11-20&minute=725"
    assert "Ellen Elsewhere" in browser.get(path).get_data(as_text=True)

    page = browser.get(f"{path}&account={account.id}").get_data(as_text=True)
    assert "Dana Whitlock" in page and "Ellen Elsewhere" not in page


@pytest.mark.parametrize(
    "address", ["", "?day=nonsense&minute=x", "?day=2099-01-01&minute=9999", "?day=0001-01-01"]
)
def test_an_address_that_says_nonsense_shows_some_minute(sign_in, sara, address):
    with unit_of_work():
        zone.set_time_zone("Asia/Kolkata", by="command")
    assert sign_in(sara).get(f"/board/past{address}").status_code == 200


def test_each_minute_of_the_hour_that_comes_twice_is_another(sign_in, sara):
    with unit_of_work():
        zone.set_time_zone("Europe/Rome", by="command")
    browser = sign_in(sara)
    for minute, told in ((150, "CEST"), (210, "CET"), (1499, "23:59")):
        page = browser.get(f"/board/past?day=2026-10-25&minute={minute}").get_data(as_text=True)
        assert told in page and 'max="1499"' in page


def test_looking_back_asks_as_many_questions_however_much_there_was(yesterday, account, queue):
    past.snapshot(minutes(5), "UTC")
    db.session.rollback()
    with counted_queries() as few:
        past.snapshot(minutes(5), "UTC")
    for n in range(10):
        contact = factories.make_contact(f"Customer {n}")
        factories.make_interaction(account, contact, queue=queue, waiting_since=minutes(1))
    with counted_queries() as many:
        past.snapshot(minutes(5), "UTC")
    assert len(few) == len(many) <= 30


def test_a_day_adds_up(yesterday, ana, sara):
    day = days.of(ana, NOON.date(), "UTC", utcnow(), by=sara)

    assert (day.signed_in, day.breaks) == (3600, 1800)
    assert day.from_until == (NOON, minutes(60))
    assert (day.sums["held"], day.sums["offers_accepted"], day.reply) == (1, 1, 660)
    occupancy, at_once = day.busy
    assert (round(occupancy), round(at_once, 2)) == (33, 0.33)  # ten of thirty minutes
    state, offers, talk = day.lanes
    assert [part[2] for part in state.parts] == ["ok", "warn", "idle"]
    assert (offers.total, talk.name, talk.total) == (1, "Dana Whitlock", 600)
    assert [entry.text for entry in day.log] == [
        "Available",
        "Accepted Dana Whitlock from Support",
        "On a break, Lunch",
        "Offline",
    ]


def test_a_day_of_the_agent_is_shown_to_leaders_alone(sign_in, sara, ana, ben, yesterday):
    path = f"/board/agents/{ana.id}/day?day=2026-11-20"
    page = sign_in(sara).get(path).get_data(as_text=True)
    assert "Ana Agent" in page
    assert "Accepted Dana Whitlock from Support" in page
    assert sign_in(ben).get(path).status_code == 403


def test_a_day_names_who_has_no_name_by_a_number_one_can_read(sign_in, sara, yesterday, ana):
    factories.change(yesterday, contact_name="+15550147720", contact_phone="+15550147720")
    path = f"/board/agents/{ana.id}/day?day=2026-11-20"
    page = sign_in(sara).get(path).get_data(as_text=True)

    assert ">+1 555 014 7720</a>" in page
    assert "Accepted +1 555 014 7720 from Support" in page


def test_a_day_without_anything_says_so(sign_in, sara, otto):
    page = sign_in(sara).get(f"/board/agents/{otto.id}/day?day=2020-01-01").get_data(as_text=True)
    assert "Nothing is known of this day." in page


def test_a_day_as_a_file_tells_what_the_page_draws(sign_in, sara, ben, yesterday, ana):
    with unit_of_work():
        zone.set_time_zone("Europe/Rome", by="command")
    path = f"/board/agents/{ana.id}/day.csv?day=2026-11-20"
    answer = sign_in(sara).get(path)
    lines = answer.get_data(as_text=True).splitlines()

    assert answer.headers["Content-Type"].startswith("text/csv")
    assert lines[0] == "\ufeffFrom,Until,Seconds,What,Detail,Queue"
    noon, ten = "2026-11-20T13:00:00+01:00", "2026-11-20T13:10:00+01:00"
    assert f"{noon},2026-11-20T13:30:00+01:00,1800,State,Available," in lines
    assert f"2026-11-20T13:09:00+01:00,{ten},60,Offer: accepted,Dana Whitlock,Support" in lines
    talked = f"{ten},2026-11-20T13:20:00+01:00,600,Conversation,Dana Whitlock,Support"
    assert talked in lines
    assert sign_in(ben).get(path).status_code == 403


@pytest.fixture
def over_midnight(yesterday, account, queue, ana):
    """Ana has had a customer without a name since ten minutes before the day."""
    contact = factories.make_contact("", phone="393331234567")
    evening = MIDNIGHT - timedelta(minutes=20)
    times = {"started_at": evening, "waiting_since": evening}
    talk = factories.make_interaction(account, contact, queue=queue, **times)
    with unit_of_work():
        row = db.session.get(Interaction, talk.id)
        row.owner_id, row.state = ana.id, InteractionState.ASSIGNED
        keeping.moved(row, Outcome.ACCEPTED, MIDNIGHT - timedelta(minutes=10))
        row.state, row.close_reason = InteractionState.CLOSED, "agent"
        row.closed_at = MIDNIGHT + timedelta(minutes=10)
        db.session.flush()
        keeping.closed([talk.id])
    return talk


def test_a_file_has_all_conversations_and_what_of_them_was_that_day(
    sign_in, sara, over_midnight, ana, monkeypatch
):
    monkeypatch.setattr(days, "MOST_LANES", 1)
    path = f"/board/agents/{ana.id}/day"
    page = sign_in(sara).get(f"{path}?day=2026-11-20").get_data(as_text=True)
    lines = sign_in(sara).get(f"{path}.csv?day=2026-11-20").get_data(as_text=True).splitlines()

    assert "1 more conversation in the CSV file." in page
    talks = [line for line in lines if ",Conversation," in line]
    begun = "2026-11-20T00:00:00+00:00,2026-11-20T00:10:00+00:00,600,Conversation"
    assert talks[0].startswith(begun) and "Dana Whitlock" in talks[1]
    noted = select(AuditEntry).where(AuditEntry.action == "exported")
    entry = db.session.scalars(noted).one()
    assert (entry.actor_id, entry.subject_id) == (sara.id, ana.id)
    assert entry.after == {"day": "2026-11-20"}


def test_slow_replies_of_the_past_are_told_by_the_messages(yesterday, account, queue, ana):
    """Dana has Ana from minute 10 to 20; she asks at 12, and is answered at 18."""
    for direction, minute in (("in", 12), ("in", 13), ("out", 18)):
        at = minutes(minute)
        status = "received" if direction == "in" else "read"
        factories.make_message(
            yesterday, direction=direction, status=status, written_at=at, received_at=at
        )
    slow = {moment: seen_at(minutes(moment)).queues[0].slow for moment in (11, 13, 15, 17, 19, 21)}
    assert slow == {11: 0, 13: 0, 15: 1, 17: 1, 19: 0, 21: 0}  # two minutes are the target


def test_who_had_written_without_an_answer_was_slow(yesterday, account, queue, ana):
    at = minutes(1)
    factories.make_message(yesterday, written_at=at, received_at=at)
    failed = {"direction": "out", "status": "failed"}
    factories.make_message(yesterday, written_at=minutes(11), received_at=minutes(11), **failed)
    campaign = {"direction": "out", "campaign_id": 7}
    factories.make_message(yesterday, written_at=minutes(12), received_at=minutes(12), **campaign)
    assert seen_at(minutes(15)).queues[0].slow == 1
    assert seen_at(minutes(5)).queues[0].slow == 0  # nobody had it yet


def test_what_is_still_unanswered_is_counted_from_its_end(yesterday, account, queue):
    factories.change(yesterday, left_unanswered=True)
    assert seen_at(minutes(19)).left() == 0
    assert seen_at(minutes(21)).left() == 1


def test_accounts_and_campaigns_stand_as_they_did(yesterday, account, queue, sign_in, sara):
    factories.change(account, created_at=minutes(-60))
    at = minutes(3)
    factories.make_message(yesterday, written_at=at, received_at=at)
    campaign = factories.make_campaign(account, name="Autumn", state="done")
    factories.change(campaign, started_at=minutes(1), finished_at=minutes(30))
    minute = {"campaign_id": campaign.id, "shard": 0, "failed": 0, "refused": 0, "read": 0}
    with unit_of_work():
        db.session.add(CampaignMinute(minute=minutes(2), sent=40, replied=1, **minute))
        db.session.add(CampaignMinute(minute=minutes(9), sent=5, replied=0, **minute))

    view = seen_at(minutes(5))
    (row,) = view.account_rows
    assert (row.open, row.waiting, row.count("received")) == (1, 1, 1)
    assert [(one["name"], one["sent"], one["replied"]) for one in view.campaigns] == [
        ("Autumn", 40, 1)
    ]
    assert seen_at(minutes(40)).campaigns == []
    page = sign_in(sara).get("/board/past?day=2026-11-20&minute=725").get_data(as_text=True)
    assert "40 sent by then" in page and account.name in page
