"""Telephone numbers as people write them, read as the digits that WhatsApp knows them by."""

import re
from dataclasses import dataclass
from functools import cache

import phonenumbers

from webapp.contacts.countries import NAMES

LONGEST_TEXT = 80
FEWEST_DIGITS = 7
ADJECTIVES = {"US": "a US number", "GB": "a UK number"}

_SHORTENED = re.compile(r"(\d)(?:[.,](\d+))?[eE]\+?(\d{1,3})")
_FLOATING = re.compile(r"(\+?\d+)[.,]0+")
_PLAIN = re.compile(r"\+?[\d ()-]+")
_WORDS_BEFORE = re.compile(r"(?:tel|phone|mobile|mob|cell|whatsapp|wa|p)\s*[.:]+\s*", re.IGNORECASE)
_NEXT_NUMBER = re.compile(
    r"\s*(?:[/;,|\n\r]|\b(?:or|and|und|oder|e|o|y|ou|et)\b)\s*", re.IGNORECASE
)
_EXTENSION = re.compile(r"(?:;?ext\.?|extension|x|#)\s*[=:.]?\s*\d{1,7}\s*$", re.IGNORECASE)
_TRUNK_ZERO = re.compile(r"^(\+[\d\s]+)\(0\)")
_BETWEEN = str.maketrans(
    "", "", " ()-./\u00a0\u202f\u2007\u2009\t\u2010\u2011\u2012\u2013\u2014\u2212"
)
_UNSEEN = re.compile("[\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")


class NotANumber(ValueError):
    """The sentence says what is wrong with it."""


@dataclass(frozen=True)
class Number:
    digits: str  # E.164 without +
    note: str = ""  # what was changed on the way, in words


def normalise(text, country=None):
    """The digits of a number, without +; raises NotANumber."""
    return parsed(text, country).digits


def parsed(text, country=None):
    """`country` is where numbers without one are from, by its two letters; None where nobody is
    asked for one, empty where nobody chose one."""
    text = _UNSEEN.sub("", str(text or "")).strip().lstrip("'\"").strip()
    if not text:
        raise NotANumber("No number.")
    if len(text) > LONGEST_TEXT:
        raise NotANumber("Too long for a number.")
    return _read(text, country) if text.isascii() else _read(_ascii(text), country)


def country_name(country):
    return NAMES.get(country, country)


def _ascii(text):
    """Digits of other scripts, and the wide ones and the wide + of Asian keyboards."""
    return "".join(
        str(int(sign)) if sign.isdecimal() else "+" if sign == "\uff0b" else sign for sign in text
    )


def _read(text, country):
    notes = []
    if not _PLAIN.fullmatch(text):
        text = _spelled_out(_WORDS_BEFORE.sub("", text, count=1))
        text = _first_of(text, notes)
        text = _without_extension(text, notes)
    compact = _TRUNK_ZERO.sub(r"\1", text).translate(_BETWEEN)
    if compact.startswith("00"):
        compact = f"+{compact[2:]}"
        notes.append("00 read as +")
    plus, digits = compact[:1] == "+", compact.lstrip("+")
    _check(digits)
    if not plus and compact.startswith("011") and country in _american():
        plus, digits = True, digits[3:]
        notes.append("011 read as +")
    found = _international(digits) if plus else _national(digits, country, notes)
    return Number(found, ". ".join(notes))


def _spelled_out(text):
    """What a spreadsheet made of a number: 15550123409.0, or 5.55018E+09 with digits lost."""
    floating = _FLOATING.fullmatch(text)
    if floating:
        return floating[1]
    short = _SHORTENED.fullmatch(text)
    if not short:
        return text
    first, others, power = short[1], (short[2] or "").rstrip("0"), int(short[3])
    if len(others) < power - 1 or power > 15:
        raise NotANumber("A spreadsheet shortened it. Format the column as text and try again.")
    return (first + others).ljust(power + 1, "0")


def _first_of(text, notes):
    parts = [part for part in _NEXT_NUMBER.split(text) if part]
    # A slash also stands between area code and number: 040/123456.
    if len(parts) > 1 and _count_digits(parts[0]) >= FEWEST_DIGITS:
        if any(any(sign.isdigit() for sign in part) for part in parts[1:]):
            notes.append("Two numbers, the first is used")
        return parts[0]
    return text


def _count_digits(text):
    return sum(sign.isdigit() for sign in text)


def _without_extension(text, notes):
    short = _EXTENSION.sub("", text)
    if short != text and _count_digits(short) >= FEWEST_DIGITS:
        notes.append("Extension left out")
        return short.strip()
    return text


def _check(digits):
    if not digits:
        raise NotANumber("No digits in it.")
    if not digits.isdigit():
        if any(sign.isalpha() for sign in digits):
            raise NotANumber("Letters are no part of a number.")
        raise NotANumber("Only digits make a number.")


