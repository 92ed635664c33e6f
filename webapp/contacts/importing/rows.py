"""One row of a file read as a person: what is usable, and a sentence for what is not."""

import csv
import json
from dataclasses import dataclass, field
from functools import lru_cache

from webapp.contacts import cells as cell_texts
from webapp.contacts import field_values, phones, plain_values
from webapp.contacts.importing.limits import column_name
from webapp.contacts.people import match_key
from webapp.providers.base import IdentityKind

LONGEST_TAG = 60
LONGEST_LIST = 120
MOST_NAMES = 50  # tags, or lists, of one person
SPREADSHEET_ERRORS = {
    "#N/A", "#REF!", "#VALUE!", "#DIV/0!", "#NAME?", "#NULL!", "#NUM!", "#SPILL!", "#CALC!",
    "#GETTING_DATA", "#FIELD!", "#BLOCKED!", "#UNKNOWN!", "#CONNECT!",
}  # fmt: skip
STOP = {"stop", "opt out", "opt-out", "opted out", "unsubscribed", "out"}
AGREED = {"opted in", "opt-in", "opt in", "subscribed", "agreed", "in", "ok"}


@dataclass(slots=True)
class Problem:
    column: int  # from 0; -1 for the row as a whole
    sentence: str


@dataclass(slots=True)
class Row:
    number: int
    cells: list
    phone: str = ""
    note: str = ""  # how the number was read
    facts: dict = field(default_factory=dict)
    fields: dict = field(default_factory=dict)
    tags: list = field(default_factory=list)
    lists: list = field(default_factory=list)
    consent: bool | None = None
    keys: list = field(default_factory=list)  # what makes it the same person, strongest first
    refused: Problem | None = None
    problems: list = field(default_factory=list)


class RowReader:
    """Reads rows by one mapping."""

    def __init__(self, mapping, fields, header):
        self._header = header
        self._country = mapping.get("country") or ""
        self._same_by = set(mapping["same_by"])
        known = {f"field:{one.id}": one for one in fields}
        readers = {
            "phone": self._phone,
            "full_name": self._full_name,
            "tags": self._tags,
            "lists": self._lists,
            "consent": self._consent,
        }
        self._readers = []
        for place, target in enumerate(mapping["columns"]):
            if target in known:
                self._readers.append((place, self._custom(known[target], mapping["day_first"])))
            elif target in readers:
                self._readers.append((place, readers[target]))
            elif target in plain_values.FACTS:
                self._readers.append((place, self._fact(target)))

    def read(self, number, cells):
        row = Row(number, cells)
        width = len(cells)
        for place, reader in self._readers:
            text = cell_texts.plain(cells[place]) if place < width else ""
            if text in SPREADSHEET_ERRORS:
                row.problems.append(Problem(place, f"the spreadsheet shows {text}."))
                text = ""
            try:
                reader(row, text)
            except phones.NotANumber as wrong:
                row.refused = Problem(place, str(wrong))
            except ValueError as wrong:
                row.problems.append(Problem(place, str(wrong)))
        self._find_keys(row)
        return row

    def sentence(self, row, problem):
        """Row 7, column Mobile: …"""
        if problem.column < 0:
            return f"Row {row.number:,}: {problem.sentence}"
        return f"Row {row.number:,}, column {self.column(problem.column)}: {problem.sentence}"

    def column(self, place):
        name = self._header[place] if place < len(self._header) else ""
        return name[:60] or column_name(place + 1)

    def _phone(self, row, text):
        if text:
            number = phones.parsed(text, self._country)
            row.phone, row.note = number.digits, number.note

    def _full_name(self, row, text):
        text = " ".join(text.split())
        last, comma, first = text.partition(",")
        if not comma:
            first, _, last = text.rpartition(" ")
            if not first:
                first, last = last, ""
        for name, part in (("first_name", first), ("last_name", last)):
            row.facts[name] = plain_values.checked(name, part)

    def _tags(self, row, text):
        row.tags = _names(text, LONGEST_TAG, "tag")

    def _lists(self, row, text):
        row.lists = _names(text, LONGEST_LIST, "list")

    def _consent(self, row, text):
        word = " ".join(text.casefold().split())
        if word in field_values.YES or word in AGREED:
            row.consent = True
        elif word in field_values.NO or word in STOP:
            row.consent = False
        elif word:
            raise ValueError(f"write yes or no, not “{text[:40]}”.")

    @staticmethod
    def _fact(name):
        check = _email if name == "email" else lru_cache(2_000)(_checked(name))

        def read(row, text):
            if text:
                row.facts[name] = check(text)

        return read

    @staticmethod
    def _custom(one, day_first):
        @lru_cache(2_000)
        def check(text):
            return field_values.checked(one, text, day_first)

        def read(row, text):
            value = check(text)
            if value is not None:
                row.fields[str(one.id)] = value

        return read

    def _find_keys(self, row):
        if row.phone:
            row.keys.append(match_key(IdentityKind.PHONE, row.phone))
        for same in self._same_by:
            if same == "email" and row.facts.get("email"):
                row.keys.append(f"email:{row.facts['email']}")
            elif same.startswith("field:") and same[6:] in row.fields:
                row.keys.append(f"{same}:{json.dumps(row.fields[same[6:]])}")
        if not row.keys and row.refused is None:
            row.refused = Problem(-1, "nothing in it says who this is.")


def _checked(name):
    return lambda text: plain_values.checked(name, text)


def _email(text):
    """Most addresses share a few domains, and one check of a domain is enough."""
    local, _, domain = text.rpartition("@")
    if local.isascii() and local.isalnum() and len(local) <= 64:
        return f"{local}@{_domain(domain)}"
    return plain_values.email(text)


@lru_cache(5_000)
def _domain(domain):
    return plain_values.email(f"somebody@{domain}").rpartition("@")[2]


def _names(text, longest, what):
    if not text:
        return []
    comma = "," if "," in text or '"' in text else ";" if ";" in text else "|"
    parts = next(csv.reader([text.replace("\n", " ").replace("\r", " ")], delimiter=comma), [])
    names = list(dict.fromkeys(" ".join(part.split()) for part in parts))
    names = [name for name in names if name]
    if len(names) > MOST_NAMES:
        raise ValueError(f"more than {MOST_NAMES} {what}s.")
    for name in names:
        if len(name) > longest:
            raise ValueError(f"a {what} may have {longest} characters, not {len(name)}.")
    return names
