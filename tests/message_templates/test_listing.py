"""Searching the list of templates by what stands in them."""

import pytest

from tests.factories import make_meta_account
from tests.message_templates.test_routes import make_template


@pytest.fixture
def found(app, cast, sign_in):
    """Whether the list shows the template when somebody searches for these words."""
    account = make_meta_account()
    words = [
        {"type": "HEADER", "format": "TEXT", "text": "Größe 42"},
        {"type": "BODY", "text": "Olá {{1}}, a sua encomenda\nestá a CAMINHO. Привет, 注文!"},
        {"type": "BUTTONS", "buttons": [{"type": "QUICK_REPLY", "text": "Até já"}]},
    ]
    draft = {"category": "utility", "components": [{"type": "BODY", "text": "Já chegou."}]}
    make_template(account, "encomenda_nova", components=words, draft=draft)
    leader = sign_in(cast.sara)

    def asked(query):
        return "encomenda_nova" in leader.get("/templates", query_string={"q": query}).text

    return asked


@pytest.mark.parametrize(
    "words",
    ["olá", "ESTÁ", "encomenda está", "größe", "GRÖSSE 42", "привет", "注文", "até já", "chegou"],
)
def test_words_of_any_alphabet_are_found_in_any_case(found, words):
    assert found(words)


@pytest.mark.parametrize("words", ["encomenda nova", "encomenda_nova", "a CAMINHO."])
def test_names_are_found_with_or_without_their_underscores(found, words):
    assert found(words)


@pytest.mark.parametrize("words", ["BODY", "u00e1", "QUICK_REPLY", "%", "olá olá"])
def test_nothing_is_found_by_how_it_is_stored(found, words):
    assert not found(words)
