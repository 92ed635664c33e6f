"""What a list can show: its columns, filters, search and order, said once per list."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import or_

PAGE = 50


def containing(*columns):
    """A list's search: rows with the words in any of these columns, whatever their case."""
    return lambda words: or_(*(column.icontains(words, autoescape=True) for column in columns))


@dataclass(frozen=True, slots=True)
class Column:
    """`sort` is an SQL expression that is never NULL; `export` gives a row's text in the CSV."""

    name: str
    label: str
    sort: Any = None
    export: Callable[[Any], object] | None = None
    shown: bool = True  # before a person chooses
    fixed: bool = False  # cannot be hidden
    classes: str = ""


@dataclass(frozen=True, slots=True)
class Filter:
    """`where` turns the value in the URL into a condition; ValueError where it means nothing.

    Without `choices` the value is typed. `choices` gives (value, label) pairs, asked once a page.
    `otherwise` is the condition while nothing is chosen, and `unset` what that is called.
    A `segment` has no chip: its page draws it as a segmented control, with counts.
    """

    name: str
    label: str
    where: Callable[[str], Any]
    choices: Callable[[], list[tuple[str, str]]] | None = None
    hint: str = ""
    otherwise: Callable[[], Any] | None = None
    unset: str = "Any"
    segment: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """One list. `sort` is a column's name, with a minus to begin with the last.

    `key` is the unique column that ends every order, so that a page is found by key.
    """

    name: str
    key: Any
    columns: tuple[Column, ...]
    sort: str
    filters: tuple[Filter, ...] = ()
    search: Callable[[str], Any] | None = None
    page_size: int = PAGE
    _by_name: dict = field(init=False, repr=False)

    def __post_init__(self):
        object.__setattr__(self, "_by_name", {column.name: column for column in self.columns})

    def column(self, name):
        return self._by_name.get(name)
