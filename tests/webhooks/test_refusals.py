"""Webhooks with a wrong signature are counted where admins see them, however many come."""

import time

from tests.factories import make_meta_account
from webapp.accounts.models import AccountHealth
from webapp.extensions import db
from webapp.webhooks import refusals
from webapp.webhooks.refusals import Refusals


def counted(account, expected):
    """Wait until that many are written down; the door may just have begun a pause."""
    until = time.monotonic() + 2 * refusals.PAUSE_SECONDS + 5
    while time.monotonic() < until:
        db.session.rollback()
        row = db.session.get(AccountHealth, account.id)
        if row is not None and row.rejected_count >= expected:
            return row
        time.sleep(0.02)
    raise AssertionError(f"{row and row.rejected_count} of {expected} are written down")


def test_a_rejected_webhook_is_written_down_beside_the_answer(client):
    account = make_meta_account()
    answer = client.post(account.webhook_path, data=b"{}", headers={"X-Hub-Signature-256": "no"})
    assert answer.status_code == 403
    assert counted(account, 1).rejected_at


def test_many_make_few_writes_and_none_is_lost(app, account, monkeypatch):
    monkeypatch.setattr(refusals, "PAUSE_SECONDS", 0.2)
    door = Refusals(app)
    for _ in range(500):
        door.count(account.id)
    assert counted(account, 500).rejected_recent == 500


def test_an_account_deleted_meanwhile_disturbs_no_other(app, account, monkeypatch):
    monkeypatch.setattr(refusals, "PAUSE_SECONDS", 0.05)
    door = Refusals(app)
    door.count(999_999)
    door.count(account.id)
    assert counted(account, 1)
