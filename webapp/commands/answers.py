"""How commands answer: words for people, JSON for scripts, errors on stderr with exit code 2."""

import json as encoding
import sys

import click

as_json = click.option("--json", is_flag=True, help="Answer as JSON on standard output.")


def show(answer, words, json):
    click.echo(encoding.dumps(answer, ensure_ascii=False) if json else words)


def fail(sentence):
    """Stop here: nothing was changed."""
    click.echo(f"Error: {sentence}", err=True)
    sys.exit(2)
