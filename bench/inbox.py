"""The inbox page and the thread with 10,000 and with 1,000,000 interactions behind them.

Both installations run side by side and are asked in turn, so that whatever else the machine does
falls on both.
"""

import argparse
import sys
import time

from sqlalchemy import create_engine

from bench import filling
from bench.servers import stack
from tests import factories
from tests.kill.agents import Agent
from webapp.extensions import db

SIZES = (10_000, 1_000_000)
TARGET_GROWTH = 1.25
WARM_UP = 20
PAGES = {
    "agent's list": ("ana", "/"),
    "agent's queues": ("ana", "/?show=queues"),
    "supervisor's list of all": ("sara", "/?show=all"),
    "what is done": ("sara", "/?show=done"),
    "thread of 3,000 messages": ("sara", "/inbox/{newest}"),
    "a thread closed long ago": ("sara", "/inbox/{old}"),
}


def main():
    options = _options()
    met = True
    for database in options.database:
        small, large = options.sizes
        with stack(database) as one, stack(database) as other:
            visitors = [_prepare(one, small), _prepare(other, large)]
            met &= report(database, options, measure(visitors, options.requests))
    return 0 if met else 1


def _options():
    parser = argparse.ArgumentParser(prog="bench/inbox", description=__doc__)
    parser.add_argument("--database", nargs="*", default=["postgresql"])
    parser.add_argument("--sizes", nargs=2, type=int, default=SIZES)
    parser.add_argument("--requests", type=int, default=200, help="of each page")
    return parser.parse_args()


def _prepare(servers, size):
    """Fill, start, sign in; gives back a function that times one page."""
    began = time.monotonic()
    app = servers.app()
    with app.app_context():
        cast = factories.make_cast()
        people = {"ana": cast.ana.email, "sara": cast.sara.email}
        ids = cast.account.id, cast.queue.id, cast.ana.id
        db.session.remove()
    # A connection of its own: the application's end statements that take this long.
    engine = create_engine(app.config["SQLALCHEMY_DATABASE_URI"])
    filling.fill(engine, size, *ids)
    engine.dispose()
    print(f"{size:,} interactions made in {time.monotonic() - began:.0f} s", flush=True)
    servers.start("web")
    servers.wait_until_ready()
    agents = {name: Agent(servers.url, email).sign_in() for name, email in people.items()}
    places = {"newest": size, "old": size // 3}

    def visit(name):
        who, path = PAGES[name]
        began = time.perf_counter()
        agents[who].get(path.format(**places))
        return 1000 * (time.perf_counter() - began)

    return visit


def measure(visitors, requests):
    """Milliseconds of each page, small and large."""
    times = {}
    for name in PAGES:
        for visit in visitors:
            for _ in range(WARM_UP):
                visit(name)
        pairs = [[visit(name) for visit in visitors] for _ in range(requests)]
        times[name] = [sorted(each) for each in zip(*pairs, strict=True)]
    return times


def report(database, options, times):
    small, large = options.sizes
    print(f"\n{database}, gunicorn gevent -w 2, {options.requests} requests of each page, in turn")
    print(f"{'p50 / p95 in ms':28}{small:>16,}{large:>16,}  growth of p95")
    worst = 0
    for name, (few, many) in times.items():
        growth = _percentile(many, 95) / _percentile(few, 95)
        worst = max(worst, growth)
        print(f"{name:28}{_pair(few):>16}{_pair(many):>16}{growth:10.2f}")
    print(f"largest growth {worst:.2f}; target: under {TARGET_GROWTH}", flush=True)
    return worst < TARGET_GROWTH


def _pair(ordered):
    return f"{_percentile(ordered, 50):.1f} / {_percentile(ordered, 95):.1f}"


def _percentile(ordered, share):
    return ordered[min(len(ordered) - 1, len(ordered) * share // 100)]


if __name__ == "__main__":
    sys.exit(main())
