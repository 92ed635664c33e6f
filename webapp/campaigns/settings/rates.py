"""The price table: rows typed one by one, or pasted as the CSV a provider publishes."""

import csv
import io
import re
from datetime import UTC, date, datetime, time
from decimal import Decimal, InvalidOperation

from sqlalchemy import select

from webapp.campaigns.settings.costs import CATEGORIES
from webapp.campaigns.settings.models import MessageRate
from webapp.database import insert
from webapp.extensions import db
from webapp.providers import PROVIDERS
from webapp.staff.models import differences, record

COLUMNS = ("provider", "region", "prefixes", "category", "price", "currency", "valid_from")
NEEDED = ("region", "category", "price")
LONGEST_REGION, MOST_ROWS = 60, 5000
DEAREST = Decimal(1000)


class Refused(ValueError):
    """What is wrong with a row, by field."""

    def __init__(self, errors):
        self.errors = errors
        super().__init__(" ".join(errors.values()))


def providers():
    """{name: label} of those that carry campaigns."""
    return {name: one.label for name, one in PROVIDERS.items() if one({}, None, {}).can.campaigns}


def everything():
    rows = select(MessageRate).order_by(
        MessageRate.provider,
        MessageRate.region,
        MessageRate.category,
        MessageRate.valid_from.desc(),
    )
    return db.session.scalars(rows).all()


def checked(typed):
    """A row's columns from what was typed; Refused names each field that is wrong."""
    errors, row = {}, {}
    for name in COLUMNS:
        try:
            row[name] = _READERS[name](str(typed.get(name) or "").strip())
        except ValueError as error:
            errors[name] = str(error)
    if errors:
        raise Refused(errors)
    return row


def save(rate, row, by):
    """Keep a new row (rate None) or a changed one; Refused where another says the same."""
    if _another(rate, row):
        raise Refused(
            {"valid_from": "There is a price for this region and category from this day."}
        )
    before = facts(rate) if rate else None
    rate = rate or MessageRate()
    for name, value in row.items():
        setattr(rate, name, value)
    rate.updated_by_id = by.id
    db.session.add(rate)
    db.session.flush()
    if before is None:
        record(by, "added", rate, after=facts(rate))
    elif before != facts(rate):
        old, new = differences(before, facts(rate))
        record(by, "changed", rate, before=old, after=new)
    return rate


def remove(rate, by):
    record(by, "deleted", rate, before=facts(rate))
    db.session.delete(rate)


def read(text):
    """Rows of a pasted CSV with a heading; ValueError names the first line that is wrong."""
    lines = list(csv.reader(io.StringIO(text.strip()), delimiter=_delimiter(text)))
    if len(lines) < 2:
        raise ValueError("Paste a heading and at least one line below it.")
    if len(lines) > MOST_ROWS:
        raise ValueError(f"At most {MOST_ROWS:,} lines at once.")
    names = [_name(one) for one in lines[0]]
    missing = [one for one in NEEDED if one not in names]
    if missing:
        raise ValueError(f"The heading lacks {', '.join(missing)}.")
    found = []
    for number, line in enumerate(lines[1:], 2):
        if not any(one.strip() for one in line):
            continue
        try:
            found.append(checked(dict(zip(names, line, strict=False))))
        except Refused as refusal:
            raise ValueError(f"Line {number}: {refusal}") from refusal
    return found


def paste(rows, by):
    """Keep these rows; of the same provider, region, category and day the price is replaced."""
    key = ["provider", "region", "category", "valid_from"]
    latest = {tuple(row[name] for name in key): row for row in rows}
    statement = insert(MessageRate.__table__)
    replaced = ("prefixes", "price", "currency", "updated_by_id")
    changed = {name: statement.excluded[name] for name in replaced}
    db.session.execute(
        statement.on_conflict_do_update(index_elements=key, set_=changed),
        [row | {"updated_by_id": by.id} for row in latest.values()],
    )
    record(by, "pasted", MessageRate(), after={"rows": len(latest)})
    return len(latest)


def facts(rate):
    return {
        "provider": rate.provider,
        "region": rate.region,
        "prefixes": list(rate.prefixes),
        "category": str(rate.category),
        "price": format(rate.price.normalize(), "f"),
        "currency": rate.currency,
        "valid_from": rate.valid_from.date().isoformat(),
    }


def as_typed(rate):
    return facts(rate) | {"prefixes": ", ".join(rate.prefixes)}


def _another(rate, row):
    same = select(MessageRate.id).where(
        *(getattr(MessageRate, name) == row[name]
          for name in ("provider", "region", "category", "valid_from"))
    )  # fmt: skip
    if rate is not None and rate.id:
        same = same.where(MessageRate.id != rate.id)
    return db.session.scalar(same) is not None


def _delimiter(text):
    heading = text.strip().partition("\n")[0]
    return max(",;\t", key=heading.count)


def _name(text):
    return re.sub(r"\W+", "_", text.strip().lower().removeprefix("\ufeff")).strip("_")


def _provider(text):
    known = providers()
    if not text:
        return "meta"
    by_label = {label.lower(): name for name, label in known.items()}
    name = by_label.get(text.lower(), text.lower())
    if name not in known:
        raise ValueError(f"“{text[:40]}” is no provider that carries campaigns.")
    return name


def _region(text):
    if not text or len(text) > LONGEST_REGION:
        raise ValueError(f"Write what the region is called, in up to {LONGEST_REGION} characters.")
    return text


def _prefixes(text):
    found = [part.strip("+ ") for part in re.split(r"[,;\s/]+", text) if part.strip("+ ")]
    if not all(one.isascii() and one.isdigit() and len(one) <= 8 for one in found):
        raise ValueError("Write calling codes such as 351, 49. Empty: all other numbers.")
    return found


def _category(text):
    word = text.lower().replace(" ", "_").replace(",", "")
    for value, label in CATEGORIES.items():
        if word in (str(value), label.lower().replace(" ", "_").replace(",", "")):
            return str(value)
    raise ValueError(f"“{text[:40]}” is no category: choose {', '.join(CATEGORIES)}.")


def _price(text):
    try:
        price = Decimal(text.replace(",", ".").lstrip("$€£ "))
    except InvalidOperation:
        price = Decimal(-1)
    if not price.is_finite() or not 0 <= price <= DEAREST:
        raise ValueError("Write a price such as 0.0113.")
    return price.quantize(Decimal("0.000001"))


def _currency(text):
    code = (text or "USD").upper()
    if not re.fullmatch(r"[A-Z]{3}", code):
        raise ValueError("Write a currency's three letters, such as USD.")
    return code


def _valid_from(text):
    try:
        day = date.fromisoformat(text) if text else datetime.now(UTC).date()
    except ValueError:
        raise ValueError("Write the first day as 2026-11-01.") from None
    return datetime.combine(day, time(), UTC)


_READERS = {
    "provider": _provider,
    "region": _region,
    "prefixes": _prefixes,
    "category": _category,
    "price": _price,
    "currency": _currency,
    "valid_from": _valid_from,
}
