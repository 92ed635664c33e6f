"""What Twilio documents about a message and a content: the code and the rule that is broken."""

import json
import re
from urllib.parse import urlsplit

from webapp.providers.twilio.forms import FORM

ADDRESS = re.compile(r"whatsapp:(\+\d{5,15}|[A-Z]{2}\.(ENT\.)?\w+)")
PLACE = re.compile(r"geo:-?\d+(\.\d+)?,-?\d+(\.\d+)?(\|[^|]+)?")
LONGEST_BODY = 1600


def of_message(request, contents):
    """None where nothing is wrong; `contents` are the ids that were made."""
    form = dict(request.form)
    names = [name for name, _ in request.form]
    if request.headers.get("content-type") != FORM:
        return 20001, "A message is posted as a form"
    if names.count("MediaUrl") > 1:
        return 21623, "One file per message"
    if any(names.count(name) > 1 for name in names):
        return 20001, "A field stands there twice"
    return _wrong_address(form) or _wrong_content(form, contents) or _wrong_callback(form)


def _wrong_content(form, contents):
    if "ContentSid" in form:
        return _wrong_template(form, contents)
    if "ContentVariables" in form:
        return 21654, "ContentVariables without ContentSid"
    if len(form.get("Body", "")) > LONGEST_BODY:
        return 21617, "Body is longer than 1,600 characters"
    if not form.get("Body") and not form.get("MediaUrl"):
        return 21619, "Nothing to send"
    if "MediaUrl" in form and not _is_address(form["MediaUrl"]):
        return 21620, "MediaUrl is not an address"
    if "PersistentAction" in form and not PLACE.fullmatch(form["PersistentAction"]):
        return 21619, "PersistentAction is not a place"
    return None


def _wrong_template(form, contents):
    if "Body" in form or "MediaUrl" in form:
        return 20001, "ContentSid beside Body or MediaUrl"
    if not re.fullmatch(r"HX[0-9a-f]{32}", form["ContentSid"]):
        return 21655, "ContentSid is not one"
    if form["ContentSid"] not in contents:
        return 21655, "Nobody knows this ContentSid"
    try:
        variables = json.loads(form.get("ContentVariables", "{}"))
    except ValueError:
        return 21656, "ContentVariables is not JSON"
    texts = isinstance(variables, dict) and all(
        isinstance(value, str) and value for value in variables.values()
    )
    return None if texts else (21656, "ContentVariables holds something else than texts")


def of_content(given):
    return _wrong_types(given.get("types")) or (
        None if given.get("language") else "A content has a language"
    )


def _wrong_address(form):
    for name, missing, wrong in (("From", 21603, 21212), ("To", 21604, 21211)):
        if not form.get(name):
            return missing, f"{name} is missing"
        if not ADDRESS.fullmatch(form[name]):
            return wrong, f"{name} is not a WhatsApp address"
    return (63031, "From equals To") if form["From"] == form["To"] else None


def _wrong_callback(form):
    callback = form.get("StatusCallback")
    if callback is None or (_is_address(callback) and "_" not in urlsplit(callback).netloc):
        return None
    return 21609, "StatusCallback is not an absolute address"


def _is_address(url):
    parts = urlsplit(url)
    return parts.scheme in ("http", "https") and bool(parts.netloc)


def _wrong_types(types):
    if not isinstance(types, dict) or len(types) != 1:
        return "A content has one type"
    (name, said), *_ = types.items()
    if not said.get("body") or len(said["body"]) > 1024:
        return "A content's body has 1 to 1,024 characters"
    if name == "twilio/quick-reply":
        return _wrong_choices(said.get("actions", ()), 3, "title", 20)
    if name == "twilio/list-picker":
        if not 0 < len(said.get("button", "")) <= 20:
            return "A list's button has 1 to 20 characters"
        if any(len(item.get("description", "")) > 72 for item in said.get("items", ())):
            return "A description has at most 72 characters"
        return _wrong_choices(said.get("items", ()), 10, "item", 24)
    return f"Not a type this stand-in knows: {name}"


def _wrong_choices(choices, most, title, longest):
    if not 0 < len(choices) <= most:
        return f"1 to {most} choices"
    if any(not 0 < len(choice.get(title, "")) <= longest for choice in choices):
        return f"A choice's title has 1 to {longest} characters"
    if any(not 0 < len(choice.get("id", "")) <= 200 for choice in choices):
        return "A choice's id has 1 to 200 characters"
    return None


def kind_of(form):
    for name, kind in (
        ("ContentSid", "content"),
        ("PersistentAction", "location"),
        ("MediaUrl", "file"),
    ):
        if name in form:
            return kind
    return "text"
