"""`flask --app app demo`: people, conversations and campaigns to look at, in an empty database."""

import click
from flask import current_app
from flask.cli import with_appcontext
from sqlalchemy import select

from webapp.commands.answers import as_json, show
from webapp.commands.demo import (
    attendance,
    campaigns,
    cast,
    conversations,
    customers,
    templates,
)
from webapp.extensions import db
from webapp.staff.models import User


@click.command("demo")
@as_json
@with_appcontext
def command(json):
    """Load demo data, but only into an empty database."""
    words = "The database has data already: nothing was changed."
    if not current_app.config["SANDBOX"]:
        # Whoever switched the sandbox off wants no well-known passwords either.
        words = "The sandbox is switched off, so there are no demo data."
    elif db.session.scalar(select(User.id).limit(1)) is None:
        db.session.rollback()
        who = cast.assemble()
        attendance.tell(who)
        conversations.tell(who)
        templates.add()
        customers.describe()
        campaigns.add(who)
        words = "Demo data loaded."
    answer = {"sign_ins": cast.sign_ins()}
    lines = [f"{one['email']}  {one['password']}  {one['role']}" for one in answer["sign_ins"]]
    show(answer, "\n".join([words, *lines]), json)
