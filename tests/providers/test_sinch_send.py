"""Sending through Sinch: what goes over the wire and what each answer means."""

import io
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.support.stubs.base import Reply
from webapp.providers.base import (
    Buttons,
    Choice,
    ContactCard,
    ContactsMessage,
    ListMenu,
    LocationMessage,
    MediaMessage,
    MessageKind,
    OutcomeUnknown,
    OutgoingFile,
    Parameter,
    ProviderError,
    Reaction,
    Recipient,
    Section,
    TemplateButton,
    TemplateMessage,
    Text,
)
from webapp.providers.http import Answer
from webapp.providers.sinch.errors import refusal as error_in
from webapp.providers.sinch.provider import FILES, Sinch
from webapp.providers.tracing import tracing

from .sinch_bodies import sinch_provider

TO = Recipient(phone="15550100002")
URL = "https://chat.example/files/t0ken"
LIMIT = b'{"error":{"code":429,"message":"Too many","status":"RESOURCE_EXHAUSTED"}}'


def file(mime_type="image/jpeg", filename=""):
    return OutgoingFile(lambda: io.BytesIO(b"x"), URL, mime_type, 1, filename)


def media(kind):
    mime_type = next(iter(FILES[kind].types), "application/pdf")
    return MediaMessage(TO, MessageKind(kind), file(mime_type, "a.pdf"))


CARD = ContactCard("Bob", ("15550100003",), ("bob@example.com",), "Kettles")
CHOICES = (Choice("yes", "Yes, please"), Choice("no", "No"))
LIST = ListMenu(TO, "Which?", "Show", (Section("Kettles", (Choice("k1", "Steel", "1.7 l"),)),))
TEMPLATE = TemplateMessage(
    TO,
    "order_update",
    "en-US",
    body=(Parameter("Ann"), Parameter("A-17")),
    header_file=file("application/pdf", "bill.pdf"),
    header_kind=MessageKind.DOCUMENT,
    buttons=(TemplateButton(0, "url", "A-17"), TemplateButton(1, "quick_reply", "")),
)
COMMANDS = {
    "text": [Text(TO, "Hello 👋")],
    "location": [LocationMessage(TO, 40.7, -74.0, "Office", "1 Main St")],
    "contacts": [ContactsMessage(TO, (CARD,))],
    "interactive": [Buttons(TO, "Pick", CHOICES, "A footer"), LIST],
    "template": [TEMPLATE],
    **{kind: [media(kind)] for kind in FILES},
}


@pytest.fixture
def sinch(sinch_stub):
    return sinch_provider(sinch_stub)


@pytest.fixture
def message_of(sinch, sinch_stub):
    def send(command):
        sinch.send(command, "parley-1")
        assert sinch_stub.broken_rules == []
        return sinch_stub.sent[-1]["message"]

    return send


def refusal(sinch, status, body=b"", headers=None, stub=None):
    stub.fail_next(status, body, headers=headers)
    with pytest.raises(ProviderError) as raised:
        sinch.send(Text(TO, "Hi"), "parley-1")
    return raised.value


def google(status, word, message="why"):
    return {"error": {"code": status, "message": message, "status": word, "details": []}}


@pytest.mark.parametrize("kind", sorted(Sinch.can.kinds))
def test_all_it_says_it_sends_goes_out_by_the_rules(kind, sinch, sinch_stub):
    for command in COMMANDS[kind]:
        sent = sinch.send(command, "parley-7")
        assert sent.id == sinch_stub.taken[-1].id
    assert sinch_stub.broken_rules == []


def test_a_text_goes_out_as_sinch_documents_it(sinch, sinch_stub):
    sinch.send(Text(TO, "Grüße 👋", reply_to="01HQ"), "parley-7")
    request = sinch_stub.requests[-1]
    assert request.path == f"/v1/projects/{sinch_stub.secrets['project_id']}/messages:send"
    assert request.headers["authorization"] == f"Bearer {sinch_stub.tokens[0]}"
    identity = {"channel": "WHATSAPP", "identity": "15550100002"}
    assert request.json == {
        "app_id": sinch_stub.secrets["app_id"],
        "recipient": {"identified_by": {"channel_identities": [identity]}},
        "message": {"text_message": {"text": "Grüße 👋"}},
        "channel_priority_order": ["WHATSAPP"],
        "message_metadata": "parley-7",
        "ttl": "86400s",
    }


