"""Templates at Kaleyra, by both generations of its interface, against a stand-in."""

import pytest

from tests.support.stubs.kaleyra import KaleyraStub
from webapp.providers import provider_for
from webapp.providers.base import ProviderError, TemplateDraft
from webapp.providers.http import Http
from webapp.providers.kaleyra.flat_templates import flat_state

from .casts import FakeAccount

BODY = {
    "type": "BODY",
    "text": "Order {{1}} is on its way.",
    "example": {"body_text": [["8841"]]},
}
QUICK = [{"type": "QUICK_REPLY", "text": text} for text in ("Yes", "No", "Later")]
CALL = {"type": "PHONE_NUMBER", "text": "Call us", "phone_number": "+15550100200"}
LINK = {"type": "URL", "text": "Details", "url": "https://example.com/{{1}}", "example": ["x"]}


@pytest.fixture
def stub():
    stub = KaleyraStub()
    yield stub
    stub.close()


@pytest.fixture(params=["v1", "v2"])
def kaleyra(request, stub):
    return at(stub, request.param)


def at(stub, version):
    account = FakeAccount("kaleyra", {**stub.secrets, "api_version": version})
    settings = {"KALEYRA_API_URL": stub.url, "PHONE": stub.secrets["number"]}
    return provider_for(account, settings, Http((1, 1)))


def draft(*parts, name="order_news"):
    return TemplateDraft(name, "en", "utility", "positional", [*parts])


def buttons(*found):
    return {"type": "BUTTONS", "buttons": list(found)}


def test_the_list_tells_name_language_and_state(kaleyra):
    found = {state.name: state for state in kaleyra.templates()}

    assert (found["order_update"].status, found["promo"].status) == ("approved", "paused")
    assert (found["promo"].language, found["promo"].category) == ("en", "marketing")
    assert found["promo"].components[0]["type"] == "BODY"


@pytest.mark.parametrize("extra", [(), (buttons(*QUICK),), (buttons(CALL),), (buttons(LINK),)])
def test_a_template_is_made_with_each_kind_of_buttons(stub, kaleyra, extra):
    header = {"type": "HEADER", "format": "TEXT", "text": "Your order"}
    footer = {"type": "FOOTER", "text": "Northgate Kettles"}

    state = kaleyra.create_template(draft(header, BODY, footer, *extra))

    kept = stub.book.named("order_news")
    assert state.status == "pending"
    assert [part["type"] for part in kept.components][:3] == ["HEADER", "BODY", "FOOTER"]
    wanted = [button["text"] for part in extra for button in part["buttons"]]
    made = [button["text"] for part in kept.components[3:] for button in part["buttons"]]
    assert made == wanted
    assert stub.broken_rules == []


@pytest.mark.parametrize(
    "part",
    [
        {"type": "HEADER", "format": "LOCATION"},
        buttons(QUICK[0], CALL),
        buttons(*QUICK, {"type": "QUICK_REPLY", "text": "Never"}),
        buttons(LINK, LINK),
        buttons({"type": "COPY_CODE", "example": "SAVE20"}),
    ],
)
def test_what_the_first_generation_has_no_place_for_is_said(stub, part):
    with pytest.raises(ProviderError, match="has no place for") as refused:
        at(stub, "v1").create_template(draft(BODY, part))
    assert refused.value.permanent
    assert stub.requests == []


def test_a_refusal_speaks_of_the_template(kaleyra):
    with pytest.raises(ProviderError, match="part of the template") as refused:
        kaleyra.create_template(draft(BODY, name="order_update"))
    assert refused.value.permanent


def test_templates_are_changed_and_deleted_in_the_console_only(kaleyra):
    with pytest.raises(ProviderError, match="in its console only"):
        kaleyra.edit_template(draft(BODY))
    with pytest.raises(ProviderError, match="in its console only"):
        kaleyra.delete_template("1", "order_update", "en")


@pytest.mark.parametrize(
    "item",
    [
        {"name": "a", "status": "Approved", "language": "en-US", "body": "Hi {{$1}} there"},
        {"template_name": "a", "template_status": "APPROVED", "lang_code": "en_US",
         "body": "Hi {{1}} there", "header": "none"},
    ],
)  # fmt: skip
def test_the_flat_list_is_read_under_any_of_its_names(item):
    state = flat_state(item)

    assert (state.name, state.status, state.language) == ("a", "approved", "en_US")
    assert state.components == [{"type": "BODY", "text": "Hi {{1}} there"}]


def test_a_list_that_says_nothing_of_the_words_leaves_them_alone():
    assert flat_state({"name": "a", "status": "Approved"}).components is None
