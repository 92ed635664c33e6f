"""Column types and small helpers that every feature's models share."""

from datetime import UTC, datetime

from sqlalchemy import BigInteger, DateTime, Integer, LargeBinary, String, literal
from sqlalchemy.types import TypeDecorator

from webapp.extensions import vault

LONGEST_NUMBER = 18  # digits that surely fit a database's number
BigId = BigInteger().with_variant(Integer, "sqlite")


def number_of(text):
    """The whole number from 0 that an address or a form says; None for what is none."""
    if text.isascii() and text.isdigit() and len(text) <= LONGEST_NUMBER:
        return int(text)
    return None


def id_of(text):
    """The id an address or a form names; None for what is none."""
    return number_of(text)


def utcnow():
    """The present moment, aware, in UTC."""
    return datetime.now(UTC)


class UtcDateTime(TypeDecorator):
    """An aware UTC time in every database; SQLite itself drops the zone."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value, dialect):
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a stored time needs a zone")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value, dialect):
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Word(TypeDecorator):
    """One word of a fixed set, such as a state.

    Comparisons carry it as a literal, not as a parameter: SQLite, and PostgreSQL's generic plans,
    use a partial index only where they can read its condition in the statement.
    """

    impl = String
    cache_ok = True

    class Comparator(TypeDecorator.Comparator):
        def operate(self, op, *others, **options):
            return super().operate(op, *map(_as_literal, others), **options)

    comparator_factory = Comparator


def _as_literal(value):
    if isinstance(value, str):
        return literal(str(value), String, literal_execute=True)
    if isinstance(value, list | tuple | set | frozenset):
        return [_as_literal(one) for one in value]
    return value


class EncryptedJSON(TypeDecorator):
    """A JSON object that only this installation's CREDENTIAL_KEYS can read."""

    impl = LargeBinary
    cache_ok = True

    def process_bind_param(self, value, dialect):
        return None if value is None else vault.seal(value)

    def process_result_value(self, value, dialect):
        return None if value is None else vault.open(value)
