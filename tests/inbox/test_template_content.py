from types import SimpleNamespace

import pytest

from tests.inbox.templates import PLAIN, VISIT
from webapp.inbox import template_content

VALUES = {
    ("header", "1"): "40655",
    ("body", "first_name"): "Dana",
    ("body", "day"): "Friday",
    ("button", "1"): "o-77",
}
CODE = [
    {"type": "BODY", "text": "*{{1}}* is your verification code."},
    {"type": "BUTTONS", "buttons": [{"type": "OTP", "otp_type": "COPY_CODE", "text": "Copy"}]},
]


def template(components, **columns):
    values = {"name": "visit", "language": "en", "category": "utility", "media": None}
    values["parameter_format"] = "positional"
    return SimpleNamespace(components=components, **values | columns)


def test_the_words_are_frozen_with_what_stands_around_them():
    filled = template_content.fill(template(VISIT, parameter_format="named"), VALUES)

    assert filled.text == "Hello Dana, shall we come on Friday?"
    assert filled.content["shown"] == {
        "header": "Order 40655",
        "footer": "Northgate Care",
        "buttons": ["Yes", "Track"],
    }
    assert filled.content["body"] == [
        {"value": "Dana", "name": "first_name"},
        {"value": "Friday", "name": "day"},
    ]
    assert filled.content["buttons"] == [{"index": 1, "kind": "url", "value": "o-77"}]


def test_numbered_values_carry_no_name():
    filled = template_content.fill(template(PLAIN), {("body", "1"): "Dana"})

    assert filled.content["body"] == [{"value": "Dana"}]


@pytest.mark.parametrize("where", VALUES)
def test_an_empty_value_is_named(where):
    with pytest.raises(ValueError, match="is empty. WhatsApp takes no template"):
        template_content.fill(template(VISIT), VALUES | {where: "  "})


def test_line_breaks_and_long_gaps_become_a_space():
    filled = template_content.fill(template(PLAIN), {("body", "1"): "Dana\n\nof       Porto\t"})

    assert filled.text == "Hello Dana of Porto, are you there?"


def test_a_text_too_long_with_its_values_says_by_how_much():
    with pytest.raises(ValueError, match="takes 1,024 characters; with these values"):
        template_content.fill(template(PLAIN), {("body", "1"): "x" * 1010})


def test_a_code_goes_into_the_text_and_onto_its_button():
    filled = template_content.fill(
        template(CODE, category="authentication"), {("body", "1"): "123456"}
    )

    assert filled.text == "*123456* is your verification code."
    assert filled.content["buttons"] == [{"index": 0, "kind": "otp", "value": "123456"}]


def test_a_coupon_may_have_twenty_signs():
    coupon = [
        {"type": "BODY", "text": "A gift"},
        {"type": "BUTTONS", "buttons": [{"type": "COPY_CODE", "example": "SAVE20"}]},
    ]
    with pytest.raises(ValueError, match="may have 20 characters; this has 21"):
        template_content.fill(template(coupon), {("button", "0"): "x" * 21})
    filled = template_content.fill(template(coupon), {("button", "0"): "x" * 20})
    assert filled.content["buttons"][0]["kind"] == "code"


def test_a_place_is_asked_for_where_the_header_shows_one():
    place = [{"type": "HEADER", "format": "LOCATION"}, {"type": "BODY", "text": "Here"}]
    with pytest.raises(ValueError, match="begins with a place"):
        template_content.fill(template(place), {})
    where = {"latitude": 41.1, "longitude": -8.6}
    assert template_content.fill(template(place), {}, where).content["header_place"] == where
