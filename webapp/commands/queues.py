"""`flask --app app queues add`: queues, for scripts."""

import click

from webapp.commands.answers import Group, as_json, fail, show
from webapp.queues import setting_up
from webapp.queues.models import Strategy
from webapp.staff import signing_in
from webapp.unit_of_work import unit_of_work

group = Group("queues", help="Queues that serve conversations.")


@group.command("add")
@click.argument("name")
@click.option("--strategy", type=click.Choice([str(one) for one in Strategy]), required=True)
@click.option(
    "--timeout", type=click.IntRange(5, 600), required=True, help="Seconds an offer rings."
)
@click.option("--weight", type=click.IntRange(0, 100), default=0, show_default=True)
@click.option("--agent", "agents", multiple=True, help="Email of a member, in order; repeatable.")
@as_json
def add(name, strategy, timeout, weight, agents, json):
    """Add a queue called NAME."""
    name = name.strip()
    if not 1 <= len(name) <= 80:
        fail("a queue's name has 1 to 80 characters")
    if setting_up.has_name(name):
        fail(f"there is a queue {name} already")
    values = {"name": name, "strategy": strategy, "timeout": timeout, "weight": weight}
    member_ids = [_person_id(email) for email in agents]
    with unit_of_work():
        queue = setting_up.add(values, member_ids, by="command")
        answer = {
            "id": queue.id,
            "name": queue.name,
            "strategy": queue.strategy,
            "timeout": queue.timeout,
            "agents": list(agents),
        }
    show(answer, f"Queue {answer['name']} added with {len(set(member_ids))} members.", json)


def _person_id(email):
    person = signing_in.find_person(email)
    if person is None:
        fail(f"nobody here has the email {email}")
    return person.id
