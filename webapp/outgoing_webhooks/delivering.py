"""Posts what happened here to somebody else's address: signed, tried again with growing pauses.

Private addresses are refused, and so is plain http, unless the environment allows both.
"""

import hashlib
import hmac
import logging
import uuid
from datetime import timedelta
from urllib.parse import urlsplit

import orjson
from flask import current_app
from sqlalchemy import delete, select, update

from webapp import jobs, metrics
from webapp.columns import utcnow
from webapp.extensions import db
from webapp.outgoing_webhooks.models import OutgoingWebhook, WebhookDelivery
from webapp.providers.base import OutcomeUnknown, ProviderError
from webapp.providers.connections import new_guarded_session
from webapp.providers.http import Http
from webapp.unit_of_work import unit_of_work

log = logging.getLogger(__name__)

JOB = "workers.outgoing_webhooks.deliver"
BACK_OFF = (10, 60, 600, 3600, 21_600, 43_200, 86_400)  # seconds after each failed attempt
# A job that died with its process: whoever receives it twice knows it by its event's id.
CLAIMED_FOR = timedelta(minutes=3)
KEPT_FOR = timedelta(days=30)
TIMEOUT = (5, 2.5)  # seconds to connect; `post_bytes` waits four times as long for the answer
SIGNATURE, EVENT = "Parley-Signature", "Parley-Event"

_GUARDED, _OPEN = Http(TIMEOUT, new_guarded_session), Http(TIMEOUT)


def post(webhook_id, kind, facts):
    """After the commit this event goes to that address, if it is switched on."""
    webhook = db.session.get(OutgoingWebhook, webhook_id)
    if webhook is None or not webhook.enabled:
        return None
    event_id = uuid.uuid4().hex
    event = {"id": event_id, "kind": kind, "at": utcnow().isoformat(), "data": facts}
    return _keep(
        WebhookDelivery(event_id=event_id, kind=kind, body=orjson.dumps(event).decode()), webhook_id
    )


def replay(delivery):
    """The same event once more, as a delivery of its own; its id tells the receiver."""
    again = WebhookDelivery(event_id=delivery.event_id, kind=delivery.kind, body=delivery.body)
    return _keep(again, delivery.webhook_id)


def _keep(delivery, webhook_id):
    delivery.webhook_id = webhook_id
    db.session.add(delivery)
    db.session.flush()
    jobs.hint(JOB, delivery.id)
    return delivery


def due(now=None):
    """Ids of deliveries whose time has come and that no job picked up: the first of each webhook,
    so that an address that answers slowly, or not at all, does not hold up the others."""
    ready = _ready(now or utcnow()).where(WebhookDelivery.webhook_id == OutgoingWebhook.id)
    first = select(ready.limit(1).scalar_subquery().label("id")).select_from(OutgoingWebhook)
    found = first.subquery()
    return db.session.scalars(select(found.c.id).where(found.c.id.is_not(None))).all()


def _ready(now):
    found = select(WebhookDelivery.id).where(WebhookDelivery.next_attempt_at <= now)
    return found.order_by(WebhookDelivery.next_attempt_at, WebhookDelivery.id)


def deliver(delivery_id, now=None):
    """Claim and commit, post with no transaction open, record and commit."""
    now = now or utcnow()
    claimed = _claim(delivery_id, now)
    if claimed is None:
        return
    url, secret, event_id, body = claimed
    status, error, final = _posted(url, _headers(secret, event_id, body, now), body)
    _record(delivery_id, status, error, final, now)


def signature(secret, at, body):
    """`t=<unix seconds>,v1=<HMAC-SHA256 of "t.body">`: the time tells one that is played back."""
    moment = int(at.timestamp())
    proof = hmac.new(secret.encode(), f"{moment}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={moment},v1={proof}"


def sweep(now=None):
    """Throw away deliveries of a month ago; what is still tried again is younger."""
    old = (now or utcnow()) - KEPT_FOR
    db.session.execute(delete(WebhookDelivery).where(WebhookDelivery.created_at < old))


def _claim(delivery_id, now):
    with unit_of_work():
        won = db.session.execute(
            update(WebhookDelivery)
            .where(WebhookDelivery.id == delivery_id, WebhookDelivery.next_attempt_at <= now)
            .values(
                next_attempt_at=now + CLAIMED_FOR,
                attempt_count=WebhookDelivery.attempt_count + 1,
            )
            .execution_options(synchronize_session=False)
        ).rowcount
        if not won:
            return None
        delivery = db.session.get(WebhookDelivery, delivery_id, populate_existing=True)
        webhook = delivery.webhook
        if not webhook.enabled:
            delivery.next_attempt_at, delivery.error = None, "The webhook is switched off."
            return None
        return webhook.url, webhook.secret or "", delivery.event_id, delivery.body.encode()


def _headers(secret, event_id, body, now):
    return {
        "Content-Type": "application/json",
        SIGNATURE: signature(secret, now, body),
        EVENT: event_id,
    }


def _posted(url, headers, body):
    """(status, what went wrong, whether trying again is useless)"""
    private_ok = current_app.config["ALLOW_PRIVATE_ADDRESSES"]
    if urlsplit(url).scheme != "https" and not private_ok:
        return None, "The address does not begin with https://", True
    try:
        http = _OPEN if private_ok else _GUARDED
        answer = http.post_bytes(url, body, headers=headers, traced=False)
    except (ProviderError, OutcomeUnknown) as error:
        return None, error.reason, getattr(error, "permanent", False)
    if 200 <= answer.status < 300:
        return answer.status, None, True
    return answer.status, f"Answered {answer.status}", answer.status == 410


def _record(delivery_id, status, error, final, now):
    with unit_of_work():
        delivery = db.session.get(WebhookDelivery, delivery_id)
        if delivery is None:
            return
        delivery.status, delivery.error = status, error
        tried_enough = delivery.attempt_count > len(BACK_OFF)
        if error is None:
            delivery.delivered_at = now
            _hint_next(delivery.webhook_id, now)
        if final or tried_enough:
            delivery.next_attempt_at = None
        else:
            pause = BACK_OFF[delivery.attempt_count - 1]
            delivery.next_attempt_at = now + timedelta(seconds=pause)
    metrics.count("parley_outgoing_webhooks", outcome="failed" if error else "delivered")


def _hint_next(webhook_id, now):
    """It answers: whatever else waits for it goes out now, one after the other."""
    waiting = _ready(now).where(WebhookDelivery.webhook_id == webhook_id).limit(1)
    next_id = db.session.scalar(waiting)
    if next_id is not None:
        jobs.hint(JOB, next_id)
