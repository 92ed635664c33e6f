"""Sums of time that is over say what counting the rows says, to the last number.

Also while rows of the past change, and whatever of it has been summed up anew.
"""

import random
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import delete, func, select, text, update

from tests.analytics import reference
from tests.analytics.history import History
from webapp.analytics import attendance, figures, periods, summed, summing
from webapp.analytics.models import (
    AgentInterval,
    InteractionPhase,
    Kind,
    LateChange,
    MessageSum,
    PhaseSum,
    PresenceSum,
    SummedUp,
)
from webapp.columns import utcnow
from webapp.extensions import db
from webapp.inbox.models import Direction, Message, MessageStatus
from webapp.queues.models import Offer, OfferState, Queue
from webapp.staff.models import Presence
from webapp.unit_of_work import unit_of_work

ZONES = ("Europe/Rome", "America/New_York", "Asia/Kolkata")
MONTHS = {
    "spring": datetime(2026, 3, 5, tzinfo=UTC),  # New York changes on the 8th, Rome on the 29th
    "autumn": datetime(2026, 10, 10, tzinfo=UTC),  # Rome on the 25th, New York on 1 November
}
FACTS = (figures.BEGUN, figures.ENDED, figures.REPLIED, figures.OFFERED, figures.WRITTEN)
OUTGOING = ("sent", "delivered", "read", "failed", "unknown")


@pytest.fixture(params=MONTHS, name="history")
def a_month(request, app):
    with unit_of_work():  # what emptying the database left behind
        db.session.execute(delete(LateChange))
    return History(request.param, MONTHS[request.param], days=31)


def sum_up(now=None):
    return summing.sweep(now=now, longest=600)


def month_of(history, zone):
    """All of it, with a day on either side."""
    first = reference.day(history.start, zone) - timedelta(days=1)
    return periods.span(first, reference.day(history.end, zone) + timedelta(days=3), zone)


def check(start, end, people):
    """Whatever reports ask is the same from sums and from rows."""
    for facts in FACTS:
        keys = (
            ("account", "template") if facts is figures.WRITTEN else ("account", "queue", "agent")
        )
        for asked in (
            {},
            {"by": keys, "step": periods.SLICE},
            {"by": keys[-1:], "where": {"account": [1]}},
        ):
            expected = figures.count(facts, start, end, **asked)
            assert summed.count(facts, start, end, **asked) == expected
    for name in figures.SPREADS:
        expected = figures.spread(name, start, end, by=("queue", "agent"))
        assert summed.spread(name, start, end, by=("queue", "agent")) == expected
    now = utcnow()
    expected = attendance.busy(people, start, end, now)
    assert summed.busy(people, start, end, now) == expected


@pytest.mark.parametrize("zone", ZONES)
def test_sums_are_what_the_rows_tell(history, zone):
    people = [agent.id for agent in history.agents]
    sum_up()
    start, end = month_of(history, zone)
    check(start, end, people)
    check(start + timedelta(days=7), start + timedelta(days=9), people)


def test_nothing_of_a_month_that_is_over_is_counted_from_rows(history):
    sum_up()
    start, end = month_of(history, "Asia/Kolkata")
    for kind in Kind:
        assert summed.of_period(kind, start, end).raw == []
    found = summed.count(figures.ENDED, start, end, by=("queue",))
    with unit_of_work():
        for table in (PhaseSum, MessageSum, PresenceSum):
            db.session.execute(delete(table))
    assert found
    assert summed.count(figures.ENDED, start, end, by=("queue",)) == {}
    assert summed.count(figures.WRITTEN, start, end) == {}
    assert summed.spread("wait", start, end) == {}
    person = history.agents[0].id
    assert summed.busy([person], start, end, utcnow()) == {person: (0, 0, 0)}


class Hands:
    """Changes rows of a past month as late receipts, mending and people do, each by chance."""

    def __init__(self, history, seed):
        self.history, self.random = history, random.Random(seed)

    def do(self):
        deed = self.random.choice(
            (
                self.receipt, self.late_message, self.erase_message, self.move_end, self.reopen,
                self.other_owner, self.late_reply, self.lose_phase, self.offer, self.target,
                self.state, self.lose_state,
            )
        )  # fmt: skip
        with unit_of_work():
            deed()

    def one(self, model, *where):
        ids = db.session.scalars(select(model.id).where(*where).order_by(model.id)).all()
        return db.session.get(model, self.random.choice(ids))

    def shifted(self, at):
        return at + timedelta(seconds=self.random.uniform(-20_000, 20_000))

    def receipt(self):
        message = self.one(Message, Message.direction == Direction.OUT)
        message.status = self.random.choice(OUTGOING)

    def late_message(self):
        like = self.one(Message)
        db.session.add(
            Message(
                account_id=like.account_id,
                contact_id=like.contact_id,
                direction=Direction.IN,
                status=MessageStatus.RECEIVED,
                template_id=self.random.choice((None, 3)),
                written_at=like.written_at,
                received_at=self.shifted(like.received_at),
            )
        )

    def erase_message(self):
        db.session.delete(self.one(Message))

    def move_end(self):
        phase = self.one(InteractionPhase, InteractionPhase.to_at.is_not(None))
        phase.to_at = max(phase.from_at, self.shifted(phase.to_at))

    def reopen(self):
        phase = self.one(InteractionPhase, InteractionPhase.outcome == "closed")
        phase.to_at = phase.outcome = phase.close_reason = None

    def other_owner(self):
        phase = self.one(InteractionPhase, InteractionPhase.phase == "assigned")
        phase.owner_id = self.random.choice(self.history.agents).id
        phase.from_at -= timedelta(seconds=self.random.choice((0, 5000)))

    def late_reply(self):
        phase = self.one(InteractionPhase, InteractionPhase.phase == "assigned")
        phase.first_reply_at = self.shifted(phase.from_at)
        phase.first_reply_seconds = self.random.randrange(900)

    def lose_phase(self):
        db.session.delete(self.one(InteractionPhase))

    def offer(self):
        offer = self.one(Offer, Offer.ended_at.is_not(None))
        offer.state = self.random.choice((OfferState.ACCEPTED, OfferState.PASSED))
        offer.ended_at = self.shifted(offer.ended_at)

    def target(self):
        queue = self.one(Queue)
        queue.service_seconds = self.random.randrange(300)
        queue.reply_target = self.random.randrange(300)

    def state(self):
        interval = self.one(AgentInterval, AgentInterval.to_at.is_not(None))
        interval.state = self.random.choice((Presence.AVAILABLE, Presence.PAUSED))
        interval.to_at += timedelta(seconds=self.random.choice((0, 7000)))

    def lose_state(self):
        db.session.delete(self.one(AgentInterval))


