"""What every sample of Twilio, Sinch and Kaleyra does to the database, called as they call."""

from collections import Counter
from datetime import timedelta
from functools import partial

import pytest

from tests.support.arriving import at_once, interactions, messages
from tests.webhooks.callers import ACCOUNTS, call_of, make_caller, ring, samples
from tests.webhooks.test_meta_effects import Effect, effect, notice, receipt
from webapp.extensions import db
from webapp.webhooks import draining
from webapp.webhooks.models import WebhookPayload


def opens(kind, media=0, identities=1):
    return Effect((f"in {kind} live",), opened=1, media=media, contacts=(identities,))


REACTION = Effect(("in reaction live",), contacts=(1,))
NOTHING = Effect()

EFFECTS = {
    "twilio": {
        "inbound_ad_referral.json": opens("text"),
        "inbound_bsuid_no_phone.json": opens("text", identities=2),
        "inbound_contact_vcard.json": opens("document", media=1),
        "inbound_document.json": opens("document", media=1),
        "inbound_empty_unsupported.json": opens("unsupported"),
        "inbound_forwarded.json": opens("text"),
        "inbound_image_caption.json": opens("image", media=1),
        "inbound_list_reply.json": opens("list_reply"),
        "inbound_location.json": opens("location"),
        "inbound_quick_reply.json": opens("button"),
        "inbound_quoted_reply.json": opens("text"),
        "inbound_sticker.json": opens("sticker", media=1),
        "inbound_text.json": opens("text"),
        "inbound_voice.json": opens("voice", media=1),
        "status_delivered.json": receipt("delivered"),
        "status_failed_63018.json": receipt("failed"),
        "status_read.json": receipt("read"),
        "status_sent.json": receipt("sent"),
        "status_undelivered_63016.json": receipt("failed"),
    },
    "sinch": {
        "channel_event_quality.json": notice("phone_number_quality_update"),
        "contact_create.json": NOTHING,
        "delivery_delivered.json": receipt("delivered"),
        "delivery_failed_window.json": receipt("failed"),
        "delivery_queued_on_channel.json": receipt("sent"),
        "delivery_read.json": receipt("read"),
        "event_reaction.json": REACTION,
        "inbound_choice_response.json": opens("button_reply"),
        "inbound_document.json": opens("document", media=1),
        "inbound_fallback_unsupported.json": opens("contacts"),
        "inbound_flow_reply.json": opens("flow_reply"),
        "inbound_image.json": opens("image", media=1),
        "inbound_image_caption.json": opens("image", media=1),
        "inbound_location.json": opens("location"),
        "inbound_text.json": opens("text"),
        "inbound_text_quoted_reply.json": opens("text"),
        "inbound_voice.json": opens("voice", media=1),
        "unsupported_callback.json": REACTION,
    },
    "kaleyra": {
        "template_status_update_post.json": notice("template_status"),
        "v1_get_image.json": opens("image", media=1),
        "v1_get_text.json": opens("text"),
        "v1_post_button.json": opens("button"),
        "v1_post_contacts.json": opens("contacts"),
        "v1_post_document.json": opens("document", media=1),
        "v1_post_location.json": opens("location"),
        "v1_post_text.json": opens("text"),
        "v1_post_text_placeholders_unset.json": opens("text"),
        "v1_post_voice.json": opens("voice", media=1),
        "v1_quality_event_get.json": notice("phone_number_quality_update"),
        "v1_status_failed_post.json": receipt("failed"),
        "v1_status_not_sent_post.json": receipt("failed"),
        "v1_status_read_get.json": receipt("read"),
        "v2_button.json": opens("button"),
        "v2_contacts_phones_object.json": opens("contacts"),
        "v2_image.json": opens("image", media=1),
        "v2_list_reply.json": opens("list_reply"),
        "v2_reaction.json": REACTION,
        "v2_status_failed.json": receipt("failed"),
        "v2_status_sent.json": receipt("sent"),
        "v2_text.json": opens("text"),
    },
}
EACH = [(provider, name) for provider, table in EFFECTS.items() for name in table]


@pytest.mark.parametrize("provider", ACCOUNTS)
def test_every_sample_has_its_effect_in_the_table(provider):
    assert sorted(EFFECTS[provider]) == samples(provider)


@pytest.mark.parametrize(("provider", "name"), EACH)
def test_three_calls_drained_at_once_have_the_effect_once(app, client, queue, provider, name):
    account = make_caller(provider, queue)
    for _ in range(3):
        assert ring(client, account, call_of(provider, name)).status_code == 200

    account_id = account.id
    at_once(app, *[partial(draining.drain, account_id)] * 3)
    draining.drain(account_id)
    assert effect() == EFFECTS[provider][name]


@pytest.mark.parametrize("provider", ACCOUNTS)
def test_all_samples_together_count_each_message_once(client, queue, provider):
    account = make_caller(provider, queue)
    for _ in range(2):
        for name in samples(provider):
            ring(client, account, call_of(provider, name))
        draining.drain(account.id)

    assert set(Counter(row.provider_id for row in messages()).values()) == {1}
    assert db.session.query(WebhookPayload).filter_by(processed_at=None).count() == 0


def test_twilio_gives_no_time_so_a_window_lasts_a_day_from_when_we_received_it(client, queue):
    account = make_caller("twilio", queue)
    ring(client, account, call_of("twilio", "inbound_text.json"))
    draining.drain(account.id)

    [payload] = db.session.query(WebhookPayload)
    [opened] = interactions()
    gap = opened.window_expires_at - payload.received_at - timedelta(hours=24)
    assert abs(gap) < timedelta(seconds=1)


@pytest.mark.parametrize(
    ("provider", "name"), [("sinch", "inbound_text.json"), ("kaleyra", "v1_get_text.json")]
)
def test_where_the_provider_gives_a_time_the_window_counts_from_it(client, queue, provider, name):
    account = make_caller(provider, queue)
    ring(client, account, call_of(provider, name))
    draining.drain(account.id)

    [message], [opened] = messages(), interactions()
    assert opened.window_expires_at == message.written_at + timedelta(hours=24)
    assert f"{message.written_at:%Y-%m-%d}" == "2026-03-01"
