"""A campaign's message stands in the conversation of who answers it, or is being talked to."""

import pytest

from tests.campaigns.sent import WAMID, make_sent, now_of
from tests.factories import (
    change,
    make_campaign,
    make_contact,
    make_interaction,
    make_message,
    make_meta_account,
)
from tests.inbox.templates import make_template
from tests.support.arriving import DANA, ago, arrive, at_once, interactions, messages, said
from webapp.campaigns import ledger
from webapp.campaigns.models import CampaignVariant
from webapp.campaigns.results import bubbles
from webapp.extensions import db
from webapp.inbox import starting
from webapp.unit_of_work import unit_of_work

WORDS = [
    {"type": "BODY", "text": "Hello {{1}}, your new slot?"},
    {"type": "BUTTONS", "buttons": [{"type": "QUICK_REPLY", "text": "Tuesday"}]},
]


@pytest.fixture
def meta(queue):
    return make_meta_account(queue)


@pytest.fixture
def template(meta):
    return make_template("delivery_slot", WORDS, account=meta, components_at=ago(days=9))


@pytest.fixture
def campaign(meta, template):
    made = make_campaign(meta, template=template)
    mapping = {"body 1": {"from": "contact", "key": "first_name", "fallback": "there"}}
    change(db.session.get(CampaignVariant, made.variants[0].id), mapping=mapping)
    return made


@pytest.fixture
def dana():
    contact = make_contact(phone=DANA, first_name="Dana")
    return change(contact, updated_at=ago(days=9))


@pytest.fixture
def sent(campaign, dana, template):
    return make_sent(campaign, contact=dana, template_id=template.id)


@pytest.fixture
def talk(meta, dana, ana, queue):
    return make_interaction(meta, dana, owner=ana, queue=queue)


def join(meta, *rows):
    with unit_of_work():
        return bubbles.join(meta.id, [row.id for row in rows])


def test_what_was_sent_is_shown_as_the_customer_reads_it(meta, talk, sent):
    assert join(meta, sent) == 1
    (shown,) = messages()
    assert shown.text == "Hello Dana, your new slot?"
    assert shown.content["shown"]["buttons"] == ["Tuesday"]
    assert "since_changed" not in shown.content
    assert (shown.written_at, shown.status) == (sent.sent_at.replace(microsecond=0), "sent")


def test_the_list_shows_it_and_the_customers_question_still_waits(meta, talk, sent):
    asked = ago(minutes=9)
    make_message(talk, "Where is it?", written_at=asked)
    join(meta, sent)
    row = interactions()[0]
    assert (row.last_text, row.last_direction) == ("Hello Dana, your new slot?", "out")
    assert row.unanswered_since == asked


def test_without_a_conversation_nothing_is_made(meta, sent):
    assert join(meta, sent) == 0
    assert messages() == []


def test_a_conversation_that_has_ended_shows_nothing_new(meta, talk, sent):
    change(talk, session_expires_at=ago(minutes=1))
    assert join(meta, sent) == 0


def test_it_is_made_once_whoever_makes_it(app, meta, talk, sent):
    row_id = sent.id

    def joined():
        with unit_of_work():
            bubbles.join(meta.id, [row_id])

    at_once(app, joined, joined)
    arrive(meta, said("Yes please"))
    assert len([one for one in messages() if one.direction == "out"]) == 1
    assert now_of(sent).message_id is not None


def test_a_reply_shows_what_else_was_sent_lately(meta, campaign, sent, dana):
    other = make_sent(
        make_campaign(meta, "Second wave"), contact=dana, provider_id="w2", sent_at=ago(days=3)
    )
    long_ago = make_sent(
        make_campaign(meta, "Spring"), contact=dana, provider_id="w3", sent_at=ago(days=8)
    )
    arrive(meta, said("Yes please"))
    assert [one.provider_id for one in messages()][:2] == ["w2", WAMID]
    assert now_of(other).message_id is not None
    assert now_of(long_ago).message_id is None


def test_what_never_arrived_is_not_shown(meta, campaign, sent, dana):
    change(now_of(sent), state="failed", reason="131026")
    arrive(meta, said("Hello"))
    assert [one.direction for one in messages()] == ["in"]


def test_beginning_a_conversation_shows_what_was_sent(meta, sent, dana, ana):
    with unit_of_work():
        talk = starting.start(meta, dana, ana)
    (shown,) = messages()
    assert (shown.interaction_id, shown.provider_id) == (talk.id, WAMID)
    assert ledger.counts_of(sent.campaign_id)["ever:interaction"] == 0


def test_a_template_that_changed_since_is_shown_with_a_remark(meta, talk, sent, template):
    change(template, components_at=ago(seconds=1))
    join(meta, sent)
    assert messages()[0].content["since_changed"] is True


def test_a_template_that_is_gone_is_named(meta, talk, sent):
    change(now_of(sent), template_id=None)
    join(meta, sent)
    assert messages()[0].text == "Template delivery_slot"


def test_a_value_that_is_gone_since_stands_as_its_place(meta, talk, sent, campaign):
    mapping = {"body 1": {"from": "contact", "key": "company"}}
    change(db.session.get(CampaignVariant, campaign.variants[0].id), mapping=mapping)
    join(meta, sent)
    assert messages()[0].text == "Hello {{1}}, your new slot?"


def test_the_header_shows_the_campaigns_file(meta, talk, sent, campaign, template):
    header = {"type": "HEADER", "format": "IMAGE"}
    change(template, components=[header, *WORDS])
    media = {"key": "ab/van.jpg", "mime_type": "image/jpeg", "filename": "van.jpg", "size": 900}
    change(db.session.get(CampaignVariant, campaign.variants[0].id), media=media)
    join(meta, sent)
    file = messages()[0].media
    assert (file.storage_key, file.state, file.filename) == ("ab/van.jpg", "ready", "van.jpg")


def test_the_thread_names_the_campaign_and_leads_there_who_may(cast, meta, talk, sent, sign_in):
    join(meta, sent)
    seen = sign_in(cast.ana).get(f"/inbox/{talk.id}").get_data(as_text=True)
    assert "Campaign “Autumn delivery slots”" in seen
    assert f"/campaigns/{sent.campaign_id}" not in seen
    led = sign_in(cast.sara).get(f"/inbox/{talk.id}").get_data(as_text=True)
    assert f'href="/campaigns/{sent.campaign_id}"' in led


def test_an_answer_that_quotes_it_quotes_the_campaign(cast, meta, talk, sent, sign_in):
    join(meta, sent)
    make_message(talk, "Tuesday", reply_to=WAMID)
    seen = sign_in(cast.ana).get(f"/inbox/{talk.id}").get_data(as_text=True)
    assert "<b>Campaign</b>" in seen
    assert 'data-quote-name="Campaign"' in seen
