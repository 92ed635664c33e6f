"""Sending through Twilio: what goes over the wire and what each answer means."""

import io
import json
import logging

import pytest

from tests.support.ports import free_port
from tests.support.stubs.twilio import fault
from webapp.providers.base import (
    Buttons,
    Choice,
    ContactCard,
    ContactsMessage,
    Identity,
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
from webapp.providers.twilio.provider import FILES

from . import twilio_cast
from .conftest import payload
from .twilio_bodies import ACCOUNT_SID, TWILIO_CREDENTIALS, URL
from .twilio_cast import ANN, twilio_at

stub, twilio = twilio_cast.stub, twilio_cast.twilio
HX = "HX302b1c28b9cecf53829fc094a68c02ca"
WANTED = (Choice("yes", "Yes, please"), Choice("no", "No"))
MENU = ListMenu(
    ANN,
    "What is it about?",
    "Choose",
    (
        Section("Money", (Choice("bill", "Billing", "Invoices and payments"),)),
        Section("Rest", (Choice("else", "Something else"),)),
    ),
)


def file_of(mime_type="image/jpeg", name="a.jpg"):
    return OutgoingFile(
        lambda: io.BytesIO(b"x"), "https://chat.example/files/t", mime_type, 1, name
    )


def refused(provider, command=None):
    with pytest.raises(ProviderError) as raised:
        provider.send(command or Text(ANN, "Hi"), "parley-1")
    return raised.value


def doubtful(provider, command=None):
    with pytest.raises(OutcomeUnknown) as raised:
        provider.send(command or Text(ANN, "Hi"), "parley-1")
    return raised.value


def test_a_text_goes_out_as_twilio_documents_it(stub, twilio):
    sent = twilio.send(Text(ANN, "Grüße 👋 & +1"), "parley-7")
    (request,) = stub.requests
    assert request.path == f"/2010-04-01/Accounts/{ACCOUNT_SID}/Messages.json"
    assert dict(request.form) == {
        "From": "whatsapp:+15550100001",
        "To": "whatsapp:+15550100002",
        "Body": "Grüße 👋 & +1",
        "StatusCallback": f"{URL}?c=parley-7#rc=5&rp=all",
    }
    assert sent.id == stub.taken[0].id
    assert sent.identities == (Identity("phone", "15550100002"),)
    assert stub.taken[0].correlation_id == "parley-7"


def test_a_plus_in_an_address_is_encoded(stub, twilio):
    twilio.send(Text(ANN, "Hi"), "parley-7")
    assert b"whatsapp%3A%2B15550100002" in stub.requests[0].body


def test_half_an_emoji_does_not_stop_the_message(stub, twilio):
    twilio.send(Text(ANN, "Hi \ud83d\x00!"), "parley-7")
    assert stub.sent[0]["Body"] == "Hi \ufffd!"


def test_a_person_without_a_number_is_addressed_by_their_user_id(stub, twilio):
    sent = twilio.send(Text(Recipient(bsuid="US.13491208655302741918"), "Hi"), "parley-7")
    assert stub.sent[0]["To"] == "whatsapp:US.13491208655302741918"
    assert sent.identities == (Identity("bsuid", "US.13491208655302741918"),)


@pytest.mark.parametrize("kind", sorted(FILES))
def test_every_kind_of_file_goes_by_its_address(stub, twilio, kind):
    command = MediaMessage(ANN, MessageKind(kind), file_of(FILES[kind].types[0]), "Look")
    sent = twilio.send(command, "parley-7")
    assert sent.id.startswith("MM")
    assert stub.sent[0]["MediaUrl"] == "https://chat.example/files/t"
    with_caption = kind in twilio.can.captions
    assert stub.sent[0].get("Body") == ("Look" if with_caption else None)


def test_a_place_goes_out_with_its_name(stub, twilio):
    place = LocationMessage(ANN, 40.7128, -74.006, "Plaza | Main", "1 Example Street")
    twilio.send(place, "parley-7")
    assert stub.sent[0]["PersistentAction"] == "geo:40.7128,-74.006|Plaza   Main"
    assert stub.sent[0]["Body"] == "Plaza | Main, 1 Example Street"


def test_a_place_without_a_name_says_where_it_is(stub, twilio):
    twilio.send(LocationMessage(ANN, 40.5, -74.0), "parley-7")
    assert stub.sent[0]["PersistentAction"] == "geo:40.5,-74"
    assert stub.sent[0]["Body"] == "40.5,-74"


def test_a_tiny_coordinate_is_written_out(stub, twilio):
    twilio.send(LocationMessage(ANN, 0.00001, -0.00002), "parley-7")
    assert stub.sent[0]["PersistentAction"] == "geo:0.00001,-0.00002"


def test_buttons_are_made_as_a_content_and_sent_by_its_id(stub, twilio):
    twilio.send(Buttons(ANN, "Shall we? {{1}}", WANTED, footer="Thanks"), "parley-7")
    ((sid, content),) = stub.contents.items()
    assert stub.sent[0]["ContentSid"] == sid
    assert "Body" not in stub.sent[0]
    said = content["types"]["twilio/quick-reply"]
    assert said["actions"] == [
        {"type": "QUICK_REPLY", "title": "Yes, please", "id": "yes"},
        {"type": "QUICK_REPLY", "title": "No", "id": "no"},
    ]
    assert said["body"].endswith("\n\nThanks")
    assert "{{" not in said["body"]


def test_a_list_goes_out_without_its_sections(stub, twilio):
    twilio.send(MENU, "parley-7")
    (content,) = stub.contents.values()
    assert content["types"]["twilio/list-picker"] == {
        "body": "What is it about?",
        "button": "Choose",
        "items": [
            {"item": "Billing", "id": "bill", "description": "Invoices and payments"},
            {"item": "Something else", "id": "else"},
        ],
    }


def test_the_same_menu_is_made_once(stub, twilio):
    for number in range(3):
        twilio.send(MENU, f"parley-{number}")
    assert len(stub.contents) == 1
    assert len({form["ContentSid"] for form in stub.sent}) == 1


def test_another_accounts_menu_is_another_one(stub, twilio):
    twilio.send(MENU, "parley-7")
    stub.secrets["account_sid"] = "AC" + "1" * 32
    credentials = TWILIO_CREDENTIALS | {"account_sid": "AC" + "1" * 32}
    twilio_at(stub.url, credentials=credentials).send(MENU, "parley-8")
    assert len(stub.contents) == 2


def test_a_menu_somebody_deleted_is_made_again_at_the_next_attempt(stub, twilio):
    twilio.send(MENU, "parley-7")
    stub.contents.clear()
    error = refused(twilio, MENU)
    assert (error.permanent, error.code) == (False, "21655")
    stub.broken_rules.clear()
    twilio.send(MENU, "parley-8")
    assert len(stub.contents) == 1


@pytest.mark.parametrize("answer", ((0, None, 0), (502, "<html>", 0), (201, 0, 1.2)))
def test_while_a_menu_is_made_nothing_is_doubtful(stub, twilio, answer):
    stub.content_answers.append(answer)
    assert not refused(twilio, MENU).permanent
    assert stub.sent == []


def test_a_menu_twilio_refuses_is_refused_for_good(stub, twilio):
    long = Buttons(ANN, "Hi", (Choice("a", "A title that is far too long"),))
    assert refused(twilio, long).permanent
    assert stub.broken_rules.pop()


@pytest.mark.parametrize("count", (0, 4))
def test_a_wrong_number_of_buttons_is_refused_without_a_call(stub, twilio, count):
    choices = tuple(Choice(str(number), "x") for number in range(count))
    assert refused(twilio, Buttons(ANN, "Hi", choices)).permanent
    assert stub.requests == []


def test_a_template_goes_by_its_content_with_text_variables(stub, twilio):
    stub.contents[HX] = {}
    command = TemplateMessage(
        ANN,
        HX,
        "en",
        body=(Parameter("Ann\n of   Troy"), Parameter("7", "order")),
        header_text=(Parameter("Hello"),),
        buttons=(TemplateButton(0, "url", "A-17"), TemplateButton(1, "quick_reply", "x")),
    )
    twilio.send(command, "parley-7")
    assert stub.sent[0]["ContentSid"] == HX
    variables = json.loads(stub.sent[0]["ContentVariables"])
    assert variables == {"1": "Hello", "2": "Ann of Troy", "order": "7", "4": "A-17"}


def test_a_template_without_variables_names_none(stub, twilio):
    stub.contents[HX] = {}
    twilio.send(TemplateMessage(ANN, HX, "en"), "parley-7")
    assert "ContentVariables" not in stub.sent[0]


@pytest.mark.parametrize(
    "command",
    (
        TemplateMessage(ANN, HX, "en", body=(Parameter(" "),)),
        TemplateMessage(ANN, HX, "en", header_file=file_of(), header_kind=MessageKind.IMAGE),
        Text(Recipient(), "Hi"),
        Reaction(ANN, "SM1", "👍"),
        ContactsMessage(ANN, (ContactCard("Ann"),)),
    ),
)
def test_what_cannot_go_out_is_refused_without_a_call(stub, twilio, command):
    assert refused(twilio, command).permanent
    assert stub.requests == []


def test_what_it_says_it_sends_is_all_it_sends(twilio):
    commands = {"text", "location", "interactive", "template", *FILES}
    assert twilio.can.kinds == commands
    assert not commands & {MessageKind.REACTION, MessageKind.CONTACTS}
    assert not twilio.can.campaigns


def test_an_account_without_a_number_sends_nothing(stub):
    error = refused(twilio_at(stub.url, PHONE=""))
    assert error.account_wide
    assert stub.requests == []


@pytest.mark.parametrize("token", ("", "a b", "x\nHost: y", "ü"))
def test_a_token_that_is_none_is_refused_without_a_call(stub, token):
    error = refused(twilio_at(stub.url, credentials=TWILIO_CREDENTIALS | {"auth_token": token}))
    assert error.auth
    assert stub.requests == []


def test_a_wrong_token_stops_the_account(stub):
    error = refused(twilio_at(stub.url, credentials=TWILIO_CREDENTIALS | {"auth_token": "other"}))
    assert (error.code, error.auth, error.account_wide, error.permanent) == (
        "20003",
        True,
        True,
        True,
    )
    assert "Auth Token" in error.action


def test_a_refusal_says_why_in_our_words(stub, twilio):
    stub.fail_next(400, json.loads(payload("_send_error_400_21211", "twilio")))
    error = refused(twilio)
    assert (error.code, error.permanent, error.account_wide) == ("21211", True, False)
    assert error.reason == "The number is not valid"
    assert error.raw["detail"].startswith("Invalid 'To' Phone Number")


def test_a_number_of_another_account_stops_the_whole_account(stub, twilio):
    stub.fail_next(400, fault(63007))
    error = refused(twilio)
    assert (error.account_wide, error.auth) == (True, False)


@pytest.mark.parametrize(("hint", "wait"), ((7, 7), (None, 5)))
def test_too_many_calls_slow_the_account_by_the_hint(stub, twilio, hint, wait):
    stub.limit_next(hint, json.loads(payload("_send_error_429_20429", "twilio")))
    error = refused(twilio)
    assert (error.permanent, error.account_wide, error.retry_after) == (False, True, wait)


def test_a_429_in_anybodys_words_is_a_refusal(stub, twilio):
    stub.limit_next(3, "<html>slow down</html>")
    error = refused(twilio)
    assert (error.permanent, error.retry_after) == (False, 3)


def test_twilio_being_away_by_its_own_word_is_tried_again(stub, twilio):
    stub.fail_next(503, fault(20503, status=503))
    assert not refused(twilio).permanent


def test_an_error_inside_twilio_leaves_it_open_whether_the_message_went(stub, twilio):
    stub.fail_next(500, fault(20500, status=500))
    doubtful(twilio)


@pytest.mark.parametrize("status", (500, 502, 503, 404, 302))
def test_a_gateways_bare_answer_is_doubtful(stub, twilio, status):
    stub.fail_next(status, "<html>Bad gateway</html>")
    doubtful(twilio)


def test_a_slow_answer_is_doubtful(stub, twilio):
    stub.slow_next(1.2)
    doubtful(twilio)


def test_a_cut_connection_is_doubtful(stub, twilio):
    stub.cut_next()
    doubtful(twilio)
    assert len(stub.taken) == 1


def test_a_success_without_an_id_is_doubtful(stub, twilio):
    stub.fail_next(201, {"status": "queued"})
    doubtful(twilio)


def test_nobody_there_is_a_refusal_for_now():
    error = refused(twilio_at(f"http://127.0.0.1:{free_port()}"))
    assert not error.permanent


@pytest.mark.parametrize("status", ("failed", "undelivered", "canceled"))
def test_a_message_that_failed_at_once_is_a_refusal(stub, twilio, status):
    body = json.loads(payload("_send_response_201", "twilio"))
    body |= {"status": status, "error_code": 63016, "error_message": "Outside the window"}
    stub.fail_next(201, body)
    error = refused(twilio)
    assert (error.code, error.permanent) == ("63016", True)
    assert error.raw["detail"] == "Outside the window"


@pytest.mark.parametrize("status", ("accepted", "queued", "sent"))
def test_a_message_that_was_taken_is_sent(stub, twilio, status):
    body = json.loads(payload("_send_response_201", "twilio")) | {"status": status}
    stub.fail_next(201, body)
    assert twilio.send(Text(ANN, "Hi"), "parley-1").id == body["sid"]


def test_a_bad_answer_leaves_no_secret_in_the_log(stub, twilio, caplog):
    caplog.set_level(logging.DEBUG)
    stub.fail_next(500, "<html>")
    doubtful(twilio)
    assert TWILIO_CREDENTIALS["auth_token"] not in caplog.text
