"""`python -m workers`: groups, restarts, an orderly end."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from workers.__main__ import parse

pytestmark = pytest.mark.slow


def test_groups_are_parted_by_plus():
    assert parse(["inbound", "+", "default", "low"]) == [["inbound"], ["default", "low"]]


@pytest.mark.parametrize("arguments", [["inboud"], ["inbound", "+"], []])
def test_an_unknown_job_queue_is_refused_by_name(arguments):
    with pytest.raises(SystemExit, match="job queues are inbound"):
        parse(arguments)


@pytest.fixture
def workers(migrated_app, redis_server, data_dir):
    environment = {
        **os.environ,
        "DATABASE_URL": migrated_app.config["SQLALCHEMY_DATABASE_URI"],
        "REDIS_URL": redis_server.url,
        "DATA_DIR": str(data_dir),
        "SECRET_KEY": "tests-tests-tests-tests",
        "CREDENTIAL_KEYS": migrated_app.config["CREDENTIAL_KEYS"][0],
    }
    process = subprocess.Popen(
        [sys.executable, "-m", "workers", "inbound", "+", "default", "low"], env=environment
    )
    yield process
    if process.poll() is None:
        process.kill()
        process.wait()


def children(process):
    listed = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    return [int(pid) for pid in listed]


def until(condition, seconds=15):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_a_group_that_dies_is_started_again_and_all_end_together(workers):
    until(lambda: len(children(workers)) == 2)
    first = children(workers)
    os.kill(first[0], signal.SIGKILL)
    until(lambda: len(children(workers)) == 2 and first[0] not in children(workers))
    last = children(workers)
    time.sleep(1)
    workers.terminate()
    assert workers.wait(15) == 0
    assert not any(Path(f"/proc/{pid}").exists() for pid in last)


def test_children_do_not_outlive_a_killed_parent(workers):
    until(lambda: len(children(workers)) == 2)
    orphans = children(workers)
    time.sleep(1)
    workers.kill()
    workers.wait()
    until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in orphans))
