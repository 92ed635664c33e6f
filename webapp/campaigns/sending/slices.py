"""A slice: for a minute at most a process sends for all campaigns that run, side by side.

The thread of the job claims, begins calls and takes their answers; threads of the lanes carry the
calls; a recorder writes down what came back. Any number of processes do the same at once.
"""

import logging
import time
from collections import defaultdict

from flask import current_app
from sqlalchemy.exc import DBAPIError

from webapp import jobs, system
from webapp.accounts.models import Account
from webapp.campaigns import running
from webapp.campaigns.audience import rejoining
from webapp.campaigns.models import Campaign
from webapp.campaigns.sending import claiming, handing_over, limits, looking, pacing, resting
from webapp.campaigns.sending.feeding import Feed
from webapp.campaigns.sending.lanes import Lane
from webapp.campaigns.sending.recording import Recorder
from webapp.campaigns.sending.turn import Turn
from webapp.columns import utcnow
from webapp.extensions import db
from webapp.unit_of_work import unit_of_work

log = logging.getLogger(__name__)

SLICE_SECONDS = 50
LAST_CALLS = 20  # seconds for what is in flight at the end
DRY_SECONDS = 1  # where it was nobody's turn it is asked again only then
OPENED_AGAIN = 5  # seconds until a header's file is asked for once more
TICK = 0.02


_turn = Turn(running.SEND)


def run(shard, stop_asked=lambda: False):
    """Send until the slice is over or it is nobody's turn; another job goes on then."""
    jobs.taken(running.SEND, shard)
    if system.is_behind():
        return  # a restored database: clock has not looked yet
    app = current_app._get_current_object()
    with _turn:
        if _turn.is_over() or Slice(app, lambda: stop_asked() or _turn.is_over()).run():
            jobs.hint_now(running.SEND, shard)


