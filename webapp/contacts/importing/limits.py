"""How much of a file is read at all, so that no file takes the worker's memory."""

LARGEST_FILE = 60 * 1024 * 1024
MOST_ROWS = 1_000_000
MOST_COLUMNS = 1_000
LONGEST_CELL = 100_000  # characters
LARGEST_ROW = 2_000_000  # characters


class Unreadable(ValueError):
    """A file that can't be read; the sentence says where, and what to do."""


def too_many_rows():
    return Unreadable(f"The file has more than {MOST_ROWS:,} rows. Split it and import each part.")


def column_name(number):
    """1 is A, 27 is AA: as a spreadsheet names it."""
    name = ""
    while number:
        number, rest = divmod(number - 1, 26)
        name = chr(65 + rest) + name
    return name


def at(row, column):
    return f"Row {row:,}, column {column_name(column)}"
