"""Kaleyra's inbound callbacks, flat and wrapped, however an admin wrote the call."""

import json
from datetime import UTC, datetime
from urllib.parse import urlencode

import pytest

from webapp.providers.base import (
    AccountRef,
    AccountUpdate,
    Identity,
    InboundMessage,
    MessageKind,
    Severity,
    TemplateUpdate,
    Unsupported,
    WebhookRequest,
)

from .conftest import payload_files
from .kaleyra_bodies import WEBHOOK, by_get, called, kaleyra, only, posted, sample

WRITTEN = datetime(2026, 3, 1, 12, 23, 56, tzinfo=UTC)
CUSTOMER = (Identity("wa_id", "15550100002"),)
FLAT = {
    "from": "15550100002",
    "wanumber": "+15550100001",
    "type": "text",
    "created_at": "1772367836",
    "body": "Hi",
}
CALLBACKS = [path.stem for path in payload_files("kaleyra") if not path.stem.startswith("send_")]


def event_of(request):
    return only(kaleyra().parse(request))


def flat(**more):
    return event_of(posted({**FLAT, **more}))


@pytest.mark.parametrize("name", CALLBACKS)
def test_every_sample_gives_one_event_twice_the_same(name):
    event = event_of(sample(name))
    assert not isinstance(event, Unsupported)
    if name != "v1_quality_event_get":  # it carries no time
        assert event == event_of(sample(name))


@pytest.mark.parametrize(
    ("name", "kind", "text"),
    (
        ("v1_get_text", MessageKind.TEXT, "Hello World & more + 👋"),
        ("v1_get_image", MessageKind.IMAGE, "caption"),
        ("v1_post_text", MessageKind.TEXT, "Hello, is my order A-17 on its way?"),
        ("v1_post_text_placeholders_unset", MessageKind.TEXT, "Hi"),
        ("v1_post_voice", MessageKind.VOICE, ""),
        ("v1_post_document", MessageKind.DOCUMENT, ""),
        ("v1_post_location", MessageKind.LOCATION, "Example Plaza, 1 Example Plaza, New York"),
        ("v1_post_contacts", MessageKind.CONTACTS, "Bob Example"),
        ("v1_post_button", MessageKind.BUTTON, "Yes"),
        ("v2_text", MessageKind.TEXT, "Hello"),
        ("v2_image", MessageKind.IMAGE, "The parcel arrived like this"),
        ("v2_button", MessageKind.BUTTON, "Yes"),
        ("v2_list_reply", MessageKind.LIST_REPLY, "Billing"),
        ("v2_reaction", MessageKind.REACTION, "👍"),
        ("v2_contacts_phones_object", MessageKind.CONTACTS, "Bob Example"),
    ),
)
@pytest.mark.parametrize("version", ("v1", "v2"))
def test_both_forms_are_recognised_by_what_stands_in_them(name, kind, text, version):
    event = only(kaleyra(api_version=version).parse(sample(name)))
    assert (event.kind, event.text, event.identities) == (kind, text, CUSTOMER)
    assert event.sender_name == "Ann Example"
    assert event.sent_at == WRITTEN
    assert event.account_ref == AccountRef(display_phone="15550100001")


def test_a_file_is_named_by_its_link_alone():
    media = event_of(sample("v1_get_image")).media
    assert media.url == "https://media.example.com/k/7f3a.jpg"
    assert (media.mime_type, media.filename, media.voice) == ("image/jpeg", "7f3a.jpg", False)
    assert event_of(sample("v2_image")).media.url == media.url
    assert event_of(sample("v1_post_voice")).media.voice


def test_a_documents_name_is_no_caption_and_a_caption_no_name():
    link = "https://media.example.com/k/invoice.pdf"
    named = event_of(sample("v1_post_document"))
    assert (named.media.filename, named.text) == ("invoice.pdf", "")
    said = flat(type="document", body="Here it is", media_url=link)
    assert (said.media.filename, said.text) == ("invoice.pdf", "Here it is")


def test_a_file_of_a_kind_nobody_knows_is_shown_by_its_type():
    link = "https://media.example.com/k/x"
    assert flat(type="ptv", media_url=link, mime_type="video/mp4").kind is MessageKind.VIDEO
    assert flat(type="gif2", media_url=link).kind is MessageKind.DOCUMENT


