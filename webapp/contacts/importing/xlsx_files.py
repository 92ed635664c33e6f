"""Workbooks, read as a stream: a sheet row by row, its texts from a file of their own."""

import posixpath
from urllib.parse import unquote

from webapp.contacts.importing import xlsx_parts, xlsx_values
from webapp.contacts.importing.limits import LARGEST_ROW, LONGEST_CELL, MOST_COLUMNS, Unreadable, at
from webapp.contacts.importing.texts import Texts

MOST_SHEETS = 200
MOST_STYLES = 100_000
LAST_ROW = 2_000_000
_WORDS = {"0": "false", "1": "true"}


def look(file):
    with xlsx_parts.opened(file) as book:
        sheets = _Book(book).sheets
    return {"format": "xlsx", "sheet": sheets[0][0], "sheets": [name for name, _ in sheets]}


def rows(file, reading):
    with xlsx_parts.opened(file) as book:
        workbook = _Book(book)
        part = dict(reversed(workbook.sheets)).get(reading["sheet"])
        if part is None:
            raise Unreadable("This sheet is not in the file.")
        texts = Texts()
        try:
            workbook.read_texts(texts)
            sheet = _Sheet(texts, workbook.date_styles(), workbook.since_1904)
            for _ in xlsx_parts.parse(book, part, sheet.start, sheet.end, sheet.text):
                yield from sheet.taken()
        finally:
            texts.close()


class _Book:
    """What a workbook says about itself before its sheets are read."""

    def __init__(self, book):
        self._book = book
        self._names = set(book.namelist())
        self.since_1904 = False
        self._kinds = {}  # of the workbook's other parts: kind → name
        home = self._home()
        targets = self._targets(home)
        self.sheets = self._sheets(home, targets)
        if not self.sheets:
            raise Unreadable("There is no sheet with a table in this file.")

    def read_texts(self, texts):
        name = self._kinds.get("sharedStrings")
        if name:
            reader = _TextReader(texts)
            for _ in xlsx_parts.parse(self._book, name, reader.start, reader.end, reader.text):
                pass

    def date_styles(self):
        """Numbers of the cell styles that show a number as a day or a time."""
        name = self._kinds.get("styles")
        styles = _Styles()
        if name:
            for _ in xlsx_parts.parse(self._book, name, styles.start, styles.end):
                pass
        return styles.dates()

    def _home(self):
        found = []

        def start(name, attributes):
            if name == "Relationship" and attributes.get("Type", "").endswith("/officeDocument"):
                found.append(attributes.get("Target", ""))

        if "_rels/.rels" in self._names:
            self._read("_rels/.rels", start)
        home = found[0].lstrip("/") if found else "xl/workbook.xml"
        if home not in self._names:
            raise Unreadable("This is no Excel file. Save the table as XLSX or CSV.")
        return home

    def _targets(self, home):
        folder, name = posixpath.split(home)
        targets = {}

        def start(element, attributes):
            if element != "Relationship" or len(targets) > xlsx_parts.MOST_PARTS:
                return
            target = unquote(attributes.get("Target", ""))
            path = target.lstrip("/") if target[:1] == "/" else posixpath.join(folder, target)
            path = posixpath.normpath(path)
            if path in self._names:
                kind = attributes.get("Type", "").rpartition("/")[2]
                targets[attributes.get("Id")] = (kind, path)
                self._kinds.setdefault(kind, path)

        relations = posixpath.join(folder, "_rels", f"{name}.rels")
        if relations in self._names:
            self._read(relations, start)
        return targets

    def _sheets(self, home, targets):
        shown, hidden = [], []

        def start(element, attributes):
            if element == "workbookPr":
                self.since_1904 = attributes.get("date1904") in ("1", "true", "on")
            if element != "sheet" or len(shown) + len(hidden) >= MOST_SHEETS:
                return
            id = next((v for k, v in attributes.items() if k.rpartition(":")[2] == "id"), None)
            kind, path = targets.get(id, ("", ""))
            if kind == "worksheet":
                place = shown if attributes.get("state", "visible") == "visible" else hidden
                place.append((attributes.get("name", "")[:100], path))

        self._read(home, start)
        return shown or hidden

    def _read(self, name, start):
        for _ in xlsx_parts.parse(self._book, name, start):
            pass


class _TextReader:
    """Each `si` is one text, of one `t` or of several runs; how it sounds (`rPh`) is left out."""

    def __init__(self, texts):
        self._texts = texts
        self._parts, self._size = [], 0
        self._in_text = self._in_sound = False

    def start(self, name, _):
        if name == "t":
            self._in_text = not self._in_sound
        elif name == "si":
            self._parts, self._size = [], 0
        elif name == "rPh":
            self._in_sound = True

    def text(self, text):
        if self._in_text and self._size <= LONGEST_CELL:
            self._parts.append(text)
            self._size += len(text)

    def end(self, name):
        if name == "t":
            self._in_text = False
        elif name == "rPh":
            self._in_sound = False
        elif name == "si":
            self._texts.add(xlsx_values.unescaped("".join(self._parts)[: LONGEST_CELL + 1]))


