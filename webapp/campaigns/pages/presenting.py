"""All that one campaign's page shows beside its figures: its set-up, its banner, its activity."""

from dataclasses import dataclass

from sqlalchemy import select

from webapp import words
from webapp.campaigns import figures
from webapp.campaigns.models import CampaignEvent, CampaignState, PauseCause, RecipientState
from webapp.campaigns.pages import acts, comparing, failures, reasons, speed, standing
from webapp.columns import utcnow
from webapp.contacts.models import ContactList, SavedFilter
from webapp.extensions import db
from webapp.message_templates import choosing
from webapp.providers.template_languages import LANGUAGES
from webapp.settings.models import Tag

EVENTS = 50


def now_of(campaign):
    """What moves while somebody looks: the same number of queries for any campaign."""
    now = utcnow()
    counted = figures.of(campaign)
    running = campaign.state == CampaignState.RUNNING
    pace = speed.now_of([campaign.id], now).get(campaign.id, 0) if running else 0
    banner = banner_of(campaign)
    failed = failures.of(campaign, counted)
    compared = comparing.of(campaign)
    return {
        "campaign": campaign,
        "figures": counted,
        "pace": pace,
        "standing": standing.of(campaign, counted, pace, now),
        "no_progress": standing.instead_of_progress(campaign, counted),
        "banner": banner,
        "acts": acts.offered(campaign, asked=bool(banner and banner.asks)),
        "failures": failed,
        "remedies": failures.by_remedy(failed),
        "compared": compared,
        "winner": comparing.winner(compared),
        "left_out": left_out(campaign, counted),
        "events": events(campaign),
    }


def speed_of(campaign):
    return {"campaign": campaign, "speed": speed.of(campaign, utcnow()), "cap": cap_of(campaign)}


def cap_of(campaign):
    """The limit somebody set, in messages a minute; None: only the account's own."""
    return campaign.pace


@dataclass(frozen=True, slots=True)
class Banner:
    """`asks`: it goes on only when a person says so; `verb` is what going on is called then.

    `mends`: "account" or "template", whose page is where it is put right."""

    title: str
    text: str = ""
    asks: bool = False
    verb: str = ""
    mends: str = ""


def banner_of(campaign):
    """Why it stands still, where that is worth a look; None where it does not."""
    if campaign.state == CampaignState.FAILED:
        return Banner("It could not begin.", campaign.end_reason or "")
    if campaign.state != CampaignState.PAUSED:
        return None
    match campaign.pause_cause:
        case PauseCause.LATE_START if campaign.started_at:
            return Banner(
                f"It did not look for new contacts {words.moment(campaign.next_load_at)}.",
                f"{campaign.pause_reason or ''} They were not written to yet.".strip(),
                asks=True,
                verb="Write to them now",
            )
        case PauseCause.LATE_START:
            return Banner(
                f"It did not start {words.moment(campaign.start_at)} as planned.",
                f"{campaign.pause_reason or ''} Nothing was sent yet.".strip(),
                asks=True,
                verb="Start now",
            )
        case PauseCause.RESTORED:
            return Banner(
                "The database was restored from a backup.",
                "What this campaign sent after the backup was made is not known here: whoever got "
                "it then and still waits in the list would get it twice.",
                asks=True,
                verb="Go on anyway",
            )
        case PauseCause.RULE:
            return Banner(
                "A stop rule paused it.", campaign.pause_reason or "", asks=True, verb="Resume"
            )
        case PauseCause.APPROVAL:
            return Banner(
                "A second person has to agree.",
                f"{campaign.pause_reason or ''} Its new contacts were not written to yet.".strip(),
                asks=True,
                verb="Agree and go on",
            )
        case PauseCause.TEMPLATE:
            return Banner(
                "Its template cannot be sent.", campaign.pause_reason or "", mends="template"
            )
        case PauseCause.ACCOUNT:
            return Banner("Its account cannot send.", campaign.pause_reason or "", mends="account")
    return None


def left_out(campaign, counted):
    """[(reason, its words, how many)], the most frequent first."""
    provider = reasons.provider_of(campaign)
    found = counted.reasons(RecipientState.SKIPPED)
    return [(code, reasons.meaning(provider, code).reason, many) for code, many in found.items()]


def events(campaign):
    return db.session.scalars(
        select(CampaignEvent)
        .where(CampaignEvent.campaign_id == campaign.id)
        .order_by(CampaignEvent.id.desc())
        .limit(EVENTS)
    ).all()


@dataclass(frozen=True, slots=True)
class Message:
    """A template as the set-up names it; `template_id` leads to its page, while it is there."""

    name: str
    language: str
    template_id: int | None


def setup_of(campaign):
    said = campaign.audience or {}
    return {
        "sources": [
            (label, names)
            for label, table, key in (
                ("Lists", ContactList, "list_ids"),
                ("Tags", Tag, "tag_ids"),
                ("Filters", SavedFilter, "filter_ids"),
                ("Not in", ContactList, "exclude_list_ids"),
            )
            if (names := _names(table, said.get(key)))
        ],
        "messages": [_message(campaign, one) for one in campaign.variants],
        "response_time": response_time(campaign.response_minutes),
    }


def response_time(minutes):
    """As it was typed: in whole days, else in hours."""
    many, unit = (minutes // 1440, "day") if minutes % 1440 == 0 else (minutes // 60, "hour")
    return f"{many:,} {unit}{'' if many == 1 else 's'}"


def _names(table, ids):
    if not ids:
        return []
    return db.session.scalars(
        select(table.name).where(table.id.in_(ids)).order_by(table.name)
    ).all()


def _message(campaign, variant):
    template = campaign.account and choosing.named(
        campaign.account, variant.template_name, variant.language
    )
    language = LANGUAGES.get(variant.language, variant.language)
    return Message(variant.template_name, language, template.id if template else None)
