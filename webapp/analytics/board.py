"""The board as one viewer has chosen it, taken from what was computed for everybody."""

from datetime import datetime, timedelta
from functools import cached_property

from webapp.analytics import figures, tones
from webapp.analytics.epoch import moment_of
from webapp.analytics.rows import GROUPS, AccountRow, Agent, QueueRow
from webapp.staff.models import Presence, Role


class View:
    """One snapshot through one choice. Everything is computed when it is asked for, once."""

    def __init__(self, snapshot, choice):
        self._all = snapshot
        self.choice = choice
        self.at = datetime.fromisoformat(snapshot["at"])
        self._members = {}
        for queue, person in snapshot["members"]:
            self._members.setdefault(queue, []).append(person)
        self._team = self._team_of(choice.team)
        self.queues_chosen = [one for one in snapshot["queues"] if self._has_queue(one["id"])]
        self._queue_ids = {one["id"] for one in self.queues_chosen}

    @cached_property
    def agents(self):
        return self._agents()

    @cached_property
    def queues(self):
        return sorted(map(self._queue, self.queues_chosen), key=_worst_first)

    def _team_of(self, id):
        team = next((one for one in self._all["teams"] if one["id"] == id), None)
        if team is None:
            return set() if id else None  # one that is gone has nobody, and is not everybody
        return set(team["members"])

    def _has_queue(self, id):
        if self.choice.queue and id != self.choice.queue:
            return False
        if not self._is_led(id):
            return False
        return self._team is None or bool(self._team & set(self._members.get(id, ())))

    def _is_led(self, queue):
        return self.choice.led is None or queue in self.choice.led

    def has_place(self, queue, account):
        """Whether a place belongs to what was chosen; without a queue only where none is, by a
        viewer who leads all."""
        if self.choice.account and account != self.choice.account:
            return False
        if self.choice.queue or self._team is not None or self.choice.led is not None:
            return queue in self._queue_ids
        return True

    def _places(self, rows, queue_id=None):
        """The facts of the chosen places, or of those of one queue."""
        return [
            facts
            for queue, account, facts in rows
            if self.has_place(queue, account) and (queue_id is None or queue == queue_id)
        ]

    def sums(self, queue_id=None):
        return figures.add(*self._places(self._all[self.choice.period]["places"], queue_id))

    def replies(self, queue_id=None):
        """{seconds: how often} of the first replies in the period."""
        rows = self._all[self.choice.period]["replies"]
        return figures.add(*map(dict, self._places(rows, queue_id)))

    def messages(self):
        """Of the accounts chosen; the queue of a message is not told apart here."""
        account = self.choice.account
        rows = self._all["hour"]
        minutes = [row for _, of, row in rows if not account or of == account]
        return figures.add(*(sums for row in minutes for sums in row))

    @property
    def received_and_sent(self):
        """Today, by the accounts chosen."""
        account = self.choice.account
        rows = self._all["today"]["places"]
        return figures.add(*(sums for _, of, sums in rows if not account or of == account))

    def standing(self, name, queue_id=None):
        return sum(facts[name] for facts in self._places(self._all["places"], queue_id))

    def since(self, queue_id=None):
        """Since when whoever waits longest does."""
        found = [facts["since"] for facts in self._places(self._all["places"], queue_id)]
        found = [datetime.fromisoformat(at) for at in found if at]
        return min(found, default=None)

    @property
    def longest(self):
        """Seconds that whoever waits longest has waited."""
        return self._seconds_since(self.since())

    @property
    def free(self):
        """How many are available, serve a queue and have a place left."""
        return sum(1 for one in self.agents if one.group == "available" and one.queues)

    def _seconds_since(self, at):
        return max(0, int((self.at - at).total_seconds())) if at else 0

    def _queue(self, queue):
        id, since, sums = queue["id"], self.since(queue["id"]), self.sums(queue["id"])
        members = set(self._members.get(id, ()))
        row = QueueRow(
            id=id,
            name=queue["name"],
            strategy=queue["strategy"],
            waiting=self.standing("waiting", id),
            since=since,
            longest=self._seconds_since(since),
            level=figures.service_level(sums),
            target=queue["service_percent"],
            open=self.standing("open", id),
            crew=self._crew(members),
            members=len(members),
            left=self.left(id),
            slow=self.standing("slow", id),
            sums=sums,
            reply=figures.median(self.replies(id)),
            spark=self.waiting_over_the_hour(id),
        )
        row.tone = tones.worst(
            tones.over(row.waiting, queue["most_waiting"]),
            tones.over(row.longest, queue["longest_wait"]),
            tones.below(row.level, row.target),
        )
        return row

    def _crew(self, members):
        groups = [one.group for one in self.agents if one.id in members]
        return {group: groups.count(group) for group in GROUPS}

    def left(self, queue_id=None):
        rows = [(queue, account, {"left": count}) for queue, account, count in self._all["left"]]
        return sum(facts["left"] for facts in self._places(rows, queue_id))

    def _agents(self):
        sums = self._by_person(self._all[self.choice.period]["agents"])
        done = dict(self._all["last_done"])
        owners = self._owners()
        queues = {one["id"]: one["name"] for one in self._all["queues"]}
        of_person = {}
        for queue, people in self._members.items():
            for person in people:
                of_person.setdefault(person, []).append(queue)
        people = [
            self._agent(one, owners, of_person.get(one["id"], ()), queues, sums, done)
            for one in self._all["people"]
            if self._has_person(one, of_person.get(one["id"], ()), one["id"] in owners)
        ]
        order = list(GROUPS)
        return sorted(people, key=lambda one: (order.index(one.group), one.since, one.name))

    def _by_person(self, rows):
        """{person: sums} of what they did in the queues that whoever looks leads."""
        found = {}
        for queue, person, facts in rows:
            if self._is_led(queue):
                found.setdefault(person, []).append(facts)
        return {person: figures.add(*facts) for person, facts in found.items()}

    def _owners(self):
        """{person: how many they hold, in all queues: whether they are full; and how much of what
        whoever looks may see is unread}"""
        held, seen = {}, self._by_person(self._all["owners"])
        for _, person, facts in self._all["owners"]:
            held[person] = held.get(person, 0) + facts["held"]
        nothing = {"unread": 0}
        return {
            person: {"held": count, "unread": seen.get(person, nothing)["unread"]}
            for person, count in held.items()
        }

    def _has_person(self, person, queue_ids, holds):
        """Whoever answers customers: leaders who neither serve a queue nor hold one do not."""
        if not (person["role"] == Role.AGENT or queue_ids or holds):
            return False
        if self._team is not None and person["id"] not in self._team:
            return False
        if self.choice.led is not None and not set(self.choice.led) & set(queue_ids):
            return False
        return not self.choice.queue or self.choice.queue in queue_ids

    def _agent(self, person, owners, queue_ids, queues, sums, done):
        facts = owners.get(person["id"], {"held": 0, "unread": 0})
        return Agent(
            id=person["id"],
            name=person["name"],
            role=person["role"],
            group=_group(person, facts["held"]),
            reason=person["pause_reason"] if person["presence"] == Presence.PAUSED else None,
            since=datetime.fromisoformat(person["presence_at"]),
            held=facts["held"],
            capacity=person["capacity"],
            unread=facts["unread"],
            queues=[queues[id] for id in queue_ids if id in queues and self._is_led(id)],
            sums=sums.get(person["id"], {}),
            last_at=moment_of(done[person["id"]]) if person["id"] in done else None,
        )

    @property
    def there(self):
        return [one for one in self.agents if one.group != "offline"]

    @property
    def groups(self):
        """[(name, tone, agents)] of who is there, and of who is not at the end."""
        found = {key: [one for one in self.agents if one.group == key] for key in GROUPS}
        return [(*GROUPS[key], agents) for key, agents in found.items() if agents]

    @property
    def accounts(self):
        chosen = self.choice.account
        return [one for one in self._all["accounts"] if not chosen or one["id"] == chosen]

    @property
    def account_rows(self):
        return [self._account(one) for one in self.accounts]

    def _account(self, account):
        """All of it that may be seen, whatever queue is chosen: messages, which are not told apart
        by queue, are the whole account's."""
        id = account["id"]
        standing = [
            facts for queue, of, facts in self._all["places"] if of == id and self._is_led(queue)
        ]
        counted = [
            sums if self._is_led(queue) else _messages(sums)
            for queue, of, sums in self._all[self.choice.period]["places"]
            if of == id
        ]
        at = account["last_event_at"]
        named = ("id", "name", "key", "provider", "phone", "tone", "words")
        return AccountRow(
            **{name: account[name] for name in named},
            last_event_at=datetime.fromisoformat(at) if at else None,
            **{
                name: sum(facts[name] for facts in standing)
                for name in ("open", "waiting", "unmanaged")
            },
            sums=figures.add(*counted),
        )

    @property
    def campaigns(self):
        chosen = self.choice.account
        return [one for one in self._all["campaigns"] if not chosen or one["account"] == chosen]

    @property
    def names(self):
        """{kind: [(id, name)]} to choose from."""
        return {
            "queue": [
                (one["id"], one["name"]) for one in self._all["queues"] if self._is_led(one["id"])
            ],
            "account": [(one["id"], one["name"]) for one in self._all["accounts"]],
            "team": [(one["id"], one["name"]) for one in self._all["teams"]],
        }

    @property
    def counts(self):
        return {name: self.standing(name) for name in ("waiting", "slow", "unmanaged", "open")}

    def minutes_of(self, wanted):
        rows = [row for queue, account, row in self._all["hour"] if wanted(queue, account)]
        return [figures.add(*minute) for minute in zip(*rows, strict=True)] if rows else []

    def failures_over_the_hour(self):
        chosen = self.choice.account
        minutes = self.minutes_of(lambda _, account: chosen in (None, account))
        return [figures.failure_rate(sums) or 0 for sums in minutes]

    def waiting_over_the_hour(self, queue_id=None):
        return self.over_the_hour(
            self.standing("waiting", queue_id), "waiting_begun", "waiting_ended", queue_id
        )

    def over_the_hour(self, present, begun, ended, queue_id=None):
        """How many there were at the end of each minute, counted back from how many there are."""
        minutes = self.minutes_of(
            lambda queue, account: self.has_place(queue, account) and queue_id in (None, queue)
        )
        levels = [present]
        for sums in reversed(minutes):
            levels.append(max(0, levels[-1] - sums.get(begun, 0) + sums.get(ended, 0)))
        return levels[:-1][::-1] if minutes else []

    def ratio_over_the_hour(self, ratio):
        """Of five minutes each, the last one known standing for what has none."""
        minutes = self.minutes_of(self.has_place)
        found = []
        for at in range(0, len(minutes), 5):
            value = ratio(figures.add(*minutes[at : at + 5]))
            found.append(value if value is not None else found[-1] if found else None)
        known = next((value for value in found if value is not None), None)
        return [known if value is None else value for value in found] if known is not None else []


def _messages(sums):
    return {name: sums[name] for name in figures.WRITTEN.counts if name in sums}


def _group(person, held):
    if person["presence"] != Presence.AVAILABLE:
        return person["presence"]
    return "full" if person["capacity"] and held >= person["capacity"] else "available"


def _worst_first(row):
    return (-tones.ALL.index(row.tone), -row.longest, row.name)


def nothing_yet(now):
    """A snapshot before the first one: the page has its shape, and says that figures come."""
    empty = {"places": [], "agents": [], "replies": []}
    names = ("queues", "members", "teams", "accounts", "left", "campaigns", "people", "places")
    found = {name: [] for name in (*names, "owners", "hour", "last_done")}
    return {"at": (now - timedelta(days=1)).isoformat(), "recent": empty, "today": empty} | found