def test_a_file_goes_by_its_address(message_of):
    assert message_of(media("image")) == {"media_message": {"url": URL}}


def test_a_document_keeps_its_name(message_of):
    media_message = {"url": URL, "filename_override": "a.pdf"}
    assert message_of(media("document")) == {"media_message": media_message}


def test_a_text_under_a_file_is_refused_and_not_lost(sinch, sinch_stub):
    command = MediaMessage(TO, MessageKind.IMAGE, file(), "Look")
    with pytest.raises(ProviderError) as raised:
        sinch.send(command, "parley-1")
    assert raised.value.permanent
    assert sinch_stub.requests == []


def test_a_place_without_a_name_is_titled_by_what_there_is(message_of):
    message = message_of(LocationMessage(TO, 40.7, -74.0))
    assert message["location_message"]["title"] == "40.7, -74.0"


def test_one_contact_at_a_time_and_with_a_number(sinch, sinch_stub):
    for cards in ((CARD, CARD), (ContactCard("Bob"),)):
        with pytest.raises(ProviderError) as raised:
            sinch.send(ContactsMessage(TO, cards), "parley-1")
        assert raised.value.permanent
    assert sinch_stub.requests == []


def test_buttons_carry_id_title_and_footer(message_of):
    message = message_of(COMMANDS["interactive"][0])["choice_message"]
    first = {"text_message": {"text": "Yes, please"}, "postback_data": "parley:yes:Yes, please"}
    assert message["choices"][0] == first
    assert message["message_properties"] == {"whatsapp_footer": "A footer"}


def test_a_list_has_its_button_and_sections(message_of):
    message = message_of(LIST)["list_message"]
    assert (message["title"], message["message_properties"]) == ("Which?", {"menu": "Show"})
    (section,) = message["sections"]
    choice = {"title": "Steel", "postback_data": "parley:k1:Steel", "description": "1.7 l"}
    assert section == {"title": "Kettles", "items": [{"choice": choice}]}


def test_a_templates_variables_are_written_in_sinchs_grammar(message_of):
    template = message_of(TEMPLATE)["template_message"]["channel_template"]["WHATSAPP"]
    assert (template["template_id"], template["language_code"]) == ("order_update", "en_US")
    assert template["parameters"] == {
        "header[1]document.link": URL,
        "header[1]document.filename": "bill.pdf",
        "body[1]text": "Ann",
        "body[2]text": "A-17",
        "button[0]url[1]text": "A-17",
        "button[1]quick_reply[1]payload": "",
    }


def test_a_template_without_variables_has_no_parameters(message_of):
    template = message_of(TemplateMessage(TO, "hello", "de"))["template_message"]
    assert "parameters" not in template["channel_template"]["WHATSAPP"]


def test_what_is_no_capability_is_refused_before_any_call(sinch, sinch_stub):
    for command in (
        Reaction(TO, "01HQ", "👍"),
        Text(Recipient(bsuid="US.1"), "Hi"),
        Buttons(TO, "Pick", tuple(Choice(str(n), str(n)) for n in range(4))),
    ):
        with pytest.raises(ProviderError) as raised:
            sinch.send(command, "parley-1")
        assert raised.value.permanent
    assert sinch_stub.requests == []


def test_a_refused_message_says_why_and_is_not_tried_again(sinch, sinch_stub):
    refused = refusal(sinch, 400, google(400, "INVALID_ARGUMENT", "Bad url"), stub=sinch_stub)
    assert refused.permanent
    assert not refused.account_wide
    assert (refused.code, refused.raw["detail"]) == ("INVALID_ARGUMENT", "Bad url")