def test_a_file_without_its_link_says_so():
    lost = flat(type="image", body="")
    assert lost.kind is MessageKind.UNSUPPORTED
    assert "no link" in lost.content["note"]
    said = flat(type="image", body="Look")
    assert (said.kind, said.text, said.media) == (MessageKind.IMAGE, "Look", None)
    body = json.loads(sample("v2_image").body)
    body["extra_info"]["media_url"] = ""
    wrapped = event_of(posted(body))
    assert (wrapped.kind, wrapped.media) == (MessageKind.IMAGE, None)
    assert "no link" in wrapped.content["note"]


@pytest.mark.parametrize("unset", ("", "<mime_type>", "null", "NULL", None, " "))
def test_what_is_unset_counts_as_missing(unset):
    message = flat(mime_type=unset, reply_to=unset, name=unset, payload=unset)
    assert (message.reply_to, message.sender_name) == (None, "")


def test_a_customer_may_write_null_and_a_word_in_angle_brackets():
    assert flat(body="null").text == "null"
    assert flat(body="<hello>").text == "<hello>"


def test_values_of_a_get_may_stand_in_quotes():
    request = by_get(from_='"15550100002"', type='"text"', body='"Hi"', reply_to='"<reply_to>"')
    message = event_of(request)
    assert (message.identities, message.text, message.reply_to) == (CUSTOMER, "Hi", None)


def test_json_comes_before_form_before_query():
    query = urlencode({"from": "1", "type": "image", "name": "Query", "reply_to": "q"})
    body = {"from": "15550100002", "type": "text", "body": "Hi", "reply_to": "<reply_to>"}
    message = event_of(posted(body, query))
    assert (message.identities, message.kind) == (CUSTOMER, MessageKind.TEXT)
    assert (message.sender_name, message.reply_to) == ("Query", "q")


def test_a_form_is_read_like_the_rest():
    body = urlencode({"from": "+1 555 0100002", "type": "text", "body": "Tea & cake"}).encode()
    message = event_of(posted(body, "name=Ann"))
    assert (message.identities, message.text) == (CUSTOMER, "Tea & cake")
    assert message.sender_name == "Ann"


def test_keys_may_be_written_in_capitals_and_the_sender_called_mobile():
    message = event_of(posted({"Mobile": 15550100002, "TYPE": "text", "Body": "Hi"}))
    assert (message.identities, message.text) == (CUSTOMER, "Hi")


def test_a_line_break_in_the_text_does_not_break_the_message():
    body = b'{"from":"15550100002","type":"text","body":"one\ntwo\tthree"}'
    assert event_of(posted(body)).text == "one\ntwo\tthree"


def test_quotes_in_the_text_do_not_lose_the_message():
    body = b'{"from":"15550100002","type":"text","created_at":"1772367836","body":"say "hi", ok"}'
    message = event_of(posted(body))
    assert (message.text, message.sent_at) == ('say "hi", ok', WRITTEN)


def test_the_raw_message_put_in_unescaped_is_read_still():
    raw = '[{"id":"wamid.1","from":"15550100002","type":"button","button":{"text":"Yes"}}]'
    body = (
        '{"from":"15550100002","type":"button","payload":"yes","body":"Yes","message":"' + raw
    ) + '"}'
    message = event_of(posted(body.encode()))
    assert (message.id, message.kind, message.text) == ("wamid.1", MessageKind.BUTTON, "Yes")
    assert message.content == {"payload": "yes"}


def test_a_customer_cannot_write_as_somebody_else():
    for text in ('x","from":"999","body":"y', '"x", "from":"999"'):
        body = '{"from":"15550100002","type":"text","body":"' + text + '"}'
        assert event_of(posted(body.encode())).identities == CUSTOMER


def test_numbers_are_digits_whatever_is_written_around_them():
    message = flat(**{"from": " 1555-0100002", "wanumber": "+1 (555) 0100001"})
    assert (message.identities, message.account_ref.display_phone) == (CUSTOMER, "15550100001")


def test_without_an_id_the_same_message_keeps_one_and_another_gets_another():
    first = flat()
    assert first.id == flat().id == event_of(by_get(from_=FLAT["from"], **_rest())).id
    others = [
        flat(body="Hi!"),
        flat(created_at="1772367837"),
        flat(**{"from": "15550100003"}),
        flat(wanumber="15550100009"),
        flat(type="image", media_url="https://media.example.com/1.jpg"),
        flat(type="image", media_url="https://media.example.com/2.jpg"),
        flat(type="location", location={"latitude": 1, "longitude": 2}),
        flat(type="location", location={"latitude": 1, "longitude": 3}),
    ]
    assert len({first.id, *(other.id for other in others)}) == len(others) + 1


