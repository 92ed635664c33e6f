"""Files as the world writes them: read whole, or refused in a sentence that names the place."""

import io
import re
import zipfile
from datetime import datetime

import pytest
import xlsxwriter
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.contacts.importing.support import csv_file, xlsx_file
from webapp.contacts.importing import reading, xlsx_parts
from webapp.contacts.importing.limits import Unreadable


def read(content):
    file = io.BytesIO(content)
    return [cells for _, cells in reading.rows(file, reading.look(file))]


ROWS = [["Name", "Città"], ["Zoë; Dana", "São Paulo"], ['say "hi"', "two\nlines"], ["a, b", "x|y"]]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp1252"]
)
def test_any_encoding_and_separator_is_found_out(encoding, delimiter):
    assert read(csv_file(ROWS, encoding, delimiter)) == ROWS


@pytest.mark.parametrize(
    ("encoding", "word"),
    [("cp1251", "Екатерина Иванова, Новосибирск"), ("cp932", "東京都の山田さん")],
)
def test_other_scripts_are_read_in_their_old_encodings(encoding, word):
    rows = [["name", "phone"], *([word, "15550123409"] for _ in range(20))]

    assert read(csv_file(rows, encoding))[1][0] == word


def test_one_odd_letter_after_a_long_file_is_still_read():
    rows = [["name"], *(["plain ascii"] for _ in range(100_000)), ["Müller"]]

    assert read(csv_file(rows, "cp1252"))[-1] == ["Müller"]


def test_excels_own_first_line_names_the_separator():
    assert read(b"sep=;\r\na,b;c\r\n1;2\r\n") == [["a,b", "c"], ["1", "2"]]


def test_empty_rows_count_but_are_left_out():
    file = io.BytesIO(b"a,b\r\n\r\n,\r\n1,2\r\n")

    assert list(reading.rows(file, reading.look(file))) == [(1, ["a", "b"]), (4, ["1", "2"])]


@pytest.mark.parametrize(
    ("content", "start"),
    [
        (b"", "The file is empty."),
        (b"%PDF-1.7 ...", "This is a PDF."),
        (b"\x00\x01\x02\x00\x00\x03binary\x00\x00", "This is neither a CSV nor an XLSX file."),
        (b"PK\x03\x04 not really", "This XLSX file is damaged."),
        (b'a,b\r\n1,"' + b"x\r\n" * 60_000, "Row 2, column B: the cell does not end."),
        (b"a\r\n" + b"x" * 2_100_000, "Row 2, column A: this row is too long"),
        (b"a\r\n" + b"x," * 1_100 + b"y", "Row 2, column ALM: more than 1,000 columns."),
    ],
    ids=range(7),
)
def test_what_cannot_be_read_is_refused_in_a_sentence(content, start):
    with pytest.raises(Unreadable, match=f"^{re.escape(start)}"):
        read(content)


def workbook(fill, **options):
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True, **options})
    fill(book)
    book.close()
    return out.getvalue()


def test_every_kind_of_cell_is_read_as_it_is_seen():
    def fill(book):
        sheet = book.add_worksheet()
        day = book.add_format({"num_format": "dd/mm/yyyy"})
        moment = book.add_format({"num_format": "d mmm yyyy hh:mm"})
        money = book.add_format({"num_format": '"days" #,##0.00'})
        sheet.write_string(0, 0, "text")
        sheet.write_number(0, 1, 15550123409)
        sheet.write_number(0, 2, 0.1 + 0.2)
        sheet.write_datetime(0, 3, datetime(2026, 11, 26), day)
        sheet.write_datetime(0, 4, datetime(2026, 11, 26, 8, 5), moment)
        sheet.write_boolean(0, 5, True)
        sheet.write_formula(0, 6, "=1+1", None, 2)
        sheet.write_formula(0, 7, '="a"&"b"', None, "ab")
        sheet.write_formula(0, 8, "=NA()", None, "#N/A")
        sheet.write_number(0, 9, 12.5, money)
        sheet.write_string(0, 11, "_x0041_ stays")

    assert read(workbook(fill)) == [
        [
            "text",
            "15550123409",
            "0.3",
            "2026-11-26",
            "2026-11-26 08:05",
            "true",
            "2",
            "ab",
            "#N/A",
            "12.5",
            "",
            "_x0041_ stays",
        ]
    ]


