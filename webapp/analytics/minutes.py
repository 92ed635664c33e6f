"""What happened minute by minute, so that a day's figures cost no more in the evening.

One process keeps the minutes of the day so far, and of the hour before now. Each look reads the
minute that runs, and one older one again: what is written late (a receipt, a session that ended
while nobody swept) is counted then.
"""

from collections import defaultdict
from datetime import timedelta
from functools import cached_property

from webapp.analytics import figures
from webapp.analytics.epoch import moment_of, whole_seconds

MINUTE = 60
HOUR = timedelta(hours=1)
RECENT = 30  # minutes
SETTLING = 15  # seconds into a minute for which the one before is still read each time

# By place (queue, account), and by agent where somebody did it; a message's queue is not asked for.
COUNTED = (
    (figures.ENDED, ("queue", "account", "agent")),
    (figures.BEGUN, ("queue", "account")),
    (figures.REPLIED, ("queue", "account", "agent")),
    (figures.OFFERED, ("queue", "account", "agent")),
    (figures.WRITTEN, ("account",)),
)
OF_AGENTS = ("offers_accepted", "passed", "missed", "closed", "handled", "handle_seconds") + (
    "replied",
    "reply_seconds",
)

OVER_THE_HOUR = (
    "begun", "closed", "waiting_begun", "waiting_ended", "accepted", "accepted_in_time",
    "timed_out", "abandoned_waiting", "sent", "failed", "replied", "reply_seconds",
)  # fmt: skip


class Bucket:
    """Sums of one minute or of many: by place, by agent and queue, and how long first replies took.

    What is nought is not kept, so that a sum that goes on for weeks holds no more than its minutes.
    """

    def __init__(self):
        self.places = defaultdict(dict)
        self.agents = defaultdict(dict)
        self.replies = defaultdict(dict)

    def add(self, other, sign=1):
        for mine, theirs in (
            (self.places, other.places),
            (self.agents, other.agents),
            (self.replies, other.replies),
        ):
            for key, numbers in theirs.items():
                _add(mine[key], numbers, sign)

    @cached_property
    def over_the_hour(self):
        """By place what goes into the hour's lines; for a minute, which is read anew, not added to:
        sixty of them are asked each second."""
        return {
            key: {name: numbers[name] for name in OVER_THE_HOUR if numbers.get(name)}
            for key, numbers in self.places.items()
        }


def _add(into, numbers, sign=1):
    for name, number in numbers.items():
        if total := into.get(name, 0) + sign * number:
            into[name] = total
        else:
            into.pop(name, None)


class Sliding:
    """The sum of the kept minutes from a moving one on; a minute costs the same whatever is in
    the others."""

    def __init__(self):
        self.sum, self._since = Bucket(), None

    def begin(self, since, minutes):
        """Sum up from the second `since` on; `minutes` are the kept ones, {second: Bucket}."""
        if since == self._since:
            return
        if self._since is None or since < self._since:
            self.sum = Bucket()
            for second, bucket in minutes.items():
                if second >= since:
                    self.sum.add(bucket)
        else:
            for second in [one for one in minutes if self._since <= one < since]:
                self.sum.add(minutes[second], -1)
        self._since = since

    def replace(self, second, before, after):
        """A kept minute is another one by now; None where there is none."""
        if second >= self._since:
            if before is not None:
                self.sum.add(before, -1)
            if after is not None:
                self.sum.add(after)


def read(start, end, also=None):
    """{minute: Bucket} of what happened from `start`, a whole minute, until before `end`.

    `also`: (start, end) of other minutes, in the same readings.
    """
    found = defaultdict(Bucket)
    for facts, by in COUNTED:
        counted = figures.count(facts, start, end, by, step=MINUTE, also=also)
        for (*key, minute), numbers in counted.items():
            place, bucket = dict(zip(by, key, strict=True)), found[minute]
            _add(bucket.places[(place.get("queue"), place["account"])], numbers)
            if place.get("agent") is not None:
                wanted = {name: numbers[name] for name in OF_AGENTS if numbers.get(name)}
                _add(bucket.agents[(place["queue"], place["agent"])], wanted)
    times = figures.spread("reply", start, end, ("queue", "account"), step=MINUTE, also=also)
    for (*key, minute), spread in times.items():
        found[minute].replies[tuple(key)] = spread
    return dict(found)


class Minutes:
    """The minutes one process keeps; `day` is their sum since the day began, `recent` that of the
    last half-hour.

    `last_done` is {person: second} of what each did last today.
    """

    def __init__(self):
        self._minutes = {}
        self._day_began = None
        self._read_until = self._done_until = None
        self._kept_from = None
        self._turn = 0
        self._of_day, self._recent, self.last_done = Sliding(), Sliding(), {}

    @property
    def day(self):
        return self._of_day.sum

    @property
    def recent(self):
        return self._recent.sum

    def look(self, now, day_began):
        """Read what is new since the last look, and one older minute once more."""
        minute = now.replace(second=0, microsecond=0)
        if day_began != self._day_began:
            self._begin_day(now, day_began)
        self._recent.begin(whole_seconds(minute) - (RECENT - 1) * MINUTE, self._minutes)
        since = minute if now.second >= SETTLING else minute - timedelta(minutes=1)
        end = minute + timedelta(minutes=1)
        self._read((min(since, self._read_until or since), end), self._once_more(minute))
        done_since = max(min(since, self._done_until), day_began)
        self.last_done |= figures.last_done(done_since, end)
        self._read_until = self._done_until = minute
        self._forget(now)

    def last(self, count, now):
        """[Bucket or None] of the last minutes, the one that runs at the end."""
        latest = whole_seconds(now) // MINUTE * MINUTE
        wanted = range(latest - (count - 1) * MINUTE, latest + 1, MINUTE)
        return [self._minutes.get(second) for second in wanted]

    def _begin_day(self, now, day_began):
        """Also the first look ever, and a day that begins earlier than it did, in another zone:
        what is not kept of it in one reading, by the same indexes."""
        self._day_began = day_began
        self.last_done, self._done_until = {}, day_began
        self._of_day.begin(whole_seconds(day_began), self._minutes)
        start = min(day_began, now - HOUR).replace(second=0, microsecond=0)
        if self._kept_from is None or whole_seconds(start) < self._kept_from:
            self._read_until, self._kept_from = start, whole_seconds(start)

    def _read(self, period, also):
        fresh = read(*period, also)
        for start, end in (period, also):
            for second in range(whole_seconds(start), whole_seconds(end), MINUTE):
                self._replace(second, fresh.get(second))

    def _replace(self, second, bucket):
        before = self._minutes.pop(second, None)
        if bucket is not None:
            self._minutes[second] = bucket
        for total in (self._of_day, self._recent):
            total.replace(second, before, bucket)

    def _once_more(self, minute):
        """By turns one of the last hour's and one of the day's minutes."""
        self._turn += 1
        latest = whole_seconds(minute)
        hour, day = 60, max(1, (latest - whole_seconds(self._day_began)) // MINUTE)
        back = (self._turn // 2) % (hour if self._turn % 2 else day) + 1
        start = moment_of(latest - back * MINUTE)
        return start, start + timedelta(seconds=MINUTE)

    def _forget(self, now):
        oldest = min(whole_seconds(self._day_began), whole_seconds(now - HOUR) - MINUTE)
        self._kept_from = max(self._kept_from, oldest)
        for second in [second for second in self._minutes if second < oldest]:
            del self._minutes[second]
