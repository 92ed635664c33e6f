"""Bodies nobody documented: nothing raises, nothing is lost, nothing unstorable gets through."""

import dataclasses
import json
from datetime import UTC, datetime

import orjson
import pytest

from webapp.providers.base import (
    Echo,
    InboundMessage,
    Receipt,
    StatusUpdate,
    TemplateUpdate,
    Unsupported,
)
from webapp.providers.meta.parsing import events_of

from .conftest import NUMBER_ID, payload

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
TEXT = {
    "from": "15550142233",
    "id": "wamid.1",
    "timestamp": "1795300001",
    "type": "text",
    "text": {"body": "Hi"},
}


def body(value, field="messages", **entry):
    change = {"field": field, "value": value}
    entries = [{"id": "1", **entry, "changes": [change]}]
    return json.dumps({"object": "whatsapp_business_account", "entry": entries}).encode()


def parse(value, field="messages", **entry):
    return events_of(body(value, field, **entry), NOW)


def parse_message(*messages, **value):
    value = {"metadata": {"phone_number_id": NUMBER_ID}, "messages": list(messages), **value}
    return parse(value)


def only(events):
    (event,) = events
    return event


@pytest.mark.parametrize(
    "raw",
    (
        b"",
        b"not json",
        b"\xff\xfe\x00",
        b"[" * 1_000_000,
        b"[" * 1_000_000 + b"]" * 1_000_000,
        b'{"a":' * 100_000,
        b'{"object":"whatsapp_business_account","entry":[' + b"[" * 5000 + b"]" * 5000 + b"]}",
    ),
)
def test_what_is_not_json_is_one_unsupported_event(raw):
    event = only(events_of(raw))
    assert isinstance(event, Unsupported)
    assert isinstance(event.raw, dict)
    orjson.dumps(event.raw)


@pytest.mark.parametrize("raw", (b"null", b"1", b'"text"', b"[]", b"{}", b'{"entry":{}}'))
def test_json_that_is_no_webhook_is_one_unsupported_event(raw):
    assert isinstance(only(events_of(raw)), Unsupported)


def test_nesting_that_still_parses_is_cut_and_kept():
    deep = b"[" * 900 + b"]" * 900
    raw = body({"messages": [{**TEXT, "x": 0}]}).replace(b'"x": 0', b'"x":' + deep)
    event = only(events_of(raw))
    assert event.text == "Hi"
    json.dumps(event.raw)


def test_another_object_is_harmless():
    event = only(events_of(b'{"object":"page","entry":[]}'))
    assert (type(event), event.harmless) == (Unsupported, True)


@pytest.mark.parametrize("odd", (None, 7, "text", [], [[]], {"id": 5}))
def test_an_odd_entry_does_not_take_its_neighbour_along(odd):
    raw = orjson.loads(body({"messages": [TEXT]}))
    raw["entry"].insert(0, odd)
    first, second = events_of(orjson.dumps(raw))
    assert isinstance(first, Unsupported)
    assert second.text == "Hi"


@pytest.mark.parametrize("odd", (None, 7, "text", [], {}, {"id": "wamid.9"}, {"type": "text"}))
def test_an_odd_message_does_not_take_its_neighbour_along(odd):
    first, second = parse_message(odd, TEXT)
    assert isinstance(first, Unsupported)
    assert second.id == "wamid.1"


@pytest.mark.parametrize("odd", (None, {}, "text", 5))
def test_an_array_that_is_none_is_kept(odd):
    assert isinstance(only(parse({"messages": odd})), Unsupported)


def test_one_value_may_hold_messages_statuses_and_errors():
    receipt = {"id": "wamid.2", "status": "read", "timestamp": "1795300001", "recipient_id": "1"}
    kinds = [
        type(event).__name__
        for event in parse({"messages": [TEXT], "statuses": [receipt], "errors": [{"code": 1}]})
    ]
    assert kinds == ["InboundMessage", "StatusUpdate", "AccountUpdate"]


