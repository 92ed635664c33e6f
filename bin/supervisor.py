"""The default start: checks, bundled Redis, migrations, demo data, then the Procfile's processes.

It restarts what dies, and on Ctrl-C stops what it started, in order, and nothing else.
"""

import argparse
import fcntl
import json
import os
import re
import socket
import sqlite3
import subprocess
import sys
import time
from pathlib import Path
from urllib.parse import urlsplit

from bin.child import Child, StopSignal, shorten
from bin.light import ROOT
from webapp import config, embedded

PROCESSES = ("web", "worker", "clock")
READY_SECONDS = 60
DATABASE_CHECK_BYTES = 200_000_000


class CannotStart(Exception):
    """One sentence for whoever typed the command."""


def main():
    arguments = _arguments()
    os.umask(0o077)  # conversations and keys: for this user only
    stopping = StopSignal()
    try:
        settings = config.load({"BIND_ADDRESS": "127.0.0.1", **_non_empty(os.environ)})
        with _only_one(settings["DATA_DIR"]):
            return _run(settings, arguments, stopping)
    except (CannotStart, config.ConfigError) as error:
        print(f"Parley cannot start. {error}", file=sys.stderr)
        return 1


def _arguments():
    parser = argparse.ArgumentParser(
        prog="bin/run", description="Starts Parley on this machine; settings: see README.md."
    )
    parser.add_argument("--no-demo", action="store_true", help="leave an empty database empty")
    return parser.parse_args()


def _non_empty(environ):
    return {name: value for name, value in environ.items() if value.strip()}


class _only_one:
    """Holds DATA_DIR for this supervisor; the lock ends with the process, however it ends."""

    def __init__(self, data_dir):
        self._path = data_dir / "run.lock"

    def __enter__(self):
        self._file = open(self._path, "a+")  # noqa: SIM115 - held until __exit__
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self._file.seek(0)
            raise CannotStart(
                f"Another bin/run (process {self._file.read().strip()}), or a restore, already "
                f"uses {self._path.parent}: stop it first, or choose another DATA_DIR."
            ) from None
        self._file.truncate(0)
        self._file.write(str(os.getpid()))
        self._file.flush()

    def __exit__(self, *_):
        self._file.close()


def _run(settings, arguments, stopping):
    _check_port(settings)
    _check_sqlite(settings["SQLALCHEMY_DATABASE_URI"])
    environ = _environment(settings)
    log = _open_log(settings["DATA_DIR"])
    children = []
    try:
        if not os.environ.get("REDIS_URL", "").strip():
            children.append(_start_redis(settings["DATA_DIR"], environ, log))
        _migrate(environ)
        signed_in_by = [] if arguments.no_demo else _load_demo(environ)
        children += [Child(name, _command(name), environ, log) for name in PROCESSES]
        for child in children[-len(PROCESSES) :]:
            child.start()
        _wait_until_ready(settings, children, stopping, log)
        if not stopping.asked:
            _say_where(settings, signed_in_by)
        _watch(children, stopping, log)
    finally:
        if stopping.asked:
            print("\nStopping…", flush=True)
        _stop(children)
    return 0


def _check_port(settings):
    address, port = settings["BIND_ADDRESS"], settings["PORT"]
    if not embedded.port_is_free(address, port):
        raise CannotStart(
            f"Port {port} is in use by another program: stop that one, or choose another port, "
            f"e.g. PORT={port + 1 if port < 65_535 else 5000} bin/run"
        )


def _check_sqlite(url):
    path = Path(url.removeprefix("sqlite:///"))
    if not url.startswith("sqlite:") or not path.exists():
        return
    try:
        connection = sqlite3.connect(path, timeout=10)
        connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
        if path.stat().st_size < DATABASE_CHECK_BYTES:
            problem = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
            if problem != "ok":
                raise sqlite3.DatabaseError(problem.splitlines()[-1].strip())
        connection.close()
    except sqlite3.Error as error:
        raise CannotStart(
            f"The database file {path} is broken ({error}): bring back a backup with bin/restore, "
            "or move the file away to begin anew."
        ) from None


def _environment(settings):
    return {
        "MALLOC_ARENA_MAX": "2",
        "WEB_CONCURRENCY": "1",
        "BIND_ADDRESS": settings["BIND_ADDRESS"],
        **_non_empty(os.environ),
        "DATA_DIR": str(settings["DATA_DIR"]),
        "PORT": str(settings["PORT"]),
        "PYTHONUNBUFFERED": "1",
        "PATH": f"{Path(sys.executable).parent}:{os.environ.get('PATH', os.defpath)}",
    }


def _open_log(data_dir):
    path = data_dir / "logs" / "parley.log"
    path.parent.mkdir(mode=0o700, exist_ok=True)
    return path


