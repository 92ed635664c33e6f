"""Every sample body of Twilio's, the one effect each must have, and what else may come."""

import json

import pytest

from webapp.providers import provider_for
from webapp.providers.base import (
    AccountRef,
    Identity,
    InboundMessage,
    MediaRef,
    PreferenceChange,
    StatusUpdate,
    Unsupported,
)

from .conftest import FakeAccount, payload_files
from .twilio_bodies import (
    ACCOUNT_SID,
    ARRIVED,
    TWILIO_CREDENTIALS,
    URL,
    twilio_body,
    twilio_fields,
    twilio_posted,
)

NUMBER = AccountRef(display_phone="15550100001")
ANN = (Identity("phone", "15550100002"), Identity("wa_id", "15550100002"))
HIDDEN = (
    Identity("bsuid", "US.13491208655302741918"),
    Identity("parent_bsuid", "US.ENT.11815799212886844830"),
)
OUR_MESSAGE = "SM7f237fbbc728ee6b04b43fcd97deec87"


def message(kind, text="", **also):
    usual = {
        "account_ref": NUMBER,
        "identities": ANN,
        "sender_name": "Ann Example",
        "username": "",
        "content": {},
        "media": None,
        "reply_to": None,
        "sent_at": ARRIVED,
        "forwarded": "",
        "opens_window": True,
    }
    return InboundMessage, {**usual, "kind": kind, "text": text, **also}


def file(message_sid, media_sid, mime_type, **also):
    account = f"https://api.twilio.com/2010-04-01/Accounts/{ACCOUNT_SID}"
    url = f"{account}/Messages/{message_sid}/Media/{media_sid}"
    return MediaRef(media_sid, mime_type, url=url, **also)


def status(state, **also):
    usual = {
        "account_ref": NUMBER,
        "message_id": OUR_MESSAGE,
        "recipient": "15550100002",
        "recipient_identities": ANN[:1],
        "at": ARRIVED,
        "correlation_id": "parley-7",
    }
    return StatusUpdate, {**usual, "status": state, **also}


EFFECTS = {
    "inbound_text": message(
        "text", "Hello, is my order A-17 on its way? 👋", id="SMd68005ccf362b82d084551b6291792a3"
    ),
    "inbound_image_caption": message(
        "image",
        "The parcel arrived like this",
        media=file(
            "MMa964065211872fb76f876c6c3e952ea3",
            "ME9f585adaba6eebfbe272f44e6ba74172",
            "image/jpeg",
        ),
    ),
    "inbound_sticker": message(
        "sticker",
        media=file(
            "MMaafe421b8ad20fe391be17a529c844c2",
            "ME4a96420492dd5aab19a5791ecddbc976",
            "image/webp",
        ),
    ),
    "inbound_voice": message(
        "voice",
        media=file(
            "MM09c20929ac4356a90624c6434a51ec73",
            "ME1eae5eaeb422de825613d08ac88c5213",
            "audio/ogg",
            voice=True,
        ),
    ),
    "inbound_document": message(
        "document",
        media=file(
            "MMfa3f85b69fffee691dc14db74b6fd7d0",
            "MEae8c067572c25c853d39b3232d96321b",
            "application/pdf",
            filename="invoice.pdf",
        ),
    ),
    "inbound_contact_vcard": message(
        "document",
        media=file(
            "MMdf84d570ba8c424b1f85d54d0c22d29e",
            "MEe7771388488caf58e7883ddcab1c00de",
            "text/vcard",
            filename="contact.vcf",
        ),
    ),
    "inbound_location": message(
        "location",
        "Example Plaza, 1 Example Plaza, New York",
        content={
            "latitude": 40.7128,
            "longitude": -74.006,
            "name": "Example Plaza",
            "address": "1 Example Plaza, New York",
            "url": "",
        },
    ),
    "inbound_quick_reply": message(
        "button",
        "Yes, confirm",
        content={"payload": "confirm_yes"},
        reply_to="MM36c93b296509ebe948f992b7a9bdd2bf",
    ),
    "inbound_list_reply": message(
        "list_reply",
        "Billing",
        content={"id": "dept_billing", "description": "Invoices and payments"},
        reply_to="SMa595b9857ac12378195f3093f2c73775",
    ),
    "inbound_quoted_reply": message(
        "text", "That one, please", reply_to="SM77766027bc4789dbbe85a97d4cdb167a"
    ),
    "inbound_forwarded": message("text", "Fwd: see this", forwarded="frequently"),
    "inbound_ad_referral": message(
        "text",
        "I saw your ad",
        content={
            "referral": {
                "headline": "Spring offer",
                "body": "20% off",
                "source_id": "120200000000001",
                "source_type": "ad",
                "source_url": "https://fb.me/example",
                "media_id": "1000001",
                "media_type": "image/jpeg",
                "media_url": "https://example.com/ad.jpg",
                "ctwa_clid": "ARexampleclid",
            }
        },
    ),
    "inbound_bsuid_no_phone": message(
        "text", "Hi, hidden number", identities=HIDDEN, username="ann.example"
    ),
    "inbound_empty_unsupported": message(
        "unsupported",
        content={
            "type": "unknown",
            "note": "This is a message of a kind that Twilio does not pass on.",
        },
    ),
    "status_sent": status("sent", error=None),
    "status_delivered": status("delivered", error=None),
    "status_read": status("read", error=None),
}