@pytest.mark.parametrize(
    "body",
    (
        {"type": "about:blank", "title": "Bad", "detail": "why", "status": 400},
        {"code": 3, "message": "why", "details": []},
        {"errorCode": "x", "message": "why"},
    ),
)
def test_every_known_shape_of_error_is_a_refusal(sinch, sinch_stub, body):
    refused = refusal(sinch, 400, body, stub=sinch_stub)
    assert refused.permanent
    assert refused.raw["detail"] == "why"


def test_too_many_slow_the_account_by_sinchs_own_hint(sinch, sinch_stub):
    sinch_stub.limit_next(retry_after=7, body=LIMIT)
    with pytest.raises(ProviderError) as raised:
        sinch.send(Text(TO, "Hi"), "parley-1")
    refused = raised.value
    assert (refused.retry_after, refused.account_wide, refused.permanent) == (7, True, False)


def test_too_many_without_a_hint_or_a_word_slow_it_as_well(sinch, sinch_stub):
    refused = refusal(sinch, 429, stub=sinch_stub)
    assert (refused.retry_after, refused.account_wide, refused.permanent) == (None, True, False)


def test_a_hint_may_be_a_date():
    until = {
        "retry-after": "Sun, 01 Mar 2026 12:00:30 GMT",
        "date": "Sun, 01 Mar 2026 12:00:00 GMT",
    }
    assert error_in(Answer(429, until, b"")).retry_after == 30
    assert error_in(Answer(429, until | {"retry-after": "soon"}, b"")).retry_after is None


@pytest.mark.parametrize("status", (500, 503))
def test_sinchs_own_outage_may_be_tried_again(sinch, sinch_stub, status):
    word = {500: "INTERNAL", 503: "UNAVAILABLE"}[status]
    refused = refusal(sinch, status, google(status, word), stub=sinch_stub)
    assert not refused.permanent


@pytest.mark.parametrize(
    ("status", "body"),
    (
        (500, b""),
        (502, b"<html>Bad gateway</html>"),
        (500, b'{"message":"Internal server error"}'),
        (504, b'{"error":{"code":504,"status":"DEADLINE_EXCEEDED","message":"x"}}'),
        (500, b'{"error":{"code":500,"status":"UNKNOWN","message":"x"}}'),
        (404, b"nothing here"),
        (302, b""),
        (200, b"{}"),
        (200, b"not JSON"),
    ),
)
def test_what_no_word_of_sinch_settles_is_unknown(sinch, sinch_stub, status, body):
    sinch_stub.fail_next(status, body)
    with pytest.raises(OutcomeUnknown):
        sinch.send(Text(TO, "Hi"), "parley-1")


def test_a_slow_answer_and_a_cut_connection_are_unknown(sinch, sinch_stub):
    sinch_stub.slow_next(1)
    sinch_stub.cut_next()
    for _ in range(2):
        with pytest.raises(OutcomeUnknown):
            sinch.send(Text(TO, "Hi"), "parley-1")


def test_an_unknown_app_holds_the_whole_account(sinch, sinch_stub):
    refused = refusal(sinch, 404, google(404, "NOT_FOUND"), stub=sinch_stub)
    assert refused.account_wide
    assert "region" in refused.action


def test_an_account_without_a_region_says_so(sinch_stub):
    sinch = sinch_provider(sinch_stub, settings={"SINCH_API_URL": ""}, region="")
    with pytest.raises(ProviderError, match="region") as raised:
        sinch.send(Text(TO, "Hi"), "parley-1")
    assert raised.value.permanent


def test_the_region_chooses_the_address(sinch_stub):
    sinch = sinch_provider(sinch_stub, settings={"SINCH_API_URL": ""}, region="br")
    assert sinch.api.address == "https://br.conversation.api.sinch.com"


def test_one_token_serves_all_providers_of_a_key(sinch_stub):
    for _ in range(3):
        sinch_provider(sinch_stub).send(Text(TO, "Hi"), "parley-1")
    assert len(sinch_stub.tokens) == 1


