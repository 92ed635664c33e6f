"""A restored database sends nothing until a person says so."""

from datetime import timedelta

import pytest

from webapp import system
from webapp.columns import utcnow
from webapp.extensions import redis_clients
from webapp.unit_of_work import unit_of_work


@pytest.fixture(autouse=True)
def no_mark(app):
    system._mark_file().unlink(missing_ok=True)
    yield
    system._mark_file().unlink(missing_ok=True)


def tick(now=None):
    with unit_of_work():
        behind = system.check_mark(now)
    system.copy_mark()
    return behind


def roll_back(hours):
    """What restoring a backup does to the mark inside the database."""
    with unit_of_work():
        system.set_mark(system.MARK, (utcnow() - timedelta(hours=hours)).isoformat())


def test_a_running_installation_is_never_held(app):
    assert not tick()
    assert not tick(utcnow() + timedelta(days=2))
    assert system.sending_held() is None


@pytest.mark.parametrize("lost", ["nothing", "file", "redis"])
def test_a_database_older_than_its_mark_is_held_whichever_copy_is_left(app, lost):
    tick()
    roll_back(hours=3)
    if lost == "file":
        system._mark_file().unlink()
    if lost == "redis":
        redis_clients.patient.flushdb()
    assert tick()
    assert "backup" in system.sending_held()


def test_a_person_releases_it_and_it_stays_released(app):
    tick()
    roll_back(hours=3)
    tick()
    with unit_of_work():
        system.release_sending()
    assert not tick()
    assert system.sending_held() is None


def test_a_mark_nobody_can_read_is_as_none(app):
    system._mark_file().write_text("not a time")
    redis_clients.patient.set("parley:mark", b"\xff")
    assert not tick()
