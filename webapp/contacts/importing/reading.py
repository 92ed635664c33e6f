"""What an uploaded file is, and its rows as text, however it was written."""

from webapp.contacts.importing import csv_files, xlsx_files
from webapp.contacts.importing.limits import Unreadable

_OLD_EXCEL = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_OTHERS = {
    b"%PDF": "This is a PDF. Save the table as XLSX or CSV.",
    b"\x89PNG": "This is a picture. Save the table as XLSX or CSV.",
    b"\xff\xd8\xff": "This is a picture. Save the table as XLSX or CSV.",
    b"\x1f\x8b": "This file is packed. Unpack it first.",
    b"{\\rtf": "This is a text document. Save the table as XLSX or CSV.",
}


def look(file):
    """How this file is to be read: {format, encoding, delimiter} or {format, sheet, sheets}."""
    file.seek(0)
    start = file.read(8)
    if not start:
        raise Unreadable("The file is empty.")
    if start.startswith(b"PK\x03\x04"):
        return xlsx_files.look(file)
    if start == _OLD_EXCEL:
        raise Unreadable(
            "This is an old Excel file, or one with a password. Save it as XLSX without one."
        )
    for begin, sentence in _OTHERS.items():
        if start.startswith(begin):
            raise Unreadable(sentence)
    return csv_files.look(file)


def rows(file, reading):
    """(row number, list of text) of each row that holds something; raises Unreadable."""
    files = xlsx_files if reading["format"] == "xlsx" else csv_files
    return files.rows(file, reading)
