"""One alert is open for each kind and subject, until what it says is no longer so."""

import threading
from datetime import timedelta

from sqlalchemy import select

from webapp.alerting import raising
from webapp.alerting.models import Alert
from webapp.alerting.raising import Trouble
from webapp.columns import utcnow
from webapp.extensions import db
from webapp.unit_of_work import unit_of_work


def alerts():
    db.session.expire_all()
    return db.session.scalars(select(Alert).order_by(Alert.id)).all()


def raised(subject="one", title="Something is wrong", **words):
    with unit_of_work():
        return raising.raise_alert("kind", Trouble(subject, title, **words))


def test_raised_again_it_stays_the_same_alert_with_the_newest_words(app):
    assert raised()
    assert not raised(title="It got worse", severity="critical")
    (alert,) = alerts()
    assert (alert.title, alert.severity) == ("It got worse", "critical")
    assert alert.seen_at > alert.began_at


def test_after_its_end_another_one_opens(app):
    raised()
    with unit_of_work():
        assert raising.end("kind", "one")
        assert not raising.end("kind", "one")
    assert raised()
    assert [alert.ended_at is None for alert in alerts()] == [False, True]


def test_what_is_no_longer_found_ends_and_other_kinds_stay(app):
    raised("one"), raised("two")
    with unit_of_work():
        raising.raise_alert("other", Trouble("one", "Something else"))
        raising.settle("kind", [Trouble("two", "Still"), Trouble("three", "New")])
    assert raising.open_subjects("kind") == {"two", "three"}
    assert raising.open_subjects("other") == {"one"}
    assert raising.open_count() == 3


def test_two_processes_open_one_alert(app):
    opened = []

    def work():
        with app.app_context():
            opened.append(raised())

    workers = [threading.Thread(target=work) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert sorted(opened) == [False, False, False, True]
    assert len(alerts()) == 1


def test_an_endless_title_is_cut(app):
    raised(title="x" * 1000)
    assert len(alerts()[0].title) == 255


def test_how_long_it_lasted_can_be_told(app):
    now = utcnow()
    with unit_of_work():
        raising.raise_alert("kind", Trouble("one", "Wrong"), now)
    with unit_of_work():
        raising.end("kind", "one", now + timedelta(minutes=5))
    (alert,) = alerts()
    assert alert.ended_at - alert.began_at == timedelta(minutes=5)
