"""A campaign to 10,000 while its workers are killed, Redis is emptied and the database falls over:
nobody gets it twice, the ledger balances at every sample, and receipts settle what was in doubt."""

import hashlib
import hmac
import os
import random
import threading
import time
from collections import Counter

import orjson
import pytest
import requests
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from tests.conftest import settings_for
from tests.factories import META_NUMBER_ID, META_SECRET, META_WABA_ID
from tests.kill.mass import COMMAND, SENDERS, Mass
from tests.support.postgres import start_postgres
from tests.support.redis import start_redis
from tests.support.stack import wait_for
from webapp.campaigns import correlation
from webapp.campaigns.models import RecipientState
from webapp.campaigns.sending import bucket
from webapp.extensions import db

pytestmark = pytest.mark.slow

SEED = 20261128
PEOPLE = 10_000
PACE = 5400  # a minute: long enough for all that happens
DEATHS = {"sender": 7, "second_sender": 7, "worker": 3, "clock": 3}
PAUSE = (0.3, 2)  # seconds between two deaths
AT_IT = 3  # threads of a process that sends: its own, its calls', its recorder's
A_FEW = 100  # calls, by one or the other
FLUSHED_AFTER, CRASHED_AFTER = (6, 14), 10  # deaths
UNRECORDED = 0.2 * PACE / 60  # answers not written down yet, when one process has all the pace
LONGEST_UNRECORDED = 1  # second; so long writing may take where the machine is busy
NOTICED = 1  # second in which the stub sees the end of a dead process's connections
CLAIM = PACE / 60 * bucket.PORTION  # people at most
SETTLE_SECONDS = 120
IN_ONE_BODY = 50
STATES = [str(state) for state in RecipientState]


class Day:
    def __init__(self, folder):
        self._random = random.Random(SEED)
        (folder / "redis").mkdir()
        self._redis, self._postgres = start_redis(folder / "redis"), start_postgres(durable=True)
        database = self._postgres.new_database()
        settings = settings_for(database, self._redis.url, folder)
        self.mass = Mass(folder, settings, database, self._redis.url)
        self.killed, self.samples = [], []
        self.deaths = []  # of senders: when each began and was over
        self._over = threading.Event()

    def play(self):
        self.mass.launch(PEOPLE, pace=PACE)
        self.mass.processes.start("web", "worker", "clock")
        self.mass.processes.wait_until_ready()
        self.mass.start_senders()
        sampling = threading.Thread(target=self._sample)
        sampling.start()
        self._kill_all()
        self.mass.hurry()
        self._wait_until_nobody_waits()
        self.doubts = self._doubts()
        self._tell()
        self._wait_until_told()
        self._over.set()
        sampling.join()

    def rows(self, query):
        with self.mass.app.app_context(), db.engine.connect() as connection:
            return connection.execute(text(query)).all()

    def stop(self):
        self._over.set()
        self.mass.close()
        self._postgres.stop()
        self._redis.stop()

    def _kill_all(self):
        plan = [name for name, times in DEATHS.items() for _ in range(times)]
        self._random.shuffle(plan)
        for number, name in enumerate(plan):
            self._wait_until_at_it(name)
            time.sleep(self._random.uniform(*PAUSE))
            self._kill(name)
            if number in FLUSHED_AFTER:
                self.mass.redis.flushall()
            if number == CRASHED_AFTER:
                self._postgres.crash()
                time.sleep(1)
                self._postgres.start()

    def _wait_until_at_it(self, name):
        """On a busy machine a sender would otherwise die each time before it sent anything."""
        if name in SENDERS:
            pid, before = self.mass.processes.pid(name), len(self.mass.stub.seen)
            wait_for(lambda: threads_of(pid) >= AT_IT, SETTLE_SECONDS)
            wait_for(lambda: len(self.mass.stub.seen) > before + A_FEW, SETTLE_SECONDS)

    def _kill(self, name):
        processes, began = self.mass.processes, time.monotonic()
        processes.kill(name)
        self.killed.append(name)
        if name in SENDERS:
            self.deaths.append((began, time.monotonic()))
        if name in SENDERS:
            processes.start(**{name: COMMAND})
        else:
            processes.start(name)

    def called_at_a_death(self, answered=0):
        """Recipients whose calls were in flight, or answered so many seconds before at most."""
        return {
            recipient_of(one)
            for one in self.mass.stub.seen
            for began, over in self.deaths
            if began <= (one.connection.ended_at or 0) <= over + NOTICED
            and (one.answered_at or over) > began - answered
        }

    def _sample(self):
        """Rows and counters in one snapshot, as often as the database answers."""
        while not self._over.wait(0.5):
            try:
                self.samples.append(self._snapshot())
            except DBAPIError:  # it is away, or was cut off
                continue

    def _snapshot(self):
        with self.mass.app.app_context(), db.engine.connect() as connection:
            same = connection.execution_options(isolation_level="REPEATABLE READ")
            rows = same.execute(text("SELECT state, count(*) FROM recipients GROUP BY state"))
            counts = same.execute(
                text("SELECT name, sum(count) FROM campaign_counts GROUP BY name")
            )
            counted = {name: int(many) for name, many in counts if name in STATES and many}
            return dict(rows.all()), counted

    def _wait_until_nobody_waits(self):
        """What was cut off is made old enough to be doubted, instead of waiting for it."""
        wait_for(lambda: not self._count("queued", "retry"), SETTLE_SECONDS)
        time.sleep(1)  # the last answers are on their way into the database
        with self.mass.app.app_context(), db.engine.begin() as connection:
            connection.execute(
                text(
                    "UPDATE recipients SET state_at = state_at - interval '5 minutes' "
                    "WHERE state = 'sending'"
                )
            )
        wait_for(lambda: not self._count("sending"), SETTLE_SECONDS)

    def _count(self, *states):
        counts = self.mass.counts()
        return sum(counts[state] for state in states)

    def _doubts(self):
        return {id for (id,) in self.rows("SELECT id FROM recipients WHERE state = 'unknown'")}

    def _tell(self):
        seen = self.mass.stub.seen
        for start in range(0, len(seen), IN_ONE_BODY):
            told = [_receipt(one) for one in seen[start : start + IN_ONE_BODY]]
            value = {
                "messaging_product": "whatsapp",
                "metadata": {"phone_number_id": META_NUMBER_ID},
                "statuses": told,
            }
            self._post(value)

    def _post(self, value):
        change = {"field": "messages", "value": value}
        entry = {"id": META_WABA_ID, "changes": [change]}
        body = orjson.dumps({"object": "whatsapp_business_account", "entry": [entry]})
        digest = hmac.new(META_SECRET.encode(), body, hashlib.sha256).hexdigest()
        url = self.mass.processes.url + self.mass.webhook_path
        signed = {"X-Hub-Signature-256": f"sha256={digest}"}
        assert requests.post(url, data=body, headers=signed, timeout=30).status_code == 200

    def _wait_until_told(self):
        wait_for(lambda: self._count("delivered") >= len(self.mass.stub.seen), SETTLE_SECONDS)


