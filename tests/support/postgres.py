"""A private PostgreSQL cluster in a temporary folder, on a free port, gone after the tests."""

import contextlib
import os
import pwd
import shutil
import subprocess
import tempfile
import uuid
from pathlib import Path

import psycopg
from psycopg import sql

from tests.support.ports import free_port

LOCALE = ("-E", "UTF8", "--locale=C.UTF-8")
FAST = ("-c", "fsync=off", "-c", "synchronous_commit=off", "-c", "full_page_writes=off")
FAST += ("-c", "max_wal_size=128MB")  # its files may lie in memory
# Whenever it passes by, plans change, and a table it found empty is read from end to end.
FAST += ("-c", "autovacuum=off")


class Postgres:
    def __init__(self, folder, port, options=()):
        self.port = port
        self._folder = folder
        self._options = options
        self.url = self.url_of("postgres")

    @property
    def pid(self):
        return int((self._folder / "data" / "postmaster.pid").read_text().split()[0])

    def url_of(self, database):
        return f"postgresql://postgres@127.0.0.1:{self.port}/{database}"

    def new_database(self, template="template1"):
        """The address of a new database; copied from another one, it costs some 30 ms."""
        name = f"parley_{uuid.uuid4().hex[:12]}"
        make = sql.SQL("CREATE DATABASE {} TEMPLATE {}")
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute(make.format(sql.Identifier(name), sql.Identifier(template)))
        return self.url_of(name)

    def drop_database(self, url):
        drop = sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)")
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute(drop.format(sql.Identifier(url.rpartition("/")[2])))

    def start(self):
        log, options = str(self._folder / "log"), " ".join(self._options)
        data = str(self._folder / "data")
        _as_postgres("pg_ctl", "-D", data, "-l", log, "-w", "-o", options, "start")

    def crash(self):
        """It ends at once, as if the power had failed; `start` brings it back."""
        _as_postgres("pg_ctl", "-D", str(self._folder / "data"), "-m", "immediate", "-w", "stop")

    def stop(self):
        self.crash()
        shutil.rmtree(self._folder, ignore_errors=True)

    def rest(self):
        """It ends in order; `start_postgres` in the same folder finds what it holds."""
        _as_postgres("pg_ctl", "-D", str(self._folder / "data"), "-m", "fast", "-w", "stop")


def start_postgres(*, durable=False, folder=None):
    """Start a cluster; `durable` keeps fsync on, for tests that kill processes.

    With a `folder`, which the postgres user can reach, the cluster that is in it already.
    """
    # Below /tmp itself: pytest's own folders are closed to the postgres user.
    folder = folder or Path(tempfile.mkdtemp(prefix="parley-postgres-"))
    data, port = folder / "data", free_port()
    if not data.exists():
        _give_to_postgres(folder)
        _as_postgres("initdb", "-D", str(data), "-U", "postgres", "-A", "trust", "-N", *LOCALE)
    options = ["-p", str(port), "-c", "listen_addresses=127.0.0.1", "-k", str(folder)]
    options += ["-c", "max_connections=200", "-c", "timezone=America/Sao_Paulo"]
    options += [] if durable else FAST
    server = Postgres(folder, port, options)
    server.start()
    return server


def postgres_binary(name):
    """A program of the newest installed server; Debian leaves them out of PATH."""
    found = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), key=_version)
    program = str(found[-1]) if found else shutil.which(name)
    if program is None:
        raise RuntimeError(f"{name} not found: install postgresql, or use bin/test, which does")
    return program


def _version(path):
    return int(path.parts[-3])


def _as_postgres(name, *arguments):
    """PostgreSQL refuses to run as root; as anybody else it runs as that user."""
    command = [postgres_binary(name), *arguments]
    if os.geteuid() == 0:
        command = ["setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups", *command]
    # Its own output must not be our pipe: the server keeps it, and we would wait for ever.
    with tempfile.TemporaryFile("w+") as output:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            cwd="/",
            start_new_session=True,  # Ctrl-C of the test run is ours to handle, not the server's
        )
        if done.returncode:
            output.seek(0)
            raise RuntimeError(f"{name} failed: {output.read().strip()}")


def _give_to_postgres(folder):
    if os.geteuid() == 0:
        with contextlib.suppress(KeyError):
            owner = pwd.getpwnam("postgres")
            os.chown(folder, owner.pw_uid, owner.pw_gid)
