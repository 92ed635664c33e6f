"""What people type becomes what is stored; what is shown can be typed again."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webapp.contacts.field_values import checked, shown
from webapp.contacts.models import CustomField


def field(kind, **columns):
    return CustomField(**({"name": "Order", "kind": kind, "choices": []} | columns))


TAKEN = [
    ("text", "  C-20418 ", "C-20418"),
    ("number", "40718", 40718),
    ("number", "-3.50", -3.5),
    ("number", "1,234,567.5", 1234567.5),
    ("number", "1.234.567,5", 1234567.5),
    ("number", "1 234,5", 1234.5),
    ("number", "3,5", 3.5),
    ("switch", "Yes", True),
    ("switch", "não", False),
    ("switch", "0", False),
    ("date_time", "26 Nov 2026 08:00", "2026-11-26T08:00:00"),
    ("date_time", "2026-11-26T08:00", "2026-11-26T08:00:00"),
    ("date_time", "26/11/2026", "2026-11-26"),
    ("date_time", "2026-11-26T08:00:00+01:00", "2026-11-26T07:00:00+00:00"),
    ("url", "erp.northgate.example/20418", "https://erp.northgate.example/20418"),
    ("url", "http://erp.example:8080/a?b=c", "http://erp.example:8080/a?b=c"),
]


@pytest.mark.parametrize(("kind", "text", "value"), TAKEN)
def test_what_is_typed_is_stored_in_one_form_and_shown_so_that_it_can_be_typed_again(
    kind, text, value
):
    one = field(kind)
    assert checked(one, text) == value
    assert checked(one, shown(one, value)) == value


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("number", "twelve"), ("number", "nan"), ("number", "1234567890123456789"),
        ("number", "1e400"), ("number", "٣"), ("switch", "maybe"), ("date_time", "31/02/2026"),
        ("date_time", "soon"), ("date_time", "0001-01-01T00:00+14:00"), ("date_time", "2026-13-01"),
        ("url", "javascript:alert(1)"), ("url", "not a link"), ("url", "http://[::1"),
        ("url", "http://x.example:99999/"), ("text", "x" * 2001),
    ],
)  # fmt: skip
def test_what_cannot_be_meant_is_refused_in_a_sentence_that_names_the_field(kind, text):
    with pytest.raises(ValueError, match="^Order"):
        checked(field(kind), text)


def test_one_comma_before_three_digits_is_not_guessed():
    with pytest.raises(ValueError, match=r"1234 or 1\.234"):
        checked(field("number"), "1,234")


def test_a_choice_is_found_whatever_its_case_and_another_word_is_refused():
    day = field("select", choices=["Wednesday", "Thursday"])
    assert checked(day, "wednesday") == "Wednesday"
    with pytest.raises(ValueError, match="Wednesday, Thursday"):
        checked(day, "Sunday")


def test_dates_in_figures_follow_the_order_the_file_has():
    assert checked(field("date_time"), "03/04/2026") == "2026-04-03"
    assert checked(field("date_time"), "03/04/2026", day_first=False) == "2026-03-04"


def test_a_required_field_refuses_nothing_and_any_other_takes_it():
    assert checked(field("text", required=False), "  ") is None
    with pytest.raises(ValueError, match="has to be filled in"):
        checked(field("text", required=True), "")


@given(kind=st.sampled_from(["text", "number", "switch", "date_time", "url"]), text=st.text())
def test_no_text_leads_to_anything_but_a_value_or_a_sentence(kind, text):
    one = field(kind)
    try:
        value = checked(one, text)
    except ValueError as refused:
        assert str(refused).startswith("Order")
        return
    assert checked(one, shown(one, value)) == value


@given(st.datetimes())
def test_every_moment_survives_being_shown(moment):
    one = field("date_time")
    value = checked(one, moment.isoformat(timespec="seconds"))
    assert checked(one, shown(one, value)) == value


@given(st.floats(allow_nan=False, allow_infinity=False) | st.integers())
def test_every_number_that_is_taken_survives_being_shown(number):
    one = field("number")
    try:
        value = checked(one, repr(number))
    except ValueError:
        return
    assert checked(one, shown(one, value)) == value
