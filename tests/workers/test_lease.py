"""Of several clocks one works."""

from datetime import timedelta

from sqlalchemy.exc import OperationalError

from webapp.columns import utcnow
from webapp.extensions import db
from webapp.unit_of_work import unit_of_work
from webapp.webhooks.models import SystemMark
from workers import lease


def test_one_clock_works_and_the_other_waits_for_its_lease(app):
    assert lease.keep(app, "first")
    assert not lease.keep(app, "second")
    assert lease.keep(app, "first")


def test_a_lease_nobody_renews_goes_to_the_next_clock(app):
    lease.keep(app, "first")
    with unit_of_work():
        db.session.get(SystemMark, lease.NAME).at = utcnow() - timedelta(seconds=60)
    assert lease.keep(app, "second")
    assert not lease.keep(app, "first")


def test_a_clock_that_ends_leaves_its_lease_at_once(app):
    lease.keep(app, "first")
    lease.release(app, "first")
    assert lease.keep(app, "second")


def test_a_database_that_does_not_answer_is_not_another_clock(app, monkeypatch):
    lease.keep(app, "first")
    away = OperationalError("UPDATE", {}, Exception("away"))
    monkeypatch.setattr(lease, "_renew", lambda holder: (_ for _ in ()).throw(away))
    assert lease.keep(app, "first") is None
