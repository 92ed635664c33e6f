"""A campaign's life: launched, begun, paused, resumed, stopped, extended, ended.

Every step is one conditional UPDATE: of any number of people, rules and clocks that reach for it
exactly one wins. The others hear a ValueError in words for the screen; `halt`, for rules, says no.
"""

from datetime import timedelta

from sqlalchemy import and_, exists, or_, select, update

from webapp import jobs, system
from webapp.campaigns import activity, ledger, readiness, stop_rules, timing
from webapp.campaigns.models import (
    LIVE,
    TALKING,
    WAITING,
    Campaign,
    CampaignState,
    PauseCause,
    Recipient,
    RecipientState,
    StartMode,
)
from webapp.columns import utcnow
from webapp.database import lock
from webapp.extensions import db
from webapp.staff.models import name_of, person_id, record

LOAD, SEND, CLEAR, RETRY = (
    f"workers.campaigns.{verb}" for verb in ("load", "send", "clear", "retry")
)
LATE = timedelta(minutes=10)  # a start missed by more than this waits for a person
SLOWED = timedelta(minutes=1)
LONGEST_REASON = 200  # characters of a person's word why it is stopped
CLOCK = "Parley"  # who begins, resumes, ends and pauses what is due
MISSED = "Its start came due while Parley was not running."
AWAITED = (CampaignState.SCHEDULED,)
UNFINISHED = (*WAITING, RecipientState.SENDING)
# Paused, and nobody has to do anything for it to go on.
GOES_ON = and_(
    Campaign.state == CampaignState.PAUSED,
    or_(Campaign.resume_at.is_not(None), Campaign.pause_cause == PauseCause.QUEUE),
)
# Nothing went wrong: what the stop rules have counted is no more in order than before.
COUNTING_ON = (PauseCause.WARM_UP, PauseCause.QUEUE)
# By now a person may have let it go on, and the backup does not know.
MAY_HAVE_GONE_ON = and_(
    Campaign.state == CampaignState.PAUSED, Campaign.pause_cause != PauseCause.RESTORED
)
STANDS = {
    CampaignState.DRAFT: "has not been launched yet",
    CampaignState.SCHEDULED: "has not started yet",
    CampaignState.RUNNING: "is being sent",
    CampaignState.PAUSED: "is paused",
    CampaignState.DONE: "is done",
    CampaignState.STOPPED: "was stopped",
    CampaignState.FAILED: "could not begin",
}


def launch(campaign, by, now=None):
    """A draft goes: at once, at its time, or every day at that time."""
    now = now or utcnow()
    readiness.check(campaign, now)
    columns = {"launched_at": now, "launched_by_id": person_id(by)}
    if campaign.start_mode == StartMode.NOW:
        columns |= _started(campaign, now)
        _turn(campaign, (CampaignState.DRAFT,), CampaignState.RUNNING, **columns)
        _say(campaign, by, "launched", "Sending started", now)
        return
    columns["start_at"] = timing.start_of(campaign, now)
    _turn(campaign, (CampaignState.DRAFT,), CampaignState.SCHEDULED, **columns)
    _say(campaign, by, "launched", "Launched: it starts at its time", now)


def begin(campaign, now=None):
    """A scheduled one whose time has come; one that came due while nothing ran asks a person."""
    now = now or utcnow()
    if restored(campaign, now):
        return
    hindrance = readiness.hindrance_of(campaign, now)
    if campaign.start_at < now - LATE:
        halt(campaign, CLOCK, PauseCause.LATE_START, MISSED, now=now)
    elif hindrance and hindrance.final:
        _fail(campaign, hindrance.sentence, now)
    elif hindrance:
        halt(campaign, CLOCK, hindrance.cause, hindrance.sentence, now=now)
    elif _turned(campaign, AWAITED, CampaignState.RUNNING, **_started(campaign, now)):
        _say(campaign, CLOCK, "started", "Sending started", now)


def start(campaign, by, now=None):
    """A person does not wait for the time it is planned for."""
    now = now or utcnow()
    readiness.check(campaign, now)
    _turn(campaign, AWAITED, CampaignState.RUNNING, **_started(campaign, now))
    _say(campaign, by, "started", "Started before its time", now)


def restored(campaign, now=None):
    """Wait for a person where the database was restored from a backup; whether it is so."""
    held = system.sending_held()
    if held:
        halt(campaign, CLOCK, PauseCause.RESTORED, held, now=now)
    return bool(held)


def pause(campaign, by, reason=None, now=None):
    """A person's pause, also of one that has not started, or would go on by itself."""
    if not halt(campaign, by, PauseCause.PERSON, reason, now=now):
        raise ValueError(f"{_stands(campaign)}, so there is nothing to pause.")


