"""Posting webhooks in tests, and reading what was kept of them."""

import json
from pathlib import Path

from sqlalchemy import select

from tests.factories import META_SECRET
from webapp.extensions import db
from webapp.providers.signing import sign
from webapp.webhooks.models import WebhookPayload

SAMPLES = Path(__file__).parents[1] / "providers" / "payloads" / "meta"
SAMPLE_FILES = sorted(path.name for path in SAMPLES.glob("[!_]*.json"))
SIGNATURE = "X-Hub-Signature-256"


def sample(name):
    return (SAMPLES / name).read_bytes()


def cases(name):
    return json.loads(sample(name))


def signed(body, secret=META_SECRET):
    return {SIGNATURE: sign(secret, body)}


def post(client, account, body, headers=None):
    """Post the body to the account's address, signed unless told otherwise."""
    headers = signed(body) if headers is None else headers
    return client.post(
        account.webhook_path, data=body, headers=headers, content_type="application/json"
    )


def kept():
    """The payloads the database holds, whatever this session has seen before."""
    db.session.rollback()
    return db.session.scalars(select(WebhookPayload).order_by(WebhookPayload.id)).all()


def kept_bodies():
    return [bytes(payload.body) for payload in kept()]
