"""`doctor`: what is wrong, what to do; and a bundle that gives no secret away."""

import io
import json
import os
import socket
import zipfile

import pytest
from redis import Redis
from redis.backoff import NoBackoff
from redis.retry import Retry
from rq import Queue, SimpleWorker
from sqlalchemy import text

from tests.factories import CREDENTIAL_KEY, META_SECRET, make_meta_account, make_user, save
from webapp import system
from webapp.accounts import checking, health
from webapp.alerting import raising
from webapp.alerting.raising import Trouble
from webapp.columns import utcnow
from webapp.extensions import db, redis_clients
from webapp.jobs import JOB_QUEUES
from webapp.providers.base import CheckLine, ProviderError
from webapp.unit_of_work import unit_of_work
from webapp.webhooks.models import WebhookPayload


@pytest.fixture
def healthy(app):
    """A worker for every job queue is registered and the clock has just said it is alive."""
    redis = redis_clients.patient
    worker = SimpleWorker([Queue(name, connection=redis) for name in JOB_QUEUES], connection=redis)
    worker.register_birth()
    with unit_of_work():
        system.set_mark(system.CLOCK, os.getpid())
    yield worker
    worker.register_death()


@pytest.fixture
def findings(run):
    def found():
        result = run("doctor", "--json")
        every = json.loads(result.stdout)
        return result.exit_code, {one["name"]: one for one in every} | {"all": every}

    return found


def test_a_healthy_installation_ends_with_exit_code_0(healthy, findings):
    code, lines = findings()

    assert [one for one in lines["all"] if one["ok"] is False] == []
    assert code == 0
    assert lines["Database"]["ok"] and lines["Workers"]["ok"] and lines["Clock"]["ok"]


def test_an_account_that_cannot_send_is_named_with_what_waits(healthy, findings, account):
    refused = ProviderError("The token is revoked", permanent=True, auth=True)
    with unit_of_work():
        health.stopped(account.id, refused)

    code, lines = findings()

    assert code == 1
    everything = [one["words"] for one in lines["all"]]
    assert "Nothing leaves, 0 messages wait: The token is revoked." in everything


def test_what_the_last_check_found_is_told_with_its_mend(healthy, findings, account):
    with unit_of_work():
        line = CheckLine("Webhook", False, "It points elsewhere.", "Paste ours.")
        health.keep(account.id, checking.Checked([line], 5, utcnow()))

    _, lines = findings()

    found = [(one["ok"], one["words"], one["action"]) for one in lines["all"]]
    assert (False, "Webhook: It points elsewhere.", "Paste ours.") in found


def test_open_alerts_are_listed(healthy, findings, account):
    trouble = Trouble("account:1", "Northgate Care has heard nothing", "For long.", "Look.")
    with unit_of_work():
        raising.raise_alert("account_silent", trouble)

    code, lines = findings()

    assert code == 1
    alert = lines["Alert account_silent"]
    assert alert["words"] == "Northgate Care has heard nothing, for 0 s. For long."
    assert alert["action"] == "Look."


def test_a_missing_worker_is_named_with_what_to_start(healthy, findings):
    healthy.register_death()

    code, lines = findings()

    assert code == 1
    assert "inbound" in lines["Workers"]["words"]
    assert "python -m workers" in lines["Workers"]["action"]


def test_a_killed_worker_of_this_machine_does_not_count(healthy, findings):
    gone = 2**22 - 3  # above any pid this machine gives
    redis_clients.patient.hset(healthy.key, mapping={"pid": gone, "hostname": socket.gethostname()})

    assert findings()[1]["Workers"]["ok"] is False


def test_a_silent_clock_is_noticed(healthy, findings):
    with unit_of_work():
        db.session.execute(text("UPDATE system_marks SET at = '2026-01-01 00:00:00'"))

    code, lines = findings()

    assert code == 1
    assert "sessions do not end in time" in lines["Clock"]["words"]


def test_redis_away_is_said_and_stops_nothing_else(app, healthy, findings, monkeypatch):
    away = Redis(port=1, retry=Retry(NoBackoff(), 0))
    monkeypatch.setattr(redis_clients, "_hasty", away)

    code, lines = findings()

    assert code == 1
    assert lines["Redis"]["ok"] is False
    assert lines["Workers"]["ok"] is None
    assert lines["Database"]["ok"]


def test_tables_that_are_not_up_to_date_are_named(healthy, findings):
    with unit_of_work():
        version = db.session.scalar(text("SELECT version_num FROM alembic_version"))
        db.session.execute(text("UPDATE alembic_version SET version_num = '0000'"))
    try:
        code, lines = findings()
    finally:
        with unit_of_work():
            db.session.execute(text(f"UPDATE alembic_version SET version_num = '{version}'"))

    assert code == 1
    assert lines["Migrations"]["action"] == "Run `flask --app app db upgrade`."


def test_held_sending_says_how_to_release_it(healthy, findings):
    with unit_of_work():
        system.hold_sending("The database was restored.")

    code, lines = findings()

    assert code == 1
    assert "sending release" in lines["Sending"]["action"]


def test_an_account_with_failed_webhooks_is_named(healthy, run, account):
    save(WebhookPayload(account_id=account.id, body=b"x", error="Not understood"))

    result = run("doctor")

    assert result.exit_code == 1
    assert (
        f"BAD   Account {account.key}: Webhooks that could not be applied or understood: 1."
        in result.stdout
    )


def test_a_host_without_a_shared_disk_needs_a_bucket(healthy, findings, monkeypatch):
    monkeypatch.setenv("DYNO", "web.1")

    code, lines = findings()

    assert code == 1
    assert "S3_BUCKET" in lines["Media"]["action"]


def test_people_see_what_to_do(run, app):
    result = run("doctor")

    assert result.exit_code == 1
    assert "BAD   Clock: The clock has never run." in result.stdout
    assert "python -m workers.clock" in result.stdout


def test_no_secret_gets_into_the_bundle(app, healthy, run, tmp_path):
    account = make_meta_account()
    make_user("Grace Hopper", email="grace@navy.example")
    path = tmp_path / "support.zip"

    assert run("doctor", "--bundle", str(path)).exit_code == 0

    archive = zipfile.ZipFile(io.BytesIO(path.read_bytes()))
    everything = "".join(archive.read(name).decode() for name in archive.namelist())
    config = app.config
    for secret in (
        META_SECRET,
        account.credentials["access_token"],
        account.credentials["verify_token"],
        account.webhook_token,
        CREDENTIAL_KEY,
        config["SECRET_KEY"],
        config["REDIS_URL"].partition("@")[0].rpartition(":")[2],
        str(config["DATA_DIR"]),
        "grace@navy.example",
        "Grace",
    ):
        assert secret not in everything
    assert json.loads(archive.read("parley/counts.json"))["users"] == 1
    assert json.loads(archive.read("parley/version.json"))["parley"]


def test_a_bundle_that_cannot_be_written_ends_with_a_sentence(run):
    result = run("doctor", "--bundle", "/nowhere/support.zip")

    assert result.exit_code == 2
    assert "cannot be written" in result.stderr