@pytest.mark.parametrize(
    ("written", "read"),
    (
        ("1795300001", datetime.fromtimestamp(1795300001, UTC)),
        (1795300001, datetime.fromtimestamp(1795300001, UTC)),
        (1795300001.5, datetime.fromtimestamp(1795300001.5, UTC)),
        (None, NOW),
        ("soon", NOW),
        ("nan", NOW),
        ("1e400", NOW),
        (10**30, NOW),
        (-5, NOW),
        (True, NOW),
        ([1], NOW),
    ),
)
def test_an_unreadable_time_is_that_of_receiving(written, read):
    assert only(parse_message({**TEXT, "timestamp": written})).sent_at == read


def test_text_is_storable_in_any_database():
    event = only(
        events_of(
            body({"messages": [TEXT]}).replace(b'"Hi"', b'"a\\u0000b \\ud83d c \\ud83d\\ude00"')
        )
    )
    assert event.text == "ab \ufffd c 😀"
    assert event.raw["text"]["body"] == event.text
    json.dumps(event.raw, ensure_ascii=False).encode()


def test_a_name_with_zero_bytes_is_cleaned_wherever_it_stands():
    value = {
        "contacts": [{"wa_id": "15550142233", "profile": {"name": "Am\x00ara", "\x00": "\x00"}}],
        "messages": [{**TEXT, "id": "wam\x00id", "from": "15550142233\x00"}],
    }
    event = only(parse(value))
    assert (event.id, event.sender_name) == ("wamid", "Amara")
    assert "\\u0000" not in json.dumps(dataclasses.asdict(event), default=str)


def test_numbers_no_database_takes_are_dropped():
    raw = body({"messages": [{**TEXT, "x": 0}]}).replace(b'"x": 0', b'"x":1e999,"y":NaN')
    event = only(events_of(raw))
    assert (event.raw["x"], event.raw["y"]) == (None, None)


def test_a_user_id_in_the_numbers_place_is_no_number():
    event = only(parse_message({**TEXT, "from": "US.13491208655302741918"}))
    assert [(i.kind, i.value) for i in event.identities] == [("bsuid", "US.13491208655302741918")]


def test_a_number_is_stored_as_digits():
    event = only(parse_message({**TEXT, "from": "+1 (555) 014-2233"}))
    assert event.identities[0].value == "15550142233"


def test_contacts_are_matched_whatever_their_order():
    cards = [
        {"wa_id": "15550171819", "profile": {"name": "Luis"}},
        {"wa_id": "15550142233", "profile": {"name": "Amara", "username": "@amara"}},
    ]
    event = only(parse_message(TEXT, contacts=cards))
    assert (event.sender_name, event.username) == ("Amara", "amara")


def test_the_only_card_names_a_number_written_in_two_ways():
    cards = [{"wa_id": "551187654321", "profile": {"name": "João"}}]
    event = only(parse_message({**TEXT, "from": "5511987654321"}, contacts=cards))
    assert event.sender_name == "João"
    assert [i.value for i in event.identities] == ["5511987654321"]


def test_nobody_gets_another_persons_name():
    cards = [
        {"wa_id": "15550171819", "profile": {"name": "Luis"}},
        {"wa_id": "15550171820", "profile": {"name": "Eva"}},
    ]
    assert only(parse_message(TEXT, contacts=cards)).sender_name == ""
    other = [{"user_id": "US.2", "profile": {"name": "Luis"}}]
    event = only(parse_message({**TEXT, "from_user_id": "US.1"}, contacts=other))
    assert event.sender_name == ""


@pytest.mark.parametrize(
    "message",
    (
        {**TEXT, "type": "hologram", "hologram": {"x": 1}},
        {**TEXT, "type": "text", "text": "no object"},
        {**TEXT, "type": "text", "text": {"body": ["no", "text"]}},
        {**TEXT, "type": None},
        {**TEXT, "type": "contacts", "contacts": {}},
    ),
)
def test_unknown_kinds_become_a_visible_placeholder(message):
    event = only(parse_message(message))
    assert (event.kind, event.opens_window) == ("unsupported", True)
    assert event.content["note"].endswith(".")
    assert event.raw == message


@pytest.mark.parametrize("kind", ("reaction", "edit", "revoke"))
def test_what_has_no_target_opens_no_window_either(kind):
    event = only(parse_message({**TEXT, "type": kind, kind: {}}))
    assert (event.kind, event.opens_window) == ("unsupported", False)


