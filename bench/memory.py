"""Starts bin/run in a temporary folder and prints what each process holds when idle."""

import sys
import tempfile
import time
from pathlib import Path

from tests.support.stack import Stack, command_line, descendants_of

TARGET_MB = 400


def main():
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 20
    with tempfile.TemporaryDirectory(prefix="parley-memory-") as folder:
        stack = Stack(Path(folder)).wait_until_ready()
        try:
            time.sleep(seconds)
            total = report([stack.pid, *descendants_of(stack.pid)])
        finally:
            stack.stop()
    return 0 if total < TARGET_MB else 1


def report(pids):
    print(f"{'PSS MB':>8} {'RSS MB':>8}  process")
    total = 0
    for pid in pids:
        memory = rollup(pid)
        total += memory["Pss"]
        print(f"{memory['Pss']:8.1f} {memory['Rss']:8.1f}  {pid} {command_line(pid).strip()[:80]}")
    print(f"{total:8.1f} {'':8}  in all (target: under {TARGET_MB} MB); shared pages counted once")
    return total


def rollup(pid):
    """Pss divides a page that several processes share among them, so that the sum is true."""
    found = {}
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]:
        name, kilobytes, *_ = line.split()
        found[name.rstrip(":")] = int(kilobytes) / 1024
    return found


if __name__ == "__main__":
    sys.exit(main())
