"""Everything we send through Kaleyra, held against its documented rules by the stand-in."""

import io
import json
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.support.stubs.kaleyra import KaleyraStub
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

from .kaleyra_bodies import NUMBER, WEBHOOK, called, emptied, kaleyra

TO = Recipient(phone="15550100002")
PICTURE = b"\x89PNG picture"


@pytest.fixture(scope="module")
def standin():
    standin = KaleyraStub(number=NUMBER)
    yield standin
    standin.close()


@pytest.fixture
def stub(standin):
    return emptied(standin)


@pytest.fixture
def v1(stub):
    return kaleyra(stub.url)


@pytest.fixture
def v2(stub):
    return kaleyra(stub.url, api_version="v2")


def file_of(kind):
    types = {"image": "image/png", "video": "video/mp4", "document": "application/pdf"}
    mime_type = types.get(kind, "image/webp" if kind == "sticker" else "audio/ogg")
    return OutgoingFile(
        lambda: io.BytesIO(PICTURE), "https://chat.example/files/x", mime_type, 12, f"{kind}.bin"
    )


def media(kind, caption=""):
    return MediaMessage(TO, MessageKind(kind), file_of(kind), caption)


CHOICES = (Choice("yes", "Yes"), Choice("no", "No", "Not today"))
CARD = ContactCard("Bob", ("15550100003",), ("bob@example.com",), "Example Ltd")
TEMPLATE = TemplateMessage(
    TO,
    "order_update",
    "en_US",
    body=(Parameter('Ann "A"'), Parameter("Friday,\n9:00\t      sharp")),
    buttons=(TemplateButton(0, "quick_reply", "yes"), TemplateButton(1, "quick_reply", "no")),
)
COMMANDS = {
    "text": [Text(TO, "Grüße 👋 https://example.com")],
    **{kind: [media(kind)] for kind in ("image", "video", "audio", "voice", "document")},
    "sticker": [media("sticker")],
    "location": [LocationMessage(TO, 40.7128, -74.006, "Plaza", "1 Plaza")],
    "contacts": [ContactsMessage(TO, (CARD,))],
    "reaction": [Reaction(TO, "wamid.X", "👍")],
    "interactive": [
        Buttons(TO, "Coming?", CHOICES, "Footer"),
        ListMenu(TO, "Which?", "Open", (Section("Teams", CHOICES),)),
    ],
    "template": [
        TEMPLATE,
        TemplateMessage(TO, "plain", "en"),
        TemplateMessage(
            TO, "promo", "it", header_file=file_of("image"), header_kind=MessageKind.IMAGE
        ),
        TemplateMessage(TO, "code", "en", buttons=(TemplateButton(0, "code", "123456"),)),
    ],
}


@pytest.mark.parametrize("version", ("v1", "v2"))
def test_every_kind_it_says_it_sends_goes_out_by_the_rules(stub, version):
    provider = kaleyra(stub.url, api_version=version)
    ids = [
        provider.send(command, f"parley-{number}").id
        for kind in sorted(provider.can.kinds)
        for number, command in enumerate(COMMANDS[kind])
    ]
    assert not stub.broken_rules
    assert len(ids) == len(set(ids)) == len(stub.taken)
    assert all(":" not in name for name in ids)


def test_the_rest_is_refused_without_a_call(stub, v1):
    assert not {"sticker", "reaction"} & v1.can.kinds
    for command in (COMMANDS["reaction"][0], object()):
        with pytest.raises(ProviderError) as raised:
            v1.send(command, "parley-1")
        assert raised.value.permanent
    with pytest.raises(ProviderError):
        v1.send(Text(Recipient(bsuid="US.1"), "Hi"), "parley-1")
    assert not stub.requests


def test_a_text_goes_out_as_a_form(stub, v1):
    v1.send(Text(TO, "Hi & bye"), "parley-7")
    (request,) = stub.requests
    assert request.path == "/v1/HXAP00000000IN/messages"
    assert request.headers["api-key"] == "A0000key"
    assert request.headers["content-type"] == "application/x-www-form-urlencoded"
    assert dict(request.form) == {
        "channel": "whatsapp",
        "from": "+15550100001",
        "to": "+15550100002",
        "type": "text",
        "body": "Hi & bye",
        "callback_url": f"{WEBHOOK}?ref=parley-7",
        "ref": "parley-7",
    }


def test_only_a_text_with_a_link_asks_for_a_preview(stub, v1):
    v1.send(Text(TO, "See https://example.com"), "parley-1")
    v1.send(Text(TO, "See https://example.com", preview_url=False), "parley-2")
    assert [sent.get("preview_url") for sent in stub.sent] == ["true", None]


