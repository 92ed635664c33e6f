"""The reports of campaigns, and of who asked to be left alone."""

from sqlalchemy import case, func, select

from webapp.analytics import figures
from webapp.campaigns.models import Campaign, CampaignMinute
from webapp.contacts.models import ConsentEntry, ContactTag
from webapp.extensions import db
from webapp.reports.spec import Column, Kind, Report

COUNTED = ("sent", "failed", "read", "replied")
REFUSED = "refused"  # of the failed: those that never left
HOW = {
    "whatsapp": "By WhatsApp's own switch",
    "keyword": "By a word",
    "button": "By a button",
    "agent": "By a colleague",
    "import": "By an import",
    "form": "By a form",
    "api": "By another system",
    "kept": "Kept from a merge",
}


def campaign_rows(choice, _now):
    """What left, failed, was read and came back within the period, for each campaign."""
    start, end = choice.span
    minute = CampaignMinute
    sums = [func.sum(getattr(minute, name)) for name in (*COUNTED, REFUSED)]
    wanted = (
        select(Campaign.id, Campaign.name, *sums)
        .join(minute, minute.campaign_id == Campaign.id)
        .where(minute.minute >= start, minute.minute < end)
        .group_by(Campaign.id, Campaign.name)
    )
    for name, column in (("campaign", Campaign.id), ("account", Campaign.account_id)):
        if getattr(choice, name) is not None:
            wanted = wanted.where(column == getattr(choice, name))
    made = [_campaign(*row) for row in db.session.execute(wanted)]
    return sorted(made, key=lambda row: (-row["sent"], row["campaign"]))


def _campaign(id, name, *numbers):
    """What was sent and failed afterwards is one attempt, not two."""
    *numbers, refused = map(int, numbers)
    counted = dict(zip(COUNTED, numbers, strict=True))
    attempts = counted["sent"] + refused
    return {
        "id": id,
        "campaign": name,
        "attempts": attempts,
        **counted,
        "failure_rate": figures.percent(counted["failed"], attempts),
        "read_rate": figures.percent(counted["read"], counted["sent"]),
        "reply_rate": figures.percent(counted["replied"], counted["sent"]),
    }


def opt_out_rows(choice, _now):
    """How many stopped, and how many agreed again, by the way they said so."""
    start, end = choice.span
    wanted = (
        select(
            ConsentEntry.how,
            func.sum(case((ConsentEntry.given, 0), else_=1)),
            func.sum(case((ConsentEntry.given, 1), else_=0)),
        )
        .where(ConsentEntry.at >= start, ConsentEntry.at < end)
        .group_by(ConsentEntry.how)
    )
    if choice.tag is not None:
        tagged = select(ContactTag.contact_id).where(ContactTag.tag_id == choice.tag)
        wanted = wanted.where(ConsentEntry.contact_id.in_(tagged))
    made = [
        {"how": HOW.get(how, how), "stopped": int(stopped), "agreed": int(agreed)}
        for how, stopped, agreed in db.session.execute(wanted)
    ]
    return sorted(made, key=lambda row: (-row["stopped"], row["how"]))


CAMPAIGNS = Report(
    "campaigns",
    "Campaigns",
    "What happened within the period, whenever the campaign began. Attempts: calls that were made.",
    (
        Column("campaign", "Campaign", Kind.TEXT),
        Column("attempts", "Attempts"),
        *(Column(name, name.capitalize()) for name in COUNTED),
        Column("failure_rate", "Failed of attempts", Kind.PERCENT),
        Column("read_rate", "Read of sent", Kind.PERCENT),
        Column("reply_rate", "Replied of sent", Kind.PERCENT),
    ),
    campaign_rows,
    "No campaign sent anything in this period.",
    ("account", "campaign"),
)
OPT_OUTS = Report(
    "opt-outs",
    "Opt-outs",
    "Who asked for no more marketing, and who agreed to it again.",
    (
        Column("how", "How", Kind.TEXT),
        Column("stopped", "Stopped"),
        Column("agreed", "Agreed"),
    ),
    opt_out_rows,
    "Nobody stopped or agreed in this period.",
    ("tag",),
)
