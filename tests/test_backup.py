"""bin/backup and bin/restore, as an operator runs them, on both databases."""

import fcntl
import json
import os
import sqlite3
import stat
import subprocess
import tarfile
from contextlib import closing
from pathlib import Path

import psycopg
import pytest
from cryptography.fernet import Fernet

from tests.support.databases import for_each_database

ROOT = Path(__file__).parents[1]
KEYS = {"SECRET_KEY": "s" * 48, "CREDENTIAL_KEYS": Fernet.generate_key().decode()}


class Installation:
    """A data folder and a database with one table, as far as backup needs to know."""

    def __init__(self, data_dir, database_url=None):
        self.data_dir = data_dir
        self.url = database_url
        self.environ = {**os.environ, "DATA_DIR": str(data_dir)}
        if database_url:
            self.environ |= {"DATABASE_URL": database_url, **KEYS}
        (data_dir / "media").mkdir(parents=True)

    def connect(self):
        if self.url:
            return psycopg.connect(self.url, autocommit=True)
        connection = sqlite3.connect(self.data_dir / "parley.db", isolation_level=None)
        connection.execute("PRAGMA journal_mode=WAL")
        return connection

    def do(self, statement):
        with closing(self.connect()) as connection:
            connection.execute(statement)

    def texts(self):
        with closing(self.connect()) as connection:
            return [row[0] for row in connection.execute("SELECT body FROM notes ORDER BY id")]

    def run(self, program, *arguments):
        return subprocess.run(
            [ROOT / "bin" / program, *map(str, arguments)],
            env=self.environ,
            capture_output=True,
            text=True,
        )


def pytest_generate_tests(metafunc):
    for_each_database(metafunc, "installation", scope="function")


@pytest.fixture
def installation(request, tmp_path):
    url = None
    if request.param == "postgresql":
        url = request.getfixturevalue("postgres").new_database()
    made = Installation(tmp_path / "data", url)
    made.do("CREATE TABLE notes (id integer PRIMARY KEY, body text)")
    made.do("INSERT INTO notes VALUES (1, 'olá 🌊')")
    (made.data_dir / "media" / "photo.jpg").write_bytes(b"\xff\xd8photo")
    (made.data_dir / "keys.json").write_text('{"secret_key": "former", "credential_keys": []}')
    return made


@pytest.fixture
def archive(installation, tmp_path):
    path = tmp_path / "backup.tar.gz"
    done = installation.run("backup", path)
    assert done.returncode == 0, done.stderr
    return path


def test_a_restore_brings_back_database_media_and_keys(installation, archive):
    installation.do("DELETE FROM notes")
    installation.do("CREATE TABLE later (id integer)")
    (installation.data_dir / "media" / "photo.jpg").unlink()
    (installation.data_dir / "keys.json").write_text("{}")

    done = installation.run("restore", archive)

    assert done.returncode == 0, done.stderr
    assert installation.texts() == ["olá 🌊"]
    assert (installation.data_dir / "media" / "photo.jpg").read_bytes() == b"\xff\xd8photo"
    assert json.loads((installation.data_dir / "keys.json").read_text())["secret_key"] == "former"
    with pytest.raises((sqlite3.OperationalError, psycopg.errors.UndefinedTable)):
        installation.do("SELECT * FROM later")


def test_a_restore_keeps_what_was_there_aside(installation, archive):
    (installation.data_dir / "media" / "newer.jpg").write_bytes(b"newer")

    installation.run("restore", archive)

    (aside,) = installation.data_dir.glob("before-restore-*")
    assert (aside / "media" / "newer.jpg").read_bytes() == b"newer"
    assert (aside / "keys.json").exists()
    assert list(aside.glob("parley.db")) or list(aside.glob("database.dump"))


def test_a_restore_is_refused_while_bin_run_holds_the_folder(installation, archive):
    with open(installation.data_dir / "run.lock", "a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        done = installation.run("restore", archive)

    assert done.returncode == 2
    assert "stop it first" in done.stderr
    assert not list(installation.data_dir.glob("before-restore-*"))


def test_a_restore_is_refused_while_a_process_has_the_database_open(installation, archive):
    with closing(installation.connect()) as connection:
        connection.execute("SELECT * FROM notes").fetchall()
        done = installation.run("restore", archive)

    assert done.returncode == 2
    assert "stop web, worker, sender and clock first" in done.stderr


@pytest.mark.parametrize("damage", ["cut", "changed", "missing", "not an archive"])
def test_a_damaged_archive_is_refused_and_changes_nothing(installation, archive, tmp_path, damage):
    broken = tmp_path / "broken.tar.gz"
    spoil(archive, broken, damage)
    installation.do("INSERT INTO notes VALUES (2, 'after the backup')")

    done = installation.run("restore", broken)

    assert done.returncode == 2
    assert len(done.stderr.strip().splitlines()) == 1
    assert installation.texts() == ["olá 🌊", "after the backup"]
    assert not list(installation.data_dir.glob("before-restore-*"))


def test_an_archive_that_reaches_outside_its_folder_is_refused(installation, tmp_path):
    evil = tmp_path / "evil.tar.gz"
    (tmp_path / "payload").write_text("x")
    with tarfile.open(evil, "w:gz") as archive:
        archive.add(tmp_path / "payload", arcname="../outside")

    assert installation.run("restore", evil).returncode == 2
    assert not (tmp_path / "outside").exists()
    assert not (installation.data_dir / "outside").exists()


def test_a_backup_is_only_for_its_owner_to_read(archive):
    assert stat.S_IMODE(archive.stat().st_mode) == 0o600


def test_a_backup_taken_while_others_write_is_whole(installation, tmp_path):
    with closing(installation.connect()) as writer:
        writer.execute("BEGIN")
        writer.execute("INSERT INTO notes VALUES (2, 'not committed')")
        done = installation.run("backup", tmp_path / "live.tar.gz")
        writer.execute("ROLLBACK")

    assert done.returncode == 0, done.stderr
    assert installation.run("restore", tmp_path / "live.tar.gz").returncode == 0
    assert installation.texts() == ["olá 🌊"]


def test_without_a_name_the_archive_goes_into_the_data_folder(installation):
    installation.run("backup")

    assert len(list((installation.data_dir / "backups").glob("parley-*.tar.gz"))) == 1


def test_a_backup_of_the_other_database_is_refused(installation, archive, tmp_path, postgres):
    other_url = None if installation.url else postgres.new_database()
    other = Installation(tmp_path / "other", other_url)

    done = other.run("restore", archive)

    assert done.returncode == 2
    assert "but DATABASE_URL names" in done.stderr


def spoil(archive, broken, damage):
    if damage == "cut":
        broken.write_bytes(archive.read_bytes()[:-200])
    elif damage == "not an archive":
        broken.write_text("hello")
    else:
        with tarfile.open(archive) as source, tarfile.open(broken, "w:gz") as target:
            for member in source:
                content = source.extractfile(member)
                if member.name == "media/photo.jpg":
                    if damage == "missing":
                        continue
                    (broken.parent / "other.jpg").write_bytes(b"\xff\xd8phot0")
                    content = open(broken.parent / "other.jpg", "rb")  # noqa: SIM115
                target.addfile(member, content)
