"""Looks whether each part of this installation works, and says what to do where it doesn't."""

import os
import shutil
import socket
from dataclasses import asdict, dataclass
from datetime import timedelta
from importlib.util import find_spec

from flask import current_app
from redis.exceptions import RedisError
from rq import Worker
from sqlalchemy import func, select, text
from sqlalchemy.exc import SQLAlchemyError

from webapp import system
from webapp.accounts import condition, sealing, standing
from webapp.alerting import listing
from webapp.columns import utcnow
from webapp.config import is_local
from webapp.extensions import db, redis_clients
from webapp.jobs import JOB_QUEUES, JOBS
from webapp.webhooks.models import AccountNotice

CLOCK_SILENT = timedelta(seconds=60)  # it says that it is alive every 15
LEAST_FREE = 1024**3
LEAST_FREE_SHARE = 0.05
DATABASES = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}
RUN = "Start it: bin/run does, or `{}` from the Procfile."


@dataclass(frozen=True, slots=True)
class Finding:
    """`ok` is None for what is only worth knowing."""

    name: str
    ok: bool | None
    words: str
    action: str = ""

    def as_dict(self):
        return asdict(self)


def examine():
    """Every finding, the base first; without a database nothing behind it can be asked."""
    database = _database()
    found = [database]
    if database.ok:
        found.append(_migrations())
    found += [_redis(), _workers(), _disk(), _data_dir(), _public_url(), _media()]
    if has_tables(found):
        found += [_clock(), _sending(), *_alerts(), *_accounts()]
    db.session.rollback()
    return found


def has_tables(findings):
    """Whether the database answers and is up to date."""
    return any(one.name == "Migrations" and one.ok for one in findings)


def is_well(findings):
    return all(finding.ok is not False for finding in findings)


def _database():
    try:
        db.session.execute(select(1))
    except SQLAlchemyError as error:
        reason = type(error.__cause__ or error).__name__
        mend = "Check DATABASE_URL, and that the database runs and lets this machine in."
        return Finding("Database", False, f"The database does not answer ({reason}).", mend)
    return Finding("Database", True, f"{DATABASES[db.engine.dialect.name]} answers.")


def _migrations():
    # Loaded here: only doctor needs Alembic, and every web process would carry it.
    from alembic.script import ScriptDirectory

    wanted = set(ScriptDirectory(f"{current_app.root_path}/../migrations").get_heads())
    try:
        at = set(db.session.scalars(text("SELECT version_num FROM alembic_version")))
    except SQLAlchemyError:
        db.session.rollback()
        at = set()
    if at == wanted:
        return Finding("Migrations", True, f"The tables are up to date ({', '.join(at)}).")
    return Finding(
        "Migrations", False, "The tables are not up to date.", "Run `flask --app app db upgrade`."
    )


def _redis():
    try:
        redis_clients.hasty.ping()
    except RedisError as error:
        return Finding(
            "Redis",
            False,
            f"Redis does not answer ({type(error).__name__}): pages work, but nothing is live.",
            "Check REDIS_URL and that the server runs. Nothing is lost meanwhile.",
        )
    return Finding("Redis", True, "Redis answers.")


def _workers():
    """Each job queue that carries jobs needs a worker; the bare campaign queue carries none yet."""
    try:
        served = {name for worker in _living_workers() for name in worker.queue_names()}
    except RedisError:
        return Finding("Workers", None, "Workers cannot be counted while Redis does not answer.")
    needed = [name for name in JOB_QUEUES if name in JOBS.values()]
    missing = [name for name in needed if name not in served]
    if missing:
        words = f"No worker serves: {', '.join(missing)}."
        mend = RUN.format("python -m workers inbound + outbound + default low")
        return Finding("Workers", False, words, mend)
    return Finding("Workers", True, f"Workers serve {', '.join(needed)}.")


def _living_workers():
    """Redis remembers a killed worker for minutes; on this machine we can look."""
    for worker in Worker.all(connection=redis_clients.hasty):
        here = worker.hostname == socket.gethostname()
        if not here or not worker.pid or _runs(worker.pid):
            yield worker


