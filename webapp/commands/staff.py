"""`flask --app app staff add`: people, for scripts."""

import sys

import click

from webapp.commands.answers import Group, as_json, fail, row_named, show
from webapp.extensions import db
from webapp.queues.models import Queue
from webapp.staff import assigning, people, signing_in
from webapp.staff.forms import LONGEST_PASSWORD
from webapp.staff.models import Role, User
from webapp.unit_of_work import unit_of_work

group = Group("staff", help="People who work here.")


@group.command("add")
@click.argument("email")
@click.option("--name", required=True)
@click.option("--role", type=click.Choice([str(role) for role in Role]), required=True)
@click.option("--password-stdin", is_flag=True, required=True, help="Read the password's line.")
@click.option("--capacity", type=click.IntRange(0, 200), default=6, show_default=True)
@click.option("--queue", "queues", multiple=True, help="Name of a queue to serve; repeatable.")
@as_json
def add(email, name, role, password_stdin, capacity, queues, json):
    """Add a person who signs in with EMAIL."""
    password = sys.stdin.readline().rstrip("\r\n")
    _check(email, name, password)
    password_hash = signing_in.hash_password(password)
    values = {
        "name": name.strip(),
        "email": email.strip().lower(),
        "role": role,
        "capacity": capacity,
        "active": True,
    }
    try:
        with unit_of_work():
            queue_ids = [row_named(Queue, "queue", name).id for name in queues]
            person = people.add(values, password_hash, queue_ids, "command")
            answer = {
                "id": person.id,
                "email": person.email,
                "name": person.name,
                "role": person.role,
            }
    except people.NoSeat as refusal:
        fail(str(refusal))
    show(answer, f"{answer['name']} may sign in as {answer['email']}.", json)


@group.command("lead")
@click.argument("email")
@click.option("--queue", "queues", multiple=True, help="Name of a queue; repeatable.")
@click.option("--all", "all_queues", is_flag=True, help="All queues, also those to come.")
@as_json
def lead(email, queues, all_queues, json):
    """Let the supervisor EMAIL see and steer these queues alone, or all of them."""
    if all_queues == bool(queues):
        fail("name queues by --queue, or --all")
    person = signing_in.find_person(email)
    if person is None:
        fail(f"nobody has the email {email}")
    if person.role != Role.SUPERVISOR:
        fail(f"{person.name} is no supervisor: admins lead all queues, agents none")
    person_id = person.id
    with unit_of_work():
        named = [row_named(Queue, "queue", name) for name in queues]
        led = ", ".join(queue.name for queue in named) or "all queues"
        person = db.session.get(User, person_id)
        assigning.assign(person, None if all_queues else [queue.id for queue in named], "command")
        answer = {"id": person.id, "email": person.email, **assigning.facts(person)}
    show(answer, f"{person.name} leads {led}.", json)


def _check(email, name, password):
    if not name.strip():
        fail("--name is empty")
    if email.count("@") != 1 or email.strip().startswith("@") or email.strip().endswith("@"):
        fail(f"{email} is not an email address")
    if not signing_in.SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD:
        fail(f"the password needs at least {signing_in.SHORTEST_PASSWORD} characters")
    if people.has_email(email):
        fail(f"somebody has the email {email} already")
