"""Sinch's bodies as events, from the samples and the variants seen elsewhere."""

import json
from datetime import UTC, datetime

import pytest

from webapp.providers.base import (
    LOOK_UP,
    AccountUpdate,
    Choice,
    Identity,
    InboundMessage,
    NameChange,
    PreferenceChange,
    Receipt,
    Severity,
    Source,
    Unsupported,
)
from webapp.providers.sinch.choices import postback_of

from .conftest import payload, payload_files
from .sinch_bodies import parsed, sinch_body, sinch_said

AT = datetime(2026, 3, 1, 12, 23, 55, 304000, tzinfo=UTC)
OURS = "01HQ0000000000000000000OUT"
WHO = (Identity("wa_id", "15550100002"),)


def one(body):
    (event,) = parsed(body)
    return event


def sample(name, **changes):
    return one(sinch_body(name, **changes))


def said(**content):
    return one(sinch_said(**content))


def media(url, **more):
    return said(media_message={"url": url, **more})


def test_a_text_is_read_with_sender_time_and_where_the_name_is_kept():
    event = sample("inbound_text")
    assert (event.kind, event.text) == ("text", "Hello, is my order A-17 on its way? 👋")
    assert (event.identities, event.sent_at) == (WHO, AT)
    assert event.profile_ref == "01HQ0000000000000000CONTAC"
    assert event.opens_window
    assert event.source is Source.LIVE


def test_a_reply_names_the_message_it_quotes():
    assert sample("inbound_text_quoted_reply").reply_to == OURS


@pytest.mark.parametrize(
    ("name", "kind", "mime_type", "text"),
    (
        ("inbound_image", "image", "image/jpeg", ""),
        ("inbound_image_caption", "image", "image/jpeg", "The parcel arrived like this"),
        ("inbound_voice", "voice", "audio/ogg", ""),
        ("inbound_document", "document", "application/pdf", ""),
    ),
)
def test_a_file_is_known_by_its_address(name, kind, mime_type, text):
    event = sample(name)
    assert (event.kind, event.media.mime_type, event.text) == (kind, mime_type, text)
    assert event.media.url.startswith("https://media.example.com/wa/in/")
    assert event.media.voice is (kind == "voice")


def test_a_reply_with_its_content_inside_is_read():
    inner = {"message_id": OURS, "text_message": {"text": "Thanks!"}}
    event = said(reply_message=inner)
    assert (event.kind, event.text, event.reply_to) == ("text", "Thanks!", OURS)


@pytest.mark.parametrize(
    ("url", "kind"),
    (
        ("https://m.example/a.WEBP?sig=1.jpg", "sticker"),
        ("https://m.example/a.mp4#t", "video"),
        ("https://m.example/a.mp3", "audio"),
        ("https://m.example/a.opus", "voice"),
        ("https://m.example/a.xlsx", "document"),
        ("https://m.example/download", "document"),
        ("https://[", "document"),
    ),
)
def test_what_is_not_known_by_its_ending_is_a_document(url, kind):
    assert media(url).kind == kind


def test_the_files_own_name_tells_where_the_address_does_not():
    event = media("https://m.example/7f3a", filename_override="invoice.png")
    assert (event.kind, event.media.filename) == ("image", "invoice.png")


def test_a_file_without_an_address_is_still_a_message():
    event = said(media_message={"url": ""})
    assert event.media is None
    assert "did not come" in event.content["note"]


def test_a_location_has_its_name_address_and_place():
    content = sample("inbound_location").content
    assert (content["name"], content["address"]) == ("Example Plaza", "1 Example Plaza, New York")
    assert (content["latitude"], content["longitude"]) == (40.7128, -74.006)


def test_a_choice_shows_what_was_set_and_which_message_offered_it():
    event = sample("inbound_choice_response")
    assert (event.kind, event.text, event.reply_to) == ("button_reply", "confirm_yes", OURS)
    assert event.content == {"id": "confirm_yes"}


def test_a_choice_without_a_postback_shows_its_title():
    event = said(choice_response_message={"message_id": OURS, "postback_data": f"{OURS}_Yes, do"})
    assert event.text == "Yes, do"