def _rest():
    return {key: value for key, value in FLAT.items() if key != "from"}


def test_the_same_words_another_day_are_another_message_even_without_a_time():
    body = json.dumps({"from": "15550100002", "type": "text", "body": "Ok"}).encode()
    days = [
        WebhookRequest("POST", WEBHOOK, {}, body, {}, datetime(2026, 3, day, 9, tzinfo=UTC))
        for day in (1, 2)
    ]
    first, second = (event_of(request) for request in days)
    assert first.id != second.id
    assert first.id == event_of(days[0]).id


def test_whatsapps_own_id_is_taken_where_it_comes():
    assert event_of(sample("v1_post_button")).id == "wamid.EXAMPLEB1"
    assert flat(message={"id": "wamid.2"}).id == "wamid.2"
    assert event_of(sample("v2_text")).id == "wamid.EXAMPLETEXT"


def test_kaleyras_id_of_the_quoted_message_comes_before_whatsapps():
    assert event_of(sample("v2_button")).reply_to == "58f86fab-0000-4000-8000-000000000042"
    assert event_of(sample("v2_list_reply")).reply_to == "wamid.EXAMPLEPARENT"


def test_a_quote_is_named_without_the_place_of_the_recipient():
    assert event_of(sample("v1_post_button")).reply_to == "58f86fab-0000-4000-8000-000000000042"


def test_a_reaction_opens_no_window_and_can_be_taken_back():
    message = event_of(sample("v2_reaction"))
    assert (message.reply_to, message.opens_window) == ("wamid.EXAMPLEPARENT", False)
    reacted = flat(type="reaction", body="👍", reply_to="58f8:0")
    assert (reacted.kind, reacted.text, reacted.reply_to) == (MessageKind.REACTION, "👍", "58f8")
    assert not reacted.opens_window
    raw = {"id": "wamid.3", "reaction": {"message_id": "wamid.2", "emoji": ""}}
    assert flat(type="reaction", body="", message=raw).text == ""


@pytest.mark.parametrize("written", (str, dict))
def test_a_place_may_come_as_text_or_as_an_object(written):
    place = {"latitude": 40.7128, "longitude": -74.006, "name": "Plaza"}
    value = json.dumps(place) if written is str else place
    for event in (
        flat(type="location", body="", location=value),
        flat(type="location", body="", message=[{"location": place}]),
    ):
        assert event.kind is MessageKind.LOCATION
        assert (event.content["latitude"], event.content["longitude"]) == (40.7128, -74.006)


def test_a_place_that_is_no_json_is_shown_as_text():
    message = flat(type="location", body="", location="Behind the church")
    assert (message.kind, message.text) == (MessageKind.TEXT, "Behind the church")


@pytest.mark.parametrize("many", (True, False))
@pytest.mark.parametrize("as_text", (True, False))
def test_a_card_may_have_one_phone_or_a_list_of_them(many, as_text):
    phone = {"phone": "+15550100003", "wa_id": "15550100003"}
    cards = [{"name": {"formatted_name": "Bob"}, "phones": [phone] if many else phone}]
    message = flat(type="contacts", body="", contacts=json.dumps(cards) if as_text else cards)
    assert message.content["contacts"][0]["phones"][0]["wa_id"] == "15550100003"


def test_buttons_and_lists_tell_what_was_chosen():
    button = flat(type="button", body="", payload="confirm_yes")
    assert (button.text, button.content) == ("confirm_yes", {"payload": "confirm_yes"})
    chosen = flat(type="interactive", body="Billing", payload="dept_1")
    assert (chosen.kind, chosen.text) == (MessageKind.BUTTON_REPLY, "Billing")
    assert chosen.content == {"id": "dept_1"}
    row = {"type": "list_reply", "list_reply": {"id": "d1", "title": "Sales"}}
    for listed in (
        flat(type="interactive", payload=json.dumps(row)),
        flat(type="interactive", message={"interactive": row}),
    ):
        assert (listed.kind, listed.text) == (MessageKind.LIST_REPLY, "Sales")


def test_a_kind_nobody_knows_shows_its_text_or_is_kept_as_unsupported():
    assert flat(type="ephemeral", body="Psst").text == "Psst"
    assert flat(type="poll_creation", body="").kind is MessageKind.UNSUPPORTED