@dataclass(frozen=True)
class _Rules:
    """What is needed to know most numbers of a country without the library, which is slow."""

    code: str
    lengths: frozenset
    trunk: re.Pattern | None
    simple_trunk: str  # what stands before every national number, if it is nothing but that


@cache
def _rules(country):
    metadata = phonenumbers.PhoneMetadata.metadata_for_region(country, None)
    if metadata is None:
        raise NotANumber("Choose the country that numbers without one are from.")
    trunk = metadata.national_prefix_for_parsing
    return _Rules(
        code=str(metadata.country_code),
        lengths=frozenset(metadata.general_desc.possible_length),
        trunk=re.compile(trunk) if trunk else None,
        simple_trunk=trunk if trunk == "0" else "",
    )


@cache
def _american():
    return frozenset(phonenumbers.region_codes_for_country_code(1))


@cache
def _country_of_code(code):
    return phonenumbers.region_code_for_country_code(int(code))


def _international(digits):
    for length in (1, 2, 3):
        code = digits[:length]
        if len(code) == length and code[0] != "0" and _country_of_code(code) not in ("ZZ", "001"):
            return _in_country(code, digits[length:], digits)
    return _by_library(f"+{digits}", None)


def _in_country(code, rest, digits):
    rules = _rules(_country_of_code(code))
    if len(rest) in rules.lengths and not _has_trunk(rules, rest):
        return digits
    return _by_library(f"+{digits}", None)


def _has_trunk(rules, digits):
    found = rules.trunk and rules.trunk.match(digits)
    return bool(found and found.end())


def _national(digits, country, notes):
    if not country:
        return _bare(digits, notes, may_choose=country is not None)
    rules = _rules(country)
    plain = not _has_trunk(rules, digits) and not digits.startswith(rules.code)
    if plain and len(digits) in rules.lengths:
        notes.append(f"Country from the list: {country_name(country)}")
        return rules.code + digits
    bare = digits.removeprefix("0") if rules.simple_trunk else digits
    if bare != digits and len(bare) in rules.lengths and bare[0] != "0":
        notes.append(f"Country from the list: {country_name(country)}")
        return rules.code + bare
    return _either(digits, country, rules, notes)


def _bare(digits, notes, may_choose):
    """Without a country the number has to begin with its own."""
    try:
        found = _international(digits)
    except NotANumber:
        how = "or choose a country" if may_choose else "and the country code"
        raise NotANumber(f"No country: begin it with + {how}.") from None
    notes.append("Read with the country code it begins with")
    return found


def _either(digits, country, rules, notes):
    """A number that may begin with its country's code: what is a real number wins."""
    home, abroad = _number(digits, country), _number(f"+{digits}", None)
    at_home = home is not None and phonenumbers.is_valid_number(home)
    if not at_home and abroad is not None and phonenumbers.is_valid_number(abroad):
        notes.append("Read with the country code it begins with")
        return _e164(abroad)
    own_code = digits.startswith(rules.code) and len(digits) - len(rules.code) in rules.lengths
    if own_code and not at_home and len(digits) not in rules.lengths:
        notes.append("Read with the country code it begins with")
        return digits
    found = _by_library(digits, country)
    notes.append(f"Country from the list: {country_name(country)}")
    return found


def _by_library(text, country):
    number = _number(text, country)
    if number is None:
        short = _count_digits(text) < FEWEST_DIGITS
        raise NotANumber(
            "Too short for a number." if short else "No country has numbers like this."
        )
    _check_length(number, country)
    return _e164(number)


def _number(text, country):
    try:
        return phonenumbers.parse(text, country)
    except phonenumbers.NumberParseException:
        return None


def _check_length(number, country):
    possible = phonenumbers.is_possible_number_with_reason(number)
    region = country or phonenumbers.region_code_for_country_code(number.country_code)
    whose = ADJECTIVES.get(region) or f"a number in {country_name(region)}"
    reason = phonenumbers.ValidationResult
    if possible == reason.TOO_LONG:
        raise NotANumber(f"Too long for {whose}.")
    if possible in (reason.TOO_SHORT, reason.IS_POSSIBLE_LOCAL_ONLY):
        raise NotANumber(f"Too short for {whose}.")
    if possible != reason.IS_POSSIBLE:
        raise NotANumber(f"Wrong length for {whose}.")


def _e164(number):
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164).lstrip("+")


@cache
def countries():
    """(two letters, name with its code) of every country, by name."""
    named = [
        (country, f"{name}, +{phonenumbers.country_code_for_region(country)}")
        for country, name in NAMES.items()
    ]
    return tuple(sorted(named, key=lambda one: one[1]))
