"""Every kind of message through Meta's stand-in, which holds it against the documented rules."""

from dataclasses import replace

import pytest

from tests.support.stubs.meta import MetaStub, fault, refusal
from webapp.providers.base import (
    MediaRef,
    MessageKind,
    OutcomeUnknown,
    Parameter,
    ProviderError,
    Reaction,
    Recipient,
    TemplateButton,
    Text,
)

from .outgoing import COMMANDS, TO, media, template

FILES = ("image", "video", "audio", "voice", "document", "sticker")


@pytest.fixture
def stub():
    stub = MetaStub(phone_number_id="105555020088002", access_token="EAAtoken")
    yield stub
    stub.close()


@pytest.fixture
def meta(meta_at, stub):
    return meta_at(stub.url)


def said(meta, stub, command):
    meta.send(command, "parley-1")
    assert stub.broken_rules == []
    return stub.sent[-1]


@pytest.mark.parametrize("kind", COMMANDS)
def test_every_kind_goes_out_as_meta_documents_it(meta, stub, kind):
    assert meta.send(COMMANDS[kind], "parley-1").id == "wamid.stub" + str(1 + (kind in FILES))
    assert stub.broken_rules == []
    assert stub.taken[0].correlation_id == "parley-1"


@pytest.mark.parametrize("kind", COMMANDS)
def test_a_person_without_a_number_gets_every_kind_too(meta, stub, kind):
    to = Recipient(bsuid="US.88120034571166209384")
    body = said(meta, stub, replace(COMMANDS[kind], to=to))
    assert body["recipient"] == to.bsuid


@pytest.mark.parametrize("kind", FILES)
def test_a_file_is_uploaded_whole_and_sent_by_its_id(meta, stub, kind):
    content = bytes(range(256)) * 4000
    body = said(meta, stub, media(MessageKind(kind), content=content[: 490 * 1024]))
    ((media_id, uploaded),) = stub.uploaded.items()
    assert uploaded == content[: 490 * 1024]
    assert body[body["type"]]["id"] == media_id


def test_a_voice_note_arrives_as_one(meta, stub):
    body = said(meta, stub, COMMANDS["voice"])
    assert (body["type"], body["audio"]["voice"]) == ("audio", True)
    assert stub.uploads[body["audio"]["id"]][0] == "audio/ogg"


def test_an_audio_file_is_no_voice_note(meta, stub):
    assert "voice" not in said(meta, stub, COMMANDS["audio"])["audio"]


def test_a_document_keeps_its_name_and_carries_its_text(meta, stub):
    document = said(meta, stub, COMMANDS["document"])["document"]
    assert (document["filename"], document["caption"]) == ("Grüße 2026.pdf", "The invoice")


def test_a_file_can_answer_a_message(meta, stub):
    body = said(meta, stub, media(MessageKind.IMAGE, reply_to="wamid.IN1"))
    assert body["context"] == {"message_id": "wamid.IN1"}


def test_a_reaction_is_set_and_taken_back(meta, stub):
    assert said(meta, stub, COMMANDS["reaction"])["reaction"]["emoji"] == "👍"
    gone = said(meta, stub, COMMANDS["reaction taken back"])
    assert gone["reaction"] == {"message_id": "wamid.IN1", "emoji": ""}
    assert "context" not in gone


def test_a_location_says_what_is_there(meta, stub):
    assert said(meta, stub, COMMANDS["location"])["location"] == {
        "latitude": 52.5, "longitude": 13.4, "name": "Branch", "address": "Main Street 1",
    }  # fmt: skip


def test_a_card_holds_numbers_addresses_and_the_company(meta, stub):
    assert said(meta, stub, COMMANDS["contacts"])["contacts"] == [
        {
            "name": {"formatted_name": "Ben Okoye", "first_name": "Ben Okoye"},
            "phones": [{"phone": "+15550140001", "wa_id": "15550140001"}],
            "emails": [{"email": "ben@example.com"}],
            "org": {"company": "Northgate"},
        }
    ]


def test_a_template_fills_header_body_and_buttons(meta, stub):
    command = template(
        header_file=media(MessageKind.DOCUMENT).file,
        header_kind=MessageKind.DOCUMENT,
        body=(Parameter("Amara", "first_name"), Parameter("Friday", "day")),
        buttons=(TemplateButton(0, "quick_reply", "CONFIRM"), TemplateButton(1, "url", "8841")),
    )
    header, body, confirm, link = said(meta, stub, command)["template"]["components"]
    (media_id,) = stub.uploaded
    assert header["parameters"][0]["document"] == {"id": media_id, "filename": "Grüße 2026.pdf"}
    assert body["parameters"][0] == {
        "type": "text", "parameter_name": "first_name", "text": "Amara",
    }  # fmt: skip
    assert confirm == {
        "type": "button",
        "sub_type": "quick_reply",
        "index": "0",
        "parameters": [{"type": "payload", "payload": "CONFIRM"}],
    }
    assert link["parameters"] == [{"type": "text", "text": "8841"}]


