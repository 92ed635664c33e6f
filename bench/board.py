"""The realtime board: what computing it costs, and how old it is before many viewers.

Computed in this process, in turn over few and over many closed conversations; then by the clock
of the larger installation, before nobody, few and many viewers, while messages arrive. Ten million
closed conversations take minutes and 12 GB: `--keep` has them filled once, `--fill` does no more.
"""

import argparse
import contextlib
import json
import os
import subprocess
import sys
import threading
import time
from itertools import pairwise
from pathlib import Path

from flask.sessions import SecureCookieSessionInterface
from sqlalchemy import create_engine

from bench import board_filling as filling
from bench.servers import backend_seconds, cpu_seconds, stack
from tests.kill.agents import Agent
from webapp.analytics import realtime
from webapp.extensions import db, redis_clients
from webapp.staff import presence

TARGETS = {"period": 1.05, "age": 1.5, "cpu": 10, "growth": 1.2, "first": 100}
BEFORE = 10  # ticks that do not count
TICKING = "ticking"  # what the database knows this process's ticks by
LOADS = 60  # of the whole page
SETTLED = 1  # seconds of CPU in five that a clock without a board may take
MOST_SETTLING = 150  # seconds
LOGGED = 3_000  # characters
OPENING = 5  # seconds after the last of the viewers has come


def main():
    options = _options()
    with contextlib.ExitStack() as closing:
        small, large = (
            closing.enter_context(_installation(closed, options)) for closed in options.closed
        )
        if options.fill:
            return 0
        met = report_ticks(small, large, options)
        met &= report_viewers(large, options)
    return 0 if met else 1


def _options():
    parser = argparse.ArgumentParser(prog="bench/board", description=__doc__)
    parser.add_argument("--closed", nargs=2, type=int, default=(100_000, 10_000_000))
    parser.add_argument("--open", type=int, default=10_000)
    parser.add_argument("--agents", type=int, default=200)
    parser.add_argument("--viewers", nargs=2, type=int, default=(10, 1_000))
    parser.add_argument("--by", choices=("socket", "signals"), default="socket", help="see viewers")
    parser.add_argument("--messages", type=int, default=100, help="a second")
    parser.add_argument("--ticks", type=int, default=60)
    parser.add_argument("--seconds", type=int, default=40, help="of each round of viewers")
    parser.add_argument("--keep", type=Path, help="a folder for the filled databases")
    parser.add_argument("--fill", action="store_true", help="fill what is kept, and end")
    return parser.parse_args()


@contextlib.contextmanager
def _installation(closed, options):
    keep = options.keep and options.keep.absolute() / str(closed)
    with stack("postgresql", keep=keep) as servers:
        one = Installation(servers, closed, options)
        yield one
        one.close()


class Installation:
    """One database, filled; `tick` computes its board as the clock does."""

    def __init__(self, servers, closed, options):
        began = time.monotonic()
        self.servers, self.closed = servers, closed
        os.environ["PGAPPNAME"] = TICKING
        self.app = servers.app()
        with self.app.app_context():
            self.ids, tokens = filling.cast(max(options.viewers), options.agents)
            db.session.remove()
        seal = SecureCookieSessionInterface().get_signing_serializer(self.app).dumps
        name = self.app.config["SESSION_COOKIE_NAME"]
        self.cookies = [f"{name}={seal({'sign_in': token})}" for token in tokens]
        # A connection of its own: the application's end statements that take this long.
        self.url = self.app.config["SQLALCHEMY_DATABASE_URI"]
        self.engine = create_engine(self.url, connect_args={"application_name": "traffic"})
        filling.fill(self.engine, closed, options.open, self.ids)
        filling.take_as_summed(self.engine)
        self.traffic = filling.Traffic(self.engine, self.ids, options.open)
        self.board = realtime.Board()
        self.ticking = 0
        print(f"{closed:,} closed made in {time.monotonic() - began:.0f} s", flush=True)

    def tick(self):
        """Seconds it took by the wall; `ticking` sums up this process's part on a processor."""
        with self.app.app_context():
            realtime.watch()
            before, began = time.thread_time(), time.perf_counter()
            self.board.tick()
            self.ticking += time.thread_time() - before
            return time.perf_counter() - began

    def backends(self):
        return backend_seconds(self.engine)

    def close(self):
        with self.app.app_context():
            db.engine.dispose()
        self.engine.dispose()


def report_ticks(small, large, options):
    """Each second one tick of either, while messages arrive at both."""
    walls, before = {small: [], large: []}, {}
    for n in range(options.ticks + BEFORE):
        began = time.monotonic()
        for one, found in walls.items():
            if n == BEFORE:
                one.ticking, before[one] = 0, one.backends()[TICKING]
            one.traffic.write(options.messages)
            found.append(one.tick())
        time.sleep(max(0, 1 - (time.monotonic() - began)))
    print(f"\n{options.open:,} open, {options.agents} agents, {options.messages} messages a second")
    costs = []
    for one, found in walls.items():
        ours, database = one.ticking, one.backends()[TICKING] - before[one]
        costs.append((ours + database) / options.ticks)
        took = sorted(found[BEFORE:])
        print(
            f"{one.closed:>12,} closed: a tick {1000 * ours / options.ticks:.0f} ms of CPU here"
            f" and {1000 * database / options.ticks:.0f} ms in the database;"
            f" by the wall p50 {1000 * _at(took, 50):.0f}, p95 {1000 * _at(took, 95):.0f} ms"
        )
    met = [
        _judged("CPU of one tick a second", 100 * max(costs), TARGETS["cpu"], "% of a core"),
        _judged("growth with closed conversations", costs[1] / costs[0], TARGETS["growth"]),
    ]
    return all(met)


