from types import SimpleNamespace

import pytest

from tests.factories import make_contact, save
from webapp.contacts.models import CustomField
from webapp.message_templates import filling

BY = SimpleNamespace(name="Ana Agent")


def of(text, contact, by=BY, header=""):
    components = [{"type": "BODY", "text": text}]
    if header:
        components.insert(0, {"type": "HEADER", "format": "TEXT", "text": header})
    return filling.filled(SimpleNamespace(components=components), contact, by)


@pytest.mark.parametrize(
    ("variable", "value", "source"),
    (
        ("first_name", "Dana", "first name"),
        ("name", "Dana Whitlock", "name"),
        ("customer_name", "Dana Whitlock", "name"),
        ("surname", "Whitlock", "last name"),
        ("company", "Lamps Ltd", "company"),
        ("email", "dana@example.com", "email"),
        ("phone", "+15550142233", "number"),
        ("agent_name", "Ana Agent", "your name"),
    ),
)
def test_a_variables_name_says_which_value_it_wants(app, variable, value, source):
    dana = make_contact(
        phone="15550142233",
        first_name="Dana",
        last_name="Whitlock",
        company="Lamps Ltd",
        email="dana@example.com",
    )
    found = of(f"Hi {{{{{variable}}}}} there", dana)

    assert found["body", variable] == filling.Value(value, source, True)


def test_a_custom_field_is_found_by_its_name_as_a_variable_and_shown_as_people_read_it(app):
    field = save(CustomField(name="Order no.", kind="number"))
    gone = save(CustomField(name="Day", kind="text"))
    dana = make_contact(fields={str(field.id): 40655, str(gone.id): "Friday"})
    with_deleted = save(CustomField(name="Slot", kind="text", deleted_at=dana.created_at))
    dana.fields = dana.fields | {str(with_deleted.id): "9:00"}

    found = of("Order {{order_no}} on {{day}} at {{slot}}.", dana)

    assert found["body", "order_no"] == filling.Value("40655", "Order no.", True)
    assert found["body", "day"].text == "Friday"
    assert found["body", "slot"] == filling.Value()


@pytest.mark.parametrize("greeting", ("Hello", "Olá", "Guten Tag,", "Dear *", "Hi"))
def test_a_number_after_a_greeting_is_the_first_name(app, greeting):
    contact = make_contact(first_name="Dana")
    found = of(f"{greeting} {{{{1}}}}, your order {{{{2}}}} is here.", contact)

    assert found["body", "1"] == filling.Value("Dana", "first name", True)
    assert found["body", "2"] == filling.Value()


def test_a_number_elsewhere_is_left_to_a_person(app):
    found = of("Your order {{1}} is here.", make_contact(), header="Order {{1}}")

    assert set(found.values()) == {filling.Value()}


def test_a_name_taken_from_whatsapp_is_to_be_checked(app):
    dana = make_contact(name="", profile_name="dana ✨")
    found = of("Hello {{first_name}}, and {{day}}?", dana)

    assert found["body", "first_name"] == filling.Value("dana", "first name", False)
    assert filling.to_check(found) == 2


def test_an_example_is_never_a_value(app):
    components = [{"type": "BODY", "text": "On {{1}} then", "example": {"body_text": [["Friday"]]}}]
    found = filling.filled(SimpleNamespace(components=components), make_contact(), BY)

    assert found == {("body", "1"): filling.Value()}


def test_somebody_without_a_name_fills_nothing(app):
    assert of("Hello {{name}}.", make_contact(name="")) == {("body", "name"): filling.Value()}
