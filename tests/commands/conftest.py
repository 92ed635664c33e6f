"""Commands, run in this process: what they print, where, and how they end."""

import contextvars
import json

import pytest

from webapp.extensions import db


@pytest.fixture
def run(app):
    """`run("accounts", "add", …)` gives exit code, stdout and stderr."""

    def ran(*arguments, **options):
        runner = app.test_cli_runner()
        try:
            return contextvars.Context().run(runner.invoke, args=list(arguments), **options)
        finally:
            db.session.rollback()

    return ran


@pytest.fixture
def answer_of(run):
    """The JSON a command answers with; it must have succeeded."""

    def answered(*arguments, **options):
        result = run(*arguments, "--json", **options)
        assert result.exit_code == 0, result.stderr
        return json.loads(result.stdout)

    return answered
