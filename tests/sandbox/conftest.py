"""A sandbox account with its own secret, a customer with a phone, and a way to let jobs run."""

import pytest

from tests.factories import save
from webapp.extensions import db
from webapp.sandbox import posting
from webapp.sandbox.models import SandboxCustomer
from webapp.webhooks import draining


@pytest.fixture
def customer(cast):
    return save(SandboxCustomer(name="Test customer A", phone="15550000001"))


@pytest.fixture
def say(account, customer):
    """`say("Hello")` as the customer, and what the worker makes of it."""

    def said(text="Hello", **options):
        answer = posting.say(customer.id, account.id, text, **options)
        draining.drain(account.id)
        db.session.rollback()
        return answer

    return said
