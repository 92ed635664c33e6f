"""A rule fires after its minutes, is looked after, and ends by itself."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from tests.factories import change, make_interaction, make_queue, save
from tests.support.queries import counted_queries
from webapp.alarms import judging, reading, rules, showing, wording
from webapp.alarms.figures import FIGURES, shown
from webapp.alarms.models import Alarm, AlarmRule
from webapp.alarms.reading import Reading
from webapp.analytics.realtime import Board
from webapp.columns import utcnow
from webapp.extensions import db
from webapp.inbox import closing
from webapp.inbox.models import Interaction
from webapp.queues import accepting, setting_up
from webapp.queues.models import Queue
from webapp.settings.models import Interval, IntervalSpan
from webapp.staff.models import AuditEntry
from webapp.unit_of_work import unit_of_work

START = utcnow().replace(microsecond=0)


@pytest.fixture(autouse=True)
def start():
    """Of each test its own: a whole run may take longer than what is looked back at."""
    global START
    START = utcnow().replace(microsecond=0)


def at(minutes):
    return START + timedelta(minutes=minutes)


def make_rule(**columns):
    values = {"name": "Too many wait", "figure": "waiting", "bound": 5, "minutes": 3}
    return save(AlarmRule(**(values | columns)))


def judge(value, minutes, subject="", name="", target=None, figure="waiting"):
    judging.judge({figure: [Reading(subject, name, value, target)]}, at(minutes))
    db.session.expire_all()


def alarms():
    return db.session.scalars(select(Alarm).order_by(Alarm.id)).all()


def test_it_fires_once_it_has_lasted_long_enough(app):
    make_rule()
    judge(6, 0)
    judge(9, 2)
    assert showing.open_alarms() == []
    judge(7, 3)
    [alarm] = showing.open_alarms()
    assert (alarm.began_at, alarm.fired_at) == (at(0), at(3))
    assert (alarm.value, alarm.worst, alarm.bound) == (7, 9, 5)


def test_what_is_back_before_that_was_nothing(app):
    make_rule()
    judge(6, 0)
    judge(5, 2)
    judge(6, 3)
    judge(6, 5)
    assert showing.open_alarms() == []
    assert alarms()[0].began_at == at(3)


def test_time_nobody_watched_does_not_count(app):
    make_rule()
    judge(6, 0)
    judge(6, 60)
    assert showing.open_alarms() == []


def test_it_ends_after_a_calm_minute_and_keeps_its_history(app):
    make_rule(minutes=0)
    judge(6, 0)
    judge(5, 0.5)
    assert len(showing.open_alarms()) == 1
    judge(5, 1)
    assert showing.open_alarms() == []
    assert alarms()[0].ended_at == at(1)
    judge(6, 2)
    assert len(alarms()) == 2


def test_a_figure_that_swings_round_its_bound_is_one_alarm(app):
    make_rule(minutes=0)
    for minutes, value in enumerate((6, 5, 6, 5, 6)):
        judge(value, minutes / 2)
    assert len(alarms()) == 1


def test_below_and_what_is_not_known(app):
    make_rule(figure="service_level", comparison="below", bound=80, minutes=0)
    judge(None, 0, figure="service_level")
    assert alarms() == []
    judge(61, 1, figure="service_level")
    assert wording.headline(alarms()[0]) == "All queues: service level today below 80%"


def test_each_queue_is_watched_by_itself_against_its_own_target(app):
    make_rule(scope="queue", bound=None, minutes=0)
    readings = [
        Reading("queue:1", "Support", 6, target=5),
        Reading("queue:2", "Orders", 6, target=10),
        Reading("account:1", "Northgate", 99, target=1),
        Reading("", "", 99, target=1),
    ]
    judging.judge({"waiting": readings}, at(0))
    assert [alarm.name for alarm in showing.open_alarms()] == ["Support"]


def test_a_rule_about_one_queue_leaves_the_others_alone(app):
    support, orders = make_queue("Support"), make_queue("Orders")
    make_rule(scope="queue", queue_id=orders.id, minutes=0)
    judge(6, 0, subject=f"queue:{support.id}", name="Support")
    assert alarms() == []
    judge(6, 0, subject=f"queue:{orders.id}", name="Orders")
    assert len(alarms()) == 1


@pytest.mark.parametrize("new", [{"enabled": False}, {"bound": 50}])
def test_a_rule_switched_off_or_changed_ends_its_alarms(app, admin, new):
    rule = make_rule(minutes=0)
    judge(6, 0)
    values = {name: getattr(rule, name) for name in rules.COLUMNS} | new
    with unit_of_work():
        rules.change(db.session.get(AlarmRule, rule.id), values, by=admin)
    judge(6, 1)
    assert showing.open_alarms() == []
    assert len(alarms()) == 1


def test_who_looks_after_it_is_kept_and_only_the_first(app, sara, admin):
    make_rule(minutes=0)
    judge(6, 0)
    for person, won in ((sara, True), (admin, False)):
        with unit_of_work():
            assert judging.acknowledge(alarms()[0], by=person, now=at(1)) is won
    assert alarms()[0].acknowledged_by_id == sara.id
    assert showing.notices() == []


def test_within_quiet_hours_nobody_is_told_and_what_lasts_is_told_then(app):
    span = IntervalSpan(always=True)
    night = save(Interval(name="Night", spans=[span]))
    make_rule(minutes=0, quiet_id=night.id)
    judge(6, 0)
    assert len(showing.open_alarms()) == 1
    assert showing.notices() == []
    change(span, always=False, week_days=[(START.weekday() + 3) % 7])
    judge(6, 1)
    assert len(showing.notices()) == 1


def test_the_figures_of_this_moment_are_read_for_everything_each_queue_and_each_account(cast):
    other = make_queue("Orders")
    waiting_since = utcnow() - timedelta(seconds=90)
    for _ in range(2):
        make_interaction(cast.account, queue=cast.queue, waiting_since=waiting_since)
    make_interaction(cast.account, queue=cast.queue, owner=cast.ana)
    found = {
        (name, one.subject): one.value
        for name, several in reading.readings(Board(), utcnow()).items()
        for one in several
    }
    support, account = f"queue:{cast.queue.id}", f"account:{cast.account.id}"
    assert found["waiting", ""] == found["waiting", support] == found["waiting", account] == 2
    assert found["waiting", f"queue:{other.id}"] == 0
    assert found["open", support] == 3
    assert 90 <= found["longest_wait", support] < 120
    assert found["available", support] == 2
    assert found["service_level", support] is None
    assert found["failed", account] == 0


def test_targets_are_the_queue_s_own(cast):
    longest = reading.readings(Board(), utcnow())["longest_wait"]
    [support] = [one for one in longest if one.subject.startswith("queue")]
    assert support.target == cast.queue.longest_wait


def test_what_became_of_customers_today_may_be_watched_too(cast):
    now = utcnow()
    asked = now - timedelta(minutes=9)
    make_interaction(cast.account, queue=cast.queue, owner=cast.ana, unanswered_since=asked)
    for name in ("first", "second", "third"):
        talk = make_interaction(cast.account, queue=cast.queue, waiting_since=asked)
        with unit_of_work():
            row = db.session.get(Interaction, talk.id)
            accepting.take(row, cast.ben) if name == "first" else closing.close(row, "flow")
    found = {
        name: {one.subject: one.value for one in several}
        for name, several in reading.readings(Board(), utcnow()).items()
    }
    support = f"queue:{cast.queue.id}"
    assert found["slow"][support] == 1
    assert found["abandonment"][support] == pytest.approx(200 / 3)
    assert found["wait"][support] is not None
    assert found["paused"][""] == found["left"][support] == 0


def test_a_share_is_told_with_one_decimal(app):
    make_rule(figure="service_level", comparison="below", bound=80, minutes=0, name="Level")
    judge(61.538461, 0, figure="service_level")
    assert wording.sentence(alarms()[0]) == "61.5% now. Rule: Level."


def test_whoever_is_full_is_not_available_as_the_board_has_it(cast):
    support = f"queue:{cast.queue.id}"

    def available():
        found = reading.readings(Board(), utcnow())["available"]
        return {one.subject: one.value for one in found}

    before = available()
    for _ in range(cast.ana.capacity):
        make_interaction(cast.account, queue=cast.queue, owner=cast.ana)
    assert available() == {subject: number - 1 for subject, number in before.items()}
    assert available()[support] == before[""] - 1


def broken(_view):
    raise ValueError("broken")


def test_a_figure_that_cannot_be_read_leaves_its_alarms_and_the_other_figures_alone(
    cast, monkeypatch
):
    make_rule(minutes=0, bound=-1)
    make_rule(minutes=0, bound=-1, figure="open", name="Too many are open")
    judging.look(Board(), at(0))
    assert len(showing.open_alarms()) == 2
    monkeypatch.setitem(reading.MEASURES, "waiting", broken)
    judging.look(Board(), at(5))
    waiting, opened = alarms()
    assert (waiting.seen_at, waiting.ended_at, opened.seen_at) == (at(0), None, at(5))


def test_a_rule_that_fails_holds_up_no_other(app):
    make_rule(minutes=0)
    make_rule(minutes=0, figure="open", name="Too many are open")
    judging.judge({"waiting": [Reading("", "", "nonsense")], "open": [Reading("", "", 9)]}, at(0))
    assert [alarm.rule.figure for alarm in showing.open_alarms()] == ["open"]


def test_an_alarm_of_a_figure_that_is_no_more_ends(app):
    make_rule(minutes=0)
    judge(6, 0)
    change(db.session.scalar(select(AlarmRule)), figure="long_gone")
    judging.judge({}, at(2))
    assert alarms()[0].ended_at == at(2)


def test_an_alarm_goes_on_through_an_hour_without_clock_and_ends_when_it_is_over(app):
    make_rule()
    judge(6, 0)
    judge(6, 2)
    judge(6, 3)
    judge(6, 63)
    assert [alarm.fired_at for alarm in showing.open_alarms()] == [at(3)]
    judge(0, 123)
    assert (len(alarms()), alarms()[0].ended_at) == (1, at(123))


def test_what_was_so_before_an_hour_without_clock_and_is_so_again_begins_anew(app):
    make_rule()
    judge(9, 0)
    judge(6, 60)
    judge(6, 62)
    assert showing.open_alarms() == []
    judge(6, 63)
    [alarm] = showing.open_alarms()
    assert (alarm.began_at, alarm.fired_at, alarm.worst) == (at(60), at(63), 6)


def test_a_figure_without_a_value_ends_its_alarm(app):
    """A new day has no service level yet; that is no worse one."""
    make_rule(figure="service_level", comparison="below", bound=80, minutes=0)
    judge(61, 0, figure="service_level")
    judge(None, 2, figure="service_level")
    assert showing.open_alarms() == []


def test_a_queue_that_is_deleted_ends_its_alarms_under_a_rule_for_each(cast):
    other = make_queue("Orders")
    make_rule(scope="queue", minutes=0, bound=-1)
    judging.look(Board(), at(0))
    assert {alarm.name for alarm in showing.open_alarms()} == {"Support", "Orders"}
    with unit_of_work():
        setting_up.remove(db.session.get(Queue, other.id), by=cast.admin)
    judging.look(Board(), at(2))
    assert [alarm.name for alarm in showing.open_alarms()] == ["Support"]


def test_an_account_that_is_archived_ends_its_alarms(cast):
    make_rule(scope="account", account_id=cast.account.id, minutes=0, bound=-1)
    judging.look(Board(), at(0))
    assert [alarm.name for alarm in showing.open_alarms()] == [cast.account.name]
    change(cast.account, archived_at=at(1))
    judging.look(Board(), at(2))
    assert showing.open_alarms() == []


ROME = ZoneInfo("Europe/Rome")


@pytest.mark.parametrize(
    ("moment", "quiet"),
    [
        # In autumn the hour from 2 comes twice, in spring not at all.
        (datetime(2026, 10, 25, 2, 30, tzinfo=ROME), True),
        (datetime(2026, 10, 25, 2, 30, tzinfo=ROME).replace(fold=1), True),
        (datetime(2026, 10, 25, 5, 59, tzinfo=ROME), True),
        (datetime(2026, 10, 25, 6, 0, tzinfo=ROME), False),
        (datetime(2027, 3, 28, 1, 59, tzinfo=ROME), True),
        (datetime(2027, 3, 28, 3, 0, tzinfo=ROME), True),
        (datetime(2027, 3, 28, 6, 0, tzinfo=ROME), False),
        (datetime(2027, 3, 28, 21, 59, tzinfo=ROME), False),
    ],
)
def test_quiet_hours_are_those_on_the_wall_when_the_clock_is_changed(app, moment, quiet):
    night = Interval(
        name="Night", time_zone="Europe/Rome", spans=[IntervalSpan(starts="22:00", ends="06:00")]
    )
    make_rule(minutes=0, quiet_id=save(night).id)
    judging.judge({"waiting": [Reading("", "", 9)]}, moment.astimezone(UTC))
    assert (showing.notices() == []) is quiet


def test_looking_after_an_alarm_leaves_an_audit_row(cast):
    make_rule(minutes=0)
    judge(6, 0)
    with unit_of_work():
        judging.acknowledge(alarms()[0], by=db.session.merge(cast.sara))
    entry = db.session.scalars(select(AuditEntry)).one()
    assert (entry.actor_id, entry.action) == (cast.sara.id, "acknowledged")
    assert (entry.subject, entry.subject_id) == ("alarms", alarms()[0].id)
    assert entry.after == {"alarm": "All queues: waiting customers above 5"}


def test_rules_that_are_kept_cost_no_writing_turn_for_each(app):
    """On SQLite every unit waits for its turn to write."""
    for number in range(3):
        make_rule(name=f"Rule {number}")
    with counted_queries() as queries:
        judge(0, 0)
    assert [one.split()[0] for one in queries if one != "BEGIN"] == ["SELECT", "SELECT"]


@pytest.mark.parametrize(
    "seconds, words", [(59, "59 s"), (300, "5 m"), (482, "8 m 02 s"), (3600, "60 m")]
)
def test_a_wait_reads_without_seconds_where_there_are_none(seconds, words):
    assert shown(FIGURES["longest_wait"], seconds) == words
