"""bin/run as a person uses it: it starts, says what is wrong, heals, and leaves nothing behind."""

import json
import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from contextlib import closing

import pytest

from tests.factories import CREDENTIAL_KEY
from tests.support.ports import free_port
from tests.support.stack import (
    ROOT,
    Stack,
    clean_environ,
    descendants_of,
    is_alive,
    wait_for,
)

pytestmark = pytest.mark.slow
PROCESSES = {"web", "worker", "clock", "redis"}


@pytest.fixture
def start(tmp_path):
    """`start()` begins bin/run on this test's folder; what still runs at the end is stopped."""
    started = []

    def begin(*arguments, **environ):
        started.append(Stack(tmp_path / "data", *arguments, **environ))
        return started[-1]

    yield begin
    for stack in started:
        stack.stop()


def test_it_starts_everything_and_stops_all_of_it_and_nothing_else(start):
    bystander = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(300)"])
    stack = start("--no-demo").wait_until_ready()
    begun = descendants_of(stack.pid)

    assert stack.get("/readyz") == {"status": "ready"}
    assert f"http://localhost:{stack.port}" in stack.output
    wait_for(lambda: stack.processes().keys() == PROCESSES)

    assert stack.stop() == 0
    assert [pid for pid in begun if is_alive(pid)] == []
    assert bystander.poll() is None
    bystander.kill()
    bystander.wait()


def test_sigterm_stops_it_as_ctrl_c_does(start):
    stack = start("--no-demo").wait_until_ready()
    begun = descendants_of(stack.pid)

    assert stack.stop(signal.SIGTERM) == 0
    assert [pid for pid in begun if is_alive(pid)] == []


def test_the_second_start_takes_seconds_and_finds_its_data(start, tmp_path):
    start("--no-demo").wait_until_ready().stop()
    with closing(sqlite3.connect(tmp_path / "data" / "parley.db")) as database:
        database.execute("CREATE TABLE kept (id integer)")
    former = (tmp_path / "data" / "keys.json").read_text()

    begun = time.monotonic()
    start("--no-demo").wait_until_ready()

    assert time.monotonic() - begun < 20  # 10 on a machine that does nothing else
    assert (tmp_path / "data" / "keys.json").read_text() == former
    with closing(sqlite3.connect(tmp_path / "data" / "parley.db")) as database:
        database.execute("SELECT * FROM kept")


def test_demo_data_fill_an_empty_database_once_and_the_sign_ins_are_printed(start, tmp_path):
    first = start().wait_until_ready()
    first.stop()
    second = start().wait_until_ready()

    for stack in (first, second):
        assert "admin@example.com" in stack.output
    with closing(sqlite3.connect(tmp_path / "data" / "parley.db")) as database:
        emails = [row[0] for row in database.execute("SELECT email FROM users")]
    assert emails.count("admin@example.com") == 1


def test_a_process_that_is_killed_is_started_again(start):
    stack = start("--no-demo").wait_until_ready()
    wait_for(lambda: stack.processes().keys() == PROCESSES)
    for name, victim in stack.processes().items():
        os.kill(victim, signal.SIGKILL)

        wait_for(lambda n=name, v=victim: stack.processes().get(n) not in (None, v))
        wait_for(lambda: ready(stack))
        assert f"{name} ended" in stack.output


def test_a_supervisor_that_is_killed_leaves_no_process_behind(start):
    stack = start("--no-demo").wait_until_ready()
    begun = descendants_of(stack.pid)

    os.kill(stack.pid, signal.SIGKILL)

    # A worker that Redis left before it could say good-bye asks for it for two minutes.
    wait_for(lambda: not any(is_alive(pid) for pid in begun), 180)
    start("--no-demo", PORT=str(stack.port)).wait_until_ready()


def test_a_port_in_use_is_said_in_one_sentence(start):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        stack = start(PORT=str(other.getsockname()[1]))

        assert_ends_with_one_sentence(stack, f"Port {stack.port} is in use")


