"""Reads the contact cards that some providers hand out as a file instead of as fields."""

import quopri
import re

TYPES = {"text/vcard", "text/x-vcard", "text/directory"}
LARGEST = 1024 * 1024  # with a portrait in it; what is longer stays a file
MOST_CARDS = 20
MOST_LINES = 200  # of one card that are read
LONGEST = 200
_LINE = re.compile(
    r"(?:[\w-]+\.)?(?P<name>[A-Za-z-]+)(?P<given>(?:;[^:]*)?):(?P<value>.*)", re.DOTALL
)


def cards_in(content: bytes) -> list[dict]:
    """As WhatsApp's own fields say it; nothing where there is no card with a name or number."""
    text = content[:LARGEST].decode("utf-8", "replace").replace("\x00", "")
    cards, lines = [], None
    for line in _unfolded(text):
        word = line.strip().upper()
        if word == "BEGIN:VCARD":
            lines = []
        elif word == "END:VCARD" and lines is not None:
            cards.append(_card(lines))
            lines = None
        elif lines is not None and len(lines) < MOST_LINES:
            lines.append(line)
    return [card for card in cards if card["name"]][:MOST_CARDS]


def _unfolded(text):
    """Long lines go on after a line end and a blank; encoded ones after a sign at their end."""
    whole = ""
    for line in re.sub(r"\r?\n[ \t]", "", text).splitlines():
        whole += line
        if whole.endswith("=") and "QUOTED-PRINTABLE" in whole.partition(":")[0].upper():
            whole = whole[:-1]
            continue
        yield whole
        whole = ""


def _card(lines):
    said = [found for line in lines if (found := _LINE.match(line))]
    phones = [_phone(found) for found in said if found["name"].upper() == "TEL"]
    phones = [phone for phone in phones if phone["phone"] or phone["wa_id"]]
    structured = " ".join(reversed([part for part in _parts(said, "N")[:2] if part]))
    first = next((phone["phone"] or phone["wa_id"] for phone in phones), "")
    return {
        "name": _first(said, "FN") or structured or _first(said, "ORG") or first,
        "phones": phones,
        "emails": [value for value in _values(said, "EMAIL") if value],
        "organisation": ", ".join(part for part in _parts(said, "ORG") if part),
        "title": _first(said, "TITLE"),
        "birthday": _first(said, "BDAY"),
    }


def _phone(found):
    given = found["given"].lower()
    waid = re.search(r"waid=(\d{5,20})", given)
    kind = re.search(r"type=([a-z]+)", given)
    return {
        "phone": _text(found).removeprefix("tel:"),
        "wa_id": waid[1] if waid else "",
        "type": kind[1].upper() if kind else "",
    }


def _values(said, name):
    return [_text(found) for found in said if found["name"].upper() == name]


def _first(said, name):
    return next((value for value in _values(said, name) if value), "")


def _parts(said, name):
    """Of a line in several parts, each."""
    for found in said:
        if found["name"].upper() == name:
            return [_plain(part) for part in re.split(r"(?<!\\);", _decoded(found))]
    return []


def _text(found):
    return _plain(_decoded(found))


def _decoded(found):
    if "quoted-printable" not in found["given"].lower():
        return found["value"]
    return quopri.decodestring(found["value"].encode()).decode("utf-8", "replace")


def _plain(value):
    value = re.sub(r"\\[nN]", " ", value)
    return re.sub(r"\\(.)", r"\1", value).strip()[:LONGEST]
