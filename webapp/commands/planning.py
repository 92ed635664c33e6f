"""`flask --app app plan show|set`: the plan, for scripts."""

from datetime import datetime

import click

from webapp.commands.answers import Group, as_json, fail, show
from webapp.settings import plan, planning
from webapp.unit_of_work import unit_of_work

group = Group("plan", help="What this installation is licensed for.")


@group.command("show")
@as_json
def show_plan(json):
    """What the plan allows now."""
    answer = _answer()
    show(answer, _words(answer), json)


@group.command("set")
@click.argument("kind", type=click.Choice([str(one) for one in plan.Kind]))
@click.option("--seats", type=click.IntRange(1, 100_000), help="Active people; without it any.")
@click.option("--until", type=click.DateTime(["%Y-%m-%d"]), help="The last day, in UTC.")
@click.option("--yes", is_flag=True, help="Go on though something outbound stops.")
@as_json
def set_plan(kind, seats, until, yes, json):
    """Set the plan to KIND as a whole: what is not given has no limit."""
    wanted = planning.as_plan(kind, seats, until.date() if isinstance(until, datetime) else None)
    stops = planning.would_stop(wanted)
    if stops and not yes:
        fail("this stops what works now; say --yes to go on. " + " ".join(stops))
    try:
        with unit_of_work():
            planning.change(wanted, by="command")
    except planning.Refused as refusal:
        fail(str(refusal))
    answer = _answer()
    show(answer, _words(answer), json)


def _answer():
    held = plan.plan()
    return held.stored | {
        "allows_outbound": plan.allows_outbound(),
        "people": plan.people_counted(),
        "seats_left": plan.seats_left(),
    }


def _words(answer):
    seats = f" of {answer['seats']}" if answer["seats"] else ""
    ends = f", until {answer['expires_at']}" if answer["expires_at"] else ""
    goes = "may" if answer["allows_outbound"] else "may not"
    kind = {"both": "Inbound & outbound", "inbound": "Inbound only"}[answer["kind"]]
    return f"{kind}{ends}: {answer['people']}{seats} people, outbound {goes} go."