def test_a_choice_of_ours_comes_back_with_its_id_and_its_title():
    postback = postback_of(Choice("a:b/c", "Yes: do it 👍"))
    event = said(choice_response_message={"message_id": OURS, "postback_data": postback})
    assert (event.text, event.content["id"]) == ("Yes: do it 👍", "a:b/c")


def test_a_choice_with_a_long_id_keeps_to_whatsapps_limit():
    assert postback_of(Choice("x" * 190, "A title of some length")) == "x" * 190


def test_a_flows_answers_are_read():
    event = sample("inbound_flow_reply")
    assert event.kind == "flow_reply"
    assert event.content["answers"] == {"flow_token": "t1", "rating": "5"}


@pytest.mark.parametrize("title", ("title", "text"))
def test_an_order_lists_what_was_chosen(title):
    item = {"id": "K-7", "marketplace": "x", "quantity": 2, "item_price": 9.5, "currency": "EUR"}
    event = said(product_response_message={"products": [item], title: "Soon", "catalog_id": "c"})
    assert (event.kind, event.text) == ("order", "Soon")
    assert event.content["items"] == [
        {"id": "K-7", "quantity": 2.0, "price": 9.5, "currency": "EUR"}
    ]


def test_a_contact_card_has_name_number_and_firm():
    event = said(
        contact_info_message={
            "name": {"full_name": "Bob Example"},
            "phone_numbers": [{"phone_number": "+15550100003", "type": "Mobile"}],
            "email_addresses": [{"email_address": "bob@example.com"}],
            "organization": {"company": "Kettles"},
        }
    )
    (card,) = event.content["contacts"]
    assert (event.kind, card["name"], card["organisation"]) == (
        "contacts",
        "Bob Example",
        "Kettles",
    )
    assert card["phones"][0]["phone"] == "+15550100003"
    assert card["emails"] == ["bob@example.com"]


def test_what_sinch_cannot_convert_is_read_as_whatsapps_own():
    event = sample("inbound_fallback_unsupported")
    assert (event.kind, event.text) == ("contacts", "Bob Example")


def test_a_file_sinch_did_not_convert_says_that_it_is_missing():
    raw = json.dumps({"type": "image", "image": {"id": "9", "caption": "Look"}})
    event = said(fallback_message={"raw_message": raw})
    assert (event.kind, event.text, event.media) == ("image", "Look", None)
    assert "send it again" in event.content["note"]


@pytest.mark.parametrize("raw", ("", "no JSON", "[]", "{}", None, 5))
def test_a_fallback_nobody_can_read_is_shown_as_such(raw):
    event = said(fallback_message={"raw_message": raw, "reason": {"description": "why"}})
    assert (event.kind, event.content["reason"]) == ("unsupported", "why")
    assert event.opens_window


def test_a_kind_of_message_we_do_not_know_still_arrives():
    event = said(poll_message={"x": 1})
    assert (event.kind, event.content["type"]) == ("unsupported", "poll_message")


def test_a_reaction_belongs_to_the_message_and_opens_no_window():
    event = sample("event_reaction")
    assert (event.kind, event.text, event.reply_to) == ("reaction", "👍", OURS)
    assert not event.opens_window


def test_a_reaction_taken_back_has_no_emoji():
    event = json.loads(payload("event_reaction", "sinch"))["event"]
    reaction = event["contact_message_event"]["reaction_event"]
    reaction["action"] = "REACTION_ACTION_UNREACT"
    assert sample("event_reaction", event=event).text == ""


def test_a_customers_typing_is_of_no_use():
    event = sample("event_reaction", event={"contact_event": {"composing_event": {}}})
    assert isinstance(event, Unsupported)
    assert event.harmless


def test_an_unsupported_callback_is_read_as_whatsapps_own():
    event = sample("unsupported_callback")
    assert (event.kind, event.id) == ("reaction", "01HQ0000000000000000000UNS")


