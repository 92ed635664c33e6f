import pytest

from webapp.contacts.phones import NotANumber, normalise, parsed

SHORTENED = "A spreadsheet shortened it. Format the column as text and try again."


@pytest.mark.parametrize(
    ("text", "country", "digits", "note"),
    [
        ("(555) 012-3409", "US", "15550123409", "Country from the list: United States"),
        ("0015550110930", "US", "15550110930", "00 read as +"),
        ("+1 555 016 8810 / 8811", "US", "15550168810", "Two numbers, the first is used"),
        ("+1 555 016 8810; +1 555 016 8811", None, "15550168810", "Two numbers, the first is used"),
        ("040/1234567", "DE", "49401234567", "Country from the list: Germany"),
        ("01144 20 7946 0958", "US", "442079460958", "011 read as +"),
        ("+44 (0)20 7946 0958", None, "442079460958", ""),
        ("020 7946 0958", "GB", "442079460958", "Country from the list: United Kingdom"),
        ("15550123409.0", "US", "15550123409", "Read with the country code it begins with"),
        ("1.5550123409E+10", "US", "15550123409", "Read with the country code it begins with"),
        ("393331234567", "IT", "393331234567", None),
        ("393331234567", None, "393331234567", "Read with the country code it begins with"),
        ("tel: +39 333 123 4567", None, "393331234567", ""),
        ("+39 06 1234 5678", None, "390612345678", ""),
        ("+1 555 012 3409 ext. 12", None, "15550123409", "Extension left out"),
        ("'+15550123409", None, "15550123409", ""),
        ("\u202a+1\u00a0555\u00a0012\u00a03409\u202c", None, "15550123409", ""),
        ("+٣٩٣٣٣١٢٣٤٥٦٧", None, "393331234567", ""),
        ("+55 11 99876-5432", None, "5511998765432", ""),
        ("+54 9 11 1234-5678", None, "5491112345678", ""),
    ],
)  # fmt: skip
def test_a_number_is_read_as_people_write_it(text, country, digits, note):
    number = parsed(text, country)

    assert number.digits == digits
    assert note is None or number.note == note


@pytest.mark.parametrize(
    ("text", "country", "sentence"),
    [
        ("5.55018E+09", "US", SHORTENED),
        ("5,55018e9", None, SHORTENED),
        ("555 01", "US", "Too short for a US number."),
        ("+1 555 012 340 999", None, "Too long for a US number."),
        ("+49 123", None, "Too short for a number in Germany."),
        ("call me", "US", "Letters are no part of a number."),
        ("1-800-FLOWERS", "US", "Letters are no part of a number."),
        ("", "US", "No number."),
        ("---", "US", "No digits in it."),
        ("5*5", "US", "Only digits make a number."),
        ("9" * 81, "US", "Too long for a number."),
        ("0555 012", None, "No country: begin it with + and the country code."),
        ("0555 012", "", "No country: begin it with + or choose a country."),
        ("+999 1234567", None, "No country has numbers like this."),
        ("555 0123", "XX", "Choose the country that numbers without one are from."),
    ],
)
def test_what_is_no_number_is_refused_with_a_sentence(text, country, sentence):
    with pytest.raises(NotANumber) as refusal:
        normalise(text, country)

    assert str(refusal.value) == sentence


def test_a_number_with_its_country_needs_none():
    assert normalise("+15550123409") == normalise("+1 (555) 012-3409", "DE") == "15550123409"