class _Styles:
    def __init__(self):
        self._codes, self._cells = {}, []
        self._in_cells = False

    def start(self, name, attributes):
        if name == "cellXfs":
            self._in_cells = True
        elif name == "xf" and self._in_cells and len(self._cells) < MOST_STYLES:
            self._cells.append(_whole(attributes.get("numFmtId")) or 0)
        elif name == "numFmt" and len(self._codes) < MOST_STYLES:
            code = attributes.get("formatCode", "")[:200]
            self._codes[_whole(attributes.get("numFmtId"))] = code

    def end(self, name):
        if name == "cellXfs":
            self._in_cells = False

    def dates(self):
        known = {id: xlsx_values.is_date(id, self._codes) for id in set(self._cells)}
        return {str(place) for place, id in enumerate(self._cells) if known[id]}


class _Sheet:
    """Hears a sheet's elements and makes rows of them."""

    def __init__(self, texts, dates, since_1904):
        self._texts, self._dates, self._since_1904 = texts, dates, since_1904
        self._done = []
        self._row = self._column = 0
        self._cells, self._size = [], 0
        self._kind = self._style = None
        self._parts, self._length = [], 0
        self._in_value = self._in_inline = self._in_sound = False
        self._columns = {}

    def taken(self):
        done, self._done = self._done, []
        return done

    def start(self, name, attributes):
        if name == "c":
            self._column = self._place(attributes.get("r"))
            self._kind, self._style = attributes.get("t"), attributes.get("s")
            self._parts, self._length = [], 0
        elif name == "v":
            self._in_value = True
        elif name == "t":
            self._in_value = self._in_inline and not self._in_sound
        elif name == "is":
            self._in_inline = True
        elif name == "rPh":
            self._in_sound = True
        elif name == "row":
            self._begin_row(attributes.get("r"))

    def text(self, text):
        if self._in_value:
            self._parts.append(text)
            self._length += len(text)
            if self._length > LONGEST_CELL:
                self._too_long()

    def end(self, name):
        if name in ("v", "t"):
            self._in_value = False
        elif name == "c":
            if self._parts:
                self._keep(self._value("".join(self._parts)))
        elif name == "row":
            if self._cells:
                self._done.append((self._row, self._cells))
            self._cells = []
        elif name == "is":
            self._in_inline = False
        elif name == "rPh":
            self._in_sound = False

    def _begin_row(self, number):
        self._row = max(_whole(number) or 0, self._row + 1)
        if self._row > LAST_ROW:
            raise Unreadable(f"Row {self._row:,}, column A: no sheet has so many rows.")
        self._cells, self._size, self._column = [], 0, 0

    def _place(self, reference):
        """AB12 → 28; a cell without its place follows the one before."""
        if not reference:
            return self._column + 1
        letters = reference.rstrip("0123456789")
        column = self._columns.get(letters)
        if column is None:
            column = self._columns[letters] = self._number_of(letters)
        return column

    def _number_of(self, letters):
        if not letters.isascii() or not letters.isalpha() or len(letters) > 3:
            raise Unreadable(f"{at(self._row, self._column + 1)}: a cell in no known place.")
        number = 0
        for letter in letters.upper():
            number = number * 26 + ord(letter) - 64
        return number

    def _keep(self, value):
        if not value:
            return
        column = self._column
        if column > MOST_COLUMNS:
            place = at(self._row, column)
            raise Unreadable(f"{place}: more than {MOST_COLUMNS:,} columns. Leave some out.")
        if len(value) > LONGEST_CELL:
            self._too_long()
        self._size += len(value)
        if self._size > LARGEST_ROW:
            place = at(self._row, column)
            raise Unreadable(f"{place}: this row is too long to be a contact.")
        missing = column - len(self._cells)
        if missing > 0:
            self._cells.extend([""] * missing)
        self._cells[column - 1] = value

    def _value(self, text):
        kind = self._kind
        if kind == "s":
            try:
                return self._texts.get(int(text))
            except (ValueError, IndexError):
                place = at(self._row, self._column)
                raise Unreadable(f"{place}: the cell's text is missing from the file.") from None
        if kind is None or kind == "n":
            text = text.strip()
            if self._style in self._dates:
                return xlsx_values.date(text, self._since_1904)
            return xlsx_values.number(text)
        if kind == "b":
            return _WORDS.get(text.strip(), text)
        if kind == "d":
            return text.replace("T", " ").removesuffix(" 00:00:00")
        return xlsx_values.unescaped(text)

    def _too_long(self):
        place = at(self._row, self._column)
        raise Unreadable(f"{place}: the cell holds more than {LONGEST_CELL:,} characters.")


def _whole(text):
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 12 else None