def test_texts_in_their_cells_and_since_1904_are_read_too():
    def fill(book):
        sheet = book.add_worksheet()
        day = book.add_format({"num_format": 14})
        sheet.write_datetime(0, 0, datetime(2026, 11, 26), day)
        sheet.write_string(0, 1, "inline")

    assert read(workbook(fill, constant_memory=True, date_1904=True)) == [["2026-11-26", "inline"]]


def test_the_first_sheet_that_is_shown_is_read_unless_another_is_chosen():
    def fill(book):
        book.add_worksheet("Notes").write(0, 0, "hidden")
        book.add_worksheet("People").write(0, 0, "first")
        book.add_worksheet("More").write(0, 0, "second")
        book.worksheets()[1].activate()
        book.worksheets()[0].hide()

    file = io.BytesIO(workbook(fill))
    how = reading.look(file)

    assert (how["sheet"], how["sheets"]) == ("People", ["People", "More"])
    assert list(reading.rows(file, {**how, "sheet": "More"})) == [(1, ["second"])]


def test_wide_and_sparse_sheets_keep_their_places():
    def fill(book):
        sheet = book.add_worksheet()
        sheet.write(0, 299, "last")
        sheet.write(9_999, 2, "far")

    file = io.BytesIO(workbook(fill))
    (first, wide), (second, far) = reading.rows(file, reading.look(file))

    assert (first, len(wide), wide[299]) == (1, 300, "last")
    assert (second, far) == (10_000, ["", "", "far"])


def repacked(change, content=None):
    """A workbook whose parts went through `change(name, bytes)`."""
    out = io.BytesIO()
    old = zipfile.ZipFile(io.BytesIO(content or xlsx_file(ROWS)))
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(name, change(name, old.read(name)))
    return out.getvalue()


def in_sheet(before, after):
    return repacked(
        lambda name, data: data.replace(before, after) if name.endswith("sheet1.xml") else data
    )


ENTITIES = b"""?>
<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>"""


@pytest.mark.parametrize(
    "content",
    [
        in_sheet(b"?>", ENTITIES),
        in_sheet(b"<sheetData>", b"<sheetData>" + b"<a>" * 100),
        in_sheet(b"<sheetData>", b"<sheetData>" + b" " * 3 + b"<!--" + b"x" * 9_000_000 + b"-->"),
        in_sheet(b"</row>", b"</rov>"),
        in_sheet(b'r="A2"', b'r="\xc3\x84\xc3\x962"'),
        in_sheet(b"<v>2</v>", b"<v>99</v>"),
        repacked(lambda name, data: b"" if name == "xl/workbook.xml" else data),
        repacked(lambda name, data: b"\xff\xfe" if name.endswith("styles.xml") else data),
        xlsx_file(ROWS)[:-500],
        xlsx_file(ROWS).replace(b"xl/worksheets", b"xl/workshits"),
    ],
    ids=range(10),
)
def test_damaged_and_hostile_workbooks_are_refused_in_a_sentence(content):
    with pytest.raises(Unreadable) as refusal:
        read(content)

    assert str(refusal.value).endswith((".", "?"))


def test_a_file_that_unpacks_to_more_than_we_read_is_refused(monkeypatch):
    monkeypatch.setattr(xlsx_parts, "LARGEST_PART", 1_000)

    with pytest.raises(Unreadable, match="unpacks to more"):
        read(xlsx_file([["a", "b"]] * 100))


ENCODINGS = ("utf-8", "utf-8-sig", "utf-16", "utf-32")
# Texts that hold something, so that nothing is left of what a row begins and ends with.
TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\x00\ufeff"), max_size=30)
TABLE = st.integers(2, 8).flatmap(
    lambda width: st.lists(st.lists(TEXT, min_size=width, max_size=width), min_size=4, max_size=12)
)