@pytest.mark.parametrize("seed", range(3))
def test_whatever_is_changed_later_counts_at_once_and_after_it_is_summed_up_anew(history, seed):
    people = [agent.id for agent in history.agents]
    start, end = month_of(history, ZONES[seed])
    hands = Hands(history, seed)
    sum_up()
    for _ in range(3):
        for _ in range(6):
            hands.do()
        check(start, end, people)
        summing.sweep(longest=0.02)  # cut off somewhere
        check(start, end, people)
    sum_up()
    assert summing.pending() == 0
    for kind in Kind:
        assert summed.of_period(kind, start, end).raw == []
    check(start, end, people)


def test_the_past_is_summed_up_piece_by_piece_the_newest_first(history):
    now = history.end + timedelta(hours=3)

    def one():
        done = iter((False,))
        return summing.sweep(is_enough=lambda: next(done, True), now=now, longest=600)

    start, end = month_of(history, "Europe/Rome")
    expected = figures.count(figures.ENDED, start, end, step=periods.SLICE)
    assert one() == 1
    kept = db.session.get(SummedUp, Kind.PHASES)
    assert kept.from_second == kept.until_second
    waiting = summing.pending(now)
    while one():
        left = summing.pending(now)
        assert left <= waiting
        waiting = left
        assert summed.count(figures.ENDED, start, end, step=periods.SLICE) == expected
    assert waiting == 0


def test_of_two_who_sum_up_at_once_one_gives_way(history):
    sum_up()
    with unit_of_work():
        summing.again(history.start, history.end)
    first, last, kept = summing._next(Kind.MESSAGES, utcnow())
    assert summing._sum_up(Kind.MESSAGES, first, last, kept)
    assert not summing._sum_up(Kind.MESSAGES, first, last, kept)


def test_what_changed_while_it_was_counted_is_summed_up_once_more(history, monkeypatch):
    sum_up()
    start, end = month_of(history, "Europe/Rome")
    message = db.session.scalar(
        select(Message.id).where(Message.direction == Direction.OUT, Message.status != "failed")
    )
    with unit_of_work():
        summing.again(start, end)
    counted = summing.ROWS[Kind.MESSAGES]

    def meanwhile(first, last):
        rows = counted(first, last)
        with unit_of_work():
            db.session.execute(
                update(Message).where(Message.id == message).values(status=MessageStatus.FAILED)
            )
        return rows

    monkeypatch.setitem(summing.ROWS, Kind.MESSAGES, meanwhile)
    sum_up()
    monkeypatch.undo()
    sum_up()
    assert summing.pending() == 0
    assert summed.count(figures.WRITTEN, start, end) == figures.count(figures.WRITTEN, start, end)


def test_what_is_younger_than_two_hours_is_not_summed_up(history):
    now = history.end + timedelta(minutes=7)
    sum_up(now)
    kept = db.session.get(SummedUp, Kind.MESSAGES)
    assert 0 <= (now - summing.AGE).timestamp() - kept.until_second < periods.SLICE
    check(history.start, now, [agent.id for agent in history.agents])


def test_a_change_of_now_leaves_no_note(app, cast):
    with unit_of_work():
        db.session.execute(delete(LateChange))
    history = History("now", utcnow(), days=0.0001, conversations=3)
    with unit_of_work():
        db.session.execute(update(Message).values(status=MessageStatus.READ))
    assert db.session.scalar(select(func.count()).select_from(LateChange)) == 0
    assert history.messages


def test_a_figure_the_sums_do_not_have_is_counted_from_the_rows(history):
    sum_up()
    start, end = month_of(history, "Europe/Rome")
    for asked in (
        {"by": ("queue",)},
        {"where": {"queue": [history.queues[0].id]}},
        {"step": 60},
    ):
        assert summed.count(figures.WRITTEN, start, end, **asked) == figures.count(
            figures.WRITTEN, start, end, **asked
        )


def test_the_sums_have_a_column_for_each_figure(app):
    for store in (summed.OF_PHASES, summed.OF_MESSAGES):
        for facts in store.facts:
            assert {*facts.counts, *facts.sums} <= {*store.table.c.keys()}


def test_every_trigger_is_there(app):
    """SQLite forgets them where a migration makes a table anew."""
    wanted = (
        "SELECT DISTINCT trigger_name FROM information_schema.triggers"
        if db.engine.dialect.name == "postgresql"
        else "SELECT name FROM sqlite_master WHERE type = 'trigger'"
    )
    names = {*db.session.scalars(text(wanted))}
    tables = ("messages", "offers", "agent_intervals", "interaction_phases")
    expected = {
        f"{table}_late_{event}" for table in tables for event in ("insert", "update", "delete")
    }
    assert expected | {"queues_late_update", "queues_late_delete"} <= names