def test_a_missing_type_with_a_text_is_a_text():
    assert flat(type="").kind is MessageKind.TEXT


@pytest.mark.parametrize("gap", ({"from": ""}, {"from": "<from>"}, {"type": "", "body": ""}))
def test_without_sender_or_anything_said_it_is_kept_for_admins(gap):
    event = flat(**gap)
    assert isinstance(event, Unsupported)
    assert event.raw
    assert not event.harmless


def test_the_older_raw_form_is_metas():
    body = {
        "contacts": [{"profile": {"name": "Ann"}, "wa_id": "15550100002"}],
        "messages": [
            {"from": "15550100002", "id": "ABEG1", "timestamp": "1772367836", "type": "text",
             "text": {"body": "Hi"}},
        ],
    }  # fmt: skip
    message = event_of(posted(body))
    assert (message.id, message.text, message.sender_name) == ("ABEG1", "Hi", "Ann")


def test_a_wrapped_object_may_come_as_json_text():
    body = json.loads(sample("v2_text").body)
    message = event_of(posted({name: json.dumps(part) for name, part in body.items()}))
    assert message.id == "wamid.EXAMPLETEXT"


def test_forwarded_edited_deleted_and_system_messages_come_through_as_metas():
    def said(message):
        body = json.loads(sample("v2_text").body)
        body["meta_object"]["value"]["messages"][0] |= message
        return kaleyra().parse(posted(body))

    assert only(said({"context": {"forwarded": True}})).forwarded == "forwarded"
    revoked = only(said({"type": "revoke", "revoke": {"original_message_id": "wamid.0"}}))
    assert (revoked.kind, revoked.reply_to) == (MessageKind.REVOKE, "wamid.0")
    inner = {"type": "text", "text": {"body": "Hey"}}
    edit = {"original_message_id": "wamid.0", "message": inner}
    assert only(said({"type": "edit", "edit": edit})).text == "Hey"
    moved = {"type": "user_changed_number", "wa_id": "15550100009", "body": "A changed number"}
    message, change = said({"type": "system", "system": moved})
    assert message.kind is MessageKind.SYSTEM
    assert change.new == (Identity("wa_id", "15550100009"),)


def test_news_of_the_numbers_quality_is_no_message():
    event = event_of(sample("v1_quality_event_get"))
    assert isinstance(event, AccountUpdate)
    assert event.kind == "phone_number_quality_update"
    assert event.severity is Severity.WARNING
    assert event.detail["current_limit"] == "TIER_10K"
    assert event.account_ref.display_phone == "15550100001"


@pytest.mark.parametrize("by", ("get", "post"))
def test_news_of_a_template_names_it_and_its_state(by):
    body = json.loads(sample("template_status_update_post").body)
    if by == "get":  # where all values stand in quotes
        request = called(urlencode({name: f'"{value}"' for name, value in body.items()}))
    else:
        request = posted(body | {"other_info": '{"description":"why"}'})
    event = event_of(request)
    assert isinstance(event, TemplateUpdate)
    assert (event.name, event.language, event.template_id) == (
        "order_update", "en", "900000000000001",
    )  # fmt: skip
    assert (event.change["status"], event.change["reason"]) == ("APPROVED", "")
    assert event.change["detail"] == ("" if by == "get" else "why")
    assert event.account_ref == AccountRef(waba_id="100000000000002")


@pytest.mark.parametrize(
    "body",
    (
        b"", b"nonsense", b"null", b"[]", b"{}", b"[1, null]", b'{"a": ' * 2000, b"\xff\xfe{",
        b'{"meta_object": {}}', b'{"meta_object": {"value": {"messages": [{}]}}}',
        b'{"from": {"a": 1}, "type": []}', b'{"event": {}}', b'{"status": []}', b"%ff=%00",
    ),
)  # fmt: skip
def test_what_nobody_can_read_is_kept(body):
    event = event_of(posted(body))
    assert isinstance(event, Unsupported)
    assert isinstance(event.raw, dict)


def test_several_in_one_callback_are_read_each_by_itself():
    body = [FLAT, "noise", json.loads(sample("v2_text").body)]
    events = kaleyra().parse(posted(body))
    assert [event.text for event in events if isinstance(event, InboundMessage)] == ["Hi", "Hello"]


def test_halves_of_emojis_and_zero_bytes_cannot_stop_it():
    body = b'{"from":"15550100002","type":"text","body":"a\\ud83d\\u0000b"}'
    assert event_of(posted(body)).text == "a\ufffdb"