def test_a_whole_webhook_of_metas_is_looked_into():
    message = {"type": "text", "text": {"body": "Hi"}}
    whole = {"entry": [{"changes": [{"value": {"messages": [message]}}]}]}
    callback = json.loads(payload("unsupported_callback", "sinch"))["unsupported_callback"]
    callback["payload"] = json.dumps(whole)
    assert sample("unsupported_callback", unsupported_callback=callback).text == "Hi"


@pytest.mark.parametrize("raw", ("", "no JSON", "{}", {"statuses": []}, None))
def test_a_callback_that_is_no_message_is_shown_to_admins(raw):
    callback = json.loads(payload("unsupported_callback", "sinch"))["unsupported_callback"]
    event = sample("unsupported_callback", unsupported_callback=callback | {"payload": raw})
    assert isinstance(event, Unsupported)
    assert not event.harmless


@pytest.mark.parametrize(
    ("key", "name"),
    (("unsupported", "unsupported_callback"), ("channel_event", "channel_event_notification")),
)
def test_the_keys_of_sinchs_notes_are_read_too(key, name):
    file = name.replace("notification", "quality")
    body = json.loads(payload(file, "sinch"))
    body[key] = body.pop(name)
    assert not isinstance(one(json.dumps(body).encode()), Unsupported)


def test_a_channel_beside_the_message_counts_as_its_own():
    message = json.loads(payload("inbound_text", "sinch"))["message"]
    message["channel"] = message["channel_identity"].pop("channel")
    assert sample("inbound_text", message=message).text
    message["channel"] = "INSTAGRAM"
    assert sample("inbound_text", message=message).harmless


def test_messages_of_another_channel_are_left_alone():
    message = json.loads(payload("inbound_text", "sinch"))["message"]
    message["channel_identity"]["channel"] = "MESSENGER"
    event = sample("inbound_text", message=message)
    assert isinstance(event, Unsupported)
    assert event.harmless


@pytest.mark.parametrize(
    ("name", "status"),
    (
        ("delivery_queued_on_channel", Receipt.SENT),
        ("delivery_delivered", Receipt.DELIVERED),
        ("delivery_read", Receipt.READ),
        ("delivery_failed_window", Receipt.FAILED),
    ),
)
def test_reports_climb_one_ladder(name, status):
    event = sample(name)
    assert (event.status, event.message_id, event.recipient) == (status, OURS, "15550100002")
    assert (event.correlation_id, event.at) == ("msg-42", AT)


def test_the_correlation_id_may_stand_in_the_envelope_alone():
    report = json.loads(payload("delivery_read", "sinch"))["message_delivery_report"]
    report["metadata"] = ""
    event = sample("delivery_read", message_delivery_report=report, message_metadata="parley-9")
    assert event.correlation_id == "parley-9"


def test_a_report_with_a_plus_names_the_same_person():
    report = json.loads(payload("delivery_read", "sinch"))["message_delivery_report"]
    report["channel_identity"]["identity"] = "+15550100002"
    assert sample("delivery_read", message_delivery_report=report).recipient == "15550100002"


@pytest.mark.parametrize(
    ("state", "harmless"), (("SWITCHING_CHANNEL", True), ("QUEUED", True), ("LOST", False))
)
def test_a_report_that_is_no_step_changes_nothing(state, harmless):
    report = json.loads(payload("delivery_read", "sinch"))["message_delivery_report"]
    event = sample("delivery_read", message_delivery_report=report | {"status": state})
    assert isinstance(event, Unsupported)
    assert event.harmless is harmless


def test_whatsapps_own_number_tells_why_a_message_failed():
    error = sample("delivery_failed_window").error
    assert (error.code, error.permanent) == ("131047", True)
    assert error.action == "Send an approved template instead."


def test_a_quality_change_is_news_of_the_number():
    event = sample("channel_event_quality")
    assert isinstance(event, AccountUpdate)
    assert (event.kind, event.severity) == ("phone_number_quality_update", Severity.WARNING)
    assert event.detail["quality_rating"] == "YELLOW"


@pytest.mark.parametrize("key", ("contact_create_notification", "contact_update_notification"))
def test_a_contacts_name_is_learnt(key):
    body = json.loads(payload("contact_create", "sinch"))
    body[key] = body.pop("contact_create_notification")
    event = one(json.dumps(body).encode())
    assert isinstance(event, NameChange)
    assert (event.identities, event.name) == (WHO, "Ann Example")


