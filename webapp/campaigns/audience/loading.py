"""Makes a campaign's recipients of its audience: a chunk of contacts at a time, each by one INSERT.

How far it came is committed with the chunk, under the campaign's lock: a crash, a second worker or
a lost hint neither doubles nor loses anybody. Loading again passes over whoever has a row.
"""

import logging
import math
import time
from collections import Counter

from sqlalchemy import case, func, insert, literal, select

from webapp import jobs
from webapp.campaigns import activity, approving, ledger, running, timing
from webapp.campaigns.audience import members, selection
from webapp.campaigns.models import (
    Campaign,
    CampaignState,
    PauseCause,
    Recipient,
    RecipientState,
    ZoneMode,
)
from webapp.columns import utcnow
from webapp.contacts import zones
from webapp.contacts.models import Contact
from webapp.database import is_postgresql, lock
from webapp.extensions import db
from webapp.unit_of_work import unit_of_work

log = logging.getLogger(__name__)

SLICE_SECONDS = 5  # then campaigns that send have their turn in the same process
CHUNK = 10_000  # memberships
CHUNK_ON_SQLITE = 500  # there nobody else writes meanwhile
NOTHING_YET = dict.fromkeys(ledger.EVER.values())
WAITING = (Campaign.state == CampaignState.RUNNING, Campaign.loaded_at.is_(None))
COLUMNS = (
    "campaign_id", "contact_id", "variant_id", "template_id", "zone", "state", "state_at", "reason",
)  # fmt: skip


def due():
    """Ids of campaigns that run and are not loaded: what no job picked up, or was cut off."""
    return db.session.scalars(select(Campaign.id).where(*WAITING)).all()


def load(campaign_id, stop_asked=lambda: False, seconds=SLICE_SECONDS):
    """Load for a while; asks for the next slice if the campaign is not at its end."""
    deadline = time.monotonic() + seconds
    while not stop_asked():
        if time.monotonic() > deadline:
            jobs.hint_now(running.LOAD, campaign_id)
            return
        with unit_of_work():
            campaign = _held(campaign_id)
            if campaign is None or not _load_some(campaign):
                return


def _held(campaign_id):
    """The campaign, locked, if it is still to be loaded."""
    found = select(Campaign).where(Campaign.id == campaign_id, *WAITING)
    return db.session.scalar(lock(found).execution_options(populate_existing=True))


def _load_some(campaign):
    """The next chunk; whether there may be another one."""
    try:
        size = CHUNK if is_postgresql() else CHUNK_ON_SQLITE
        given, after = selection.audience_of(campaign), campaign.load_after_id or 0
        if not after and _needs_a_second_person(campaign):
            return False
        upto = members.end_of_chunk(given, after, size)
        if upto is None:
            _finish(campaign)
            return False
        made = _insert(campaign, upto)
    except ValueError as problem:  # a condition names a field that is gone
        running.halt(campaign, running.CLOCK, PauseCause.RULE, str(problem))
        return False
    _count(campaign, made)
    campaign.load_after_id = upto
    activity.announce(campaign.id)
    return True


def _needs_a_second_person(campaign):
    """Paused before anybody is added where, since it was launched, its audience grew above the
    bound, or above what was agreed to; whoever got it on an earlier day counts too."""
    if not approving.needed(math.inf):
        return False
    counts = ledger.counts_of(campaign.id)
    known = sum(counts[state] for state in RecipientState if state != RecipientState.SKIPPED)
    people = known + _new(campaign)
    if not approving.is_missing(campaign, people):
        return False
    question = approving.ask_to_grow(campaign, people)
    return running.halt(campaign, running.CLOCK, PauseCause.APPROVAL, question)


def _new(campaign):
    """How many get it who have no row yet."""
    people = selection.classified(campaign).subquery("people")
    goes = people.c.reason == selection.GOING
    return db.session.scalar(select(func.count()).where(goes, ~_is_there(campaign, people)))


def _insert(campaign, upto):
    """{(variant's id, state, reason): how many rows were made}"""
    rows = insert(ledger.RECIPIENTS).from_select(COLUMNS, _rows(campaign, upto))
    columns = (ledger.RECIPIENTS.c[name] for name in ("variant_id", "state", "reason"))
    return Counter(tuple(row) for row in db.session.execute(rows.returning(*columns)))


def _rows(campaign, upto):
    """SELECT of recipients as they begin: one row for each time somebody is a member."""
    part = members.Part(campaign.load_after_id or 0, upto)
    classified = selection.classified(campaign, _zone(campaign).label("zone"), part=part)
    # OFFSET 0: PostgreSQL would look for the reason wherever it is named.
    people = classified.offset(0).subquery("people")
    reason = people.c.reason
    state = case((reason == selection.GOING, RecipientState.QUEUED), else_=RecipientState.SKIPPED)
    return (
        select(
            literal(campaign.id),
            people.c.contact_id,
            people.c.variant_id,
            people.c.template_id,
            people.c.zone,
            state,
            literal(utcnow(), Recipient.state_at.type),
            func.nullif(reason, selection.GOING),
        )
        .where(~_is_there(campaign, people, part))
        .order_by(people.c.contact_id, people.c.again)
    )


def _is_there(campaign, people, part=members.EVERYBODY):
    """Whether somebody has a row already: what was loaded before, or since made by hand."""
    # + 0: by the index of contacts. A database that counted before the loading takes the campaign
    # for an empty one, and would read all that was loaded so far with each part.
    own = (Recipient.campaign_id + 0 == campaign.id, *part.has(Recipient.contact_id))
    return select(Recipient.id).where(*own, Recipient.contact_id == people.c.contact_id).exists()


def _zone(campaign):
    """Whose clock counts for a contact: their own, else their number's, else the campaign's."""
    last = literal(timing.zone_of(campaign))
    if campaign.zone_mode == ZoneMode.FIXED:
        return last
    return func.coalesce(Contact.time_zone, zones.of_column(Contact.phone), last)


def _count(campaign, made):
    deltas = Counter()
    for (variant_id, state, reason), many in made.items():
        facts = ledger.facts_of({**NOTHING_YET, "state": state, "reason": reason})
        deltas.update({(campaign.id, variant_id or 0, name): many for name in facts})
    ledger.count(deltas)


def _finish(campaign):
    campaign.loaded_at, campaign.load_after_id = utcnow(), None
    campaign.resting_reason = campaign.resting_until = None  # it was of those loaded before
    counts = ledger.counts_of(campaign.id)
    total = sum(counts[state] for state in RecipientState)
    left_out = counts[RecipientState.SKIPPED]
    text = f"{total:,} contacts loaded, {left_out:,} of them left out"
    activity.note(campaign, "loaded", text, running.CLOCK)
    jobs.hint(running.SEND, 0)
