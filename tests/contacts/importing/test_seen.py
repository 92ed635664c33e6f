import io

import pytest

from webapp.contacts.importing.seen import Seen


def test_who_was_seen_is_known_by_any_key_and_with_the_first_row():
    seen = Seen(10)
    seen.add(["tel:1", "email:a"], 2)
    seen.add(["tel:2", "email:a"], 3)

    assert seen.first_row(["tel:9", "email:a"]) == 2
    assert seen.first_row(["tel:2"]) == 3
    assert seen.first_row(["tel:9"]) == 0


def test_a_full_table_still_finds_everybody():
    seen = Seen(10_000)
    for number in range(10_000):
        seen.add([f"tel:{number}"], number + 1)

    assert all(seen.first_row([f"tel:{number}"]) == number + 1 for number in range(10_000))
    assert seen.first_row(["tel:x"]) == 0


def test_it_is_the_same_after_a_pause():
    seen, file = Seen(1_000), io.BytesIO()
    seen.add(["tel:1"], 7)
    seen.write(file)
    file.seek(0)

    again = Seen(1_000)
    again.read(file)

    assert again.first_row(["tel:1"]) == 7


def test_one_of_another_size_is_not_taken():
    file = io.BytesIO()
    Seen(10).write(file)
    file.seek(0)

    with pytest.raises(EOFError):
        Seen(1_000).read(file)
