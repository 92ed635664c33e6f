"""`flask --app app doctor`: does each part work, and what to do where it doesn't."""

import sys
from pathlib import Path

import click
from flask import current_app
from flask.cli import with_appcontext

from webapp.about import bundling, examining
from webapp.commands.answers import as_json, fail, show

SIGNS = {True: "ok  ", False: "BAD ", None: "note"}


@click.command("doctor")
@click.option("--bundle", type=click.Path(dir_okay=False, path_type=Path), help="Write a zip file.")
@as_json
@with_appcontext
def command(bundle, json):
    """Check this installation; exit code 1 if something is wrong."""
    if bundle:
        _write(bundle)
        show({"bundle": str(bundle)}, f"Support bundle written to {bundle}.", json)
        return
    findings = examining.examine()
    answer = [finding.as_dict() for finding in findings]
    show(answer, "\n".join(_lines(findings)), json)
    if not examining.is_well(findings):
        sys.exit(1)


def _write(path):
    try:
        path.write_bytes(bundling.bundle(current_app.config["VERSION"]))
    except OSError as error:
        fail(f"{path} cannot be written: {error.strerror}")


def _lines(findings):
    for finding in findings:
        yield f"{SIGNS[finding.ok]}  {finding.name}: {finding.words}"
        if finding.action and finding.ok is not True:
            yield f"        {finding.action}"
