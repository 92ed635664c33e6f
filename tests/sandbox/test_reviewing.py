"""The pretend reviewer approves by itself, and rejects what asks for it."""

from datetime import timedelta

import pytest

from tests import factories
from webapp.columns import utcnow
from webapp.extensions import db
from webapp.message_templates import reviewing as asking
from webapp.message_templates import submitting
from webapp.message_templates.models import MessageTemplate
from webapp.sandbox import reviewing
from webapp.unit_of_work import unit_of_work
from webapp.webhooks import draining

BODY = {"type": "BODY", "text": "Hello, your visit is tomorrow. See you."}


@pytest.mark.parametrize(("name", "status"), [("visit", "approved"), ("reject_me", "rejected")])
def test_a_template_is_decided_on_after_some_seconds(cast, name, status):
    account = cast.account
    template_id = factories.save(
        MessageTemplate(
            account_id=account.id, provider="sandbox", waba_id="", name=name, language="en",
            draft={"category": "utility", "components": [BODY], "media": None},
        )
    ).id  # fmt: skip
    with unit_of_work():
        asking.submit(db.session.get(MessageTemplate, template_id), cast.sara)
    submitting.carry_out(template_id)
    assert reviewing.due() == []
    with unit_of_work():
        row = db.session.get(MessageTemplate, template_id)
        row.submitted_at = utcnow() - timedelta(seconds=5)

    reviewing.decide()
    draining.drain(account.id, lambda: False)

    db.session.rollback()
    assert db.session.get(MessageTemplate, template_id).status == status
    assert reviewing.due() == []
