"""On SQLite the requests of one process queue to write; waiting never stops the process itself."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.kill.agents import Agent
from tests.support.procfile import Procfile

pytestmark = pytest.mark.slow

PEOPLE = [f"{name}@example.com" for name in ("admin", "sara", "ana", "ben", "otto")] * 5


def test_twenty_five_browsers_sign_in_at_once(tmp_path, redis_server):
    database = f"sqlite:///{tmp_path / 'parley.db'}"
    processes = Procfile(tmp_path, database, redis_server.url, WEB_CONCURRENCY="1")
    try:
        processes.flask("db", "upgrade")
        processes.seed()
        processes.start("web")
        processes.wait_until_ready()
        began = time.monotonic()
        with ThreadPoolExecutor(len(PEOPLE)) as pool:
            list(pool.map(lambda email: Agent(processes.url, email).sign_in(), PEOPLE))

        # One wait for a lock that this same process holds would take ten seconds by itself.
        assert time.monotonic() - began < 10
    finally:
        processes.stop()
