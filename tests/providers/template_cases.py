"""A template that WhatsApp takes, to be broken in one place at a time."""

from webapp.providers.commands import OutgoingFile
from webapp.providers.templates import TemplateDraft

FILE = OutgoingFile(open=None, url="", mime_type="image/jpeg", size=1)
BODY = "Hello {{1}}, we expect you on {{2}} at our branch."


def body(text=BODY, examples=("Amara", "Friday")):
    return {"type": "BODY", "text": text, "example": {"body_text": [list(examples)]}}


def named_body(text, **examples):
    params = [{"param_name": name, "example": value} for name, value in examples.items()]
    return {"type": "BODY", "text": text, "example": {"body_text_named_params": params}}


def header(text, *examples):
    return {
        "type": "HEADER",
        "format": "TEXT",
        "text": text,
        "example": {"header_text": list(examples)},
    }


def media(kind):
    return {"type": "HEADER", "format": kind}


def footer(text):
    return {"type": "FOOTER", "text": text}


def buttons(*given):
    return {"type": "BUTTONS", "buttons": list(given)}


def reply(text="Yes"):
    return {"type": "QUICK_REPLY", "text": text}


def replies(count):
    return [reply(f"Answer {number}") for number in range(count)]


def link(url="https://example.com/v/8841", text="Details", example=None):
    given = {"type": "URL", "text": text, "url": url}
    return given | ({"example": [example]} if example else {})


def phone(number="+15550100200", text="Call us"):
    return {"type": "PHONE_NUMBER", "text": text, "phone_number": number}


def code(example="SAVE20"):
    return {"type": "COPY_CODE", "example": example}


def otp(kind="COPY_CODE", **more):
    return {"type": "OTP", "otp_type": kind, **more}


def draft(*components, **changes):
    """Without a body of its own it has the usual one."""
    parts = list(components)
    if not any(one["type"] == "BODY" for one in parts):
        parts.insert(0, body())
    values = {
        "name": "visit_reminder",
        "language": "en_US",
        "category": "utility",
        "parameter_format": "positional",
        "components": parts,
    }
    return TemplateDraft(**(values | changes))


def named(*components, **changes):
    return draft(*components, parameter_format="named", **changes)


def login_code(*, header=None, text=None, footer=None, buttons_given=None, **changes):
    first = {"type": "BODY", "add_security_recommendation": True}
    parts = [first | ({"text": text} if text else {})]
    parts += [one for one in (header, footer) if one]
    parts.append(buttons(*(buttons_given or [otp()])))
    return draft(*parts, category="authentication", **changes)


def valid_for(minutes):
    return {"type": "FOOTER", "code_expiration_minutes": minutes}