def _runs(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _clock():
    mark = system.mark_of(system.CLOCK)
    mend = RUN.format("python -m workers.clock")
    if mark is None:
        return Finding("Clock", False, "The clock has never run.", mend)
    silent = utcnow() - mark.at
    if silent > CLOCK_SILENT:
        words = f"The clock was last heard {_ago(silent)} ago: sessions do not end in time."
        return Finding("Clock", False, words, mend)
    return Finding("Clock", True, "The clock runs.")


def _sending():
    reason = system.sending_held()
    if reason:
        mend = "When you know what had been sent: `flask --app app sending release`."
        return Finding("Sending", False, f"Nothing leaves. {reason}", mend)
    return Finding("Sending", True, "Sending is not held back.")


def _disk():
    usage = shutil.disk_usage(current_app.config["DATA_DIR"])
    words = f"{usage.free / 1024**3:.1f} GB of {usage.total / 1024**3:.0f} GB are free."
    if usage.free < LEAST_FREE or usage.free < LEAST_FREE_SHARE * usage.total:
        return Finding("Disk", False, words, "Make room where DATA_DIR is, or move it.")
    return Finding("Disk", True, words)


def _data_dir():
    folder = current_app.config["DATA_DIR"]
    if os.access(folder, os.W_OK | os.X_OK):
        return Finding("Data folder", True, "The data folder can be written to.")
    return Finding(
        "Data folder", False, f"{folder} cannot be written to.", "Give it to Parley's user."
    )


def _public_url():
    url = current_app.config["PUBLIC_URL"]
    if is_local(url):
        words = f"{url} leads to this machine only: providers cannot reach its webhooks."
        return Finding("Public URL", None, words, "Set PUBLIC_URL once Parley stands on a server.")
    return Finding("Public URL", True, f"Providers and people reach Parley at {url}.")


def _media():
    """Heroku-style hosts forget their disk, and web and worker do not share one."""
    if current_app.config["S3_BUCKET"]:
        if find_spec("boto3") is None:
            mend = "Install requirements-s3.txt."
            return Finding("Media", False, "S3_BUCKET is set, but boto3 is missing.", mend)
        return Finding("Media", True, f"Files are kept in the bucket {_bucket()}.")
    missing = "" if find_spec("boto3") else " and install requirements-s3.txt (boto3)"
    mend = (
        "Fine while web and workers share this disk. Where they do not (Heroku), set S3_BUCKET"
        f"{missing}."
    )
    if os.environ.get("DYNO"):
        words = "Files are kept on a disk that web and workers do not share: they get lost."
        return Finding("Media", False, words, mend)
    return Finding("Media", None, "Files are kept on this machine's disk.", mend)


def _bucket():
    return current_app.config["S3_BUCKET"]


def _accounts():
    rows = condition.listing()
    if not rows:
        mend = "Add one under WhatsApp accounts, or with `flask --app app accounts add`."
        yield Finding("Accounts", None, "There is no WhatsApp account yet.", mend)
    for account, _drain, _state in rows:
        yield from _account(account)


def _alerts():
    """What clock found; an account that cannot send has findings of its own below."""
    for alert in listing.opened():
        if alert.kind not in (standing.STOPPED, standing.UNWELL):
            words = f"{alert.title}, for {_ago(utcnow() - alert.began_at)}. {alert.detail}".strip()
            yield Finding(f"Alert {alert.kind}", False, words, alert.action)


def _account(account):
    name, state = f"Account {account.key}", condition.of(account)
    if not sealing.readable(account):
        mend = "Put the former key back into CREDENTIAL_KEYS, or paste the secrets again."
        yield Finding(name, False, "Its secrets cannot be read: their key is missing.", mend)
    if account.enabled:
        yield from _with_its_provider(name, state)
    if state.failed:
        mend = "Look at WhatsApp accounts, Stored webhooks."
        words = f"Webhooks that could not be applied or understood: {state.failed}."
        yield Finding(name, False, words, mend)
    if notices := _critical_notices(account):
        yield Finding(name, False, notices, "Look at the account's page and at its provider.")
    last = state.last_event_at
    heard = f"Last event {_ago(utcnow() - last)} ago" if last else "No event received yet"
    sending = "sending is on" if account.enabled else "sending is off"
    yield Finding(name, True if last else None, f"{heard}, {sending}.")


def _with_its_provider(name, state):
    if state.found.stopped_at:
        mend = "Replace the credentials on the account's page, or press Try again there."
        words = f"Nothing leaves, {state.to_leave} messages wait: {state.found.stop_reason}."
        yield Finding(name, False, words, mend)
    if state.paused_until:
        until = f"{state.paused_until:%Y-%m-%d %H:%M} UTC"
        mend = "What waits goes out by itself then."
        yield Finding(name, None, f"Slowed down until {until}: {state.problem}.", mend)
    for line in state.faults:
        ok = False if line["ok"] is False else None
        yield Finding(name, ok, f"{line['name']}: {line['message']}", line["action"])


def _critical_notices(account):
    week_ago = utcnow() - timedelta(days=7)
    count = db.session.scalar(
        select(func.count()).where(
            AccountNotice.account_id == account.id,
            AccountNotice.severity == "critical",
            AccountNotice.at > week_ago,
        )
    )
    return f"Its provider reported {count} serious problems this week." if count else ""


def _ago(length):
    seconds = int(length.total_seconds())
    for size, unit in ((86_400, "d"), (3600, "h"), (60, "m")):
        if seconds >= size:
            return f"{seconds // size} {unit}"
    return f"{max(0, seconds)} s"
