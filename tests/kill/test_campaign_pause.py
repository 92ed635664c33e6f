"""A pause and a stop bite within a second at full speed, as the provider's side saw it."""

import time

import pytest

from tests.conftest import settings_for
from tests.kill.mass import Mass
from tests.support.databases import for_each_database
from tests.support.redis import start_redis
from tests.support.stack import wait_for
from webapp.campaigns import running

pytestmark = pytest.mark.slow

PEOPLE = 6000
ENOUGH = 300  # calls by which both senders are at it
AFTERWARDS = 3  # seconds in which nothing more may come


def pytest_generate_tests(metafunc):
    for_each_database(metafunc, "mass", scope="function")


@pytest.fixture
def mass(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp("mass")
    (folder / "redis").mkdir()
    redis = start_redis(folder / "redis")
    database = f"sqlite:///{folder / 'parley.db'}"
    if request.param == "postgresql":
        database = request.getfixturevalue("postgres").new_database()
    mass = Mass(folder, settings_for(database, redis.url, folder), database, redis.url)
    try:
        mass.launch(PEOPLE)
        yield mass
    finally:
        mass.close()
        redis.stop()


def test_no_request_begins_later_than_a_second_after_a_pause_or_a_stop(mass):
    mass.start_senders()
    wait_for(lambda: len(mass.stub.seen) > ENOUGH, 60)

    assert after(mass, running.pause, "test") <= 1
    before = len(mass.stub.seen)

    mass.do(running.resume, "test")
    mass.hint()
    wait_for(lambda: len(mass.stub.seen) > before + ENOUGH, 60)

    assert after(mass, running.stop, "test") <= 1
    counts = mass.counts()
    assert len({one.to for one in mass.stub.seen}) == len(mass.stub.seen) == counts["sent"]
    assert counts["sent"] + counts["queued"] + counts["cancelled"] == PEOPLE
    assert len(mass.stub.seen) < PEOPLE


def after(mass, verb, *arguments):
    """How many seconds after its commit the last request began; 0 where none did."""
    mass.do(verb, *arguments)
    committed = time.monotonic()
    time.sleep(AFTERWARDS)
    return max(0, mass.stub.seen[-1].came_at - committed)