def test_a_files_bytes_travel_with_the_message(stub, v1):
    v1.send(media("document", "Your invoice"), "parley-1")
    (sent,) = stub.sent
    assert (sent["type"], sent["caption"]) == ("media", "Your invoice")
    part = sent["media"]
    assert (part.content, part.filename, part.mime_type) == (
        PICTURE, "document.bin", "application/pdf",
    )  # fmt: skip


def test_variables_are_quoted_and_freed_of_what_whatsapp_refuses(stub, v1):
    v1.send(TEMPLATE, "parley-1")
    (sent,) = stub.sent
    assert sent["params"] == '"Ann ”A”","Friday, 9:00 sharp"'
    assert (sent["template_name"], sent["lang_code"]) == ("order_update", "en_US")
    assert (sent["payload1"], sent["payload2"]) == ("yes", "no")
    assert sent["type"] == "template"


def test_a_template_without_variables_sends_none(stub, v1):
    v1.send(TemplateMessage(TO, "plain", "en"), "parley-1")
    assert "params" not in stub.sent[0]


def test_headers_links_and_codes_have_parameters_of_their_own(stub, v1):
    button = TemplateButton(0, "url", "A-17")
    named = TemplateMessage(TO, "t", "en", header_text=(Parameter("Friday"),), buttons=(button,))
    v1.send(named, "parley-1")
    for command in COMMANDS["template"][2:]:
        v1.send(command, "parley-2")
    text, picture, code = stub.sent
    assert (text["type"], text["param_header"], text["param_url"]) == (
        "mediatemplate", "Friday", "A-17",
    )  # fmt: skip
    assert (picture["type"], picture["media"].content) == ("mediatemplate", PICTURE)
    assert (code["type"], code["verification_code"]) == ("authenticationtemplate", "123456")


def test_a_place_goes_under_the_documented_names(stub, v1):
    v1.send(COMMANDS["location"][0], "parley-1")
    (sent,) = stub.sent
    assert (float(sent["param_lat"]), float(sent["param_long"])) == (40.7128, -74.006)
    assert (sent["param_name"], sent["param_address"]) == ("Plaza", "1 Plaza")


def test_one_card_goes_as_an_object_and_several_as_a_list(stub, v1):
    v1.send(ContactsMessage(TO, (CARD,)), "parley-1")
    v1.send(ContactsMessage(TO, (CARD, CARD)), "parley-2")
    one, two = (json.loads(sent["param_contacts"]) for sent in stub.sent)
    assert one["name"]["formatted_name"] == "Bob"
    assert len(two) == 2


def test_buttons_and_lists_go_as_json(stub, v1):
    for command in COMMANDS["interactive"]:
        v1.send(command, "parley-1")
    buttons, menu = stub.sent
    assert json.loads(buttons["action"])["buttons"][1]["reply"] == {"id": "no", "title": "No"}
    assert buttons["footer"] == "Footer"
    assert json.loads(menu["action"])["sections"][0]["rows"][1]["description"] == "Not today"


def test_with_v2_the_message_is_metas_and_our_reference_stands_beside_it(stub, v2):
    sent = v2.send(Text(TO, "Yes", reply_to="wamid.IN"), "parley-9")
    (request,) = stub.requests
    assert request.path == "/v2/HXAP00000000IN/whatsapp/15550100001/messages"
    assert request.json == {
        "messaging_object": {
            "messaging_product": "whatsapp",
            "recipient_type": "individual",
            "to": "+15550100002",
            "type": "text",
            "text": {"body": "Yes", "preview_url": True},
            "context": {"message_id": "wamid.IN"},
        },
        "extra_info": {"ref": "parley-9", "ref1": "", "ref2": ""},
    }
    assert sent.id == stub.taken[0].id


def test_only_a_message_with_whatsapps_own_id_is_quoted_or_reacted_to(stub, v2):
    for quoted in ("58f86fab-0000-4000-8000-000000000042", "kaleyra.3b8b"):
        v2.send(Text(TO, "Yes", reply_to=quoted), "parley-1")
        with pytest.raises(ProviderError) as raised:
            v2.send(Reaction(TO, quoted, "👍"), "parley-2")
        assert raised.value.permanent
    assert all("context" not in sent["messaging_object"] for sent in stub.sent)
    assert len(stub.sent) == 2


def test_with_v2_files_go_by_their_expiring_address(stub, v2):
    v2.send(media("image", "Look"), "parley-1")
    image = stub.sent[0]["messaging_object"]["image"]
    assert image == {"link": "https://chat.example/files/x", "caption": "Look"}


