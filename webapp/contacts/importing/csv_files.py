"""Text with separators: its encoding and separator found out, its rows read one by one."""

import codecs
import csv
import io

from charset_normalizer import from_bytes

from webapp.contacts.importing.limits import (
    LARGEST_ROW,
    MOST_COLUMNS,
    Unreadable,
    at,
)

PIECE = 1024 * 1024
SAMPLE = 64 * 1024
SAMPLE_ROWS = 60
DELIMITERS = (",", ";", "\t", "|")
USUAL = "cp1252"
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
# What spreadsheets and registers of the world write; fewer candidates make fewer odd guesses.
_LIKELY = [
    "cp1252", "cp1250", "cp1251", "cp1253", "cp1254", "cp1255", "cp1256", "cp1257",
    "iso8859_2", "cp932", "gb18030", "big5", "cp949", "koi8_r", "mac_roman", "cp437",
]  # fmt: skip


def look(file):
    encoding = _encoding(file)
    return {"format": "csv", "encoding": encoding, "delimiter": _delimiter(file, encoding)}


def rows(file, reading):
    lines = _Lines(_text(file, reading["encoding"]))
    records = csv.reader(lines, delimiter=reading["delimiter"])
    number = 0
    while True:
        lines.record_starts()
        number += 1
        try:
            cells = next(records)
        except StopIteration:
            return
        except csv.Error:
            column = _column_of_break(lines.first, reading["delimiter"])
            raise Unreadable(
                f"{at(number, column)}: the cell does not end. Is a quotation mark missing?"
            ) from None
        except _TooLong:
            raise Unreadable(f"{at(number, 1)}: this row is too long to be a contact.") from None
        if len(cells) > MOST_COLUMNS and any(cells[MOST_COLUMNS:]):
            place = at(number, MOST_COLUMNS + 1)
            raise Unreadable(f"{place}: more than {MOST_COLUMNS:,} columns. Leave some out.")
        if number == 1 and _names_separator(cells, reading["delimiter"]):
            continue
        if any(cells):
            yield number, cells[:MOST_COLUMNS]


class _TooLong(Exception):
    pass


class _Lines:
    """Lines for the csv module, which itself would take a line of any length."""

    def __init__(self, text):
        self._text = text
        self._size = 0
        self.first = ""

    def record_starts(self):
        self._size, self.first = 0, ""

    def __iter__(self):
        return self

    def __next__(self):
        line = self._text.readline(LARGEST_ROW)
        if not line:
            raise StopIteration
        self.first = self.first or line
        self._size += len(line)
        if self._size >= LARGEST_ROW:
            raise _TooLong
        return line.replace("\x00", "")


def _text(file, encoding):
    """The file's text; closing it leaves the file open."""
    file.seek(0)
    return io.TextIOWrapper(_Kept(file), encoding=encoding, errors="replace", newline="")


class _Kept(io.RawIOBase):
    """Reads on in a file that belongs to somebody else."""

    def __init__(self, file):
        self._file = file

    def readable(self):
        return True

    def readinto(self, buffer):
        data = self._file.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)


def _encoding(file):
    file.seek(0)
    start = file.read(SAMPLE)
    for mark, encoding in _MARKS:
        if start.startswith(mark):
            return encoding
    wide = _wide(start)
    if wide:
        return wide
    if b"\x00" in start:
        raise Unreadable("This is neither a CSV nor an XLSX file.")
    broken = _first_not_utf8(file)
    if broken is None:
        return "utf-8"
    return _guessed(file, broken)


def _wide(start):
    """Two bytes a letter without a mark: every other byte is nothing."""
    even, odd = start[::2].count(0), start[1::2].count(0)
    if odd > len(start) // 5 and even < odd // 4:
        return "utf-16-le"
    if even > len(start) // 5 and odd < even // 4:
        return "utf-16-be"
    return None


def _first_not_utf8(file):
    """Where the file stops being UTF-8, looked for to its very end; None if it never does."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    file.seek(0)
    done = 0
    while True:
        piece = file.read(PIECE)
        try:
            decoder.decode(piece, final=not piece)
        except UnicodeDecodeError as error:
            return max(0, done + error.start - 4)
        if not piece:
            return None
        done += len(piece)


def _guessed(file, broken):
    file.seek(0)
    start = file.read(SAMPLE // 4)
    file.seek(max(0, broken - 512))
    sample = start + b"\n" + file.read(SAMPLE // 2)
    matches = from_bytes(sample, cp_isolation=_LIKELY)
    best = matches.best()
    if best is None:
        return USUAL
    # A few accents fit several alphabets of the West: only better reasons speak against Excel's.
    usual = next((one for one in matches if USUAL in one.could_be_from_charset), None)
    if usual and usual.chaos <= best.chaos and usual.coherence >= best.coherence:
        return USUAL
    return best.encoding


def _delimiter(file, encoding):
    sample = _text(file, encoding).read(SAMPLE).replace("\x00", "")
    first = sample[:8].lower()
    if first.startswith("sep=") and len(sample) > 4 and sample[4] in DELIMITERS:
        return sample[4]
    lines = sample.splitlines(keepends=True)
    whole = lines[:-1] or lines
    return max(DELIMITERS, key=lambda delimiter: _fits(whole, delimiter))


def _fits(lines, delimiter):
    """How much alike the rows are in width, then how wide they are."""
    widths = []
    try:
        for cells in csv.reader(lines[: SAMPLE_ROWS * 4], delimiter=delimiter):
            if cells:
                widths.append(len(cells))
            if len(widths) >= SAMPLE_ROWS:
                break
    except csv.Error:
        return (0, 0)
    usual = max(set(widths), key=lambda width: (widths.count(width), width), default=1)
    if usual == 1:
        return (0, max(widths, default=1))
    return (widths.count(usual) / len(widths), usual)


def _names_separator(cells, delimiter):
    """Excel's own first line, sep=; which says how to read the others."""
    text = delimiter.join(cells).strip().lower()
    return text in (f"sep={delimiter}", "sep=")


def _column_of_break(line, delimiter):
    try:
        return max(1, len(next(csv.reader([line[:10_000]], delimiter=delimiter), [])))
    except csv.Error:
        return 1