def test_an_edited_picture_keeps_its_new_caption():
    inner = {"type": "image", "image": {"id": "88", "mime_type": "image/png", "caption": "new"}}
    edit = {"original_message_id": "wamid.0", "message": inner}
    event = only(parse_message({**TEXT, "type": "edit", "edit": edit}))
    assert (event.kind, event.text, event.reply_to) == ("edit", "new", "wamid.0")
    assert event.content["edited_kind"] == "image"


def test_edits_within_edits_end():
    inner = {"type": "text", "text": {"body": "end"}}
    for _ in range(30):
        inner = {"type": "edit", "edit": {"original_message_id": "wamid.0", "message": inner}}
    assert only(parse_message({**TEXT, **inner})).kind == "edit"


@pytest.mark.parametrize("answers", ("{", "[1]", "", None, 5))
def test_a_flow_reply_without_readable_answers_has_none(answers):
    reply = {"name": "flow", "body": "Sent", "response_json": answers}
    message = {**TEXT, "type": "interactive", "interactive": {"type": "nfm_reply"}}
    message["interactive"]["nfm_reply"] = reply
    event = only(parse_message(message))
    assert (event.kind, event.text, event.content["answers"]) == ("flow_reply", "Sent", {})


def test_an_unknown_interactive_reply_is_kept_whole():
    body = {"type": "call_permission_reply", "call_permission_reply": {"response": "accept"}}
    event = only(parse_message({**TEXT, "type": "interactive", "interactive": body}))
    assert event.kind == "interactive"
    assert event.content["call_permission_reply"] == {"response": "accept"}


def test_the_older_names_of_a_changed_number_are_understood():
    system = {"type": "customer_changed_number", "body": "x", "new_wa_id": "15550149999"}
    message, change = parse_message({**TEXT, "type": "system", "system": system})
    assert message.kind == "system"
    assert [i.value for i in change.new] == ["15550149999"]


@pytest.mark.parametrize("state", ("deleted", "warning", "held", None, 5))
def test_other_receipts_are_kept_and_change_nothing(state):
    receipt = {"id": "wamid.2", "status": state, "recipient_id": "1"}
    assert isinstance(only(parse({"statuses": [receipt]})), Unsupported)


def test_a_failure_without_its_error_still_has_a_sentence():
    receipt = {"id": "wamid.2", "status": "failed", "timestamp": 1795300001, "errors": ["x"]}
    event = only(parse({"statuses": [receipt]}))
    assert (event.status, event.recipient) == (Receipt.FAILED, "")
    assert event.error.reason


def test_quality_news_is_known_by_its_content():
    value = orjson.loads(payload("template_quality_update"))["entry"][0]["changes"][0]["value"]
    event = only(parse(value, "message_template_status_update"))
    assert event.change["what"] == "quality"


def test_languages_are_written_one_way():
    value = {
        "event": "APPROVED",
        "message_template_name": "x",
        "message_template_language": "de-AT",
    }
    event = only(parse(value, "message_template_status_update"))
    assert (type(event), event.language, event.template_id) == (TemplateUpdate, "de_AT", "")


def test_old_messages_of_the_business_are_echoes():
    thread = {"id": "15550142233", "messages": [{**TEXT, "from": "+1 555-010-0200"}, TEXT]}
    value = {
        "metadata": {"display_phone_number": "1 555 010 0200"},
        "history": [{"threads": [thread]}],
    }
    ours, theirs = parse(value, "history")
    assert (type(ours), type(theirs)) == (Echo, InboundMessage)
    assert ours.identities == theirs.identities
    assert not theirs.opens_window


def test_media_of_old_messages_that_follow_alone_open_nothing():
    event = only(parse({"messages": [TEXT]}, "history"))
    assert (event.source, event.opens_window) == ("history", False)


def test_standby_receipts_are_receipts():
    receipt = {"id": "wamid.2", "status": "delivered", "timestamp": "1", "recipient_id": "1"}
    event = only(parse({"standby": {"statuses": [receipt]}}, "standby"))
    assert isinstance(event, StatusUpdate)


def test_a_thousand_updates_in_one_body_are_a_thousand_events():
    messages = [{**TEXT, "id": f"wamid.{n}"} for n in range(1000)]
    assert [event.id for event in parse_message(*messages)] == [m["id"] for m in messages]
