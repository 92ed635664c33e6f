"""Saving and replacing a whole database, for backup and restore: SQLite and PostgreSQL."""

import contextlib
import os
import shutil
import sqlite3
import subprocess
from pathlib import Path
from urllib.parse import unquote, urlsplit

import psycopg


class DatabaseProblem(Exception):
    """One sentence on why the database could not be saved or replaced."""


def database_for(url):
    return Sqlite(url) if url.startswith("sqlite:") else Postgresql(url)


class Sqlite:
    kind, member = "sqlite", "parley.db"

    def __init__(self, url):
        self._path = Path(url.removeprefix("sqlite:///"))

    def save(self, target):
        """SQLite's own online backup: a consistent copy while others write."""
        if not self._path.exists():
            raise DatabaseProblem(f"There is no database at {self._path}.")
        try:
            with (
                contextlib.closing(sqlite3.connect(self._path, timeout=30)) as source,
                contextlib.closing(sqlite3.connect(target)) as copy,
            ):
                source.backup(copy)
                # One file, whatever journal the source uses.
                copy.execute("PRAGMA journal_mode=DELETE")
        except sqlite3.Error as error:
            raise DatabaseProblem(f"{self._path} cannot be read: {error}") from None
        self.check(target)

    def check(self, path):
        try:
            with contextlib.closing(sqlite3.connect(path)) as connection:
                found = connection.execute("PRAGMA integrity_check(1)").fetchone()[0]
        except sqlite3.Error as error:
            found = str(error)
        if found != "ok":
            raise DatabaseProblem(f"The database in the archive is damaged: {found}")

    def refuse_if_used(self):
        """Leaving WAL needs the file for oneself: it fails while any process has it open."""
        if not self._path.exists():
            return
        try:
            with contextlib.closing(sqlite3.connect(self._path, timeout=1)) as connection:
                connection.execute("PRAGMA journal_mode=DELETE")
        except sqlite3.OperationalError:
            raise DatabaseProblem(
                f"{self._path} is in use: stop web, worker, sender and clock first."
            ) from None
        except sqlite3.DatabaseError:
            pass  # broken: all the more reason to replace it

    def replace(self, saved, aside):
        for suffix in ("", "-wal", "-shm"):
            former = self._path.with_name(self._path.name + suffix)
            if former.exists():
                shutil.move(former, aside / former.name)
        shutil.move(saved, self._path)


class Postgresql:
    kind, member = "postgresql", "database.dump"

    def __init__(self, url):
        self._url = url.replace("postgresql+psycopg://", "postgresql://")

    def save(self, target):
        self._run("pg_dump", "--format=custom", "--no-owner", "--no-acl", f"--file={target}")

    def check(self, path):
        self._run("pg_restore", "--list", str(path), connect=False)

    def refuse_if_used(self):
        others = (
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
            "AND pid <> pg_backend_pid() AND backend_type = 'client backend'"
        )
        try:
            with psycopg.connect(self._url) as connection:
                count = connection.execute(others).fetchone()[0]
        except psycopg.Error as error:
            raise DatabaseProblem(f"The database cannot be reached: {error}") from None
        if count:
            raise DatabaseProblem(
                f"{count} connections to the database are open: "
                "stop web, worker, sender and clock first."
            )

    def replace(self, saved, aside):
        """In one transaction, so that a failure leaves what was there."""
        self.save(aside / self.member)
        script = saved.with_suffix(".sql")
        self._run("pg_restore", f"--file={script}", "--no-owner", str(saved), connect=False)
        empty = "DROP SCHEMA IF EXISTS public CASCADE; CREATE SCHEMA public"
        quiet = ("--no-psqlrc", "--quiet", "--single-transaction", "--set=ON_ERROR_STOP=1")
        self._run("psql", *quiet, f"--command={empty}", f"--file={script}")

    def _run(self, program, *arguments, connect=True):
        parts = urlsplit(self._url)
        environ = dict(os.environ)
        command = [_binary(program), *arguments]
        if connect:
            # Everybody may read a command line: the password goes through the environment.
            user = f"{parts.username}@" if parts.username else ""
            address = parts.netloc.rpartition("@")[2]
            command.append(f"--dbname={parts._replace(netloc=user + address).geturl()}")
            if parts.password:
                environ["PGPASSWORD"] = unquote(parts.password)
        done = subprocess.run(
            command, env=environ, stdin=subprocess.DEVNULL, capture_output=True, text=True
        )
        if done.returncode:
            reason = (done.stderr.strip().splitlines() or ["no reason given"])[0]
            raise DatabaseProblem(f"{program} failed: {reason}")


def _binary(name):
    """The newest one installed: an older pg_dump refuses a newer server."""
    installed = Path("/usr/lib/postgresql").glob(f"*/bin/{name}")
    newest = max(installed, key=lambda path: int(path.parts[-3]), default=None)
    program = str(newest) if newest else shutil.which(name)
    if program is None:
        raise DatabaseProblem(f"{name} is missing: install PostgreSQL's client programs.")
    return program
