"""A campaign's message sent to a number of our own, as one contact would get it."""

import pytest

from tests import factories
from tests.campaigns.wizard import make_draft
from tests.inbox.templates import make_template
from webapp.campaigns.messages import testing
from webapp.campaigns.messages.models import CampaignTest
from webapp.campaigns.models import Recipient
from webapp.contacts.models import Contact
from webapp.extensions import db
from webapp.inbox import delivering
from webapp.inbox.models import Message
from webapp.message_templates.models import MessageTemplate
from webapp.staff.models import AuditEntry

NUMBER = "+351 912 345 678"


@pytest.fixture
def draft(cast):
    return make_draft(factories.make_meta_account(), cast.sara)


@pytest.fixture
def leader(cast, sign_in):
    return sign_in(cast.sara)


def send(leader, draft, name="Yuki", key="once", **changes):
    contact = db.session.query(Contact).filter_by(first_name=name).one()
    data = {"number": NUMBER, "contact": contact.id, "variant": "0", "client_key": key}
    return leader.post(f"/campaigns/{draft.id}/test", data=data | changes)


def test_it_leaves_as_the_contact_would_get_it(leader, draft, stub):
    send(leader, draft, "Pedro")
    delivering.drain(draft.account_id)
    (sent,) = stub.sent
    assert sent["to"].lstrip("+") == "351912345678"
    body = sent["template"]["components"][0]["parameters"]
    assert [one["text"] for one in body] == ["Pedro", "yearly check"]


def test_its_result_shows_with_a_tick_and_seconds(leader, draft, stub):
    send(leader, draft)
    page = leader.get(f"/campaigns/{draft.id}/tests").text
    assert "Sending" in page
    delivering.drain(draft.account_id)
    page = leader.get(f"/campaigns/{draft.id}/tests").text
    assert "Sent" in page
    assert "Yuki" in page
    assert " s</td>" in page
    talk = db.session.query(Message).one().interaction_id
    assert f"interaction:{talk}" in page  # news of it wakes the table


def test_it_counts_in_no_result(leader, draft, stub):
    send(leader, draft)
    assert db.session.query(Recipient).count() == 0
    assert db.session.query(Message).one().campaign_id is None


def test_pressed_twice_it_is_sent_once(leader, draft, stub):
    send(leader, draft)
    send(leader, draft)
    assert db.session.query(CampaignTest).count() == 1
    assert db.session.query(Message).count() == 1


def test_a_number_that_is_none_says_so_and_stays_in_the_list(leader, draft, stub):
    send(leader, draft, number="0555 012")
    (result,) = testing.results(draft)
    assert result.problem == "No country: begin it with + and the country code."
    assert result.message is None
    assert result.problem in leader.get(f"/campaigns/{draft.id}/review").text


def test_a_template_that_may_not_go_says_why(leader, draft, stub):
    factories.change(db.session.query(MessageTemplate).one(), status="paused")
    send(leader, draft)
    assert "approved" in testing.results(draft)[0].problem


def test_the_contacts_language_is_sent(leader, draft, stub):
    make_template(
        "service_reminder",
        [{"type": "BODY", "text": "Hallo {{1}}, {{2}} ist fällig."}],
        account=draft.account,
        language="de",
        provider_id="de",
    )
    yuki = db.session.query(Contact).filter_by(first_name="Yuki").one()
    factories.change(yuki, language="de")
    send(leader, draft)
    assert db.session.query(Message).one().text == "Hallo Yuki, yearly check ist fällig."
    assert testing.results(draft)[0].language == "de"


def test_the_number_is_remembered_and_the_test_leaves_an_audit_row(leader, draft, stub):
    send(leader, draft)
    assert f'value="{NUMBER}"' in leader.get(f"/campaigns/{draft.id}/review").text
    assert db.session.query(AuditEntry).filter_by(action="tested").one().actor == "Sara Supervisor"
