"""Campaigns through a stand-in that answers after 150 ms: the held pace, the highest, the memory.

held      80 messages a second to one account, three receipts for each, one per request, while
          customers write 50 messages a second: percent of the pace in every full minute
highest   two sender processes, three accounts, no receipts
receipts  the same over TLS, with receipts in batches of 50
memory    what one sender holds, by how many recipients its campaign has

Every run checks that nobody got it twice, and that the ledger balances.
"""

import argparse
import json
import sys
import time
from collections import Counter
from pathlib import Path

from sqlalchemy import create_engine, text

from bench.campaigning import Run, campaigns
from bench.memory import rollup
from bench.servers import cpu_seconds
from webapp import jobs
from webapp.campaigns import ledger, running
from webapp.campaigns.models import Campaign
from webapp.extensions import db

BATCH = 50
HELD, INBOUND = 80, 50  # messages a second
STARTING = 15  # seconds until the first message leaves
TARGETS = {"highest": 2000, "receipts": 1000}
TARGET_HELD, TARGET_P95_MS, TARGET_MB = 99, 150, 200

MODES = {
    "held": Run(pace=HELD * 60, batch=1, inbound=INBOUND),
    "highest": Run(accounts=3, senders=2),
    "receipts": Run(accounts=3, senders=2, batch=BATCH, tls=True),
}


def main():
    options = _options()
    met = [_memory(options) if mode == "memory" else _pace(mode, options) for mode in options.mode]
    return 0 if all(met) else 1


