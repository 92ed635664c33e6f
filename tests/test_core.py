"""The core the features stand on: units of work, hints, signals."""

import pytest

from tests.factories import make_user
from webapp import jobs
from webapp.extensions import db, redis_clients
from webapp.live import push
from webapp.staff.models import User
from webapp.unit_of_work import after_commit, unit_of_work


def test_what_was_asked_for_runs_once_and_only_after_the_commit(app):
    seen = []
    with unit_of_work():
        db.session.add(User(name="Ana", email="a@example.com", password_hash="x"))
        after_commit("look", lambda: seen.append(db.session.query(User).count()))
        after_commit("look", lambda: seen.append(db.session.query(User).count()))
        assert seen == []
    assert seen == [1]


def test_an_error_undoes_everything_and_asks_for_nothing(app):
    seen = []
    with pytest.raises(ZeroDivisionError), unit_of_work():
        db.session.add(User(name="Ana", email="a@example.com", password_hash="x"))
        after_commit("look", lambda: seen.append(1))
        raise ZeroDivisionError
    assert seen == []
    assert db.session.query(User).count() == 0


def test_units_do_not_nest(app):
    with pytest.raises(RuntimeError), unit_of_work(), unit_of_work():
        pass


def test_a_failing_afterthought_does_not_stop_the_next(app):
    seen = []
    with unit_of_work():
        after_commit("bad", lambda: 1 / 0)
        after_commit("good", lambda: seen.append(1))
    assert seen == [1]


def test_many_hints_leave_one_job_until_it_is_taken(app):
    for _ in range(3):
        jobs.hint_now("workers.inbound.drain", 7)
    waiting = jobs.job_queue("workers.inbound.drain", redis_clients.patient)
    assert waiting.count == 1
    jobs.taken("workers.inbound.drain", 7)
    jobs.hint_now("workers.inbound.drain", 7)
    assert waiting.count == 2


def test_a_job_hears_of_those_of_another_name_that_wait_behind_it(app):
    jobs.hint_now("workers.campaigns.send", 0)
    jobs.hint_now("workers.campaigns.send", 1)
    assert not jobs.others_wait("workers.campaigns.send")
    jobs.hint_now("workers.campaigns.load", 7)
    assert jobs.others_wait("workers.campaigns.send")
    assert jobs.waiting("workers.campaigns.send") == 2


def test_signals_of_a_room_are_numbered(app):
    with unit_of_work():
        push.changed("interaction:1", ids=[1])
        push.changed("interaction:1", ids=[2])
    with unit_of_work():
        push.changed("interaction:1", "user:3")
    assert push.current_seq(["interaction:1", "user:3", "queue:9"]) == {
        "interaction:1": 2,
        "user:3": 1,
        "queue:9": 0,
    }


def test_times_come_back_aware(app):
    user = make_user("Ana")
    db.session.expire_all()
    assert user.created_at.tzinfo is not None
