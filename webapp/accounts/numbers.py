"""A business number as people write it, kept as digits in E.164 without the plus."""

import phonenumbers


def digits_of(text):
    """`+1 (555) 010-0199` → `15550100199`; ValueError with a sentence for anything else."""
    written = (text or "").strip()
    if written.startswith("00"):
        written = written[2:]
    try:
        number = phonenumbers.parse("+" + written.lstrip("+"))
    except phonenumbers.NumberParseException:
        raise ValueError("Write the number with its country code, like +1 555 010 0199.") from None
    if not phonenumbers.is_possible_number(number):
        raise ValueError(_what_is_wrong(number))
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)[1:]


def _what_is_wrong(number):
    reason = phonenumbers.is_possible_number_with_reason(number)
    if reason == phonenumbers.ValidationResult.TOO_SHORT:
        return f"Too short for a number of +{number.country_code}."
    if reason == phonenumbers.ValidationResult.TOO_LONG:
        return f"Too long for a number of +{number.country_code}."
    return f"+{number.country_code} has no numbers of this length."
