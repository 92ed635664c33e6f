"""One bad day: customers of four providers write and a supervisor answers while everything is
killed at random."""

import json
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor, as_completed
from datetime import UTC, datetime, timedelta

import redis
from sqlalchemy import create_engine, text

from tests.kill.ageing import grow_older
from tests.kill.agents import Agent
from tests.kill.customers import CUSTOMERS, EACH
from tests.kill.killing import DEATHS, Killer
from tests.kill.outside import Providers
from tests.support.procfile import Procfile
from tests.support.stack import wait_for
from webapp.columns import UtcDateTime

PROVIDERS = ("meta", "twilio", "sinch", "kaleyra")
ASKED_ABOUT = (
    "messages JOIN accounts ON accounts.id = messages.account_id "
    "WHERE accounts.provider IN ('twilio', 'sinch') AND"
)
BACKGROUND = ("worker", "clock")
HURRYING = f"{sys.executable} -m tests.kill.hurrying"
ANSWERED = 100  # conversations the supervisor takes
REPLIES_EACH = 5
WRITING_SECONDS = 20
SETTLE_SECONDS = 180
LATER = timedelta(hours=2)  # long enough that every look-up is due
AT_REST = 2  # seconds


class Scenario:
    def __init__(self, folder, database, redis_url, seed, kaleyra_version="v1"):
        self.folder = folder
        self.engine = create_engine(database.replace("postgresql://", "postgresql+psycopg://"))
        self._redis_url = redis_url
        self._seed = seed
        self.providers = Providers(kaleyra_version)
        self.processes = Procfile(
            folder, database, redis_url, LOG_LEVEL="warning", **self.providers.environ
        )

    def play(self):
        """The whole day, until all is still, and what is found out hours later."""
        self.processes.flask("db", "upgrade")
        paths = self.processes.python("tests.kill.seeding", given=self.providers.accounts)
        webhooks = {name: self.processes.url + path for name, path in json.loads(paths).items()}
        self.providers.ask("open", webhooks)
        self.processes.start(*DEATHS, hurrying=HURRYING)
        self.processes.wait_until_ready()
        self.agent = Agent(self.processes.url).sign_in()
        self.killer = Killer(self.processes, self._seed)
        self._under_fire()
        self._settle()
        self._ask_hours_later()

    def rows(self, query):
        with self.engine.connect() as connection:
            return connection.execute(text(query)).all()

    def count(self, condition):
        [(number,)] = self.rows(f"SELECT count(*) FROM {condition}")
        return number

    def taken(self, provider=None):
        """What providers accepted, in the order it came to each."""
        wanted = [provider] if provider else PROVIDERS
        return [one for name in wanted for one in self.report[name]["taken"]]

    def lost(self, *providers):
        """Texts whose webhook these providers gave up on, never having heard 200."""
        return [words for name in providers or PROVIDERS for words in self.report[name]["lost"]]

    def missed(self):
        """Texts that came by no webhook and can be asked for."""
        unposted = [words for name in PROVIDERS for words in self.report[name]["unposted"]]
        return unposted + self.lost("twilio")

    def stop(self):
        self.processes.stop()
        self.providers.stop()
        self.engine.dispose()

    def _under_fire(self):
        flush = threading.Timer(WRITING_SECONDS / 2, self._flush_redis)
        flush.start()
        with ThreadPoolExecutor() as pool:
            work = (self._write, self._answer, self.killer.kill_all)
            for done in as_completed([pool.submit(each) for each in work]):
                done.result()
        flush.join()

    def _flush_redis(self):
        redis.Redis.from_url(self._redis_url).flushall()

    def _write(self):
        self.providers.ask("write", WRITING_SECONDS)

    def _answer(self):
        """Several browsers of one supervisor, each with the conversations of one provider."""
        browsers = [Agent(self.processes.url).sign_in() for _ in PROVIDERS]
        with ThreadPoolExecutor(len(browsers)) as pool:
            pairs = zip(PROVIDERS, browsers, strict=True)
            for done in [pool.submit(self._answer_at, *pair) for pair in pairs]:
                done.result()

    def _answer_at(self, provider, browser):
        for place in range(ANSWERED // len(PROVIDERS)):
            interaction_id = self._wait_for_interaction(provider, place)
            browser.take(interaction_id)
            for number in range(REPLIES_EACH):
                key = f"{interaction_id}-{number}"
                browser.reply(interaction_id, f"Reply {key}", f"kill-{key}")

    def _wait_for_interaction(self, provider, place):
        query = (
            "SELECT interactions.id FROM interactions JOIN accounts "
            "ON accounts.id = interactions.account_id "
            f"WHERE accounts.provider = '{provider}' ORDER BY 1 LIMIT 1 OFFSET {place}"
        )
        wait_for(lambda: self.rows(query), SETTLE_SECONDS)
        return self.rows(query)[0].id

    def _settle(self):
        """Until nothing is left to do. A call that was cut off holds up its conversation until it
        is old enough to be doubted: `hurrying` sees to that.
        """
        self._wait_until(lambda: not any(one["telling"] for one in self._news().values()))
        for left in (
            "webhook_payloads WHERE processed_at IS NULL",
            "messages WHERE status IN ('queued', 'sending')",
            "receipts WHERE message_id IS NULL",
        ):
            self._wait_until(lambda left=left: not self.count(left))

    def _ask_hours_later(self):
        """Times are moved instead of waiting: here, and in what the providers keep. Nobody may
        be fetching meanwhile: what came before one move and was stored after the other would
        seem hours younger than what was written next."""
        for name in (*BACKGROUND, "hurrying"):
            self.processes.kill(name)
        grow_older(self.engine, LATER)
        self.providers.ask("later", LATER.total_seconds())
        self.processes.start(*BACKGROUND, hurrying=HURRYING)
        self._wait_until(self._all_is_known)
        time.sleep(AT_REST)  # the last answer may be on its way into the database
        self._settle()

    def _all_is_known(self):
        """Nobody is left to be asked about, and what was given up on has been fetched."""
        fetched = self.count("messages WHERE direction = 'in'") >= CUSTOMERS * EACH - len(
            self.lost("kaleyra")
        )
        return fetched and not self._due()

    def _due(self):
        now = UtcDateTime().process_bind_param(datetime.now(UTC), self.engine.dialect)
        query = text(
            f"SELECT count(*) FROM {ASKED_ABOUT} (status = 'unknown' OR look_up_at <= :now)"
        )
        with self.engine.connect() as connection:
            return connection.execute(query, {"now": now}).scalar()

    def _news(self):
        self.report = self.providers.ask("report")
        return self.report

    @staticmethod
    def _wait_until(condition):
        wait_for(condition, SETTLE_SECONDS)


TOTAL_REPLIES = ANSWERED * REPLIES_EACH
assert ANSWERED < CUSTOMERS and ANSWERED % len(PROVIDERS) == 0
