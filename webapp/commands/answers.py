"""How commands answer: words for people, JSON for scripts, errors on stderr with exit code 2."""

import json as encoding
import sys

import click
from flask.cli import AppGroup
from sqlalchemy import select
from sqlalchemy.exc import OperationalError, ProgrammingError

from webapp.extensions import db

as_json = click.option("--json", is_flag=True, help="Answer as JSON on standard output.")


def show(answer, words, json):
    click.echo(encoding.dumps(answer, ensure_ascii=False) if json else words)


def fail(sentence):
    """Stop here: nothing was changed."""
    click.echo(f"Error: {sentence}", err=True)
    sys.exit(2)


def row_named(table, what, name):
    """The row with this very name, else the only one that differs in capitals alone."""
    row = db.session.scalar(select(table).where(table.name == name))
    if row is not None:
        return row
    wanted = name.strip().casefold()  # by Python: SQLite's lower() knows no more than ASCII
    rows = db.session.execute(select(table.id, table.name).order_by(table.id))
    alike = {known: id for id, known in rows if known.casefold() == wanted}
    if not alike:
        fail(f"there is no {what} {name}")
    if len(alike) > 1:
        names = ", ".join(alike)
        fail(f"more than one {what} is called {name} in other capitals, say which: {names}")
    return db.session.get(table, alike.popitem()[1])


class Group(AppGroup):
    """Commands that answer in words also where the database is away or not migrated yet."""

    def invoke(self, context):
        try:
            return super().invoke(context)
        except (OperationalError, ProgrammingError) as error:
            cause = str(error.orig).splitlines()[0]
            fail(
                f"the database does not answer as it should ({cause}). "
                "`flask --app app db upgrade` brings it up to date; `doctor` says more."
            )