def test_only_v2_quotes_reacts_and_sends_stickers(v1, v2):
    assert not v1.can.quotes
    assert v2.can.quotes
    assert v2.can.kinds - v1.can.kinds == {"sticker", "reaction"}
    for provider in (v1, v2):
        assert provider.can.campaigns
        assert provider.can.manages_templates
        assert set(provider.can.files) <= provider.can.kinds


def test_receipts_go_to_a_profile_where_there_is_one(stub):
    for version in ("v1", "v2"):
        provider = kaleyra(stub.url, api_version=version, callback_profile_id="PR1")
        provider.send(Text(TO, "Hi"), "parley-1")
    first, second = stub.sent
    assert first["callback_profile_id"] == "PR1"
    assert "callback_url" not in first
    assert second["extra_info"]["callback_profile_id"] == "PR1"


def test_an_account_with_a_secret_gives_its_receipts_a_proof(stub):
    provider = kaleyra(stub.url, callback_secret="between-us")
    provider.send(Text(TO, "Hi"), "parley-1")
    address = stub.sent[0]["callback_url"]
    assert "between-us" not in address
    query = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
    assert query["ref"] == "parley-1"
    provider.verify(called("", query))


def test_the_key_stands_in_no_address(stub, v1, v2):
    for provider in (v1, v2):
        provider.send(Text(TO, "Hi"), "parley-1")
        provider.check()
    assert all("A0000key" not in request.url for request in stub.requests)


@pytest.mark.parametrize(
    ("body", "expected"),
    (
        ({"id": "58f8:0"}, "58f8"),
        ({"id": "other", "data": [{"message_id": "58f8:0"}]}, "58f8"),
        ({"data": {"message_id": "58f8"}}, "58f8"),
        ({"data": {"id": "58f8"}}, "58f8"),
        ({"message_id": "58f8"}, "58f8"),
        ({"messages": [{"id": "58f8"}]}, "58f8"),
        ({"code": "WA200", "data": {"messages": [{"id": "58f8"}]}}, "58f8"),
        ({"id": "58f8:0", "error": {"to": "invalid number"}}, "58f8"),
    ),
)
@pytest.mark.parametrize("version", ("v1", "v2"))
def test_the_id_is_found_wherever_it_stands(stub, version, body, expected):
    stub.fail_next(202, body)
    assert kaleyra(stub.url, api_version=version).send(Text(TO, "Hi"), "p").id == expected


@pytest.mark.parametrize("body", ({}, {"code": "WA200"}, {"error": {}, "data": []}, "ok", b"[1]"))
def test_accepted_without_an_id_is_not_known(stub, v1, body):
    stub.fail_next(200, body)
    with pytest.raises(OutcomeUnknown):
        v1.send(Text(TO, "Hi"), "parley-1")


def test_an_id_cannot_change_the_address(stub):
    provider = kaleyra(stub.url, sid="HX/../../v2?x=")
    with pytest.raises(ProviderError):
        provider.send(Text(TO, "Hi"), "parley-1")
    assert stub.requests[0].url.endswith("/v1/HX%2F..%2F..%2Fv2%3Fx%3D/messages")


@pytest.mark.parametrize(
    ("missing", "settings"),
    (
        ({"sid": ""}, {}),
        ({"sid": ".."}, {}),
        ({"api_key": ""}, {}),
        ({"api_key": "A\nX-Evil: 1"}, {}),
        ({}, {"PHONE": ""}),
        ({"api_version": "v2"}, {"PHONE": ""}),
    ),
)
def test_what_is_missing_is_said_before_any_call(stub, missing, settings):
    with pytest.raises(ProviderError) as raised:
        kaleyra(stub.url, settings, **missing).send(Text(TO, "Hi"), "parley-1")
    assert raised.value.account_wide
    assert raised.value.action
    assert not stub.requests


@pytest.mark.parametrize(
    ("region", "version", "host"),
    (
        ("in", "v1", "https://api.in.kaleyra.io"),
        ("eu", "v2", "https://api.eu.kaleyra.io"),
        ("us", "v1", "https://api.na.kaleyra.ai"),
        ("ap", "v1", "https://api.kaleyra.io"),
        ("ap", "v2", "https://api.ap.kaleyra.io"),
    ),
)
def test_the_region_chooses_the_address_unless_the_environment_does(region, version, host):
    assert kaleyra("", region=region).api.address(version) == host
    assert kaleyra("http://127.0.0.1:9/", region=region).api.address(version) == (
        "http://127.0.0.1:9"
    )
