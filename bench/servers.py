"""What the benches run against: Redis, a database that syncs to disk, the Procfile."""

import contextlib
import os
import signal
import sys
import tempfile
from collections import defaultdict
from pathlib import Path

from sqlalchemy import text

from bench import yardstick
from tests.support.postgres import start_postgres
from tests.support.procfile import Procfile
from tests.support.redis import start_redis
from webapp import config, create_app

TICKS = os.sysconf("SC_CLK_TCK")


class Installation(Procfile):
    """The processes, and the application itself to fill its database with."""

    postmaster = redis_pid = None

    def app(self):
        return create_app(config.load(self.environ))


@contextlib.contextmanager
def stack(database, at=None, keep=None, **environ):
    """A migrated installation, nothing of it started yet but its database and Redis.

    `at`: the address of a database that is there already, and stays; or `keep`: the folder of a
    PostgreSQL cluster that the next run finds as this one leaves it. Says how fast the machine was
    before and after.
    """
    print(f"yardstick before: {yardstick.seconds():.3f} s", flush=True)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # a bench that is ended ends its own
    with contextlib.ExitStack() as closing:
        folder = Path(closing.enter_context(tempfile.TemporaryDirectory(prefix="parley-bench-")))
        (folder / "redis").mkdir()
        redis = start_redis(folder / "redis")
        closing.callback(redis.stop)
        url, postmaster = at or f"sqlite:///{folder / 'parley.db'}", None
        if database == "postgresql" and not at:
            postgres, url = _kept(keep) if keep else _fresh()
            closing.callback(postgres.rest if keep else postgres.stop)
            postmaster = postgres.pid
        processes = Installation(folder, url, redis.url, LOG_LEVEL="error", **environ)
        closing.callback(processes.stop)
        processes.flask("db", "upgrade")
        processes.postmaster, processes.redis_pid = postmaster, redis.pid
        yield processes
    print(f"yardstick after: {yardstick.seconds():.3f} s", flush=True)


def _fresh():
    postgres = start_postgres(durable=True)
    return postgres, postgres.new_database()


def _kept(folder):
    folder.mkdir(parents=True, exist_ok=True)
    postgres = start_postgres(durable=True, folder=folder)
    return postgres, postgres.url_of("postgres")


def cpu_seconds(pid):
    """Processor time of a process and of all it started."""
    total = 0
    for each in [pid, *_descendants(pid)]:
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            fields = Path(f"/proc/{each}/stat").read_text().rpartition(")")[2].split()
            total += sum(int(fields[place]) for place in (11, 12, 13, 14)) / TICKS
    return total


def backend_seconds(engine):
    """{application name: processor time of the database's connections of that name}"""
    used = defaultdict(float)
    with engine.connect() as connection:
        for pid, name in connection.execute(BACKENDS).all():
            with contextlib.suppress(FileNotFoundError, ProcessLookupError):
                on_cpu = Path(f"/proc/{pid}/schedstat").read_text().split()[0]
                used[name] += int(on_cpu) / 1e9
    return used


BACKENDS = text(
    "SELECT pid, application_name FROM pg_stat_activity WHERE backend_type = 'client backend'"
)


def _descendants(pid):
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):
        for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
            yield int(child)
            yield from _descendants(int(child))