def test_a_code_goes_into_body_and_button(meta, stub):
    command = template(body=(Parameter("4711"),), buttons=(TemplateButton(0, "code", "SAVE20"),))
    button = said(meta, stub, command)["template"]["components"][1]
    assert button["parameters"] == [{"type": "coupon_code", "coupon_code": "SAVE20"}]


def test_a_template_without_variables_has_no_components(meta, stub):
    assert "components" not in said(meta, stub, template())["template"]


def refused(meta, command):
    with pytest.raises(ProviderError) as raised:
        meta.send(command, "parley-1")
    return raised.value


@pytest.mark.parametrize(
    ("command", "words"),
    (
        (Text(TO, "x" * 4097), "4,096 characters"),
        (media(MessageKind.IMAGE, size=6 * 1024 * 1024), "5 MB"),
        (media(MessageKind.IMAGE, mime_type="image/gif"), "image/gif"),
        (media(MessageKind.AUDIO, caption="Listen"), "cannot carry a text"),
        (media(MessageKind.DOCUMENT, mime_type="application/zip"), "application/zip"),
        (template(body=(Parameter("two\nlines"),)), "new lines"),
        (Reaction(TO, "", "👍"), "message it belongs to"),
    ),
)
def test_what_meta_would_refuse_is_refused_before_the_call(meta, stub, command, words):
    error = refused(meta, command)
    assert error.permanent
    assert words in error.reason
    assert stub.requests == []


def test_a_refused_upload_is_not_sent(meta, stub):
    stub.upload_answers.append((400, refusal(131053).body, 0))
    error = refused(meta, COMMANDS["image"])
    assert (error.code, error.permanent) == ("131053", True)
    assert stub.sent == []


@pytest.mark.parametrize("answer", ((0, None, 0), (502, "<html>", 0), (200, {"id": "9"}, 3)))
def test_an_upload_without_an_answer_is_provably_not_sent(meta, stub, answer):
    stub.upload_answers.append(answer)
    error = refused(meta, COMMANDS["image"])
    assert not error.permanent
    assert error.reason.startswith("The file was not uploaded: ")
    assert stub.sent == []


def test_a_file_that_cannot_be_read_is_provably_not_sent(meta, stub):
    def gone():
        raise OSError("no such file")

    assert not refused(meta, media(MessageKind.IMAGE, open=gone)).permanent
    assert stub.requests == []


@pytest.mark.parametrize("answer", ((0, None, 0), (502, "<html>", 0), (200, None, 1)))
def test_only_the_message_itself_can_be_doubtful(meta, stub, answer):
    stub.answers.append(answer)
    with pytest.raises(OutcomeUnknown):
        meta.send(COMMANDS["image"], "parley-1")


def test_a_limit_slows_the_account_by_its_hint(meta, stub):
    stub.limit_next(retry_after=7, body=fault(130429)[1])
    error = refused(meta, COMMANDS["text"])
    assert (error.permanent, error.account_wide, error.retry_after) == (False, True, 7)


def test_a_limit_without_a_hint_slows_the_account_too(meta, stub):
    stub.limit_next(body="Too many")
    error = refused(meta, COMMANDS["text"])
    assert (error.permanent, error.account_wide, error.retry_after) == (False, True, None)


def test_a_refused_token_stops_the_account(meta_at, stub):
    error = refused(meta_at(stub.url, access_token="old"), COMMANDS["text"])
    assert (error.code, error.auth, error.account_wide) == ("190", True, True)


@pytest.mark.parametrize("code", (131056, 131026, 2))
def test_what_concerns_one_message_leaves_the_account_alone(meta, stub, code):
    stub.answers.append(fault(code))
    error = refused(meta, COMMANDS["text"])
    assert (error.auth, error.account_wide) == (False, False)


def test_the_stand_in_hands_out_a_customers_file(meta, stub):
    stub.media["/media/77"] = (b"a picture", "image/png")
    fetched = meta.fetch_media(MediaRef("77"))
    with fetched.content as content:
        assert content.read() == b"a picture"
    assert (fetched.mime_type, fetched.matches) == ("image/png", True)


def test_the_stand_in_passes_the_check_of_a_sound_account(meta):
    assert all(line.ok for line in meta.check())
