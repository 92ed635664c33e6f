"""A report as a file: CSV in pieces, or a workbook, from the same rows as its page."""

import csv
import io
import tempfile

import xlsxwriter

from webapp.contacts import cells
from webapp.reports.spec import Kind, in_a_file

FORMATS = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
PIECE = 1_000
MOST_OF_A_SHEET = 1_000_000  # rows; then another sheet begins
NUMBERS = (Kind.NUMBER, Kind.DECIMAL, Kind.SECONDS, Kind.PERCENT, Kind.PRICE, Kind.MONEY)


def csv_of(columns, rows):
    """Pieces of text; spreadsheets know it for UTF-8 by the mark it begins with."""
    out = io.StringIO()
    out.write("\ufeff")
    writer = csv.writer(out)
    writer.writerow([column.heading for column in columns])
    for number, row in enumerate(rows, start=1):
        writer.writerow([_cell(column, row[column.name]) for column in columns])
        if number % PIECE == 0:
            yield out.getvalue()
            out.seek(0)
            out.truncate()
    yield out.getvalue()


def xlsx_of(title, columns, rows):
    """A temporary file that holds a workbook; whoever asked for it closes it."""
    out = tempfile.TemporaryFile()  # noqa: SIM115 - the reader closes it
    try:
        book = xlsxwriter.Workbook(out, {"constant_memory": True, "strings_to_formulas": False})
        _fill(book, title, columns, rows)
        book.close()
        out.seek(0)
    except BaseException:
        out.close()
        raise
    return out


def _fill(book, title, columns, rows):
    bold = book.add_format({"bold": True})
    line, number = MOST_OF_A_SHEET + 1, 0
    sheet = None
    for row in rows:
        if line > MOST_OF_A_SHEET:
            number, line = number + 1, 1
            sheet = _sheet(book, title, number, columns, bold)
        for place, column in enumerate(columns):
            value = _cell(column, row[column.name])
            if isinstance(value, int | float):
                sheet.write_number(line, place, value)
            elif value:
                sheet.write_string(line, place, value)
        line += 1
    if sheet is None:
        _sheet(book, title, 1, columns, bold)


def _sheet(book, title, number, columns, bold):
    sheet = book.add_worksheet(title if number == 1 else f"{title} {number}")
    for place, column in enumerate(columns):
        sheet.set_column(place, place, 24 if column.kind not in NUMBERS else 14)
        sheet.write_string(0, place, column.heading, bold)
    return sheet


def _cell(column, value):
    found = in_a_file(column.kind, value)
    return cells.safe(found.replace("\x00", "")) if isinstance(found, str) else found
