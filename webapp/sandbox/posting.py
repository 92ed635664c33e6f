"""Posts what the pretend phone has to say to its account's webhook, as a provider would.

The request goes through the application's own WSGI entry: signature, storage, commit and worker
are the real ones. It needs no address of its own to call, which a worker on another machine than
web would not have. Like `sending`, it opens its own short units: none is open while it posts.
"""

import time
import uuid

from flask import current_app
from sqlalchemy import delete, exists, select
from werkzeug.test import Client

from webapp.accounts.models import Account
from webapp.columns import utcnow
from webapp.extensions import db
from webapp.live import push
from webapp.providers import sandbox as provider
from webapp.providers import sandbox_crowd as crowd
from webapp.sandbox import saying
from webapp.sandbox.models import ANSWER, SandboxCustomer, SandboxEvent, SandboxReceipt
from webapp.unit_of_work import unit_of_work

KEPT_EVENTS = 30
BATCH = 50
WRONG_SECRET = "somebody-elses-secret"
SERVER_ERROR = 500


def say(customer_id, account_id, text="", file=None, mime_type="image/jpeg", **more):
    """The customer writes a text, or sends a file with an optional caption; the last answer.

    Raises ValueError for what no phone could send. `more`: `filename` and `voice` of the file,
    and `reply_to`.
    """
    text, reply_to = text.strip(), more.pop("reply_to", None)
    if not file:
        return post(customer_id, account_id, saying.text(text), reply_to)
    said = saying.file(file, mime_type, caption=text, **more)
    answer = post(customer_id, account_id, said, reply_to)
    if text and "caption" not in said[said["type"]]:  # stickers and sounds carry no words
        return post(customer_id, account_id, saying.text(text))
    return answer


def post(customer_id, account_id, said, reply_to=None):
    """Post what the customer said, as `saying` words it; the last answer."""
    customer, account = _both(customer_id, account_id)
    body = provider.inbound_body(
        account.phone_number_id or "",
        customer.phone,
        said,
        name=customer.name,
        message_id=f"sandbox.{uuid.uuid4()}",
        reply_to=reply_to,
    )
    return _post_as_set(customer, account, saying.title_of(said), body)


def repeat(event_id):
    """Post one event once more, byte for byte."""
    event = db.session.get(SandboxEvent, event_id)
    customer, account = _both(event.customer_id, event.account_id)
    title = event.title.removesuffix(", again") + ", again"
    return _post(customer, account, title, bytes(event.body))


def receipts_due():
    """Whether the pretend phones owe a receipt by now."""
    return db.session.scalar(select(exists().where(SandboxReceipt.due_at <= utcnow())))


def deliver_receipts():
    """Post the receipts that are due; one the server could not take is tried again."""
    for receipt_id in _due():
        receipt = db.session.get(SandboxReceipt, receipt_id)
        if receipt is None:
            continue
        customer = _customer_with(receipt.recipient)
        account = db.session.get(Account, receipt.account_id)
        body = _body_of(receipt, account.phone_number_id or "")
        title = f"{receipt.status.capitalize()}, {receipt.message_id}"
        if _post_as_set(customer, account, title, body) < SERVER_ERROR:
            with unit_of_work():
                db.session.execute(delete(SandboxReceipt).where(SandboxReceipt.id == receipt_id))


def _body_of(receipt, number_id):
    if receipt.status == ANSWER:
        text = crowd.answer(receipt.recipient)
        return provider.inbound_text_body(
            number_id, receipt.recipient, text, reply_to=receipt.message_id
        )
    return provider.status_body(
        number_id,
        receipt.message_id,
        receipt.status,
        receipt.recipient,
        correlation_id=receipt.correlation_id,
        code=receipt.error_code,
    )


def _due():
    return db.session.scalars(
        select(SandboxReceipt.id)
        .where(SandboxReceipt.due_at <= utcnow())
        .order_by(SandboxReceipt.due_at, SandboxReceipt.id)
        .limit(BATCH)
    ).all()


def _both(customer_id, account_id):
    return db.session.get(SandboxCustomer, customer_id), db.session.get(Account, account_id)


def _customer_with(phone):
    """Set up in the page, or somebody nobody has set up, whose phone does everything right."""
    found = db.session.scalar(select(SandboxCustomer).where(SandboxCustomer.phone == phone))
    return found or SandboxCustomer(name=phone, phone=phone, behaviour=provider.READ)


def _post_as_set(customer, account, title, body):
    """The phone may be set to let every webhook arrive twice."""
    twice = customer.behaviour == provider.TWICE
    answer = _post(customer, account, title, body)
    return _post(customer, account, f"{title}, again", body) if twice else answer


def _post(customer, account, title, body):
    """One signed POST, and a line about it in the customer's list; the status it got."""
    customer_id, account_id, path = customer.id, account.id, account.webhook_path
    well_signed = not customer.bad_signature
    secret = account.credentials["webhook_secret"] if well_signed else WRONG_SECRET
    db.session.rollback()
    began = time.monotonic()
    answer = Client(current_app.wsgi_app).post(
        path,
        base_url=current_app.config["PUBLIC_URL"],
        data=body,
        headers=provider.signed_headers(secret, body),
    )
    event = SandboxEvent(
        customer_id=customer_id,
        account_id=account_id,
        title=title[:120],
        body=body,
        well_signed=well_signed,
        answer=answer.status_code,
        milliseconds=round((time.monotonic() - began) * 1000),
    )
    if customer_id:
        _keep(event)
    return answer.status_code


def _keep(event):
    with unit_of_work():
        db.session.add(event)
        db.session.flush()
        newest = (
            select(SandboxEvent.id)
            .where(SandboxEvent.customer_id == event.customer_id)
            .order_by(SandboxEvent.id.desc())
            .limit(KEPT_EVENTS)
        )
        kept = db.session.scalars(newest).all()
        db.session.execute(
            delete(SandboxEvent).where(
                SandboxEvent.customer_id == event.customer_id, SandboxEvent.id < min(kept)
            )
        )
        push.changed(f"sandbox:{event.customer_id}")
