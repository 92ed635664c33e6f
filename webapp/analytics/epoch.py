"""Moments as whole seconds, the same in both databases.

A duration is the difference of two such moments, so that durations that follow each other add up:
from 10:00:00.9 to 10:00:01.1 is one second.
"""

from datetime import UTC, datetime

from sqlalchemy import BigInteger
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import GenericFunction


class epoch(GenericFunction):  # noqa: N801 - it is written like the SQL function it becomes
    """A column's moment in seconds since 1970, cut, never rounded."""

    type = BigInteger()
    inherit_cache = True
    name = "whole_epoch"


@compiles(epoch, "postgresql")
def _on_postgresql(element, compiler, **options):
    # EXTRACT would be a numeric, several times slower over a million rows; a double is exact here.
    moment = compiler.process(element.clauses, **options)
    return f"CAST(FLOOR(date_part('epoch', {moment})) AS BIGINT)"


@compiles(epoch, "sqlite")
def _on_sqlite(element, compiler, **options):
    """Without its fraction, which SQLite would round to milliseconds and so to another second."""
    moment = compiler.process(element.clauses, **options)
    return f"CAST(strftime('%s', substr({moment}, 1, 19)) AS INTEGER)"


def whole_seconds(moment):
    """The same of a moment in our hands."""
    return int(moment.timestamp())


def moment_of(seconds):
    return datetime.fromtimestamp(seconds, UTC)
