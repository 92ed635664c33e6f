"""Contact cards in a file: as phones write them, and as nobody should."""

import pytest

from webapp.inbox.vcards import cards_in

ANN = b"""BEGIN:VCARD\r
VERSION:3.0\r
N:Example;Ann;Maria;;\r
FN:Ann Example\r
ORG:Example\\, Ltd;Sales;\r
TITLE:Head of \r
 Sales\r
item1.TEL;waid=15550100002;type=CELL:+1 555 010 0002\r
TEL;TYPE=WORK,VOICE:+1 555 010 0003\r
item2.EMAIL;TYPE=INTERNET:ann@example.com\r
PHOTO;ENCODING=b;TYPE=JPEG:AAECAw==\r
BDAY:1990-01-02\r
END:VCARD\r
"""


def test_a_card_is_read_as_whatsapps_own_fields_would_say_it():
    assert cards_in(ANN) == [
        {
            "name": "Ann Example",
            "phones": [
                {"phone": "+1 555 010 0002", "wa_id": "15550100002", "type": "CELL"},
                {"phone": "+1 555 010 0003", "wa_id": "", "type": "WORK"},
            ],
            "emails": ["ann@example.com"],
            "organisation": "Example, Ltd, Sales",
            "title": "Head of Sales",
            "birthday": "1990-01-02",
        }
    ]


def test_several_cards_in_one_file_are_all_read():
    assert [card["name"] for card in cards_in(ANN + ANN.replace(b"Ann", b"Ben"))] == [
        "Ann Example",
        "Ben Example",
    ]


def test_an_old_phones_encoded_lines_are_read():
    card = (
        b"BEGIN:VCARD\nVERSION:2.1\nFN;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:J=C3=BCr=\ngen\n"
        b"TEL;CELL:+49 1\nEND:VCARD"
    )
    assert cards_in(card)[0]["name"] == "Jürgen"


@pytest.mark.parametrize(
    ("lines", "name"),
    (
        (b"N:Example;Ann;;;", "Ann Example"),
        (b"ORG:Example", "Example"),
        (b"TEL:+1555", "+1555"),
    ),
)
def test_a_card_without_a_whole_name_has_the_next_best(lines, name):
    assert cards_in(b"BEGIN:VCARD\n" + lines + b"\nEND:VCARD")[0]["name"] == name


@pytest.mark.parametrize(
    "content",
    (
        b"",
        b"\xff\xfe\x00",
        b"BEGIN:VCARD\nFN:Ann",
        b"BEGIN:VCARD\nEND:VCARD",
        b"END:VCARD\nBEGIN:VCARD",
        b"BEGIN:VCARD\n:\n;;;\nFN\nEND:VCARD",
        b"BEGIN:VCARD\n" * 10_000,
    ),
)
def test_what_is_no_card_gives_none(content):
    assert cards_in(content) == []


def test_a_flood_of_cards_and_lines_is_cut():
    many = (b"BEGIN:VCARD\nFN:" + b"x" * 5000 + b"\n" + b"TEL:1\n" * 900 + b"END:VCARD\n") * 50
    cards = cards_in(many)
    assert len(cards) <= 20
    assert len(cards[0]["name"]) == 200
    assert len(cards[0]["phones"]) < 200
