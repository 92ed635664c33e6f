"""What a report is made of: one description for its page, its CSV and its workbook."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from webapp.reports.choosing import FILTERS


class Kind(StrEnum):
    """How a value reads; in files seconds and percents stay numbers."""

    TEXT = "text"
    DAY = "day"
    MOMENT = "moment"
    NUMBER = "number"
    DECIMAL = "decimal"
    SECONDS = "seconds"
    PERCENT = "percent"
    PRICE = "price"  # of one message, which may be less than a hundredth
    MONEY = "money"


class Column(NamedTuple):
    name: str
    label: str
    kind: Kind = Kind.NUMBER

    @property
    def heading(self):
        """In a file, which has no room for units beside the values."""
        unit = {Kind.SECONDS: " (seconds)", Kind.PERCENT: " (%)"}.get(self.kind, "")
        return self.label + unit


@dataclass(frozen=True)
class Report:
    """`rows(choice, now)` gives a dict for each row; what is not counted is None.

    A long one has as many rows as things happened: `total(choice)` says how many, `pieces(choice)`
    gives lists of them. Its workbook is made by a job alone.
    """

    name: str
    title: str
    words: str
    columns: tuple
    rows: Callable
    nothing: str = "Nothing happened in this period."
    filters: tuple = FILTERS
    total: Callable | None = None
    pieces: Callable | None = None
    chart: tuple = ()  # the columns that are drawn day by day
    under: str = ""  # the name of the report whose tab it stands below

    @property
    def is_long(self):
        return self.pieces is not None

    def ignored(self, choice):
        """What is chosen, but says nothing about these rows."""
        chosen = [name for name in FILTERS if getattr(choice, name)]
        return [name for name in chosen if name not in self.filters]


def shown(kind, value):
    """A value as people read it."""
    if value is None:
        return "–"
    if kind == Kind.SECONDS:
        return duration(value)
    if kind == Kind.PERCENT:
        return f"{value:.0f}%"
    if kind == Kind.NUMBER:
        return f"{value:,}"
    if kind == Kind.DECIMAL:
        return f"{value:.1f}"
    if kind == Kind.MOMENT:
        return f"{value.day} {value:%b %Y %H:%M:%S}"
    if kind == Kind.PRICE:
        return f"{value:.6f}".rstrip("0").removesuffix(".")
    if kind == Kind.MONEY:
        return f"{value:,.2f}"
    if kind == Kind.DAY:
        return f"{value:%a} {value.day} {value:%b %Y}"
    return str(value)


def duration(seconds):
    """41 s; 2 m 41 s; 14 m; 38 h 20 m"""
    seconds = round(seconds)
    if seconds < 60:
        return f"{seconds} s"
    minutes, rest = divmod(seconds, 60)
    if minutes < 10:
        return f"{minutes} m {rest:02} s" if rest else f"{minutes} m"
    hours, minutes = divmod(round(seconds / 60), 60)
    return f"{hours} h {minutes:02} m" if hours else f"{minutes} m"


def in_a_file(kind, value):
    """A value as a spreadsheet counts with it."""
    if value is None:
        return ""
    if kind in (Kind.SECONDS, Kind.NUMBER):
        return round(value)
    if kind in (Kind.PERCENT, Kind.DECIMAL):
        return round(value, 2)
    if kind in (Kind.PRICE, Kind.MONEY):
        return float(value)
    return value.isoformat(timespec="seconds") if kind == Kind.MOMENT else str(value)
