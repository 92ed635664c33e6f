"""`flask --app app campaigns …`: mass messages, for scripts: the same verbs as the pages'."""

import click
from sqlalchemy import select

from webapp.accounts.models import Account
from webapp.campaigns import figures, launching, running
from webapp.campaigns.models import Campaign, StartMode
from webapp.campaigns.pages import listing, standing
from webapp.campaigns.wizard import drafting
from webapp.campaigns.wizard.audience_forms import LONGEST_NAME
from webapp.campaigns.wizard.schedule_forms import FASTEST
from webapp.columns import utcnow
from webapp.commands.answers import Group, as_json, fail, row_named, show
from webapp.contacts.models import ContactList
from webapp.extensions import db
from webapp.queues.models import Queue
from webapp.settings import plan
from webapp.settings.models import Interval
from webapp.unit_of_work import unit_of_work

group = Group("campaigns", help="Mass messages to many contacts.")
BY = "command"
COUNTS = ("total", "left_out", "to_go", "sent", "delivered", "read", "replied", "failures")
at = click.DateTime(formats=["%Y-%m-%dT%H:%M:%S%z", "%Y-%m-%dT%H:%M%z"])


@group.command("add")
@click.argument("name")
@click.option("--account", "key", required=True, help="Key of the account it is sent from.")
@click.option("--template", required=True, help="Name of an approved template of that account.")
@click.option(
    "--language", required=True, help="For contacts whose own the template does not have."
)
@click.option("--list", "lists", multiple=True, required=True, help="Contact list; repeatable.")
@click.option("--without", multiple=True, help="List whose contacts get nothing; repeatable.")
@click.option(
    "--value",
    "values",
    multiple=True,
    help="PLACE=TEXT or PLACE=contact:FIELD, such as 'body 1=contact:first_name'; repeatable.",
)
@click.option(
    "--pace", type=click.IntRange(1, FASTEST), help="Messages a minute; else all the account may."
)
@click.option("--start", type=at, help="When it starts, such as 2026-12-01T09:00+01:00; else now.")
@click.option("--hours", help="Name of the hours in which it may send.")
@click.option("--queue", help="Name of the queue that serves the replies.")
@click.option("--without-consent", is_flag=True, help="Also to contacts nobody asked for consent.")
@as_json
def add(name, key, template, language, lists, without, values, json, **schedule):
    """Make a draft called NAME; `launch` sends it."""
    _outbound()
    name, account = _checked(name), _account(key)
    mapping = dict(_mapped(value) for value in values)
    audience = {
        "list_ids": [row_named(ContactList, "list", one).id for one in lists],
        "exclude_list_ids": [row_named(ContactList, "list", one).id for one in without],
        "consent_only": not schedule.pop("without_consent"),
    }
    variant = {"template_name": template, "language": language, "percent": 100}
    message = {"variants": [{**variant, "mapping": mapping, "media": None}]}
    wanted = _scheduled(**schedule)
    with unit_of_work():
        campaign = drafting.begin(name, account.id, BY)
        said = drafting.facts(campaign, drafting.AUDIENCE)
        audience = {**said["audience"], **audience}
        drafting.save(campaign, drafting.AUDIENCE, {**said, "audience": audience}, BY)
        drafting.save(campaign, drafting.MESSAGE, message, BY)
        kept = drafting.facts(campaign, drafting.SCHEDULE)
        drafting.save(campaign, drafting.SCHEDULE, {**kept, **wanted}, BY)
        campaign_id = campaign.id
    _answer(campaign_id, json)


@group.command("launch")
@click.argument("campaign_id", type=int)
@as_json
def launch(campaign_id, json):
    """Send a draft, at once or at its time, if nothing stands in the way."""
    _do(campaign_id, json, launching.launch)


@group.command("pause")
@click.argument("campaign_id", type=int)
@as_json
def pause(campaign_id, json):
    """Let nothing more leave until it is resumed."""
    _do(campaign_id, json, running.pause)


