"""Twilio's codes: each in our words, with what to do, and what follows from it."""

import re

import pytest

from webapp.providers.http import Answer
from webapp.providers.twilio.errors import fault_of, refusal
from webapp.providers.twilio.meanings import MEANINGS, Kind, meaning_of

# Every code the reference names as worth handling.
NAMED = {
    11200, 12100, 12200, 12300, 20003, 20404, 20429, 21211, 21212, 21408, 21603, 21604, 21606,
    21608, 21610, 21612, 21614, 21617, 21619, 21620, 21623, 21654, 21655, 21656, 21660, 21701,
    21703, 21704, 21910, 30001, 30002, 30003, 30007, 30008, 63001, 63002, 63003, 63005, 63006,
    63007, 63008, 63009, 63010, 63012, 63013, 63014, 63015, 63016, 63017, 63018, 63019, 63020,
    63021, 63022, 63024, 63026, 63027, 63028, 63029, 63030, 63031, 63032, 63033, 63034, 63037,
    63038, 63040, 63041, 63042, 63049, 63051,
}  # fmt: skip


def test_every_named_code_has_its_words():
    assert set(MEANINGS) >= NAMED


@pytest.mark.parametrize("code", sorted(MEANINGS))
def test_each_says_what_happened_and_what_to_do(code):
    meaning = MEANINGS[code]
    for words in (meaning.reason, meaning.action):
        assert words[0].isupper()
        assert not re.search(r"\d{5}|whatsapp:|TODO", words)
    assert not meaning.reason.endswith(".")
    assert meaning.action.endswith(".")


@pytest.mark.parametrize("code", (20429, 30001, 30008, 63009, 63010, 63012, 63017, 63018, 63038))
def test_what_passes_by_itself_is_not_permanent(code):
    assert not meaning_of(code).permanent


@pytest.mark.parametrize("code", (63016, 63032, 63049, 21211, 63024, 63040))
def test_what_does_not_pass_by_itself_is_permanent(code):
    assert meaning_of(str(code)).permanent


@pytest.mark.parametrize(
    ("code", "kind"),
    (
        (20003, Kind.TOKEN),
        (63007, Kind.ACCOUNT),
        (63051, Kind.ACCOUNT),
        (63018, Kind.SLOW),
        (63038, Kind.SLOW),
        (63033, Kind.OPTED_OUT),
        (63014, Kind.CONTACT),
        (63041, Kind.TEMPLATE),
    ),
)
def test_codes_are_told_apart_by_what_they_concern(code, kind):
    assert meaning_of(code).kind is kind


def test_a_code_nobody_knows_is_judged_by_the_answers_status():
    for status, permanent in ((400, True), (503, False)):
        error = refusal(Answer(status, {}, b'{"code": 99999, "message": "?", "status": 400}'))
        assert (error.permanent, error.code) == (permanent, "99999")


@pytest.mark.parametrize(
    ("status", "body"),
    (
        (500, b"<html>"),
        (404, b"{}"),
        (400, b'{"code": null}'),
        (400, b'{"code": {"a": 1}}'),
        (400, b'[{"code": 21211}]'),
        (201, b'{"code": 21211}'),
        (302, b""),
    ),
)
def test_what_is_not_twilios_word_is_no_refusal(status, body):
    assert refusal(Answer(status, {}, body)) is None


@pytest.mark.parametrize("body", (b"<html>", b'{"code": 20404}', b'{"code": 20003}'))
def test_a_refused_login_is_one_whatever_its_words(body):
    error = refusal(Answer(401, {}, body))
    assert (error.auth, error.account_wide) == (True, True)


@pytest.mark.parametrize(("given", "wait"), (("4", 4), ("-1", 5), ("soon", 5), ("", 5)))
def test_a_hint_counts_where_it_is_one(given, wait):
    assert refusal(Answer(429, {"retry-after": given}, b"")).retry_after == wait


@pytest.mark.parametrize("code", ("", "x", None, [], 1e400, "63016"))
def test_any_code_in_a_receipt_makes_a_fault(code):
    assert fault_of(code).reason