class Slice:
    def __init__(self, app, stop_asked=lambda: False):
        self._app, self._stop_asked = app, stop_asked
        self._lanes = {}  # by account
        self._recorder = Recorder(app, self._answers)
        self._feeds = {}  # by campaign: those that run
        self._later = defaultdict(float)  # campaign → when it is opened again, where it could not
        self._without_file = set()  # campaigns whose file is being handed over
        self._looks = {}
        self._looked_at = float("-inf")

    def run(self):
        """Whether there may be more to do."""
        try:
            more = self._send()
        finally:
            self._end()
        for feed in self._feeds.values():
            if feed.dry:  # what was written down at last may be why it rests, or is done
                _safely(self._rest_now, feed)
        return more

    def _send(self):
        until = time.monotonic() + SLICE_SECONDS
        while time.monotonic() < until and not self._stop_asked():
            self._collect()
            self._look()
            if not self._feed_all():
                self._collect(TICK)
            if self._is_still() and all(feed.dry for feed in self._feeds.values()):
                return bool(self._looks.keys() - self._feeds.keys() - self._without_file)
        return True

    def _collect(self, timeout=0):
        """Take the answers that have come; with a time, wait for some."""
        waiting = [lane for lane in self._lanes.values() if not lane.is_empty]
        for lane in waiting:
            self._recorder.put(lane.answers(timeout / len(waiting)))
        if not waiting and timeout:
            time.sleep(timeout)

    def _look(self):
        if not self._look_at_all():
            return
        self._feeds = {one: feed for one, feed in self._feeds.items() if one in self._looks}
        for campaign_id, look in self._looks.items():
            if look.hindrance:
                _safely(_halt, campaign_id, look.hindrance)
            elif campaign_id not in self._feeds and time.monotonic() >= self._later[campaign_id]:
                _safely(self._open, campaign_id)
        db.session.rollback()  # no transaction waits for a network

    def _look_at_all(self):
        """What has been paused, or cannot be asked about, is not sent, and what connects for it is
        taken back; whether it was time to look."""
        began = time.monotonic()
        if began - self._looked_at < looking.EVERY:
            return False
        db.session.rollback()  # SQLite shows a transaction nothing that came after it began
        self._looks, self._looked_at = _safely(looking.look) or {}, began
        going = {one for one, look in self._looks.items() if not look.hindrance}
        for lane in self._lanes.values():
            lane.take_back(going)
        return True

    def _open(self, campaign_id):
        self._later[campaign_id] = time.monotonic() + OPENED_AGAIN
        with self._app.app_context():  # its own session: what was read stays as it was
            campaign = db.session.get(Campaign, campaign_id)
            if campaign.account_id not in self._lanes:
                lane = Lane(campaign.account, self._app, self._may_begin)
                self._lanes[campaign.account_id] = lane
            feed = Feed(campaign)
        are_there, are_due = feed.take_headers(db.session.get(Account, feed.account_id))
        if are_due:
            jobs.hint_now(handing_over.JOB, campaign_id)
        if are_there:
            self._feeds[campaign_id] = feed
            self._without_file.discard(campaign_id)
        else:
            self._without_file.add(campaign_id)
            resting.rest(campaign_id, "file", None)

    def _feed_all(self):
        """How many calls began, of all campaigns in turn."""
        return sum(_safely(self._feed, feed) or 0 for feed in list(self._feeds.values()))

    def _feed(self, feed):
        look = self._looks.get(feed.id)  # none where it was paused during another one's claim
        free = self._lanes[feed.account_id].free(len(self._lanes))
        if look is None or not look.lets_begin or not feed.is_time(free):
            return 0
        if look.slow:
            self._rest(feed, look.slow)
            return 0
        grant = pacing.take(look.pace, free)
        if not grant.tokens:
            feed.wait(grant.wait)
            return 0
        try:
            calls, limited = claiming.claim(feed, grant.tokens, look.warms_up)
        except claiming.Hindered as error:
            _halt(feed.id, error.hindrance)
            return 0
        except claiming.Outdated:
            del self._feeds[feed.id]  # the next look opens it anew
            del self._later[feed.id]
            return 0
        self._begin(feed, look, calls)
        self._after_claim(feed, look, calls, limited)
        return len(calls)

    def _begin(self, feed, look, calls):
        """A claim that took long may have been overtaken by a pause: without a look of this moment
        its calls would not leave."""
        if look.is_old:
            self._look_at_all()
        self._lanes[feed.account_id].begin(calls)

    def _may_begin(self, call):
        """Asked by a lane's thread right before a call leaves. It goes by what was last seen, and
        not for long: however busy this process is, none leaves a second after a pause."""
        look = self._looks.get(call.feed.id)
        return look is not None and look.lets_begin

    def _answers(self):
        """Those that have come; asked by the recorder while a claim goes on here."""
        return [answer for lane in list(self._lanes.values()) for answer in lane.answers()]

    def _after_claim(self, feed, look, calls, limited):
        if limited:
            account = db.session.get(Account, feed.account_id)
            self._rest(feed, ("limit", limits.standing(account).room_at))
        elif not calls:
            self._rest_now(feed)
        elif look.rests:
            resting.wake(feed.id)
        feed.dry = (limited or not calls) and not look.loading

    def _rest_now(self, feed):
        self._rest(feed, feed.rest(utcnow()))

    def _rest(self, feed, why):
        """Its row says why nobody is called; a campaign in which nobody waits may be done."""
        feed.dry = True
        feed.wait(DRY_SECONDS)
        why = why or _finished(feed.id)
        if why:
            resting.rest(feed.id, *why)
        else:
            resting.wake(feed.id)

    def _is_still(self):
        return all(lane.is_empty for lane in self._lanes.values())

    def _end(self):
        """Calls under way may end; what has no answer by then is in doubt."""
        until = time.monotonic() + LAST_CALLS
        while time.monotonic() < until and not self._is_still():
            self._collect(TICK)
            self._look_at_all()
            db.session.rollback()
        for lane in self._lanes.values():
            self._recorder.put(lane.close())
        self._recorder.close()


def _finished(campaign_id):
    """Done, if it may be; else it waits for its next day, or for conversations to end. For neither
    where somebody is next who was in another sender's hands, or was given back unsent."""
    with unit_of_work():
        campaign = db.session.get(Campaign, campaign_id)
        if running.finish(campaign) or running.has_waiting(campaign):
            return None
        if campaign.next_load_at:
            return ("day", campaign.next_load_at)
        return campaign.loaded_at and rejoining.rest(campaign_id)


def _halt(campaign_id, hindrance):
    """What came up pauses it; a warm-up goes on by itself, if it is to."""
    with unit_of_work():
        running.hinder(db.session.get(Campaign, campaign_id), hindrance)


def _safely(verb, *arguments):
    """What fails with the database away, or for one campaign alone, stops no other; None then."""
    try:
        return verb(*arguments)
    except DBAPIError as error:
        log.warning("%s: %s", verb.__name__, type(error).__name__)
    except Exception:
        log.exception("%s of %s", verb.__name__, arguments)
    db.session.rollback()
    time.sleep(TICK)  # nobody fails a thousand times a second
    return None
