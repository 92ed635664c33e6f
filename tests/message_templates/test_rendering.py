from tests.message_templates.test_parts import NAMED, POSITIONAL
from webapp.message_templates import rendering


def test_values_stand_in_their_places_and_what_is_missing_shows_its_name():
    shown = rendering.render(NAMED, {("body", "first_name"): "Dana", ("button", "1"): "77"})

    assert shown.body == "Hello Dana, we expect you on {{day}} at our branch."
    assert (shown.header, shown.header_kind, shown.footer) == ("", "image", "Northgate Kettles")
    assert shown.buttons[1].url == "https://example.com/v/77"


def test_header_and_body_have_their_own_numbers():
    shown = rendering.render(POSITIONAL, {("header", "1"): "7", ("body", "1"): "Dana"})

    assert shown.header == "Order 7"
    assert shown.body == "{{2}} comes, Dana, and {{2}} stays"


def test_a_value_that_looks_like_a_variable_is_left_alone():
    shown = rendering.render(POSITIONAL, {("body", "1"): "{{2}}", ("body", "2"): r"\1"})

    assert shown.body == r"\1 comes, {{2}}, and \1 stays"


def test_a_preview_can_mark_what_was_filled_and_what_is_missing():
    found = rendering.pieces("Hi {{a}} and {{b}}", "body", {("body", "a"): "Dana"})

    assert [(piece.text, piece.key, piece.filled) for piece in found] == [
        ("Hi ", "", True),
        ("Dana", "a", True),
        (" and ", "", True),
        ("{{b}}", "b", False),
    ]
