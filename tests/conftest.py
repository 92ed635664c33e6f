"""The cast and the servers every test starts from: a real database and a real Redis."""

import contextvars
import os
import tempfile
from pathlib import Path
from shutil import disk_usage
from typing import NamedTuple

import pytest
from flask import has_app_context
from flask.testing import FlaskClient
from flask_migrate import upgrade
from sqlalchemy import event

from tests import factories
from tests.support.databases import for_each_database, on_a_database
from tests.support.emptying import empty, empty_while_others_read
from tests.support.fake_provider import fake, script  # noqa: F401 - fixtures
from tests.support.postgres import start_postgres
from tests.support.redis import start_redis
from tests.support.stubs.meta import MetaStub
from webapp import config, create_app
from webapp import database as opening
from webapp.campaigns.results import replies
from webapp.extensions import db, redis_clients

MEMORY, ROOM = Path("/dev/shm"), 4 << 30  # bytes


def pytest_addoption(parser):
    parser.addoption(
        "--database",
        choices=("sqlite", "postgresql", "both"),
        default="both",
        help="which database the tests run on",
    )
    parser.addoption(
        "--fuzz-cases",
        type=int,
        default=20_000,
        help="how many webhooks are mutated: a quarter of them goes through door and worker",
    )
    parser.addoption(
        "--other-half",
        action="store_true",
        help="only tests of a database, last file first: what runs beside the first half",
    )


def pytest_configure():
    """Files live in memory where it has room: databases wait for no disk."""
    if "TMPDIR" not in os.environ and MEMORY.is_dir() and disk_usage(MEMORY).free > ROOM:
        os.environ["TMPDIR"] = tempfile.tempdir = str(MEMORY)


def pytest_collection_modifyitems(config, items):
    """Two halves run at once; the order of files differs, so that their heavy ones do not meet.

    Each gets one more try, which the summary names: that a machine stood still for a moment, in
    one of thirteen thousand, says nothing about a change. What is wrong fails twice.
    """
    for item in items:
        item.add_marker(pytest.mark.flaky(reruns=1))
    if config.getoption("--other-half"):
        files = {}
        for item in items:
            if on_a_database(item):
                files.setdefault(item.path, []).append(item)
        items[:] = [item for file in reversed(files.values()) for item in file]


def pytest_generate_tests(metafunc):
    for_each_database(metafunc, "database", scope="session")


class FuzzCases(NamedTuple):
    reading: int  # by their provider alone
    arriving: int  # through the door and the worker


@pytest.fixture(scope="session")
def fuzz_cases(request):
    asked = request.config.getoption("--fuzz-cases")
    return FuzzCases(asked - asked // 4, asked // 4)


@pytest.fixture(scope="session")
def data_dir(tmp_path_factory):
    folder = tmp_path_factory.mktemp("data")
    os.environ["DATA_DIR"] = str(folder)
    return folder


@pytest.fixture(scope="session")
def redis_server(tmp_path_factory):
    server = start_redis(tmp_path_factory.mktemp("redis"))
    yield server
    server.stop()


@pytest.fixture(scope="session")
def postgres():
    server = start_postgres()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def database(request, data_dir):
    """The address of a new, empty database of the kind the test asks for."""
    if request.param == "postgresql":
        return request.getfixturevalue("postgres").new_database()
    return f"sqlite:///{data_dir / 'tests.db'}"


@pytest.fixture(scope="session")
def migrated_app(database, redis_server, data_dir):
    app = create_app(settings_for(database, redis_server.url, data_dir))
    app.test_client_class = Browser
    with app.app_context():
        if database.startswith("sqlite"):
            event.listen(db.engine, "connect", _last_first)
        upgrade()
        empty(db)  # what migrations put there too: the first test begins like all others
    yield app
    with app.app_context():
        db.engine.dispose()


def _last_first(connection, _):
    """Rows nobody asked an order for come the other way round: PostgreSQL, too, gives them in
    whatever order it finds them, which is the order of writing until the day it is not."""
    connection.execute("PRAGMA reverse_unordered_selects = ON")


class Browser(FlaskClient):
    """Each request in a context of its own, as on a server; the test then sees what it changed."""

    def open(self, *args, **kwargs):
        try:
            return contextvars.Context().run(super().open, *args, **kwargs)
        finally:
            if has_app_context():
                db.session.rollback()


@pytest.fixture
def app(migrated_app):
    """The application on an empty database, inside its context."""
    with migrated_app.app_context():
        redis_clients.patient.flushdb()
        replies.forget()
        yield migrated_app
        db.session.rollback()
        empty_while_others_read(db)  # what a test began beside itself may still be at it


@pytest.fixture
def client(app):
    return app.test_client()


@pytest.fixture
def cast(app):
    """Ana and Ben serve Support, Sara leads, Otto must see nothing; one sandbox account."""
    return factories.make_cast()


def _member(name):
    return pytest.fixture(name=name)(lambda cast: getattr(cast, name))


admin, sara, ana, ben, otto, queue, account = (
    _member(name) for name in ("admin", "sara", "ana", "ben", "otto", "queue", "account")
)


@pytest.fixture
def stub(app):
    """Meta's send endpoint, as a real server on this machine."""
    server = MetaStub()
    before = app.config["META_API_URL"]
    app.config["META_API_URL"] = server.url
    yield server
    app.config["META_API_URL"] = before
    server.close()


@pytest.fixture
def sign_in(app):
    """`sign_in(user)` gives a browser in which that person is signed in."""

    def signed_in(user):
        browser = app.test_client()
        answer = browser.post(
            "/sign-in", data={"email": user.email, "password": factories.PASSWORD}
        )
        assert answer.status_code == 303, answer.get_data(as_text=True)
        return browser

    return signed_in


def settings_for(database, redis_url, data_dir):
    """Settings that tests lay over the environment's."""
    environment = {
        "DATABASE_URL": database,
        "REDIS_URL": redis_url,
        "DATA_DIR": str(data_dir),
        "SECRET_KEY": "tests-tests-tests-tests",
        "CREDENTIAL_KEYS": factories.CREDENTIAL_KEY,
        "LOG_LEVEL": "warning",
    }
    settings = config.load(environment)
    return settings | {
        "TESTING": True,
        "WTF_CSRF_ENABLED": False,
        "SOCKETIO_ASYNC_MODE": "threading",
        "SQLALCHEMY_ENGINE_OPTIONS": opening.engine_options(settings["SQLALCHEMY_DATABASE_URI"]),
    }