def report_viewers(large, options):
    """Nobody, few and many; what the clock costs while nobody looks is not the board's."""
    redis_clients.hasty.delete(realtime.WATCHED)
    for name in ("web", "clock"):
        large.servers.environ["PGAPPNAME"] = name
        large.servers.start(name)
    large.servers.wait_until_ready()
    _settle(large.servers.pid("clock"))
    met, boards = True, []
    for count in (0, *options.viewers):
        seen, costs = _watched(large, count, options)
        print(f"\n{count:,} viewers, CPU in % of a core: {_in_percent(costs)}")
        boards.append(costs["clock"] + costs["database for the clock"])
        if count:
            met &= _report_seen(seen)
        else:
            first = _first_loads(large)
    idle, few, many = boards
    print(f"\nthe clock and its database: {100 * idle:.1f} % of a core while nobody looks,", end="")
    print(f" {100 * few:.1f} and {100 * many:.1f} before {options.viewers} viewers")
    print(f"first load p50 {_at(first, 50):.0f} ms, p95 {_at(first, 95):.0f} ms")
    return met & all(
        [
            _judged("growth with viewers", (many - idle) / (few - idle), TARGETS["growth"]),
            _judged("first load, p95", _at(first, 95), TARGETS["first"], " ms"),
        ]
    )


def _settle(clock):
    """A clock that starts looks once at everything, such as which contacts are alike."""
    until = time.monotonic() + MOST_SETTLING
    before, used = 0, cpu_seconds(clock)
    while used - before > SETTLED and time.monotonic() < until:
        time.sleep(5)
        before, used = used, cpu_seconds(clock)


def _in_percent(costs):
    return ", ".join(f"{name} {100 * cost:.1f}" for name, cost in costs.items() if cost >= 0.0005)


def _report_seen(seen):
    arrived = sorted(age for viewer in seen for _, age in viewer)
    gaps = sorted(after[0] - before[0] for viewer in seen for before, after in pairwise(viewer))
    ages = sorted(age for viewer in seen for age in _meanwhile(viewer))
    print(
        f"period p50 {_at(gaps, 50):.2f}, p95 {_at(gaps, 95):.2f}, p99 {_at(gaps, 99):.2f} s;"
        f" age when it arrives p50 {_at(arrived, 50):.2f}, p95 {_at(arrived, 95):.2f} s;"
        f" age at any moment p50 {_at(ages, 50):.2f}, p95 {_at(ages, 95):.2f} s"
    )
    met = [
        _judged("update period, p50", _at(gaps, 50), TARGETS["period"], " s"),
        _judged("age of what a viewer sees, p95", _at(ages, 95), TARGETS["age"], " s"),
    ]
    return all(met)


def _meanwhile(viewer):
    """How old what stands on the page is, ten times a second until the next one comes."""
    for (at, age), (until, _) in pairwise(viewer):
        for tenth in range(int(10 * (until - at)) + 1):
            yield age + tenth / 10


def _watched(large, count, options):
    """(what each of so many viewers saw while messages arrived, {part: CPU per second})"""
    command = [sys.executable, "-m", "bench.board_viewers"]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with _arriving(large, options.messages), subprocess.Popen(command, **pipes) as viewers:
        host, _, port = large.servers.url.removeprefix("http://").partition(":")
        order = {"host": host, "port": int(port), "seconds": options.seconds, "rest": OPENING}
        order["by"] = options.by
        viewers.stdin.write(json.dumps(order | {"cookies": large.cookies[:count]}) + "\n")
        viewers.stdin.flush()
        assert viewers.stdout.readline() == "ready\n"
        time.sleep(OPENING)
        began, before = time.monotonic(), _used(large, viewers.pid)
        time.sleep(options.seconds)
        took, after = time.monotonic() - began, _used(large, viewers.pid)
        costs = {name: (after[name] - before.get(name, 0)) / took for name in after}
        found = json.loads(viewers.stdout.readline())
    if found["failed"]:
        print(f"{found['failed']} answers were errors; the log of web ends so:")
        print(large.servers.log("web")[-LOGGED:])
    return found["seen"], costs


def _used(large, viewers):
    servers = large.servers
    parts = {"clock": servers.pid("clock"), "web": servers.pid("web"), "viewers": viewers}
    parts["Redis"] = servers.redis_pid
    used = {name: cpu_seconds(pid) for name, pid in parts.items()}
    return used | {f"database for the {name}": of for name, of in large.backends().items()}


@contextlib.contextmanager
def _arriving(large, messages):
    """Messages are written meanwhile, and the agents stay there."""
    stop = threading.Event()
    writing = threading.Thread(target=_write, args=(large, messages, stop))
    writing.start()
    try:
        yield
    finally:
        stop.set()
        writing.join()


def _write(large, messages, stop):
    people = range(large.ids["agent"], large.ids["agent"] + large.ids["agents"])
    rounds = 0
    while not stop.is_set():
        began = time.monotonic()
        large.traffic.write(max(1, messages // 10))
        if rounds % 100 == 0:
            presence.touch(people)
        rounds += 1
        stop.wait(max(0, 0.1 - (time.monotonic() - began)))


def _first_loads(large):
    leader = Agent(large.servers.url).sign_in()
    times = []
    for _ in range(LOADS):
        began = time.perf_counter()
        leader.get("/board")
        times.append(1000 * (time.perf_counter() - began))
    return sorted(times[BEFORE:])


def _judged(what, value, target, unit=""):
    met = value < target
    print(
        f"{what} {value:.2f}{unit}, target {target}{unit}: {'met' if met else 'MISSED'}", flush=True
    )
    return met


def _at(ordered, share):
    return ordered[min(len(ordered) - 1, len(ordered) * share // 100)] if ordered else 0


if __name__ == "__main__":
    sys.exit(main())
