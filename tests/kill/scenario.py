"""One bad day: customers write and a supervisor answers while everything is killed at random."""

import json
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor, as_completed
from datetime import UTC, datetime, timedelta
from pathlib import Path

import redis
from sqlalchemy import create_engine, text, update

from tests.kill.agents import Agent
from tests.kill.customers import CUSTOMERS, Customers
from tests.kill.killing import DEATHS, Killer
from tests.support.procfile import Procfile
from tests.support.stack import wait_for
from webapp.inbox.models import Message

ROOT = Path(__file__).parents[2]
ANSWERED = 100  # conversations the supervisor takes
REPLIES_EACH = 5
BROWSERS = 4
WRITING_SECONDS = 20
SETTLE_SECONDS = 120


class Scenario:
    def __init__(self, folder, database, redis_url, seed):
        self.folder = folder
        self.log = folder / "meta.jsonl"
        self.engine = create_engine(database.replace("postgresql://", "postgresql+psycopg://"))
        self._redis_url = redis_url
        self._seed = seed
        self._stub = None
        self.processes = Procfile(folder, database, redis_url, LOG_LEVEL="warning")

    def play(self):
        """The whole day, until all is still."""
        self.processes.flask("db", "upgrade")
        webhook = self.processes.url + self.processes.seed()["webhook_path"]
        self._start_stub(webhook)
        self.processes.start(*DEATHS)
        self.processes.wait_until_ready()
        self.agent = Agent(self.processes.url).sign_in()
        self.killer = Killer(self.processes, self._seed)
        self.customers = Customers(webhook, WRITING_SECONDS)
        self._under_fire()
        self._settle()

    def rows(self, query):
        with self.engine.connect() as connection:
            return connection.execute(text(query)).all()

    def count(self, condition):
        [(number,)] = self.rows(f"SELECT count(*) FROM {condition}")
        return number

    def taken_by_meta(self):
        return [json.loads(line) for line in self.log.read_text().splitlines()]

    def stop(self):
        self.processes.stop()
        if self._stub:
            self._stub.kill()
            self._stub.wait()
        self.engine.dispose()

    def _start_stub(self, webhook):
        self._stub = subprocess.Popen(
            [sys.executable, "-m", "tests.kill.meta", webhook, str(self.log)],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            text=True,
        )
        port = int(self._stub.stdout.readline())
        self.processes.environ["META_API_URL"] = f"http://127.0.0.1:{port}"

    def _under_fire(self):
        flush = threading.Timer(WRITING_SECONDS / 2, self._flush_redis)
        flush.start()
        with ThreadPoolExecutor() as pool:
            work = (self.customers.write, self._answer, self.killer.kill_all)
            for done in as_completed([pool.submit(each) for each in work]):
                done.result()
        flush.join()

    def _flush_redis(self):
        redis.Redis.from_url(self._redis_url).flushall()

    def _answer(self):
        """Several browsers of one supervisor, each with its share of the conversations."""
        browsers = [Agent(self.processes.url).sign_in() for _ in range(BROWSERS)]
        with ThreadPoolExecutor(BROWSERS) as pool:
            for done in [pool.submit(self._answer_share, *pair) for pair in enumerate(browsers)]:
                done.result()

    def _answer_share(self, share, browser):
        for place in range(share, ANSWERED, BROWSERS):
            interaction_id = self._wait_for_interaction(place)
            browser.take(interaction_id)
            for number in range(REPLIES_EACH):
                key = f"{interaction_id}-{number}"
                browser.reply(interaction_id, f"Reply {key}", f"kill-{key}")

    def _wait_for_interaction(self, place):
        query = f"SELECT id FROM interactions ORDER BY id LIMIT 1 OFFSET {place}"
        wait_for(lambda: self.rows(query), SETTLE_SECONDS)
        return self.rows(query)[0].id

    def _settle(self):
        """Until nothing is left to do. A call that was cut off holds up its conversation until it
        is old enough to be doubted; its time is moved instead of waiting for it.
        """
        for left in (
            "webhook_payloads WHERE processed_at IS NULL",
            "messages WHERE status IN ('queued', 'sending')",
            "receipts WHERE message_id IS NULL",
        ):
            wait_for(lambda left=left: self._age_calls() or not self.count(left), SETTLE_SECONDS)

    def _age_calls(self):
        """No answer of the stub takes a second, so these were cut off."""
        now = datetime.now(UTC)
        cut_off = (Message.status == "sending") & (Message.status_at < now - timedelta(seconds=10))
        with self.engine.begin() as connection:
            connection.execute(
                update(Message).where(cut_off).values(status_at=now - timedelta(hours=1))
            )
        time.sleep(0.5)


TOTAL_REPLIES = ANSWERED * REPLIES_EACH
assert ANSWERED < CUSTOMERS
