"""Webhooks as Meta writes them, stored and drained as the worker does it."""

import itertools
import json
import threading
from datetime import timedelta

from sqlalchemy import select

from tests.factories import META_NUMBER_ID, META_WABA_ID, save
from webapp.columns import utcnow
from webapp.extensions import db
from webapp.inbox.models import Interaction, Message
from webapp.webhooks import draining
from webapp.webhooks.models import WebhookPayload

DANA = "15550142233"
DANA_ID = "US.20417735599018846215"
_ids = itertools.count(1)


def ago(**duration):
    """A moment some time ago, in whole seconds as providers write it."""
    return utcnow().replace(microsecond=0) - timedelta(**duration)


def body(*values, waba_id=META_WABA_ID, number_id=META_NUMBER_ID, field="messages"):
    """One POST; each value holds `messages`, `statuses`, …"""
    metadata = {"display_phone_number": "15550100200", "phone_number_id": number_id}
    changes = [
        {"field": field, "value": {"messaging_product": "whatsapp", "metadata": metadata, **value}}
        for value in values
    ]
    entry = {"id": waba_id, "changes": changes}
    return json.dumps({"object": "whatsapp_business_account", "entry": [entry]}).encode()


def said(text="Hello", sender=DANA, user_id=None, at=None, id=None, name="Dana Whitlock", **more):
    """A value with one message of a customer."""
    who = {"from": sender, "from_user_id": user_id}
    card = {"wa_id": sender, "user_id": user_id, "profile": {"name": name}}
    message = {
        **{key: value for key, value in who.items() if value},
        "id": id or f"wamid.in{next(_ids)}",
        "timestamp": str(int((at or utcnow()).timestamp())),
        "type": "text",
        "text": {"body": text},
        **more,
    }
    return {
        "contacts": [{key: value for key, value in card.items() if value}],
        "messages": [message],
    }


def receipt(message_id, status, at=None, correlation_id=None, code=None, recipient=DANA, **more):
    """A value with one status."""
    told = {
        "id": message_id,
        "status": status,
        "timestamp": str(int((at or utcnow()).timestamp())),
        "recipient_id": recipient,
        **more,
    }
    if correlation_id:
        told["biz_opaque_callback_data"] = correlation_id
    if code is not None:
        told["errors"] = [{"code": code, "title": "Refused"}]
    return {"statuses": [told]}


def keep(account, *bodies, **columns):
    """Store the bodies as the webhook does; gives their ids."""
    payloads = [WebhookPayload(account_id=account.id, body=one, **columns) for one in bodies]
    save(*payloads)
    return [payload.id for payload in payloads]


def arrive(account, *values, **around):
    """Store one POST with these values, drain, and look at the database anew."""
    ids = keep(account, body(*values, **around))
    draining.drain(account.id)
    db.session.expire_all()
    return db.session.get(WebhookPayload, ids[0])


def at_once(app, *calls):
    """Run the calls side by side, each as a process of its own would; errors come out here."""
    start, errors = threading.Barrier(len(calls)), []

    def run(call):
        with app.app_context():
            start.wait()
            try:
                call()
            except BaseException as error:
                errors.append(error)

    threads = [threading.Thread(target=run, args=(call,)) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    db.session.rollback()
    db.session.expire_all()
    if errors:
        raise errors[0]


def messages():
    return db.session.scalars(select(Message).order_by(Message.written_at, Message.id)).all()


def interactions():
    return db.session.scalars(select(Interaction).order_by(Interaction.id)).all()
