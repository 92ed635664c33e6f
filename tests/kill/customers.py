"""Customers of all accounts: each writes the next message once the one before was taken."""

import time
from concurrent.futures import ThreadPoolExecutor

CUSTOMERS = 200
EACH = 10
SENDERS = 12


class Customers:
    """Numbered messages, spread over `seconds`; a customer's account never changes."""

    def __init__(self, counterparts, seconds):
        self._counterparts = counterparts
        self._pause = seconds * SENDERS / (CUSTOMERS * EACH)

    def write(self):
        """Everybody's messages; returns when the last was answered, or given up on."""
        groups = [range(n, CUSTOMERS, SENDERS) for n in range(SENDERS)]
        with ThreadPoolExecutor(SENDERS) as pool:
            for done in [pool.submit(self._write_for, group) for group in groups]:
                done.result()

    def _write_for(self, customers):
        for number in range(1, EACH + 1):
            for customer in customers:
                counterpart = self._counterparts[customer % len(self._counterparts)]
                counterpart.customer_writes(customer, phone_of(customer), text_of(customer, number))
                time.sleep(self._pause)


def phone_of(customer):
    return f"1555777{customer:04d}"


def text_of(customer, number):
    return f"{customer}: {number} of {EACH}"