def test_many_at_once_ask_for_one_token(sinch_stub):
    with ThreadPoolExecutor(8) as pool:
        calls = [
            pool.submit(sinch_provider(sinch_stub).send, Text(TO, f"{n}"), f"parley-{n}")
            for n in range(8)
        ]
    assert len({call.result().id for call in calls}) == 8
    assert len(sinch_stub.tokens) == 1


def test_a_token_is_replaced_a_minute_before_its_end(sinch_stub):
    sinch_stub.lives = 59
    for _ in range(2):
        sinch_provider(sinch_stub).send(Text(TO, "Hi"), "parley-1")
    assert len(sinch_stub.tokens) == 2


def test_an_expired_token_is_renewed_and_the_message_sent_once(sinch, sinch_stub):
    sinch.send(Text(TO, "One"), "parley-1")
    sinch_stub.end_tokens()
    sinch.send(Text(TO, "Two"), "parley-2")
    assert len(sinch_stub.tokens) == 2
    assert [taken.text for taken in sinch_stub.taken] == ["One", "Two"]


def test_a_new_token_that_is_refused_too_stops_the_account(sinch, sinch_stub):
    word = google(401, "UNAUTHENTICATED")
    sinch_stub.fail_next(401, word)
    refused = refusal(sinch, 401, word, stub=sinch_stub)
    assert refused.auth
    assert refused.account_wide
    assert len(sinch_stub.tokens) == 2


def test_a_401_that_may_be_anybodys_is_not_repeated(sinch, sinch_stub):
    sinch_stub.fail_next(401, b"<html>Log in to the proxy</html>")
    with pytest.raises(OutcomeUnknown):
        sinch.send(Text(TO, "Hi"), "parley-1")
    assert len(sinch_stub.sent) == 1


def test_a_401_with_the_header_that_tells_it_is_repeated(sinch, sinch_stub):
    sinch_stub.fail_next(401, b"", headers={"WWW-Authenticate": 'Bearer error="expired"'})
    sinch.send(Text(TO, "Hi"), "parley-1")
    assert len(sinch_stub.taken) == 1


def test_a_withdrawn_key_stops_the_account(sinch_stub):
    sinch = sinch_provider(sinch_stub, key_secret="another")
    with pytest.raises(ProviderError) as raised:
        sinch.send(Text(TO, "Hi"), "parley-1")
    assert raised.value.auth
    assert raised.value.action


@pytest.mark.parametrize("secret", ("", "  ", "a\nb"))
def test_a_key_that_is_none_is_refused_before_any_call(sinch_stub, secret):
    with pytest.raises(ProviderError) as raised:
        sinch_provider(sinch_stub, key_secret=secret).send(Text(TO, "Hi"), "parley-1")
    assert raised.value.auth
    assert sinch_stub.requests == []


@pytest.mark.parametrize("status", (500, 502, 200))
def test_a_token_not_to_be_had_leaves_nothing_in_doubt(sinch, sinch_stub, status):
    sinch_stub.token_answers.append(Reply(status, b"oops"))
    with pytest.raises(ProviderError) as raised:
        sinch.send(Text(TO, "Hi"), "parley-1")
    assert not raised.value.permanent
    assert not raised.value.auth
    assert raised.value.account_wide


def test_too_many_tokens_wait_as_told(sinch, sinch_stub):
    sinch_stub.token_answers.append(Reply(429, b"", {"Retry-After": "4"}))
    with pytest.raises(ProviderError) as raised:
        sinch.send(Text(TO, "Hi"), "parley-1")
    assert raised.value.retry_after == 4


def test_a_token_call_cut_off_leaves_nothing_in_doubt(sinch, sinch_stub):
    sinch_stub.token_answers.append(None)
    with pytest.raises(ProviderError) as raised:
        sinch.send(Text(TO, "Hi"), "parley-1")
    assert not raised.value.permanent


def test_the_passport_shows_the_message_and_no_token(sinch, sinch_stub):
    with tracing() as exchanges:
        sinch.send(Text(TO, "Hi"), "parley-1")
    (exchange,) = exchanges
    assert exchange.url.endswith("/messages:send")
    assert sinch_stub.tokens[0] not in str(exchanges)
