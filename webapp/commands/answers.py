"""How commands answer: words for people, JSON for scripts, errors on stderr with exit code 2."""

import json as encoding
import sys

import click
from flask.cli import AppGroup
from sqlalchemy.exc import OperationalError, ProgrammingError

as_json = click.option("--json", is_flag=True, help="Answer as JSON on standard output.")


def show(answer, words, json):
    click.echo(encoding.dumps(answer, ensure_ascii=False) if json else words)


def fail(sentence):
    """Stop here: nothing was changed."""
    click.echo(f"Error: {sentence}", err=True)
    sys.exit(2)


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
