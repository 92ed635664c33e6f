"""Reads an uploaded file once, from beginning to end, into rows that a run can go on from."""

import time

import orjson
from sqlalchemy import update

from webapp import media_store
from webapp.columns import utcnow
from webapp.contacts.importing import files, guessing, mapping, reading
from webapp.contacts.importing.limits import MOST_ROWS, Unreadable, column_name, too_many_rows
from webapp.contacts.importing.models import ContactImport, ImportState
from webapp.extensions import db
from webapp.unit_of_work import unit_of_work

BEAT_SECONDS = 2
FIRST = 60  # rows that are looked at for a guess
LONGEST_SAMPLE = 200


class Stopped(Exception):
    """Somebody asked to stop, or the worker has to end."""


def prepare(entry, stopping):
    """Everything a person needs to decide is in the row afterwards; raises Unreadable."""
    with media_store.open(entry.storage_key) as file, files.new_file() as lines:
        how = reading.look(file)
        if entry.reading.get("sheet") in how.get("sheets", ()):
            how["sheet"] = entry.reading["sheet"]
        first, count, width = _copied(entry.id, file, how, lines, stopping)
        if not count:
            raise Unreadable("There is no row in the file.")
        lines.seek(0)
        media_store.put(files.rows_key(entry), lines)
    _keep(entry, how, first, count, width)


def described(first, has_header, width):
    """Names of the columns: the file's own, or the letters a spreadsheet gives them."""
    names = first[0] if has_header and first else []
    names = [" ".join(name.split()) for name in names]
    return [
        (names[place] if place < len(names) else "") or f"Column {column_name(place + 1)}"
        for place in range(width)
    ]


def _copied(id, file, how, lines, stopping):
    first, count, width, beat = [], 0, 0, time.monotonic()
    for number, cells in reading.rows(file, how):
        count += 1
        if count > MOST_ROWS + 1:
            raise too_many_rows()
        if count <= FIRST:
            first.append([cell[:LONGEST_SAMPLE] for cell in cells])
        while cells and not cells[-1]:
            cells.pop()
        width = max(width, len(cells))
        lines.write(_line(number, cells))
        if count % 500 == 0 and time.monotonic() - beat > BEAT_SECONDS:
            _beat(id, count)
            beat = time.monotonic()
            if stopping():
                raise Stopped
    return first, count, width


def _line(number, cells):
    try:
        return orjson.dumps([number, *cells], option=orjson.OPT_APPEND_NEWLINE)
    except orjson.JSONEncodeError:  # half a letter, which no text holds
        whole = [cell.encode("utf-8", "replace").decode() for cell in cells]
        return orjson.dumps([number, *whole], option=orjson.OPT_APPEND_NEWLINE)


def _beat(id, count):
    with unit_of_work():
        going_on = db.session.execute(
            update(ContactImport)
            .where(ContactImport.id == id, ContactImport.state == ImportState.CHECKING)
            .where(ContactImport.stop_asked_at.is_(None))
            .values(beat_at=utcnow(), row_count=count)
        )
    if not going_on.rowcount:
        raise Stopped


def _keep(entry, how, first, count, width):
    named = entry.reading.get("has_header")
    if named is None:
        named = guessing.names_columns(first[0])
    if count - named > MOST_ROWS:
        raise too_many_rows()
    header = described(first, named, width)
    with unit_of_work():
        held = db.session.get(ContactImport, entry.id)
        held.reading = {
            **how,
            "has_header": named,
            "first": first[:7],
            "width": width,
            "prepared": True,
        }
        held.header = header
        held.row, held.row_count, held.counts = 0, count, {}
        if len(held.mapping.get("columns", ())) != width:
            held.mapping = {**mapping.guessed(header, first[named:]), **_kept(held.mapping)}


def _kept(before):
    """What was decided for another sheet of the file holds for this one, but for the columns."""
    return {name: value for name, value in before.items() if name != "columns"}