@pytest.fixture
def twilio():
    return provider_for(FakeAccount("twilio", dict(TWILIO_CREDENTIALS)), {})


def parsed(twilio, name, url=f"{URL}?c=parley-7", **changes):
    return twilio.parse(twilio_posted(twilio_body(name, **changes), url))


def only(twilio, name, **changes):
    (event,) = parsed(twilio, name, **changes)
    return event


@pytest.mark.parametrize("name", sorted(EFFECTS))
def test_each_sample_has_its_effect(twilio, name):
    kind, expected = EFFECTS[name]
    event = only(twilio, name)
    assert type(event) is kind
    assert {key: getattr(event, key) for key in expected} == expected
    assert event.raw == twilio_fields(name)


def test_every_sample_is_accounted_for():
    failed = {"status_failed_63018", "status_undelivered_63016"}
    assert {path.stem for path in payload_files("twilio")} == set(EFFECTS) | failed


def test_a_failure_tells_its_reason_in_our_words(twilio):
    update = only(twilio, "status_undelivered_63016")
    assert (update.status, update.error.code) == ("failed", "63016")
    assert update.error.reason == "More than 24 hours since this person last wrote"
    assert update.error.detail == "Re-engagement message"
    assert update.error.permanent


def test_what_failed_for_now_is_not_said_to_be_tried_again(twilio):
    update = only(twilio, "status_failed_63018", ErrorCode="30008")
    assert not update.error.permanent
    assert update.error.action == "Send it again in a while."


def test_a_failure_without_a_code_is_one_still(twilio):
    update = only(twilio, "status_failed_63018", ErrorCode=None)
    assert (update.status, update.error.code) == ("failed", "")
    assert update.error.reason


@pytest.mark.parametrize(
    ("word", "state"),
    (("canceled", "failed"), ("partially_delivered", "delivered"), ("DELIVERED", "delivered")),
)
def test_the_rarer_states_stand_on_the_same_ladder(twilio, word, state):
    assert only(twilio, "status_delivered", MessageStatus=word).status == state


@pytest.mark.parametrize("word", ("accepted", "scheduled", "queued", "sending", "received"))
def test_a_message_still_on_its_way_is_no_news(twilio, word):
    event = only(twilio, "status_sent", MessageStatus=word)
    assert isinstance(event, Unsupported)
    assert event.harmless


def test_a_state_nobody_knows_is_shown_to_admins(twilio):
    event = only(twilio, "status_sent", MessageStatus="teleported")
    assert isinstance(event, Unsupported)
    assert not event.harmless


def test_a_receipt_without_our_own_id_is_one_too(twilio):
    (update,) = parsed(twilio, "status_read", url=URL)
    assert (update.correlation_id, update.message_id) == (None, OUR_MESSAGE)