def _options():
    parser = argparse.ArgumentParser(
        prog="bench/campaign",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    modes = [*MODES, "memory"]
    parser.add_argument("mode", nargs="*", default=modes, help=", ".join(modes))
    parser.add_argument("--size", type=int, default=100_000, help="recipients")
    parser.add_argument("--minutes", type=float, default=5, help="full ones, of the held pace")
    parser.add_argument("--memory", type=int, nargs="*", default=[1_000, 1_000_000])
    return parser.parse_args()


def _pace(mode, options):
    run = MODES[mode]
    with campaigns(run, options.size) as (servers, provider):
        watch = Watch(servers) if run.inbound else None
        seen = _send(servers, provider, run, options, watch)
        _report(mode, run, seen)
        balanced = _balances(servers)
    return _judged(mode, seen, watch) and balanced and not seen["twice"]


def _send(servers, provider, run, options, watch):
    """What the provider saw, and what each process cost."""
    senders = [f"sender{n}" for n in range(run.senders)]
    if run.batch or run.inbound:
        servers.start("web", "worker", "clock")
        servers.wait_until_ready()
    command = "python -m bench.trusting campaign" if run.tls else "python -m workers campaign"
    for name in senders:
        servers.start(**{name: command})
    _hint(servers, run.senders)
    names = [name for name in ("web", "worker", "clock", *senders) if servers.runs(name)]
    pids = {name: servers.pid(name) for name in names}
    pids |= {"database": servers.postmaster, "provider": provider.pid}
    before = {name: cpu_seconds(pid) for name, pid in pids.items()}
    began = time.monotonic()
    _wait(servers, run, options, watch)
    cpu = {name: cpu_seconds(pid) - before[name] for name, pid in pids.items()}
    memory = {name: peak_mb(pids[name]) for name in senders}
    servers.stop()
    seen = json.loads(provider.communicate()[0])
    return seen | {"cpu": cpu, "memory": memory, "seconds": time.monotonic() - began}


def _hint(servers, shards):
    """As clock does each second, where there is none."""
    with servers.app().app_context():
        for shard in range(shards):
            jobs.hint_now(running.SEND, shard)


def _wait(servers, run, options, watch):
    until = time.monotonic() + (STARTING + (1 + options.minutes) * 60 if run.pace else 600)
    with servers.app().app_context():
        while time.monotonic() < until and _is_under_way():
            (watch.look if watch else time.sleep)(1)
            if not servers.runs("clock"):
                _hint(servers, run.senders)
        if run.batch and not run.pace:
            _drained(until)


def _is_under_way():
    waiting = ledger.RECIPIENTS.c.state.in_(("queued", "retry", "sending"))
    found = db.session.scalar(ledger.RECIPIENTS.select().where(waiting).limit(1))
    db.session.rollback()
    return found is not None


def _drained(until):
    """The last receipts come and are applied."""
    last = None
    while time.monotonic() < until:
        time.sleep(2)
        states = _states()
        if states == last:
            return
        last = states


def _states():
    found = Counter()
    for campaign in db.session.scalars(Campaign.__table__.select()):
        found.update(ledger.counts_of(campaign))
    db.session.rollback()
    return {name: many for name, many in found.items() if ":" not in name and many}


class Watch:
    """When customers' messages can be seen, against when they were posted."""

    def __init__(self, servers):
        self._engine = create_engine(servers.environ["DATABASE_URL"].replace("://", "+psycopg://"))
        self._seen = set()
        self.latencies = []  # (when posted, seconds)

    def look(self, seconds):
        until = time.time() + seconds
        newest = text(
            "SELECT id, text FROM messages WHERE direction = 'in' ORDER BY id DESC LIMIT 100"
        )
        with self._engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            while time.time() < until:
                rows = connection.execute(newest).all()
                now = time.time()
                for id, said in rows:
                    if id not in self._seen:
                        self._seen.add(id)
                        posted = float(said.removeprefix("at "))
                        self.latencies.append((posted, now - posted))
                time.sleep(0.005)

    def percentiles(self, after):
        known = sorted(took * 1000 for posted, took in self.latencies if posted > after)
        return [known[min(len(known) - 1, len(known) * share // 100)] for share in (50, 95, 99)]


def peak_mb(pid):
    """The largest resident set so far of the process that sends."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    line = next(line for line in lines if line.startswith("VmHWM"))
    return int(line.split()[1]) / 1024


def _report(mode, run, seen):
    times, messages = seen["times"], len(seen["times"])
    print(f"\n{mode}: {messages:,} messages to {seen['people']:,} people, {seen['twice']} twice")
    cpu = ", ".join(f"{name} {1000 * used / messages:.2f}" for name, used in seen["cpu"].items())
    print(f"CPU ms per message: {cpu}")
    held = ", ".join(f"{megabytes:.0f} MB" for megabytes in seen["memory"].values())
    print(f"largest memory of a sender: {held}")
    if run.batch:
        print(f"webhooks: {seen['answers']}, {seen['waiting']} not posted")
    print(f"middle of the run: {_middle(times):,.0f} messages/s")
    sys.stdout.flush()


def _middle(times):
    """A second, between the first and the last tenth."""
    tenth = len(times) // 10
    return (len(times) - 2 * tenth) / max(0.001, times[-tenth - 1] - times[tenth])


def _judged(mode, seen, watch):
    if mode in TARGETS:
        print(f"target: {TARGETS[mode]:,} messages/s")
        return _middle(seen["times"]) >= TARGETS[mode]
    minutes = _minutes(seen["times"])
    shares = [100 * many / (HELD * 60) for many in minutes]
    p50, p95, p99 = watch.percentiles(seen["times"][0] + 60)
    print(f"percent of the pace, by minute: {', '.join(f'{share:.1f}' for share in shares)}")
    print(f"inbound, posted to visible: p50 {p50:.0f}, p95 {p95:.0f}, p99 {p99:.0f} ms")
    print(f"targets: {TARGET_HELD} % in each minute, p95 under {TARGET_P95_MS} ms")
    return min(shares) >= TARGET_HELD and p95 < TARGET_P95_MS


def _minutes(times):
    """How many left in each full minute but the first."""
    found = Counter(int((at - times[0]) // 60) for at in times)
    return [found[minute] for minute in range(1, int((times[-1] - times[0]) // 60))]


def _balances(servers):
    with servers.app().app_context():
        ids = db.session.scalars(Campaign.__table__.select()).all()
        same = all(ledger.recount(one) == +ledger.counts_of(one, by_variant=True) for one in ids)
        print(f"states: {_states()}; the ledger {'balances' if same else 'DOES NOT BALANCE'}")
        return same


def _memory(options):
    met = True
    for size in options.memory:
        run = Run(batch=0)
        with campaigns(run, size) as (servers, _):
            servers.start("sender")
            deadline = time.monotonic() + 30
            while time.monotonic() < deadline:
                _hint(servers, 1)
                time.sleep(1)
            pid = servers.pid("sender")
            most, now = peak_mb(pid), rollup(pid)["Rss"]
            print(f"\nmemory at {size:,} recipients: {now:.0f} MB, at most {most:.0f} MB")
            met &= most < TARGET_MB
    return met


if __name__ == "__main__":
    sys.exit(main())
