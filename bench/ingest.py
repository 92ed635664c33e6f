"""Webhooks a second through the real stack, against a route that stores nothing.

Rounds take turns on one running server: the bare route, then webhooks. The ratio is that of each
pair; the middle pair is the result.
"""

import argparse
import json
import statistics
import subprocess
import sys
from pathlib import Path

from bench.servers import cpu_seconds, stack
from tests.factories import META_NUMBER_ID, META_SECRET, make_meta_account, make_queue

ROOT = Path(__file__).resolve().parents[1]
CONNECTIONS = 64
TARGET_RATIO, TARGET_P99_MS = 0.8, 60
# The default start has one web process on SQLite; a server with PostgreSQL has two.
WEB_PROCESSES = {"postgresql": 2, "sqlite": 1}
PER_SECOND_AT_MOST = 12_000


def main():
    options = _options()
    met = True
    for database in options.database:
        for with_worker in options.worker:
            pairs = measure(database, with_worker, options)
            met &= report(database, with_worker, pairs)
    return 0 if met else 1


def _options():
    parser = argparse.ArgumentParser(prog="bench/ingest", description=__doc__)
    parser.add_argument("--database", nargs="*", default=["postgresql", "sqlite"])
    parser.add_argument("--seconds", type=float, default=4, help="length of each round")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--worker", nargs="*", type=int, default=[0, 1], help="0, 1: drain beside")
    return parser.parse_args()


def measure(database, with_worker, options):
    processes = WEB_PROCESSES[database]
    with stack(database, WEB_CONCURRENCY=str(processes)) as servers:
        path = _account(servers)
        servers.start(web=_web_command(servers))
        if with_worker:
            servers.start("worker")
        servers.wait_until_ready()
        generate(servers, path, 1, seed=0)
        pairs = []
        for number in range(options.rounds):
            bare = generate(servers, "/bench/bare", options.seconds, seed=2 * number + 1)
            pairs.append((bare, generate(servers, path, options.seconds, seed=2 * number + 2)))
        return pairs


def _account(servers):
    """The path of a new account's webhook; its conversations wait in a queue nobody serves."""
    with servers.app().app_context():
        return make_meta_account(make_queue()).webhook_path


def _web_command(servers):
    lines = (ROOT / "Procfile").read_text().splitlines()
    web = next(line for line in lines if line.startswith("web:"))
    return web.partition(":")[2].strip().replace("app:app", "bench.bare:app")


def generate(servers, path, seconds, seed):
    order = {
        "port": servers.port,
        "path": path,
        "seconds": seconds,
        "seed": seed,
        "connections": CONNECTIONS,
        "secret": META_SECRET,
        "number_id": META_NUMBER_ID,
        "prepared": int(PER_SECOND_AT_MOST * seconds),
    }
    generator = subprocess.Popen(
        [sys.executable, "-m", "bench.generator"],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    before = _cpu(servers)
    output, _ = generator.communicate(json.dumps(order))
    if generator.returncode:
        raise SystemExit(f"the generator ended with {generator.returncode}")
    result = json.loads(output)
    result["cpu"] = {"generator": result["cpu"]} | {
        name: used - before[name] for name, used in _cpu(servers).items()
    }
    return result


def _cpu(servers):
    used = {"web": cpu_seconds(servers.pid("web"))}
    if servers.postmaster:
        used["database"] = cpu_seconds(servers.postmaster)
    if servers.runs("worker"):
        used["worker"] = cpu_seconds(servers.pid("worker"))
    return used


def report(database, with_worker, pairs):
    beside = "worker draining beside" if with_worker else "nothing draining"
    web = WEB_PROCESSES[database]
    print(f"\n{database}, gunicorn gevent -w {web}, {CONNECTIONS} connections, {beside}")
    print(f"{'':10}{'POST/s':>8}{'p50':>8}{'p95':>8}{'p99 ms':>8}  answers, CPU ms per request")
    for bare, webhooks in pairs:
        _line("bare", bare)
        _line("webhook", webhooks)
    ratios = [_rate(webhooks) / _rate(bare) for bare, webhooks in pairs]
    middle = statistics.median(ratios)
    p99 = statistics.median(_percentile(webhooks, 99) for _, webhooks in pairs)
    print(f"ratio {middle:.2f} (of {', '.join(f'{ratio:.2f}' for ratio in ratios)}), ", end="")
    print(f"p99 {p99:.0f} ms; target on PostgreSQL: {TARGET_RATIO}, under {TARGET_P99_MS} ms")
    sys.stdout.flush()
    only_200 = all(set(result["answers"]) == {"200"} for pair in pairs for result in pair)
    bound = database == "postgresql" and not with_worker
    return only_200 and (not bound or (middle >= TARGET_RATIO and p99 < TARGET_P99_MS))


def _line(name, result):
    count = sum(result["answers"].values())
    p50, p95, p99 = (_percentile(result, share) for share in (50, 95, 99))
    cpu = ", ".join(f"{part} {1000 * used / count:.2f}" for part, used in result["cpu"].items())
    answers = ", ".join(f"{number} × {status}" for status, number in result["answers"].items())
    print(f"{name:10}{_rate(result):8.0f}{p50:8.1f}{p95:8.1f}{p99:8.1f}  {answers}; {cpu}")


def _rate(result):
    return sum(result["answers"].values()) / result["seconds"]


def _percentile(result, share):
    latencies = sorted(result["latencies"])
    return 1000 * latencies[min(len(latencies) - 1, len(latencies) * share // 100)]


if __name__ == "__main__":
    sys.exit(main())
