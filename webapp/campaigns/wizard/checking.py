"""What has to be in order before a launch: asked by the last step's page, and by the launch."""

from dataclasses import dataclass

from webapp import words
from webapp.accounts import access_points, condition, standing
from webapp.campaigns import approving
from webapp.campaigns.audience import gaps
from webapp.campaigns.messages import trial, variants
from webapp.campaigns.sending import limits
from webapp.campaigns.wizard import planning, stepping, tallying
from webapp.campaigns.wizard.drafting import AUDIENCE, MESSAGE, SCHEDULE
from webapp.columns import utcnow
from webapp.extensions import db
from webapp.message_templates.models import Quality, TemplateSync
from webapp.queues.models import Queue
from webapp.settings import plan as plans

OK, KNOW, FIX = "ok", "warn", "bad"
QUALITIES = {
    Quality.GREEN: "Quality high",
    Quality.YELLOW: "Quality medium",
    Quality.RED: "Quality low",
    Quality.UNKNOWN: "Quality not known yet",
}


@dataclass(frozen=True, slots=True)
class Check:
    """`link` is the step, or the page, where it is mended; `link_words` what the link is called."""

    level: str
    sentence: str
    detail: str = ""
    link: str = ""
    link_words: str = ""


def blocking(campaign, by=None, now=None):
    """What forbids a launch by this person, in sentences; a second person's word included."""
    found = checks(campaign, now)
    sentences = [one.sentence for one in found if one.level == FIX]
    if not sentences:
        sentences = [approving.why_not(campaign, tallying.counted(campaign).going, by)]
    return [one for one in sentences if one]


def checks(campaign, now=None):
    """All that was looked at, as Checks in the order of the page."""
    now = now or utcnow()
    found = [*_plan(now), *_missing(campaign, AUDIENCE), *_missing(campaign, MESSAGE)]
    if found:  # without these there is nothing to look at yet
        return [*found, *_missing(campaign, SCHEDULE)]
    try:
        tally = tallying.counted(campaign)
    except ValueError as error:
        return [Check(FIX, str(error), link=AUDIENCE, link_words="Audience")]
    going = planning.plan(campaign, planning.by_zone_of(campaign), now)
    return [
        *_templates(campaign, now),
        _values(campaign, tally),
        *_account(campaign, now),
        _people(tally),
        _limit(campaign, tally, now),
        *_token(campaign, going, now),
        *_headers(campaign),
        _trial(campaign),
        *_replies(campaign),
        *_missing(campaign, SCHEDULE),
        *_hours(campaign, going),
    ]


def _plan(now):
    reason = plans.why_not(now)
    return [Check(FIX, reason, "Campaigns need Inbound & outbound.")] if reason else []


def _missing(campaign, step):
    title = stepping.NAMES[step]
    return [
        Check(FIX, sentence, link=step, link_words=title)
        for sentence in stepping.missing(campaign, step)
    ]


def _templates(campaign, now):
    return [_template(campaign, group, now) for _, group in variants.of(campaign)]


def _template(campaign, group, now):
    approved, known = len(group.sendable), len(group.languages)
    if not approved:
        return Check(
            FIX, f"Template {group.name} is no longer approved", group.shown.reason or "",
            MESSAGE, "Message",
        )  # fmt: skip
    detail = f"{QUALITIES.get(group.shown.quality, '')}{_synced(group.shown, now)}"
    if approved < known:
        lost = [one.language for one in group.languages if not one.is_sendable]
        sentence = f"Template {group.name} is approved in {approved} of {known} languages"
        return Check(KNOW, sentence, f"Not in {', '.join(lost)}. {detail}", MESSAGE, "Message")
    where = "in its language" if known == 1 else f"in all {known} languages"
    level = KNOW if group.shown.quality == Quality.RED else OK
    return Check(level, f"Template {group.name} is approved {where}", detail)


def _synced(template, now):
    row = db.session.get(TemplateSync, (template.provider, template.waba_id))
    if row is None or row.synced_at is None:
        return ""
    return f", last sync {words.span(now - row.synced_at)} ago"


def _values(campaign, tally):
    """Those without a value are left out, or get the text that stands in for it."""
    many = sum(len(variants.variables(group)) for _, group in variants.of(campaign))
    instead = [
        f"{gap.many:,} get “{gap.fallback}” instead of a {gap.name}"
        for variant in campaign.variants
        for gap in gaps.of(campaign, variant).values()
        if gap.fallback
    ]
    left_out = tally.of("missing_value")
    if left_out:
        instead.append(f"{left_out:,} left out because a value is missing")
    if not many:
        return Check(OK, "The message is the same for everybody")
    few = {1: "The variable has", 2: "Both variables have"}
    which = few.get(many, f"All {many} variables have")
    return Check(OK, f"{which} a value for every contact", "; ".join(instead))