@pytest.mark.parametrize("code", ("63033", "21610"))
def test_who_asked_twilio_for_no_more_is_opted_out_here(twilio, code):
    update, wish = parsed(twilio, "status_failed_63018", ErrorCode=code)
    assert update.status == "failed"
    assert isinstance(wish, PreferenceChange)
    assert (wish.value, wish.identities) == ("stop", ANN[:1])


def test_a_receipt_for_a_person_without_a_number_names_their_id(twilio):
    update = only(twilio, "status_read", To="whatsapp:US.13491208655302741918")
    assert update.recipient == "US.13491208655302741918"
    assert update.recipient_identities == HIDDEN[:1]


MEDIA = {
    "NumMedia": "3",
    "MediaUrl0": "https://api.twilio.com/m/ME2",
    "MediaContentType0": "image/jpeg",
    "MediaUrl1": "https://api.twilio.com/m/ME1",
    "MediaContentType1": "video/mp4",
    "MediaUrl2": "https://api.twilio.com/m/ME3",
    "MediaContentType2": "audio/mpeg; charset=x",
}


def test_several_files_are_several_messages_with_ids_of_their_own(twilio):
    events = parsed(twilio, "inbound_text", **MEDIA)
    sid = twilio_fields("inbound_text")["MessageSid"]
    assert [(event.kind, event.id) for event in events] == [
        ("image", f"{sid}.ME2"),
        ("video", sid),
        ("audio", f"{sid}.ME3"),
    ]
    assert [bool(event.text) for event in events] == [False, True, False]


def test_the_ids_of_several_files_do_not_hang_on_their_order(twilio):
    turned = {**MEDIA, "MediaUrl0": MEDIA["MediaUrl1"], "MediaUrl1": MEDIA["MediaUrl0"]}
    ids = {
        frozenset((event.id, event.media.id) for event in parsed(twilio, "inbound_text", **said))
        for said in (MEDIA, turned)
    }
    assert len(ids) == 1


def test_a_file_that_did_not_come_along_leaves_its_message(twilio):
    event = only(twilio, "inbound_image_caption", MediaUrl0=None)
    assert (event.kind, event.media) == ("document", None)
    assert event.text == "The parcel arrived like this"


@pytest.mark.parametrize(
    ("mime_type", "message_type", "kind"),
    (
        ("image/png", None, "image"),
        ("image/webp", None, "sticker"),
        ("image/webp", "image", "image"),
        ("image/jpeg", "document", "document"),
        ("video/3gpp", None, "video"),
        ("audio/ogg; codecs=opus", "audio", "voice"),
        ("audio/mpeg", "voice", "voice"),
        ("audio/amr", None, "audio"),
        ("text/x-vcard", "contacts", "document"),
        ("application/zip", None, "document"),
        ("", None, "document"),
        (None, "sticker", "sticker"),
    ),
)
def test_a_files_kind_is_told_by_its_type(twilio, mime_type, message_type, kind):
    changes = {"MediaContentType0": mime_type, "MessageType": message_type}
    assert only(twilio, "inbound_voice", **changes).kind == kind


def test_what_is_no_file_name_stays_a_documents_caption(twilio):
    event = only(twilio, "inbound_document", Body="Here you are.\nRegards")
    assert (event.text, event.media.filename) == ("Here you are.\nRegards", "")


@pytest.mark.parametrize(
    "fields",
    (
        {"ListId": None, "ListTitle": None, "ListDescription": None, "ButtonPayload": "dept_7"},
        {"ListId": "dept_7", "ListTitle": None, "ListDescription": None},
    ),
)
def test_a_list_reply_without_its_own_fields_is_told_by_the_payload_and_body(twilio, fields):
    event = only(twilio, "inbound_list_reply", **fields)
    assert (event.kind, event.text, event.content["id"]) == ("list_reply", "Billing", "dept_7")


def test_a_button_of_ours_inside_the_window_gives_its_id(twilio):
    event = only(twilio, "inbound_quick_reply", MessageType="interactive")
    assert (event.kind, event.content) == ("button_reply", {"id": "confirm_yes"})


