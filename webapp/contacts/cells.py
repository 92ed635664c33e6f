"""Cells of files for spreadsheets: what a formula could be becomes text, and text again."""

import re

# A spreadsheet runs what begins like this; an apostrophe makes it text. A value that itself
# begins with an apostrophe gets a second one, so that reading takes away just what was added.
_RUNS = ("=", "@", "+", "-", "\t", "\r", "'")
_HARMLESS = re.compile(r"[+-]?\d+([.,]\d+)?")
_UNSTORABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def safe(text):
    if text.startswith(_RUNS) and not _HARMLESS.fullmatch(text):
        return f"'{text}"
    return text


def plain(text):
    """What stood in the cell before `safe`, without what no database and no file can hold."""
    if not text.isprintable():
        text = _UNSTORABLE.sub("", text)
    text = text.strip()
    if text[:1] == "'" and text[1:2] in ("=", "@", "+", "-", "'"):
        return text[1:]
    return text
