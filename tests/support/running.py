"""The running product for the tests of one folder: started for the first, ended after the last.

It is idle for all others, and would cost them a twentieth of a processor.
"""

import pytest
from redis import Redis

from tests.conftest import settings_for
from tests.support.emptying import empty_while_others_read
from tests.support.live import Live
from tests.support.procfile import Procfile
from tests.support.stubs.meta import MetaStub
from webapp.extensions import db


@pytest.fixture(scope="package")
def processes(request, database, redis_server, tmp_path_factory):
    """Web, worker and clock as the Procfile starts them, on a database of their own."""
    folder = tmp_path_factory.mktemp("live")
    stub = MetaStub()
    where = f"sqlite:///{folder}/live.db"
    if not database.startswith("sqlite"):
        where = request.getfixturevalue("postgres").new_database()
    # A Redis database of its own: the other tests empty theirs.
    redis_url = redis_server.url.replace("/0", "/1")
    running = Procfile(folder, where, redis_url, META_API_URL=stub.url, LOG_LEVEL="warning")
    running.flask("db", "upgrade")
    running.start("web", "worker", "clock")
    try:
        running.wait_until_ready()
        # In this process there is one Redis; a row written here is found by clock, not by a hint.
        settings = settings_for(where, redis_server.url, folder)
        yield Live(running, stub, settings, Redis.from_url(redis_url))
    finally:
        running.stop()
        stub.close()


@pytest.fixture
def live_server(processes):
    """The running product, emptied, with the cast and an account at Meta's stand-in."""
    with processes.app.app_context():
        empty_while_others_read(db)
        processes.redis.flushdb()
        yield processes.begin()
        db.session.rollback()
