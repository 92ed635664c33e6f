"""When a campaign must not go on: the rules set for it, and what failures say of everybody.

All of it counts from when a person last let the campaign go on: what they resumed it in spite of
does not stop it again.
"""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select

from webapp.accounts.models import AccountHealth
from webapp.campaigns.models import CampaignMinute, PauseCause
from webapp.extensions import db
from webapp.inbox.models import Interaction, InteractionState
from webapp.providers import PROVIDERS
from webapp.providers.meanings import BLOCKING, Kind

FEWEST = 50  # people reached, before a share of them says anything
STOPPED_MARKETING = "why:failed:131050"  # in WhatsApp itself: Meta tells no other block
LOW = "Red"  # as Meta's check says it
MINUTES = CampaignMinute.__table__


@dataclass(frozen=True, slots=True)
class Broken:
    """Why a campaign must not go on."""

    cause: PauseCause
    reason: str


def broken(campaign, counts):
    """The first thing that is wrong with one that runs; `counts` of its ledger. None: nothing."""
    fresh = counts - Counter((campaign.rule_marks or {}).get("counts", {}))
    return _broken_code(campaign, fresh) or _broken_rule(campaign, fresh)


def marks(campaign, counts, now):
    """From where rules count when a paused one goes on at this moment."""
    kept = {name: many for name, many in counts.items() if many and _is_ruled(name)}
    waiting = _waiting(campaign) if campaign.pause_cause == PauseCause.QUEUE else 0
    return {
        "counts": kept,
        "since": now.isoformat(),
        "quality": _quality(campaign),
        "waiting": waiting,
    }


def _is_ruled(name):
    return name in ("ever:delivered", "ever:opted_out") or name.startswith("why:failed:")


def _broken_code(campaign, fresh):
    """Somebody failed for what everybody else would meet: the account or the template."""
    provider = PROVIDERS[campaign.account.provider]
    for name in fresh:
        state, _, code = name.removeprefix("why:").partition(":")
        meaning = provider.meaning(code) if state == "failed" else None
        if meaning is not None and (meaning.kind in BLOCKING or meaning.stops_campaigns):
            return Broken(PauseCause.ACCOUNT, _sentence(meaning))
        if meaning is not None and meaning.kind == Kind.TEMPLATE:
            return Broken(PauseCause.TEMPLATE, _sentence(meaning))
    return None


def _broken_rule(campaign, fresh):
    rules = campaign.stop_rules or {}
    for name, check in RULES.items():
        reason = check(campaign, rules, fresh) if rules.get(name) else None
        if reason:
            cause = PauseCause.QUEUE if name == "queue_waiting" else PauseCause.RULE
            return Broken(cause, reason)
    return None


def _too_many_failed(campaign, rules, _fresh):
    """Of the last results, by whole minutes: accepted, or refused without ever leaving."""
    results = failed = 0
    for minute in _minutes_since_resumed(campaign, rules["failed_of"]):
        results, failed = results + minute.sent + minute.refused, failed + minute.failed
        if results >= rules["failed_of"]:
            break
    if results < rules["failed_of"] or failed * 100 <= rules["failed_percent"] * results:
        return None
    return f"{failed:,} of the last {results:,} failed, more than {rules['failed_percent']}%"


def _minutes_since_resumed(campaign, most):
    """The latest first; each has a result at least, so that more are never needed."""
    found = (
        select(
            MINUTES.c.minute,
            func.sum(MINUTES.c.sent).label("sent"),
            func.sum(MINUTES.c.refused).label("refused"),
            func.sum(MINUTES.c.failed).label("failed"),
        )
        .where(
            MINUTES.c.campaign_id == campaign.id,
            MINUTES.c.sent + MINUTES.c.refused + MINUTES.c.failed > 0,
        )
        .group_by(MINUTES.c.minute)
        .order_by(MINUTES.c.minute.desc())
        .limit(most)
    )
    marked = campaign.rule_marks or {}
    since = marked.get("since") or marked.get("paused_at")  # the former name, of older releases
    if since:
        found = found.where(MINUTES.c.minute > datetime.fromisoformat(since))
    return db.session.execute(found).all()


def _too_many_opted_out(_campaign, rules, fresh):
    return _share(fresh, "ever:opted_out", rules["opt_out_percent"], "asked to stop")


def _too_many_blocked(_campaign, rules, fresh):
    return _share(fresh, STOPPED_MARKETING, rules["blocked_percent"], "blocked marketing from you")


def _share(fresh, name, percent, what):
    reached = fresh["ever:delivered"] + (fresh[name] if name == STOPPED_MARKETING else 0)
    if reached < FEWEST or fresh[name] * 100 <= percent * reached:
        return None
    return f"{fresh[name]:,} of {reached:,} people {what}, more than {percent}%"


def _quality_is_low(campaign, _rules, _fresh):
    known = (campaign.rule_marks or {}).get("quality")
    if _quality(campaign) != LOW or known == LOW:
        return None
    return f"Meta rates the quality of {campaign.account.name} low"


def _quality(campaign):
    """What the last check of its number found."""
    health = db.session.get(AccountHealth, campaign.account_id)
    return (health and health.facts or {}).get("quality")


def _too_many_wait(campaign, rules, _fresh):
    waiting, known = _waiting(campaign), (campaign.rule_marks or {}).get("waiting", 0)
    if waiting <= max(rules["queue_waiting"], known):
        return None
    return f"{waiting:,} people wait in {campaign.reply_queue.name}"


# One that is off has no entry in `stop_rules`.
RULES = {
    "failed_percent": _too_many_failed,
    "opt_out_percent": _too_many_opted_out,
    "blocked_percent": _too_many_blocked,
    "quality_low": _quality_is_low,
    "queue_waiting": _too_many_wait,
}


def is_short(campaign):
    """Whether its reply queue is below the bound again."""
    bound = (campaign.stop_rules or {}).get("queue_waiting")
    return not bound or _waiting(campaign) < bound


def _waiting(campaign):
    if campaign.reply_queue_id is None:
        return 0
    return db.session.scalar(select(func.count()).where(*in_queue(campaign)))


def in_queue(campaign):
    """The conditions for who waits in its reply queue."""
    return (
        Interaction.state == InteractionState.WAITING,
        Interaction.queue_id == campaign.reply_queue_id,
    )


def _sentence(meaning):
    return f"{meaning.reason.rstrip('.')}. {meaning.action}".strip()