def _start_redis(data_dir, environ, log):
    binary = embedded.redis_server_binary()
    if binary is None:
        raise CannotStart(
            "No Redis-compatible server was found: install valkey or redis-server, "
            "or set REDIS_SERVER_BIN or REDIS_URL."
        )
    url = _free_redis_address(data_dir)
    folder = data_dir / "redis"
    folder.mkdir(mode=0o700, exist_ok=True)
    parts = urlsplit(url)
    redis = Child(
        "redis",
        [binary, "-"],
        environ,
        log,
        stdin=embedded.redis_settings(folder, parts.port, parts.password),
        is_ready=lambda: embedded.redis_answers(url),
    )
    redis.start()
    if not redis.wait_until_ready(READY_SECONDS):
        redis.stop()
        raise CannotStart(f"The bundled Redis server does not answer: {log} says why.")
    return redis


def _free_redis_address(data_dir):
    url = embedded.redis_url(data_dir)
    if embedded.redis_answers(url):
        # Left behind by a supervisor that was killed; we hold the lock, so it is nobody else's.
        embedded.stop_redis(url)
    deadline = time.monotonic() + 3
    while not embedded.port_is_free("127.0.0.1", urlsplit(url).port):
        if time.monotonic() > deadline:
            return embedded.move_redis(data_dir)
        time.sleep(0.05)
    return url


def _migrate(environ):
    done = _flask(environ, "db", "upgrade")
    if done.returncode:
        raise CannotStart(f"The database could not be brought up to date: {_reason(done)}")


def _load_demo(environ):
    """Sign-ins of the demo data, which goes into an empty database only."""
    done = _flask(environ, "demo", "--json")
    if done.returncode:
        raise CannotStart(f"The demo data could not be loaded: {_reason(done)}")
    return json.loads(done.stdout)["sign_ins"]


def _flask(environ, *arguments):
    return subprocess.run(
        [sys.executable, "-m", "flask", "--app", "app", *arguments],
        cwd=ROOT,
        env=environ,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        start_new_session=True,  # Ctrl-C must not cut a migration in half
    )


def _reason(done):
    """The last line of a traceback that names an error; advice and SQL may stand below it."""
    lines = (done.stderr.strip() or done.stdout.strip()).splitlines()
    errors = [line for line in lines if re.match(r"[\w.]+(Error|Exception)\b", line)]
    return (errors or lines or [f"exit code {done.returncode}"])[-1].strip()


def _command(name):
    line = _procfile_line(name)
    if name == "worker":
        # The sender's group under the same parent: still a process of its own, but one that
        # shares what the parent has loaded, some 40 MB on the one machine this runs on.
        line += _procfile_line("sender").replace("python -m workers", " +")
    # `exec env` lets the line set variables and leaves no shell between us and the process.
    return ["/bin/sh", "-c", f"exec env {line}"]


def _procfile_line(name):
    for line in (ROOT / "Procfile").read_text().splitlines():
        if line.startswith(f"{name}:"):
            return line.partition(":")[2].strip()
    raise CannotStart(f"The Procfile has no line for {name}.")


def _wait_until_ready(settings, children, stopping, log):
    deadline = time.monotonic() + READY_SECONDS
    while not stopping.asked and not _answers(settings["BIND_ADDRESS"], settings["PORT"]):
        if time.monotonic() > deadline:
            raise CannotStart(f"/readyz does not answer 200: {log} says why.")
        for child in children:
            child.keep_alive()
            if child.deaths >= 3:
                raise CannotStart(f"{child.name} ends as soon as it begins: {log} says why.")
        time.sleep(0.1)


def _answers(address, port):
    """Whether /readyz says 200; by hand, because urllib.request would hold 8 MB all along."""
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(address, address)
    try:
        with socket.create_connection((host, port), timeout=5) as connection:
            connection.sendall(b"GET /readyz HTTP/1.0\r\nHost: localhost\r\n\r\n")
            return connection.recv(64).split(b" ")[1:2] == [b"200"]
    except OSError:
        return False


def _say_where(settings, sign_ins):
    print(f"\nParley runs at {settings['PUBLIC_URL']}")
    if sign_ins:
        print("\nDemo sign-ins:")
        for person in sign_ins:
            print(f"  {person['email']:<22} {person['password']:<14} {person['role']}")
        if settings["SANDBOX"]:
            print(f"\nThe pretend WhatsApp phone: {settings['PUBLIC_URL']}/sandbox (admin)")
    print(f"\nLog: {settings['DATA_DIR'] / 'logs' / 'parley.log'}   Stop: Ctrl-C", flush=True)


def _watch(children, stopping, log):
    while not stopping.asked:
        shorten(log)
        for child in children:
            child.keep_alive()
        stopping.wait(0.25)


def _stop(children):
    redis = [child for child in children if child.name == "redis"]
    for child in [child for child in children if child not in redis] + redis:
        child.stop()


if __name__ == "__main__":
    sys.exit(main())
