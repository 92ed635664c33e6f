"""Customers whose provider repeats each message until it hears 200, then sends the next."""

import time
from concurrent.futures import ThreadPoolExecutor

import requests

from tests.kill.meta import webhook_body
from tests.webhooks.posting import signed

CUSTOMERS = 200
EACH = 10
SENDERS = 12


class Customers:
    """Numbered messages, spread over `seconds`; `refused` counts the times it had to repeat."""

    def __init__(self, webhook, seconds):
        self._webhook = webhook
        self._pause = seconds * SENDERS / (CUSTOMERS * EACH)
        self.repeated = 0

    def write(self):
        """Everybody's messages; returns when the last was answered 200."""
        groups = [range(n, CUSTOMERS, SENDERS) for n in range(SENDERS)]
        with ThreadPoolExecutor(SENDERS) as pool:
            for done in [pool.submit(self._write_for, group) for group in groups]:
                done.result()

    def _write_for(self, customers):
        with requests.Session() as session:
            session.trust_env = False
            for number in range(1, EACH + 1):
                for customer in customers:
                    self._deliver(session, text_message(customer, number))
                    time.sleep(self._pause)

    def _deliver(self, session, body):
        while not self._post(session, body):
            self.repeated += 1
            time.sleep(0.2)

    def _post(self, session, body):
        try:
            answer = session.post(self._webhook, data=body, headers=signed(body), timeout=15)
        except requests.RequestException:
            return False
        return answer.status_code == 200


def phone_of(customer):
    return f"1555777{customer:04d}"


def text_message(customer, number):
    phone = phone_of(customer)
    message = {
        "from": phone,
        "id": f"wamid.kill-{customer}-{number}",
        "timestamp": str(int(time.time())),
        "type": "text",
        "text": {"body": f"{customer}: {number} of {EACH}"},
    }
    person = {"profile": {"name": f"Customer {customer}"}, "wa_id": phone}
    return webhook_body({"contacts": [person], "messages": [message]})
