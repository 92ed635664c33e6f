"""`flask --app app reporting`: where days begin for all figures, and the sums that reports read."""

import click

from webapp.analytics import periods, summing
from webapp.commands.answers import Group, as_json, fail, show
from webapp.settings import zone
from webapp.unit_of_work import unit_of_work

group = Group("reporting", help="What figures are counted by.")


@group.command("zone")
@click.argument("name", required=False)
@as_json
def time_zone(name, json):
    """Tell the time zone of all figures, or set it to NAME, such as Europe/Rome."""
    if name:
        try:
            with unit_of_work():
                zone.set_time_zone(name, by="command")
        except ValueError as refusal:
            fail(str(refusal))
    answer = {"time_zone": zone.time_zone()}
    show(answer, f"Days begin at midnight in {answer['time_zone']}.", json)


@group.command()
@click.argument("first")
@click.argument("last")
@as_json
def recount(first, last, json):
    """Sum up the days from FIRST to LAST, such as 2026-03-31, anew from the rows.

    Reports are right meanwhile: they count the rows themselves.
    """
    days = [periods.written(text) for text in (first, last)]
    if None in days or days[0] > days[1]:
        fail("write two days as 2026-03-01 2026-03-31, the earlier one first")
    with unit_of_work():
        summing.again(*periods.span(*days, zone.time_zone()))
    while summing.sweep():
        pass
    left = summing.pending()
    words = (
        "All is summed up." if not left else f"{left:,} quarters of an hour are left to the clock."
    )
    show({"left": left}, words, json)