@pytest.mark.parametrize(
    "changes",
    ({"display_name": ""}, {"display_name": "+15550100002"}, {"channel_identities": []})
    + ({"channel_identities": [{"channel": "SMS", "identity": "15550100002"}]},),
)
def test_a_contact_that_says_no_name_changes_nothing(changes):
    contact = json.loads(payload("contact_create", "sinch"))["contact_create_notification"][
        "contact"
    ]
    event = sample("contact_create", contact_create_notification={"contact": contact | changes})
    assert isinstance(event, Unsupported)
    assert event.harmless


@pytest.mark.parametrize(("key", "value"), (("opt_in", "resume"), ("opt_out", "stop")))
def test_wishes_are_followed(key, value):
    wish = {"channel": "WHATSAPP", "identity": "+15550100002", "contact_id": "c"}
    wish["status"] = f"{key.upper()}_SUCCEEDED"
    event = one(json.dumps({f"{key}_notification": wish}).encode())
    assert isinstance(event, PreferenceChange)
    assert (event.identities, event.value) == (WHO, value)


def test_a_wish_that_failed_is_not_followed():
    wish = {"channel": "WHATSAPP", "identity": "15550100002", "status": "OPT_OUT_FAILED"}
    assert one(json.dumps({"opt_out_notification": wish}).encode()).harmless


@pytest.mark.parametrize(
    ("key", "harmless"),
    (
        ("message_submit_notification", True),
        ("conversation_start_notification", True),
        ("capability_notification", True),
        ("brand_new_notification", False),
    ),
)
def test_other_news_is_kept_and_only_the_unknown_shown(key, harmless):
    event = one(json.dumps({"app_id": "x", key: {"a": 1}}).encode())
    assert isinstance(event, Unsupported)
    assert (event.field, event.harmless) == (key, harmless)


def test_a_list_of_bodies_is_read_one_by_one():
    bodies = [json.loads(payload(name, "sinch")) for name in ("inbound_text", "delivery_read")]
    events = parsed(json.dumps([*bodies, 5]).encode())
    assert [type(event).__name__ for event in events] == [
        "InboundMessage",
        "StatusUpdate",
        "Unsupported",
    ]


def test_a_message_put_in_by_a_program_starts_nothing():
    message = json.loads(payload("inbound_text", "sinch"))["message"]
    event = sample("inbound_text", message=message | {"injected": True})
    assert event.source is Source.HISTORY
    assert not event.opens_window


def test_in_dispatch_mode_there_is_no_contact_to_ask_for():
    message = json.loads(payload("inbound_text", "sinch"))["message"]
    assert sample("inbound_text", message=message | {"contact_id": ""}).profile_ref == ""


@pytest.mark.parametrize("missing", ("id", "channel_identity", "contact_message"))
def test_a_message_without_what_it_needs_is_shown_to_admins(missing):
    message = json.loads(payload("inbound_text", "sinch"))["message"]
    del message[missing]
    event = sample("inbound_text", message=message)
    assert isinstance(event, Unsupported)
    assert not event.harmless


def test_a_time_with_nine_digits_is_read():
    event = sample("inbound_text", event_time="2026-03-01T12:23:55.304123456Z")
    assert event.sent_at == AT.replace(microsecond=304123)


def test_a_message_we_asked_for_is_the_one_the_webhook_brought():
    body = json.loads(payload("inbound_text", "sinch"))
    asked = {name: body[name] for name in ("app_id", "project_id", "message")}
    (event,) = parsed(json.dumps(asked).encode(), method=LOOK_UP)
    assert event.id == sample("inbound_text").id
    assert event.sent_at == datetime(2026, 3, 1, 12, 23, 56, 291000, tzinfo=UTC)


def test_every_inbound_sample_is_a_message():
    for file in payload_files("sinch"):
        if file.stem.startswith(("inbound", "event", "unsupported")):
            (event,) = parsed(file.read_bytes())
            assert isinstance(event, InboundMessage), file.stem
