"""“Send me a test”: to the phone of whoever writes a template, through the gate."""

import pytest

from tests.factories import make_contact, make_interaction, make_meta_account
from tests.inbox.templates import VISIT, make_template
from webapp.extensions import db
from webapp.inbox import delivering
from webapp.inbox.models import Interaction, Message
from webapp.message_templates import parts

WITH_EXAMPLES = [
    {
        "type": "HEADER",
        "format": "TEXT",
        "text": "Order {{1}}",
        "example": {"header_text": ["8841"]},
    },
    {
        "type": "BODY",
        "text": "Hello {{1}}, shall we come on {{2}}?",
        "example": {"body_text": [["Amara", "Friday"]]},
    },
    VISIT[2],
]
NUMBER = "+351 912 345 678"


@pytest.fixture
def meta(app):
    return make_meta_account()


@pytest.fixture
def leader(cast, sign_in):
    return sign_in(cast.sara)


def tried(leader, template, number=NUMBER):
    data = {"number": number, "client_key": "once"}
    return leader.post(f"/templates/{template.id}/try", data=data, follow_redirects=True).text


def test_an_approved_template_goes_to_the_number_with_its_examples(leader, meta, cast, stub):
    template = make_template("visit", WITH_EXAMPLES, account=meta)
    assert "On its way to +351 912 345 678" in tried(leader, template)
    delivering.drain(meta.id)

    (sent,) = stub.sent
    assert (sent["to"].lstrip("+"), sent["template"]["name"]) == ("351912345678", "visit")
    talk = db.session.query(Interaction).one()
    assert (talk.direction, talk.owner_id) == ("out", cast.sara.id)
    assert db.session.query(Message).one().text == "Hello Amara, shall we come on Friday?"
    assert f'value="{NUMBER}"' in leader.get(f"/templates/{template.id}").text  # remembered


def test_pressed_twice_it_is_sent_once(leader, meta, stub):
    template = make_template("visit", WITH_EXAMPLES, account=meta)
    tried(leader, template)
    tried(leader, template)
    assert db.session.query(Message).count() == 1


def test_a_variable_without_an_example_shows_what_it_is_called(leader, meta, stub):
    template = make_template("visit", VISIT, account=meta, parameter_format="named")
    tried(leader, template)
    assert db.session.query(Message).one().text == "Hello first_name, shall we come on day?"


@pytest.mark.parametrize("status", ["draft", "pending", "rejected", "paused"])
def test_what_is_not_approved_says_so_and_is_not_sent(leader, meta, status):
    template = make_template("visit", account=meta, status=status)
    page = leader.get(f"/templates/{template.id}").text
    assert "A test can be sent once it is approved" in page
    assert "A test can be sent once it is approved" in tried(leader, template)
    assert db.session.query(Message).count() == 0


def test_a_number_that_is_none_or_talks_to_somebody_else_is_answered_in_a_sentence(
    leader, meta, cast
):
    template = make_template("visit", WITH_EXAMPLES, account=meta)
    assert "On its way" not in tried(leader, template, "my phone")
    dana = make_contact("Dana Whitlock", "15550142233")
    make_interaction(meta, dana, owner=cast.ana)
    assert "is already writing with Dana" in tried(leader, template, "+1 555 014 2233")
    assert db.session.query(Message).count() == 0


def test_a_header_with_a_place_has_one_to_show(leader, meta, stub):
    words = [{"type": "HEADER", "format": "LOCATION"}, {"type": "BODY", "text": "We are here."}]
    assert parts.header(words).format == "location"
    template = make_template("where", words, account=meta)
    tried(leader, template)
    delivering.drain(meta.id)
    assert "location" in str(stub.sent[0]["template"]["components"])