@given(TABLE, st.sampled_from(ENCODINGS), st.sampled_from(",;\t|"))
@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
def test_any_csv_is_read_or_refused_in_a_sentence(rows, encoding, delimiter):
    rows = [[f"c{n}" for n in range(len(rows[0]))], *rows]
    content = csv_file(rows, encoding, delimiter)

    file = io.BytesIO(content)
    how = reading.look(file)

    found = list(reading.rows(file, {**how, "delimiter": delimiter}))
    assert found == [(n, row) for n, row in enumerate(rows, 1) if any(row)]


@given(st.binary(max_size=3_000))
@settings(max_examples=500, deadline=None)
def test_any_bytes_are_read_or_refused_in_a_sentence(content):
    for start in (b"", b"PK\x03\x04", b"Name;Phone\r\n"):
        try:
            read(start + content)
        except Unreadable as refusal:
            assert re.search(r"file|PDF|picture|document|Row [\d,]+, column [A-Z]+:", str(refusal))


CELLS = st.one_of(
    TEXT,
    st.integers(-(10**15), 10**15),
    st.floats(allow_nan=False, allow_infinity=False),
    st.booleans(),
    st.none(),
)


@given(st.lists(st.lists(CELLS, max_size=300), max_size=8))
@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
def test_any_workbook_is_read_with_all_its_cells(rows):
    for number, cells in _read_or_none(xlsx_typed(rows)):
        given_row = rows[number - 1]
        for place, cell in enumerate(given_row):
            if isinstance(cell, str) and cell:
                assert _plain(cells[place]) == _plain(cell)
            elif isinstance(cell, bool):
                assert cells[place] == str(cell).lower()
            elif isinstance(cell, int):
                assert float(cells[place]) == float(format(cell, ".15g"))


@given(st.data())
@settings(max_examples=300, deadline=None)
def test_a_workbook_with_changed_bytes_is_read_or_refused_in_a_sentence(data):
    content = bytearray(SMALL)
    for _ in range(data.draw(st.integers(1, 6))):
        content[data.draw(st.integers(4, len(content) - 1))] = data.draw(st.integers(0, 255))
    _read_or_none(bytes(content))


@given(st.data())
@settings(max_examples=300, deadline=None)
def test_a_sheet_with_changed_xml_is_read_or_refused_in_a_sentence(data):
    place = data.draw(st.integers(0, 2_000))
    piece = data.draw(
        st.sampled_from([b"<", b'"', b"</c>", b"<c r='ZZZ9'>", b"<v>", b"&#0;", b"9"])
    )

    def change(name, part):
        if not name.endswith((".xml", ".rels")) or "sheet" not in name and place % 2:
            return part
        at = place % max(1, len(part))
        return part[:at] + piece + part[at:]

    _read_or_none(repacked(change, SMALL))


SMALL = xlsx_file([["Name", "Mobile"], ["Dana", 15550123409], ["Tomás", "+15550110930"]])


def xlsx_typed(rows):
    def fill(book):
        sheet = book.add_worksheet()
        for number, row in enumerate(rows):
            for column, cell in enumerate(row):
                if isinstance(cell, bool):
                    sheet.write_boolean(number, column, cell)
                elif isinstance(cell, int | float):
                    sheet.write_number(number, column, cell)
                elif cell:
                    sheet.write_string(number, column, cell)

    return workbook(fill)


def _plain(text):
    """XML knows one kind of line end, and writers escape other signs in their own way."""
    return re.sub(r"[\x00-\x1f\x7f-\x9f\u2028\ufffe\uffff]|_x[0-9A-Fa-f]{4}_", "", text)


def _read_or_none(content):
    file = io.BytesIO(content)
    try:
        return list(reading.rows(file, reading.look(file)))
    except Unreadable as refusal:
        assert re.search(r"file|sheet|Row [\d,]+, column [A-Z]+:", str(refusal))
        return []