def halt(campaign, by, cause, reason=None, resume_at=None, now=None):
    """Pause for this cause; whether it did. No request begins later than a second after that.

    `by` is a User, or the name of the rule or command. With `resume_at`, or for the QUEUE's sake,
    it goes on by itself, unless it is paused again for another cause before that.
    """
    now = now or utcnow()
    active = Campaign.state.in_((CampaignState.SCHEDULED, CampaignState.RUNNING))
    columns = {
        "paused_at": now,
        "pause_cause": str(cause),
        "pause_reason": _by(by, reason) if cause == PauseCause.PERSON else reason,
        "resume_at": resume_at,
        **_AWAKE,
    }
    paused = MAY_HAVE_GONE_ON if cause == PauseCause.RESTORED else GOES_ON
    if not _turned(campaign, or_(active, paused), CampaignState.PAUSED, **columns):
        return False
    why = f"Paused: {reason[0].lower()}{reason[1:]}" if reason else "Paused"
    _say(campaign, by, "paused", why, now)
    return True


def hinder(campaign, hindrance, now=None):
    """Pause for what a sender met, whether it did; whoever warms up goes on in its time."""
    now = now or utcnow()
    if hindrance.cause != PauseCause.WARM_UP:
        return halt(campaign, CLOCK, hindrance.cause, hindrance.sentence, now=now)
    hold(campaign)
    if campaign.warmed_up_at is not None:  # several senders meet it at the same moment
        return False
    minutes = campaign.warm_up_minutes
    goes_on = now + timedelta(minutes=minutes) if minutes else None
    campaign.warmed_up_at = now
    return halt(campaign, CLOCK, hindrance.cause, hindrance.sentence, goes_on, now)


def slowed(campaign, by, reason, until, now=None):
    """The provider asked for less: the page says so, once until that is over."""
    now = now or utcnow()
    until = max(until, now + SLOWED)
    rather_new = or_(Campaign.slowed_until.is_(None), Campaign.slowed_until <= now)
    columns = {"slowed_until": until, "slowed_reason": reason, "slowed_to": None}
    running = and_(Campaign.state == CampaignState.RUNNING, rather_new)
    if _turned(campaign, running, CampaignState.RUNNING, **columns):
        activity.note(campaign, "slowed", f"Slowed down: {reason}", by, now)


def resume(campaign, by, now=None):
    """What was paused goes on, or waits again for its start if that is still to come; its stop
    rules judge what happens from now on."""
    now = now or utcnow()
    marks = stop_rules.marks(campaign, ledger.counts_of(campaign.id), now)
    _resume(campaign, by, now, rule_marks=marks)


def _resume(campaign, by, now, **marks):
    readiness.check(campaign, now)
    waits = campaign.started_at is None and campaign.start_at and campaign.start_at > now
    state = CampaignState.SCHEDULED if waits else CampaignState.RUNNING
    columns = {"paused_at": None, "pause_cause": None, "pause_reason": None, "resume_at": None}
    columns |= marks
    if not waits and campaign.started_at is None:
        columns |= _started(campaign, now)
    elif campaign.next_load_at and campaign.next_load_at <= now:  # days went by
        columns |= {"next_load_at": timing.next_day(campaign, now), **_LOAD_AGAIN}
    _turn(campaign, (CampaignState.PAUSED,), state, **columns)
    _say(campaign, by, "resumed", "Resumed", now)


def go_on(campaign, now=None, by=CLOCK):
    """A pause that was for a time is over; what hinders it by now is why it stays paused. Not
    where a person has made it theirs since whoever calls this looked. Its stop rules count on,
    unless account or template were the cause: that those failed is over, too."""
    now = now or utcnow()
    hold(campaign)
    own = select(Campaign.id).where(Campaign.id == campaign.id, GOES_ON)
    if db.session.scalar(own) is None or restored(campaign, now):
        return
    hindrance = readiness.hindrance_of(campaign, now)
    if hindrance:
        halt(campaign, CLOCK, hindrance.cause, hindrance.sentence, now=now)
    elif campaign.pause_cause in COUNTING_ON:
        _resume(campaign, by, now)
    else:
        resume(campaign, by, now)


def stop(campaign, by, reason="", now=None):
    """For good: nobody who still waits is written to."""
    now = now or utcnow()
    columns = {"finished_at": now, "end_reason": _by(by, reason), "resume_at": None, **_AWAKE}
    _turn(campaign, LIVE, CampaignState.STOPPED, **columns)
    _say(campaign, by, "stopped", f"Stopped: {reason}" if reason else "Stopped", now)
    jobs.hint(CLEAR, campaign.id)


def end(campaign, now=None):
    """Its end came: whoever still waits is not written to any more; whether it ended."""
    now = now or utcnow()
    columns = {
        "finished_at": now,
        "end_reason": "Its end came before everybody was written to.",
        "resume_at": None,
        **_AWAKE,
    }
    if not _turned(campaign, LIVE, CampaignState.DONE, **columns):
        return False
    _say(campaign, CLOCK, "done", "Its end came", now)
    jobs.hint(CLEAR, campaign.id)
    return True