def _account(campaign, now):
    account = campaign.account
    label = f"{account.name}, {access_points.provider_of(account).label}"
    found = condition.of(account)
    link = ("account", "Account")
    if account.archived_at or not account.enabled:
        yield Check(FIX, f"{account.name} is switched off for sending", label, *link)
    elif found.found.stopped_at:
        yield Check(FIX, f"{account.name} cannot send: {found.found.stop_reason}", label, *link)
    elif found.state.tone in ("bad", "warn") and not found.expires_soon:
        yield Check(KNOW, f"{account.name}: {found.state.words.lower()}", label, *link)
    elif found.last_event_at is None:
        yield Check(KNOW, "No webhook has come in yet from this account",
                    "Without them nobody knows what was delivered or answered.", *link)  # fmt: skip
    else:
        ago = words.span(now - found.last_event_at)
        yield Check(OK, f"Account is connected, last webhook {ago} ago", label)


def _people(tally):
    left_out = f"{tally.left_out_count:,} left out" if tally.left_out_count else ""
    if not tally.going:
        return Check(FIX, "Nobody gets this campaign", left_out, AUDIENCE, "Audience")
    who = "contact agreed or needs" if tally.going == 1 else "contacts agreed or need"
    link = ("left_out", "Show") if left_out else ()
    return Check(OK, f"{tally.going:,} {who} no consent", left_out, *link)


def _limit(campaign, tally, now):
    found = limits.standing(campaign.account, but=campaign, now=now)
    together = found.used + found.planned + tally.going
    if found.most is None:
        return Check(
            OK, "No daily limit is known for this account", f"{found.used:,} people in 24 h"
        )
    detail = f"{together:,} of {found.most:,} people, with everything that is planned"
    if together <= found.most:
        return Check(OK, "Daily limit has room", detail)
    return Check(KNOW, "The daily limit is too small for everybody today",
                 f"{detail}. The campaign waits at the limit and goes on by itself.")  # fmt: skip


def _token(campaign, going, now):
    expires_at = standing.expiry_of(condition.of(campaign.account).found.facts)
    if expires_at is None or expires_at > now + standing.EXPIRES_SOON:
        return
    link = ("account", "Account")
    if expires_at <= now:
        yield Check(FIX, "The account token has expired", "Replace it first.", *link)
    elif going.ends and expires_at <= going.ends:
        yield Check(FIX, "The account token expires before everybody is written to",
                    f"It ends {words.moment(expires_at)}.", *link)  # fmt: skip
    else:
        left = words.span(expires_at - now)
        after = going.final_at is None or expires_at > going.final_at
        detail = (
            "This campaign ends before that, replies too."
            if after
            else ("This campaign is sent before that; replies may come later.")
        )
        yield Check(KNOW, f"The account token expires in {left}", detail, *link)


def _headers(campaign):
    rules = access_points.provider_of(campaign.account).can.files
    for variant, group in variants.of(campaign):
        kind = variants.header_kind(group)
        media = variant.media or group.shown.media
        if not kind or not media or kind not in rules:
            continue
        name, most, size = media.get("filename", ""), rules[kind].max_bytes, media.get("size", 0)
        if size > most:
            what = {"image": "picture"}.get(kind, kind)
            yield Check(FIX, f"The header {what} is {_mb(size)}, WhatsApp allows {_mb(most)}",
                        name, MESSAGE, "Replace it")  # fmt: skip


def _trial(campaign):
    """A dry run: messages for some contacts, built as the sender builds them."""
    result = trial.run(campaign)
    if result.problem:
        return Check(FIX, result.problem, f"For {result.name}", MESSAGE, "Message")
    messages = "message" if result.many == 1 else "messages"
    return Check(OK, f"{result.many:,} {messages} built as a trial, none sent")


def _replies(campaign):
    if campaign.reply_queue_id is None:
        return
    queue = db.session.get(Queue, campaign.reply_queue_id)
    many = len(queue.members)
    if not many:
        yield Check(KNOW, f"Nobody is in {queue.name}, where replies go", "They wait there.",
                    SCHEDULE, "Schedule")  # fmt: skip
    else:
        yield Check(OK, f"Replies go to {queue.name}, {many} {'person' if many == 1 else 'people'}")


def _hours(campaign, going):
    if not going.many or stepping.missing(campaign, SCHEDULE):
        return
    if not going.waves:
        yield Check(FIX, "Its sending hours leave no time before it ends", link=SCHEDULE,
                    link_words="Schedule")  # fmt: skip
    elif going.left:
        yield Check(KNOW, f"{going.left:,} contacts are not reached before it ends",
                    f"About {going.many - going.left:,} of {going.many:,} are.",
                    SCHEDULE, "Schedule")  # fmt: skip


def _mb(size):
    return f"{size / 1024 / 1024:.1f}".removesuffix(".0") + " MB"
