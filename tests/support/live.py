"""The whole product running for a test: its processes, Meta's stand-in, and a door to its rows."""

import re
import time
import uuid

import orjson
import requests

from tests import factories
from webapp import create_app
from webapp.extensions import db
from webapp.providers.signing import sign
from webapp.unit_of_work import unit_of_work


class Live:
    """`live.customer_writes("Hello")` posts a signed webhook as Meta would."""

    def __init__(self, processes, stub, settings, redis):
        self.processes = processes
        self.stub = stub
        self.redis = redis
        self.url = processes.url
        self.app = create_app(settings)
        self.cast = None

    def begin(self):
        """An empty product with the cast and one account at Meta."""
        self.cast = factories.make_cast()
        self.account = factories.make_meta_account(self.cast.queue)
        self.webhook_url = self.url + self.account.webhook_path
        self.stub.sent.clear()
        self.stub.answers.clear()
        return self

    def sign_in(self, user):
        """A session over HTTP that holds the cookies of somebody who has signed in by the form."""
        browser = requests.Session()
        page = browser.get(f"{self.url}/sign-in", timeout=10).text
        token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page).group(1)
        data = {"csrf_token": token, "email": user.email, "password": factories.PASSWORD}
        answer = browser.post(f"{self.url}/sign-in", data, allow_redirects=False, timeout=10)
        assert answer.status_code == 303, answer.text
        return browser

    def change(self, row, **values):
        """Write to a row while the product runs, waiting for the database as it does itself."""
        db.session.rollback()
        with unit_of_work():
            for name, value in values.items():
                setattr(row, name, value)

    def customer_writes(self, text, phone="15550142233", name="Amara Okoye", message_id=None):
        message = {"type": "text", "text": {"body": text}}
        return self.customer_sends(message, phone, name, message_id)

    def customer_sends(self, message, phone="15550142233", name="Amara Okoye", message_id=None):
        message_id = message_id or f"wamid.{uuid.uuid4().hex}"
        self.post(
            contacts=[{"profile": {"name": name}, "wa_id": phone}],
            messages=[
                {"from": phone, "id": message_id, "timestamp": str(int(time.time())), **message}
            ],
        )
        return message_id

    def receipt(self, status, message_id, correlation_id=None, phone="15550142233"):
        """Meta tells how far one of our messages has come."""
        update = {
            "id": message_id,
            "status": status,
            "timestamp": str(int(time.time())),
            "recipient_id": phone,
        }
        if correlation_id:
            update["biz_opaque_callback_data"] = correlation_id
        self.post(statuses=[update])

    def post(self, **value):
        metadata = {
            "display_phone_number": "15550100200",
            "phone_number_id": factories.META_NUMBER_ID,
        }
        value = {"messaging_product": "whatsapp", "metadata": metadata, **value}
        change = {"field": "messages", "value": value}
        body = {
            "object": "whatsapp_business_account",
            "entry": [{"id": factories.META_WABA_ID, "changes": [change]}],
        }
        answer = requests.post(self.webhook_url, **signed(body), timeout=10)
        assert answer.status_code == 200, answer.text

    def until(self, condition, seconds=30):
        """Wait for something to become true in the database; gives back what it was."""
        deadline = time.monotonic() + seconds
        while True:
            db.session.rollback()
            found = condition()
            if found:
                return found
            assert time.monotonic() < deadline, f"still not: {condition}"
            time.sleep(0.05)


def signed(body):
    raw = orjson.dumps(body)
    signature = sign(factories.META_SECRET, raw)
    return {
        "data": raw,
        "headers": {"Content-Type": "application/json", "X-Hub-Signature-256": signature},
    }