@group.command("resume")
@click.argument("campaign_id", type=int)
@as_json
def resume(campaign_id, json):
    """Let a paused one go on."""
    _do(campaign_id, json, launching.resume)


@group.command("stop")
@click.argument("campaign_id", type=int)
@click.option("--reason", default="", help="Why, for the list.")
@as_json
def stop(campaign_id, reason, json):
    """End it for good: whoever still waits is not written to."""
    _do(campaign_id, json, lambda campaign, by: running.stop(campaign, by, reason))


@group.command("show")
@click.argument("campaign_id", type=int)
@as_json
def show_(campaign_id, json):
    """How far it has come."""
    _answer(campaign_id, json)


@group.command("list")
@click.option("--show", "segment", type=click.Choice(list(listing.SEGMENTS)), help="Only these.")
@as_json
def list_(segment, json):
    """List campaigns, those that go on first."""
    wanted = listing.everything().order_by(listing.RANK.desc(), Campaign.id.desc())
    if segment:
        wanted = wanted.where(Campaign.state.in_(listing.SEGMENTS[segment]))
    campaigns = db.session.scalars(wanted).all()
    counted = figures.of_many(campaigns)
    answer = [_facts(one, counted[one.id]) for one in campaigns]
    show(answer, "\n".join(map(_line, answer)) or "There are no campaigns.", json)


def _do(campaign_id, json, verb):
    _outbound()
    _campaign(campaign_id)
    try:
        with unit_of_work():
            verb(_campaign(campaign_id), BY)
    except ValueError as error:
        fail(str(error))
    _answer(campaign_id, json)


def _answer(campaign_id, json):
    campaign = _campaign(campaign_id)
    answer = _facts(campaign, figures.of(campaign))
    show(answer, _line(answer), json)


def _campaign(campaign_id):
    campaign = db.session.get(Campaign, campaign_id, populate_existing=True)
    if campaign is None:
        fail(f"there is no campaign {campaign_id}")
    return campaign


def _facts(campaign, counted):
    stands = standing.of(campaign, counted, 0, utcnow())
    return {
        "id": campaign.id,
        "name": campaign.name,
        "state": str(campaign.state),
        "stands": ": ".join(filter(None, (stands.word, stands.line))),
        "account": campaign.account.key if campaign.account else None,
        "template": listing.templates_of(campaign),
        **{name: getattr(counted, name) for name in COUNTS},
        "states": {str(state): many for state, _, many in counted.ledger if many},
    }


def _line(facts):
    done = f"{facts['sent']:,} of {facts['total'] - facts['left_out']:,} sent"
    return f"{facts['id']}  {facts['name']}  {facts['stands']}  {done}"


def _outbound():
    if not plan.allows_outbound():
        fail(plan.why_not())


def _checked(name):
    """A campaign's name, as its form takes it."""
    name = " ".join(name.split())
    if not 0 < len(name) <= LONGEST_NAME:
        fail(f"a campaign's name has 1 to {LONGEST_NAME} characters")
    return name


def _account(key):
    account = db.session.scalar(select(Account).where(Account.key == key))
    if account is None:
        fail(f"there is no account {key}")
    return account


def _mapped(value):
    """(place, where its value comes from) of `body 1=contact:first_name`."""
    place, found, text = value.partition("=")
    if not found:
        fail(f"{value} is not like 'body 1=contact:first_name' or 'body 1=Thursday'")
    source, _, key = text.partition(":")
    if source == "contact":
        return place.strip(), {"from": "contact", "key": key, "fallback": None}
    return place.strip(), {"from": "text", "text": text, "fallback": None}


def _scheduled(pace, start, hours, queue):
    return {
        "pace": pace,
        "start_mode": str(StartMode.AT if start else StartMode.NOW),
        "start_at": start,
        "interval_id": row_named(Interval, "interval", hours).id if hours else None,
        "reply_queue_id": row_named(Queue, "queue", queue).id if queue else None,
    }
