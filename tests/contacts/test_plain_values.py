"""Email, language and time zone as people write them."""

import pytest

from tests.factories import make_contact
from webapp.contacts import plain_values


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("email", " Dana@Whitlock.Example ", "Dana@whitlock.example"),
        ("email", "", ""),
        ("language", "pt-br", "pt_BR"),
        ("language", "english", "en"),
        ("language", "es_CO", "es_CO"),
        ("language", "", None),
        ("time_zone", "europe/lisbon", "Europe/Lisbon"),
        ("time_zone", "", None),
        ("company", " Whitlock\u00a0 Sites ", "Whitlock Sites"),
    ],
)
def test_a_field_is_stored_in_one_form(name, text, value):
    assert plain_values.checked(name, text) == value


def test_a_zone_that_was_chosen_wins_over_the_number(app):
    contact = make_contact(phone="351912345678")
    assert plain_values.zone_of(contact) == ("Europe/Lisbon", True)
    contact.time_zone = "Europe/Berlin"
    assert plain_values.zone_of(contact) == ("Europe/Berlin", False)