def finish(campaign, now=None):
    """Done once it is loaded and nobody waits, is being called, or gets it after a conversation;
    whether it is.

    Replies count on, and receipts arrive, until the response time of the last one is over.
    """
    now = now or utcnow()
    if campaign.start_mode == StartMode.DAILY:
        return False
    hold(campaign)
    over = and_(
        Campaign.state == CampaignState.RUNNING,
        Campaign.loaded_at.is_not(None),
        Campaign.retry_asked_at.is_(None),
        ~exists().where(Recipient.campaign_id == Campaign.id, Recipient.state.in_(UNFINISHED)),
        ~exists().where(Recipient.campaign_id == Campaign.id, TALKING),
    )
    if not _turned(campaign, over, CampaignState.DONE, finished_at=now, **_AWAKE):
        return False
    _say(campaign, CLOCK, "done", "Everybody was written to", now)
    return True


def has_waiting(campaign):
    """Whether somebody still waits for it."""
    own = Recipient.campaign_id == campaign.id
    return db.session.scalar(select(exists().where(own, Recipient.state.in_(WAITING))))


def extend(campaign, by, now=None):
    """Those who have come into its audience since it was loaded get it too; a done one goes on."""
    now = now or utcnow()
    readiness.check(campaign, now)
    states = (CampaignState.RUNNING, CampaignState.PAUSED, CampaignState.DONE)
    state = CampaignState.RUNNING if campaign.state == CampaignState.DONE else campaign.state
    _turn(campaign, states, state, **_LOAD_AGAIN, **_REOPENED)
    _say(campaign, by, "extended", "Asked for new contacts of its audience", now)


def load_again(campaign, now=None):
    """A daily one looks for who has come into its audience since; late ones ask a person."""
    now = now or utcnow()
    if restored(campaign, now):
        return
    if campaign.next_load_at < now - LATE:
        halt(campaign, CLOCK, PauseCause.LATE_START, MISSED, now=now)
        return
    due = and_(Campaign.state == CampaignState.RUNNING, Campaign.next_load_at <= now)
    columns = {"next_load_at": timing.next_day(campaign, now), **_LOAD_AGAIN, **_AWAKE}
    if _turned(campaign, due, CampaignState.RUNNING, **columns):
        _say(campaign, CLOCK, "extended", "Today's new contacts", now)


def go_on_sending(campaign):
    """Somebody is queued again: one that rests looks at once, and a done one goes on. Others stay
    as they are."""
    states = (CampaignState.RUNNING, CampaignState.DONE)
    _turned(campaign, states, CampaignState.RUNNING, **_REOPENED)
    _hint(campaign)


def hold(campaign):
    """Lock it before its recipients: it must not be done, nor cleared, while some are queued again.

    A condition on recipients is looked at as of the statement's begin, so it has to begin then.
    """
    db.session.scalar(lock(select(Campaign.id).where(Campaign.id == campaign.id)))
    db.session.refresh(campaign)


_AWAKE = {"resting_reason": None, "resting_until": None}
_LOAD_AGAIN = {"load_after_id": 0, "loaded_at": None}
_REOPENED = {"finished_at": None, "end_reason": None, **_AWAKE}


def _started(campaign, now):
    daily = campaign.start_mode == StartMode.DAILY
    next_load_at = timing.next_day(campaign, now) if daily else None
    return {"started_at": now, "next_load_at": next_load_at, **_LOAD_AGAIN}


def _fail(campaign, reason, now):
    columns = {"finished_at": now, "end_reason": reason}
    if _turned(campaign, AWAITED, CampaignState.FAILED, **columns):
        _say(campaign, CLOCK, "failed", f"It could not begin: {reason}", now)


def _turn(campaign, states, to, **columns):
    if not _turned(campaign, states, to, **columns):
        raise ValueError(f"{_stands(campaign)}. Load the page again to see what can be done now.")


def _turned(campaign, condition, to, **columns):
    """Into this state where it is in one of those; whether it was this call that turned it."""
    if isinstance(condition, tuple):
        condition = Campaign.state.in_(condition)
    won = db.session.execute(
        update(Campaign)
        .where(Campaign.id == campaign.id, condition)
        .values(state=str(to), **columns)
        .execution_options(synchronize_session=False)
    ).rowcount
    db.session.refresh(campaign)
    return won == 1


def _by(by, reason):
    name = name_of(by)
    return f"By {name}: {reason}" if reason else f"By {name}"


def _stands(campaign):
    return f"“{campaign.name}” {STANDS[campaign.state]}"


def _say(campaign, by, action, text, now):
    """Its line of activity, its audit row, the pages that show it, and who works on it."""
    activity.note(campaign, action, text, by, now)
    record(by, action, campaign, after={"state": str(campaign.state)})
    _hint(campaign)


def _hint(campaign):
    if campaign.state == CampaignState.RUNNING:
        jobs.hint(SEND, 0)
        if campaign.loaded_at is None:
            jobs.hint(LOAD, campaign.id)
