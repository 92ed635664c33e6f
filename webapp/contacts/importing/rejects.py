"""What could not be imported, as a file of the kind that was uploaded: same columns, and why."""

import csv
import io

import xlsxwriter

from webapp import media_store
from webapp.contacts.importing import files

REASON = "Why"
MOST_OF_A_SHEET = 1_048_576


def keep(entry, way, parts):
    """Write the file; its key, or None where nothing was left out."""
    if not parts:
        return None
    write = _xlsx if entry.reading["format"] == "xlsx" else _csv
    with files.new_file() as file:
        write(file, entry, _rows(entry, way, parts))
        file.seek(0)
        media_store.put(files.rejects_key(entry, way), file)
    return files.rejects_key(entry, way)


def _rows(entry, way, parts):
    """The header, then one row for each that has problems, however many it has."""
    width = len(entry.header)
    if entry.reading["has_header"]:
        yield [*entry.header, REASON]
    last, cells, reasons = None, [], []
    for number, sentence, *found in files.problems(entry, way, parts):
        if number != last and last is not None:
            yield [*_padded(cells, width), " ".join(reasons)]
        if number != last:
            last, cells, reasons = number, found, []
        reasons.append(sentence)
    if last is not None:
        yield [*_padded(cells, width), " ".join(reasons)]


def _padded(cells, width):
    return [*cells, *[""] * (width - len(cells))]


def _csv(file, entry, rows):
    encoding = entry.reading["encoding"]
    if encoding in ("utf-8", "utf-16-le", "utf-16-be"):
        encoding = "utf-8-sig" if encoding == "utf-8" else "utf-16"
    text = io.TextIOWrapper(file, encoding=encoding, errors="replace", newline="")
    csv.writer(text, delimiter=entry.reading["delimiter"]).writerows(rows)
    text.flush()
    text.detach()


def _xlsx(file, entry, rows):
    book = xlsxwriter.Workbook(file, {"constant_memory": True})
    sheet = book.add_worksheet("Left out")
    for number, row in enumerate(rows):
        if number >= MOST_OF_A_SHEET:
            break
        for column, cell in enumerate(row):
            if cell:
                sheet.write_string(number, column, cell[:32_767])
    book.close()