def threads_of(pid):
    return len(os.listdir(f"/proc/{pid}/task"))


def _receipt(seen):
    return {
        "id": seen.id,
        "status": "delivered",
        "timestamp": str(int(time.time())),
        "recipient_id": seen.to.lstrip("+"),
        "biz_opaque_callback_data": seen.correlation_id,
    }


@pytest.fixture(scope="module")
def day(tmp_path_factory):
    day = Day(tmp_path_factory.mktemp("campaign"))
    try:
        day.play()
        yield day
    finally:
        day.stop()


def recipient_of(seen):
    return correlation.read(seen.correlation_id).recipient_id


def test_workers_were_killed_twenty_times(day):
    assert Counter(day.killed) == DEATHS
    assert len(day.killed) == 20


def test_nobody_got_it_twice(day):
    seen = day.mass.stub.seen
    assert len({one.to for one in seen}) == len(seen)


def test_the_ledger_balanced_at_every_sample(day):
    assert len(day.samples) > 20
    for rows, counted in day.samples:
        assert counted == rows
        assert sum(rows.values()) == PEOPLE


def test_whoever_is_in_doubt_was_in_flight_at_a_kill_or_just_answered(day):
    doubts = day.doubts & {recipient_of(one) for one in day.mass.stub.seen}
    assert doubts
    assert doubts <= day.called_at_a_death(LONGEST_UNRECORDED)
    in_flight = len(day.called_at_a_death())
    assert len(doubts) <= in_flight + UNRECORDED * len(day.deaths)


def test_of_each_claim_that_was_cut_off_nobody_else_is_in_doubt(day):
    """Committed before its calls, as it has to be, and killed before they began: nothing tells that
    from calls that left. One claim at most for each death, and for each sender when the database
    fell over and could not say that it had committed."""
    unreached = day.doubts - {recipient_of(one) for one in day.mass.stub.seen}
    assert len(unreached) <= CLAIM * (len(day.deaths) + len(SENDERS))


def test_everybody_else_was_reached(day):
    reached = {recipient_of(one) for one in day.mass.stub.seen}
    assert PEOPLE - len(reached) == len(day.doubts - reached)


def test_receipts_settle_the_doubts(day):
    states = dict(day.rows("SELECT id, state FROM recipients"))
    reached = {recipient_of(one) for one in day.mass.stub.seen}
    assert {states[id] for id in reached} == {"delivered"}
    assert {states[id] for id in states.keys() - reached} <= {"unknown"}


def test_the_campaign_is_done(day):
    wait_for(lambda: day.rows("SELECT state FROM campaigns") == [("done",)], 30)
