"""The fields every contact has, checked: email, language, time zone, company."""

from functools import cache
from zoneinfo import ZoneInfo, available_timezones

from email_validator import EmailNotValidError, validate_email

from webapp.contacts import zones

FACTS = ("first_name", "last_name", "company", "email", "language", "time_zone")
LONGEST = {"first_name": 100, "last_name": 100, "company": 200}
LABELS = {
    "first_name": "First name",
    "last_name": "Last name",
    "company": "Company",
    "email": "Email",
    "language": "Language",
    "time_zone": "Time zone",
}

# By the codes WhatsApp's templates use.
LANGUAGES = {
    "af": "Afrikaans", "sq": "Albanian", "ar": "Arabic", "az": "Azerbaijani", "bn": "Bengali",
    "bg": "Bulgarian", "ca": "Catalan", "zh_CN": "Chinese, China", "zh_HK": "Chinese, Hong Kong",
    "zh_TW": "Chinese, Taiwan", "hr": "Croatian", "cs": "Czech", "da": "Danish", "nl": "Dutch",
    "en": "English", "en_GB": "English, UK", "en_US": "English, US", "et": "Estonian",
    "fil": "Filipino", "fi": "Finnish", "fr": "French", "ka": "Georgian", "de": "German",
    "el": "Greek", "gu": "Gujarati", "ha": "Hausa", "he": "Hebrew", "hi": "Hindi",
    "hu": "Hungarian", "id": "Indonesian", "ga": "Irish", "it": "Italian", "ja": "Japanese",
    "kn": "Kannada", "kk": "Kazakh", "rw_RW": "Kinyarwanda", "ko": "Korean", "ky_KG": "Kyrgyz",
    "lo": "Lao", "lv": "Latvian", "lt": "Lithuanian", "mk": "Macedonian", "ms": "Malay",
    "ml": "Malayalam", "mr": "Marathi", "nb": "Norwegian", "fa": "Persian", "pl": "Polish",
    "pt_BR": "Portuguese, Brazil", "pt_PT": "Portuguese, Portugal", "pa": "Punjabi",
    "ro": "Romanian", "ru": "Russian", "sr": "Serbian", "sk": "Slovak", "sl": "Slovenian",
    "es": "Spanish", "es_AR": "Spanish, Argentina", "es_MX": "Spanish, Mexico",
    "es_ES": "Spanish, Spain", "sw": "Swahili", "sv": "Swedish", "ta": "Tamil", "te": "Telugu",
    "th": "Thai", "tr": "Turkish", "uk": "Ukrainian", "ur": "Urdu", "uz": "Uzbek",
    "vi": "Vietnamese", "zu": "Zulu",
}  # fmt: skip


def checked(name, text):
    """What to store for one of FACTS; ValueError says what is wrong with it."""
    text = " ".join((text or "").replace("\x00", "").split())
    match name:
        case "email":
            return email(text)
        case "language":
            return language(text)
        case "time_zone":
            return time_zone(text)
    if len(text) > LONGEST[name]:
        raise ValueError(f"{LABELS[name]} may have {LONGEST[name]} characters, not {len(text)}.")
    return text


def email(text):
    """The address as its own domain writes it; an empty one stays empty."""
    if not text:
        return ""
    try:
        return validate_email(text, check_deliverability=False).normalized
    except EmailNotValidError as wrong:
        raise ValueError(f"“{text[:80]}” is not an email address: {_sentence(wrong)}") from None


def language(text):
    """A code, or the name of a language; None for nothing."""
    if not text:
        return None
    wanted = text.replace("-", "_").casefold()
    for code, name in LANGUAGES.items():
        if wanted in (code.casefold(), name.casefold()):
            return code
    # es_CO: known by its first part, kept in full, because a template may be in just that one.
    base, _, region = wanted.partition("_")
    if any(code.partition("_")[0] == base for code in LANGUAGES) and len(region) in (2, 4):
        return f"{base}_{region.upper()}"
    raise ValueError(f"“{text[:40]}” is not a language we know. Write its name or its code.")


def time_zone(text):
    if not text:
        return None
    found = _zones().get(text.replace(" ", "_").casefold())
    if found is None:
        raise ValueError(f"“{text[:40]}” is not a time zone such as Europe/Lisbon.")
    return found


def zone_names():
    return sorted(_zones().values())


def zone_of(contact):
    """(name, whether only the number says so); (None, True) where nothing tells."""
    if contact.time_zone:
        return contact.time_zone, False
    return zones.of_number(contact.phone), True


@cache
def _zones():
    names = (name for name in available_timezones() if "/" in name or name == "UTC")
    usual = (name for name in names if not name.startswith(("Etc/", "posix/", "right/")))
    return {name.casefold(): name for name in usual if _is_zone(name)}


def _is_zone(name):
    try:
        ZoneInfo(name)
    except (ValueError, OSError):
        return False
    return True


def _sentence(wrong):
    said = str(wrong).strip()
    return said if said.endswith(".") else f"{said}."
