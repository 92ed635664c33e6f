"""What names a person in stored texts and files, and how a text loses that and nothing else."""

import hashlib
import hmac
import re
import zipfile
from urllib.parse import unquote_plus

import orjson
from flask import current_app
from sqlalchemy import LargeBinary, func, literal, or_

from webapp import media_store
from webapp.contacts.people import NUMBERS
from webapp.database import is_postgresql

GONE = "erased"
SHORTEST = 5  # fewer signs stand in any text by chance
REPLACED = b'{"erased":true}'


def of(contacts, identities):
    """{sure: numbers and ids that can only mean this person, names: what they are called}"""
    sure = {identity.value for identity in identities}
    numbers = {identity.value for identity in identities if identity.kind in NUMBERS}
    # The other spelling of a number, which WhatsApp also writes.
    numbers |= {i.match_key.removeprefix("tel:") for i in identities if i.kind in NUMBERS}
    names = set()
    for contact in contacts:
        numbers.add(contact.phone)
        sure |= {contact.username, contact.email}
        names |= {contact.name, contact.profile_name}
    sure |= numbers
    return {
        "sure": sorted(text for text in sure if text and len(text) >= SHORTEST),
        "numbers": sorted(text for text in numbers if text),
        # One word is a name many have; only a full one is looked for outside their own rows.
        "names": sorted(text for text in names if text and " " in text.strip()),
    }


def pattern(texts):
    """Finds any of these; a number only where it is not part of a longer one."""
    found = [
        rf"(?<!\d){re.escape(text)}(?!\d)" if text.isdigit() else re.escape(text)
        for text in sorted(texts, key=len, reverse=True)
    ]
    return re.compile("|".join(found) or r"(?!)", re.IGNORECASE)


def within(column, texts):
    """The SQL condition that a column of bytes holds one of these; may find more than meant."""
    return or_(*(_holds(column, text.encode()) for text in texts))


def cut(body, content_type, found):
    """The body without what is about the person; None if nothing in it is.

    One POST carries events of many people: of those the others stay as they were.
    """
    text = body.decode("utf-8", "replace")
    try:
        told = orjson.loads(body)
    except orjson.JSONDecodeError:
        return b"" if found.search(text) or found.search(unquote_plus(text)) else None
    if not found.search(orjson.dumps(told).decode()) and not _names(told, found):
        return None
    kept = _without(told, found)
    return REPLACED if kept is None else orjson.dumps(kept)


def theirs(body, found):
    """What a stored body says of the person, and nobody else."""
    try:
        told = orjson.loads(body)
    except orjson.JSONDecodeError:
        text = body.decode("utf-8", "replace")
        return [text] if found.search(text) or found.search(unquote_plus(text)) else []
    return list(_parts(told, found))


def replaced(value, found):
    """A JSON value in which every text that names the person is taken out."""
    if isinstance(value, dict):
        return {key: replaced(one, found) for key, one in value.items()}
    if isinstance(value, list):
        return [replaced(one, found) for one in value]
    return GONE if isinstance(value, str | int) and found.search(str(value)) else value


def in_file(key, found):
    """Whether a file holds the person, in a spreadsheet too; read in pieces that overlap."""
    if not key:
        return False
    try:
        file = media_store.open(key)
    except media_store.NotThere:
        return False
    with file:
        if file.read(2) == b"PK":
            return _in_sheet(file, found)
        file.seek(0)
        return _in_stream(file, found)


def hashed(value):
    """What stands in an audit row for what it held: only this installation can compare it."""
    key = current_app.config["SECRET_KEY"].encode()
    seed = orjson.dumps(value, option=orjson.OPT_SORT_KEYS, default=str)
    return hmac.new(key, seed, hashlib.sha256).hexdigest()


def _holds(column, needle):
    if is_postgresql():
        return func.position(literal(needle, LargeBinary).op("IN")(column)) > 0
    return func.instr(column, literal(needle, LargeBinary)) > 0


def _names(value, found):
    """Whether any text below names them, in a dict's keys or values."""
    if isinstance(value, dict):
        return any(found.search(str(key)) or _names(one, found) for key, one in value.items())
    if isinstance(value, list):
        return any(_names(one, found) for one in value)
    return isinstance(value, str | int) and bool(found.search(str(value)))


def _directly(value, found):
    """The same, but not in lists: what stands in a list is an event or a person of its own."""
    if isinstance(value, dict):
        return any(found.search(str(key)) or _directly(one, found) for key, one in value.items())
    return not isinstance(value, list) and _names(value, found)


def _without(value, found):
    """None where the whole of it is about the person."""
    if isinstance(value, list):
        kept = [_without(one, found) if _names(one, found) else one for one in value]
        return [one for one in kept if one is not None]
    if _directly(value, found):
        return None
    if isinstance(value, dict):
        return {
            key: _without(one, found) if _names(one, found) else one for key, one in value.items()
        }
    return value


def _parts(value, found):
    if not _names(value, found):
        return
    if isinstance(value, list):
        for one in value:
            yield from _parts(one, found)
    elif _directly(value, found):
        yield value
    elif isinstance(value, dict):
        for one in value.values():
            yield from _parts(one, found)


def _in_sheet(file, found):
    file.seek(0)
    with zipfile.ZipFile(file) as book:
        return any(_in_stream(book.open(name), found) for name in book.namelist())


def _in_stream(stream, found):
    overlap = ""
    while piece := stream.read(media_store.CHUNK):
        piece = overlap + piece.replace(b"\x00", b"").decode("utf-8", "replace")
        if found.search(piece):
            return True
        overlap = piece[-300:]
    return False
