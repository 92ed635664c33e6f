"""The parts of a workbook as streams of XML events, with bounds on whatever they hold.

Our own, because what reads workbooks whole keeps a sheet or its texts in memory, and a small file
can unpack to any size.
"""

import struct
import zipfile
import zlib
from xml.parsers import expat

from webapp.contacts.importing.limits import Unreadable

PIECE = 64 * 1024
MOST_PARTS = 10_000
LARGEST_DIRECTORY = 4 * 1024 * 1024
LARGEST_PART = 1536 * 1024 * 1024  # unpacked
LONGEST_SILENCE = 4 * 1024 * 1024  # bytes without an element or a letter
DEEPEST = 60
DAMAGED = "This XLSX file is damaged. Open it in a spreadsheet, save it again and try that one."


def opened(file):
    _check_directory(file)
    try:
        book = zipfile.ZipFile(file)
    except (zipfile.BadZipFile, ValueError, OSError, EOFError, NotImplementedError, struct.error):
        raise Unreadable(DAMAGED) from None
    if len(book.infolist()) > MOST_PARTS:
        raise Unreadable(DAMAGED)
    if "mimetype" in book.namelist() and "xl/workbook.xml" not in book.namelist():
        raise Unreadable("This is no Excel file. Save the table as XLSX or CSV.")
    return book


def parse(book, name, start=None, end=None, text=None):
    """Yield after each piece of the part, so that whoever listens can hand on what it heard."""
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.buffer_size = PIECE
    listener = _Listener(start, end, text)
    parser.StartElementHandler = listener.start
    parser.EndElementHandler = listener.end
    parser.CharacterDataHandler = listener.text
    parser.StartDoctypeDeclHandler = _refuse
    parser.EntityDeclHandler = _refuse
    size = quiet = 0
    try:
        with book.open(name) as part:
            while piece := part.read(PIECE):
                size += len(piece)
                if size > LARGEST_PART:
                    raise Unreadable("This XLSX file unpacks to more than we read. Split it.")
                listener.heard = False
                parser.Parse(piece)
                quiet = 0 if listener.heard else quiet + len(piece)
                if quiet > LONGEST_SILENCE:
                    raise Unreadable(DAMAGED)
                yield
            parser.Parse(b"", True)
            yield
    except RuntimeError:
        raise Unreadable("This XLSX file has a password. Save it without one.") from None
    except (
        expat.ExpatError, zipfile.BadZipFile, zlib.error, EOFError, OSError, LookupError,
        NotImplementedError, ValueError, struct.error,
    ) as error:  # fmt: skip
        raise error if isinstance(error, Unreadable) else Unreadable(DAMAGED) from None


class _Listener:
    """Passes elements on by their local name, whatever prefix the writer chose."""

    def __init__(self, start, end, text):
        self._start, self._end, self._text = start, end, text
        self._names = {}
        self._depth = 0
        self.heard = False

    def start(self, name, attributes):
        self.heard = True
        self._depth += 1
        if self._depth > DEEPEST:
            raise Unreadable(DAMAGED)
        if self._start:
            self._start(self._local(name), attributes)

    def end(self, name):
        self.heard = True
        self._depth -= 1
        if self._end:
            self._end(self._local(name))

    def text(self, text):
        self.heard = True
        if self._text:
            self._text(text)

    def _local(self, name):
        local = self._names.get(name)
        if local is None:
            local = name.rpartition(":")[2]
            if len(self._names) < 1_000:
                self._names[name] = local
        return local


def _refuse(*_):
    raise Unreadable(DAMAGED)


def _check_directory(file):
    """The list of parts is read as a whole: one of any length must not come that far."""
    file.seek(0, 2)
    size = file.tell()
    file.seek(max(0, size - 66_000))
    tail = file.read()
    at = tail.rfind(b"PK\x05\x06")
    if at < 0 or len(tail) < at + 22:
        raise Unreadable(DAMAGED)
    (directory,) = struct.unpack_from("<I", tail, at + 12)
    if at >= 20 and tail[at - 20 : at - 16] == b"PK\x06\x07":
        (place,) = struct.unpack_from("<Q", tail, at - 12)
        file.seek(min(place, size))
        record = file.read(56)
        if len(record) < 56 or not record.startswith(b"PK\x06\x06"):
            raise Unreadable(DAMAGED)
        (directory,) = struct.unpack_from("<Q", record, 40)
    if directory > LARGEST_DIRECTORY:
        raise Unreadable(DAMAGED)