def test_a_broken_database_file_is_said_in_one_sentence_and_left_alone(start, tmp_path):
    (tmp_path / "data").mkdir()
    database = tmp_path / "data" / "parley.db"
    database.write_bytes(b"not a database " * 1000)

    assert_ends_with_one_sentence(start(), "is broken")
    assert database.read_bytes() == b"not a database " * 1000


def test_a_database_with_a_damaged_page_is_said_in_one_sentence(start, tmp_path):
    start("--no-demo").wait_until_ready().stop()
    with open(tmp_path / "data" / "parley.db", "r+b") as file:
        file.seek(4096)
        file.write(b"\xff" * 8192)

    assert_ends_with_one_sentence(start(), "is broken")


def test_a_wrong_setting_is_said_by_its_name(start):
    assert_ends_with_one_sentence(start(PUBLIC_URL="http://chat.example.com"), "PUBLIC_URL")


def test_a_database_server_that_is_away_is_said_in_one_sentence(start):
    url = f"postgresql://127.0.0.1:{free_port()}/parley"
    keys = {"SECRET_KEY": "s" * 48, "CREDENTIAL_KEYS": CREDENTIAL_KEY}

    assert_ends_with_one_sentence(start(DATABASE_URL=url, **keys), "Connection refused")


def test_a_second_start_on_the_same_folder_is_refused(start):
    first = start("--no-demo").wait_until_ready()

    assert_ends_with_one_sentence(start("--no-demo"), f"process {first.pid}")
    assert ready(first)


def test_a_port_taken_from_the_bundled_redis_is_no_obstacle(start, tmp_path):
    (tmp_path / "data").mkdir()
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        taken = other.getsockname()[1]
        (tmp_path / "data" / "redis.url").write_text(f"redis://:x@127.0.0.1:{taken}/0\n")

        start("--no-demo").wait_until_ready()

    assert f":{taken}/" not in (tmp_path / "data" / "redis.url").read_text()


def test_a_command_beside_it_finds_its_database_and_redis_from_data_dir_alone(start, tmp_path):
    stack = start("--no-demo").wait_until_ready()
    done = flask(
        tmp_path,
        "staff",
        "add",
        "new@example.com",
        "--name",
        "New",
        "--role",
        "admin",
        "--password-stdin",
        "--json",
        given="a long password\n",
    )

    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["id"]
    with closing(sqlite3.connect(stack.data_dir / "parley.db")) as database:
        assert database.execute("SELECT email FROM users").fetchall() == [("new@example.com",)]


def test_without_a_network_the_first_install_says_so(tmp_path):
    for name in ("bin", "requirements.txt", "requirements-dev.txt"):
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        copy(ROOT / name, tmp_path / name)
    nowhere = {"PIP_INDEX_URL": "http://127.0.0.1:9/", "PIP_FIND_LINKS": "", "PIP_RETRIES": "0"}

    done = subprocess.run(
        [tmp_path / "bin" / "run"],
        env=clean_environ(HOME=str(tmp_path), **nowhere),
        capture_output=True,
        text=True,
    )

    assert done.returncode != 0
    assert done.stderr.startswith("The first install needs a network")
    assert len(done.stderr.strip().splitlines()) == 1


def assert_ends_with_one_sentence(stack, words):
    assert stack.wait_until_ended() != 0
    lines = stack.output.strip().splitlines()
    assert len(lines) == 1, stack.output
    assert words in lines[0]


def ready(stack):
    try:
        return stack.get("/readyz")["status"] == "ready"
    except OSError:
        return False


def flask(tmp_path, *arguments, given=""):
    return subprocess.run(
        [sys.executable, "-m", "flask", "--app", "app", *arguments],
        cwd=ROOT,
        env=clean_environ(DATA_DIR=str(tmp_path / "data")),
        input=given,
        capture_output=True,
        text=True,
    )
