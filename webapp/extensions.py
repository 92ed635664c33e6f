"""What the application is built on, unbound; `create_app` binds each of these once."""

import logging
import os
import sys

import orjson
from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from flask import current_app
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address
from flask_login import LoginManager
from flask_socketio import SocketIO
from flask_sqlalchemy import SQLAlchemy
from flask_sqlalchemy.session import Session as FlaskSession
from flask_wtf import CSRFProtect
from redis import Redis
from redis.backoff import ExponentialBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError
from redis.retry import Retry
from sqlalchemy import MetaData
from sqlalchemy.orm import DeclarativeBase

log = logging.getLogger(__name__)


class Base(DeclarativeBase):
    """Every table's parent; constraints have fixed names, so that migrations can refer to them."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


READING = "reading_engine"  # among an application's extensions, where reading has one of its own


class Session(FlaskSession):
    """On PostgreSQL whatever only reads does so without a transaction.

    At READ COMMITTED each statement sees its own moment anyway; BEGIN and ROLLBACK round a page's
    few queries only cost two round trips. `unit_of_work` marks the session that may write.
    """

    def get_bind(self, *args, **options):
        if "after_commit" not in self.info and READING in current_app.extensions:
            return current_app.extensions[READING]
        return super().get_bind(*args, **options)


class Vault:
    """Seals provider secrets; the first of CREDENTIAL_KEYS seals, all of them open."""

    def __init__(self):
        self._fernet = None

    def init_app(self, app):
        self._fernet = MultiFernet([Fernet(key) for key in app.config["CREDENTIAL_KEYS"]])

    def seal(self, value):
        return self._fernet.encrypt(orjson.dumps(value))

    def open(self, token):
        """The sealed value; None if it was sealed by a key this installation no longer has."""
        try:
            return orjson.loads(self._fernet.decrypt(bytes(token)))
        except InvalidToken:
            log.error("a stored secret was sealed by a key missing from CREDENTIAL_KEYS")
            return None


class RedisClients:
    """Two ways to one Redis: one waits out a restart, the other must never hold up a page."""

    def __init__(self):
        self._url = None
        self._patient = None
        self._hasty = None

    def init_app(self, app):
        self._url = app.config["REDIS_URL"]
        self._patient = self._hasty = None

    @property
    def url(self):
        return self._url

    @property
    def patient(self):
        """For workers: without this retry they die with Redis (measured with RQ 2.12)."""
        if self._patient is None:
            self._patient = Redis.from_url(
                self._url,
                retry=Retry(ExponentialBackoff(cap=2, base=0.1), 60),
                retry_on_error=[RedisConnectionError, RedisTimeoutError],
                health_check_interval=30,
            )
        return self._patient

    @property
    def hasty(self):
        """For pages and hints: clock finds what a lost hint meant; a slow page is not forgiven."""
        if self._hasty is None:
            self._hasty = Redis.from_url(
                self._url,
                retry=Retry(ExponentialBackoff(cap=0.1, base=0.02), 1),
                retry_on_error=[RedisConnectionError, RedisTimeoutError],
                socket_connect_timeout=1,
                socket_timeout=2,
                health_check_interval=30,
            )
        return self._hasty


class Migrations:
    """Flask-Migrate where its commands are; Alembic is 9 MB that web and workers never use."""

    def init_app(self, app, database, directory):
        # The `flask` command says who it is; tests have imported it; gunicorn does neither.
        if os.environ.get("FLASK_RUN_FROM_CLI") == "true" or "flask_migrate" in sys.modules:
            logging.getLogger("alembic.runtime.plugins").setLevel(logging.WARNING)
            from flask_migrate import Migrate

            extension = Migrate(render_as_batch=True, compare_type=True)
            extension.init_app(app, database, directory)


db = SQLAlchemy(model_class=Base, session_options={"class_": Session})
migrate = Migrations()
socketio = SocketIO()
login = LoginManager()
csrf = CSRFProtect()
limiter = Limiter(key_func=get_remote_address)
vault = Vault()
redis_clients = RedisClients()
