"""What the benches run against: Redis, a database that syncs to disk, the Procfile."""

import contextlib
import os
import signal
import sys
import tempfile
from pathlib import Path

from tests.support.postgres import start_postgres
from tests.support.procfile import Procfile
from tests.support.redis import start_redis
from webapp import config, create_app

TICKS = os.sysconf("SC_CLK_TCK")


class Installation(Procfile):
    """The processes, and the application itself to fill its database with."""

    postmaster = None

    def app(self):
        return create_app(config.load(self.environ))


@contextlib.contextmanager
def stack(database, **environ):
    """A migrated installation, nothing of it started yet but its database and Redis."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # a bench that is ended ends its own
    with contextlib.ExitStack() as closing:
        folder = Path(closing.enter_context(tempfile.TemporaryDirectory(prefix="parley-bench-")))
        (folder / "redis").mkdir()
        redis = start_redis(folder / "redis")
        closing.callback(redis.stop)
        url, postmaster = f"sqlite:///{folder / 'parley.db'}", None
        if database == "postgresql":
            postgres = start_postgres(durable=True)
            closing.callback(postgres.stop)
            url, postmaster = postgres.new_database(), postgres.pid
        processes = Installation(folder, url, redis.url, LOG_LEVEL="error", **environ)
        closing.callback(processes.stop)
        processes.flask("db", "upgrade")
        processes.postmaster = postmaster
        yield processes


def cpu_seconds(pid):
    """Processor time of a process and of all it started."""
    total = 0
    for each in [pid, *_descendants(pid)]:
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            fields = Path(f"/proc/{each}/stat").read_text().rpartition(")")[2].split()
            total += sum(int(fields[place]) for place in (11, 12, 13, 14)) / TICKS
    return total


def _descendants(pid):
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):
        for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
            yield int(child)
            yield from _descendants(int(child))