@pytest.mark.parametrize("name", ("FlowData", "InteractiveData"))
def test_a_forms_answers_are_read(twilio, name):
    given = json.dumps({"colour": "red", "size": 4})
    event = only(twilio, "inbound_text", **{name: given, "Body": "Sent"})
    assert (event.kind, event.text) == ("flow_reply", "Sent")
    assert event.content["answers"] == {"colour": "red", "size": 4}


def test_a_form_that_cannot_be_read_is_a_reply_without_answers(twilio):
    event = only(twilio, "inbound_text", FlowData="{")
    assert (event.kind, event.content["answers"]) == ("flow_reply", {})


def test_a_reaction_is_shown_as_the_text_it_comes_as(twilio):
    changes = {"MessageType": "reaction", "Body": "👍", "OriginalRepliedMessageSid": "SM1"}
    event = only(twilio, "inbound_text", **changes)
    assert (event.kind, event.text, event.reply_to) == ("text", "👍", "SM1")


def test_a_reaction_taken_back_says_so(twilio):
    event = only(twilio, "inbound_text", MessageType="reaction", Body="")
    assert (event.kind, event.content["note"]) == (
        "unsupported",
        "The customer took a reaction back.",
    )


def test_forwarded_once_is_not_often(twilio):
    event = only(twilio, "inbound_forwarded", FrequentlyForwarded="false")
    assert event.forwarded == "forwarded"
    assert (
        only(twilio, "inbound_forwarded", FrequentlyForwarded=None, Forwarded="false").forwarded
        == ""
    )


@pytest.mark.parametrize("prefix", ("", "whatsapp:"))
def test_a_user_id_beside_a_number_is_kept(twilio, prefix):
    event = only(twilio, "inbound_text", ExternalUserId=f"{prefix}US.13491208655302741918")
    assert event.identities == (*ANN, HIDDEN[0])


def test_a_number_that_whatsapp_writes_another_way_is_kept_in_both(twilio):
    event = only(twilio, "inbound_text", From="whatsapp:+5511987654321", WaId="551187654321")
    assert event.identities == (
        Identity("phone", "5511987654321"),
        Identity("wa_id", "551187654321"),
    )


@pytest.mark.parametrize("sender", ("+15550100002", "messenger:123", "whatsapp:", "whatsapp:x", ""))
def test_who_did_not_write_by_whatsapp_is_kept_for_admins(twilio, sender):
    event = only(twilio, "inbound_text", From=sender, WaId=None)
    assert isinstance(event, Unsupported)
    assert not event.harmless
    assert event.raw["Body"]


def test_a_get_is_read_from_its_query(twilio):
    url = f"{URL}?{twilio_body('inbound_text').decode()}"
    (event,) = twilio.parse(twilio_posted(b"", url, method="GET"))
    assert event.text == "Hello, is my order A-17 on its way? 👋"


def test_json_with_a_messages_fields_is_read_alike(twilio):
    body = json.dumps(twilio_fields("inbound_text")).encode()
    headers = {"content-type": "application/json"}
    (event,) = twilio.parse(twilio_posted(body, headers=headers))
    assert isinstance(event, InboundMessage)


def test_events_of_another_product_are_kept_for_admins(twilio):
    headers = {"content-type": "application/json"}
    (event,) = twilio.parse(twilio_posted(b'[{"specversion": "1.0"}]', headers=headers))
    assert isinstance(event, Unsupported)


def test_a_fallback_call_is_the_same_message(twilio):
    changes = {"ErrorCode": "11200", "ErrorUrl": "https://chat.example/x"}
    assert only(twilio, "inbound_text", **changes).id == only(twilio, "inbound_text").id


def test_half_emojis_and_zeroes_do_not_reach_the_database(twilio):
    body = twilio_body("inbound_text", Body="BODY").replace(b"BODY", b"a%00b%ff%ed%a0%bd")
    (event,) = twilio.parse(twilio_posted(body))
    event.text.encode()
    assert "\x00" not in event.text


def test_the_answer_is_a_document_nobody_is_sent(twilio):
    status, body, kind = twilio.answer
    assert (status, kind) == (200, "text/xml")
    assert body.endswith("<Response/>")
    assert twilio.webhook_suffix == "#rc=5&rp=all"
