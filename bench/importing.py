"""A file of a million people through the import, in a process like the worker's.

Prints what the dry run and the run take, and the process's largest memory. Then the same file
again into an empty database, stopped half-way and gone on with: nobody may be there twice.
"""

import argparse
import csv
import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import xlsxwriter
from sqlalchemy import text

from bench.servers import stack
from webapp.extensions import db

ROOT = Path(__file__).resolve().parents[1]
HEADER = ["Mobile", "First name", "Last name", "Email", "Company", "Agreed", "Customer no."]
FIRST = ["Dana", "Tomás", "Aylin", "Noor", "João", "Mei", "Lars", "Zoë", "Ana", "Kofi"]
LAST = ["Whitlock", "Beltrán", "Yılmaz", "Haddad", "Silva", "Chen", "Berg", "Okafor", "Rossi"]
TARGET_SECONDS, TARGET_MB = 180, 200


def main():
    options = _options()
    with tempfile.TemporaryDirectory(prefix="parley-bench-") as folder:
        path = Path(folder) / f"people.{options.format}"
        write(path, options.rows)
        print(f"{path.name}: {options.rows:,} rows, {path.stat().st_size / 1e6:.1f} MB")
        with stack(options.database) as servers:
            met = report(options, in_worker("whole", servers, path))
            empty(servers.app())
            met &= report_again(options, in_worker("stopped_half_way", servers, path))
    return 0 if met else 1


def _options():
    parser = argparse.ArgumentParser(prog="bench/import", description=__doc__)
    parser.add_argument("--database", default="postgresql", choices=["postgresql", "sqlite"])
    parser.add_argument("--format", default="csv", choices=["csv", "xlsx"])
    parser.add_argument("--rows", type=int, default=1_000_000)
    return parser.parse_args()


def write(path, count):
    rows = (row(number) for number in range(count))
    if path.suffix == ".csv":
        with path.open("w", newline="") as file:
            csv.writer(file).writerow(HEADER)
            csv.writer(file).writerows(rows)
        return
    book = xlsxwriter.Workbook(path, {"constant_memory": True})
    sheet = book.add_worksheet("People")
    sheet.write_row(0, 0, HEADER)
    for number, cells in enumerate(rows, 1):
        sheet.write_row(number, 0, cells)
    book.close()


def row(number):
    first, last = FIRST[number % len(FIRST)], LAST[number % len(LAST)]
    return [
        f"+1555{number:07d}",
        first,
        last,
        f"c{number}@mail.example.com",
        f"Shop {number % 900}",
        "yes" if number % 3 else "",
        str(number),
    ]


def in_worker(what, servers, path):
    """In a process of its own, so that its memory is that of the import alone."""
    done = subprocess.run(
        [sys.executable, "-m", "bench.importing_worker", what, str(path)],
        cwd=ROOT,
        env=servers.environ,
        stdout=subprocess.PIPE,
        check=False,
    )
    if done.returncode:
        raise SystemExit(f"the import ended with {done.returncode}")
    return json.loads(done.stdout)


def empty(app):
    with app.app_context(), db.engine.begin() as connection:
        names = "consents, contact_identities, contact_list_members, contact_tags, contacts"
        if db.engine.dialect.name == "postgresql":
            connection.execute(text(f"TRUNCATE {names} CASCADE"))
        else:
            for name in names.split(", "):
                connection.execute(text(f"DELETE FROM {name}"))
    shutil.rmtree(Path(app.config["MEDIA_DIR"]), ignore_errors=True)


def report(options, result):
    total = result["checked"] + result["ran"]
    print(f"\n{options.database}, {options.format}: {json.dumps(result['counts'])}")
    print(f"read and dry run {result['checked']:.0f} s; run {result['ran']:.0f} s, ", end="")
    print(
        f"{options.rows / result['ran']:,.0f} rows/s (target: under {TARGET_SECONDS} s); ", end=""
    )
    print(f"together {total:.0f} s")
    print(f"memory {result['memory']:.0f} MB, {result['before']:.0f} before (target: {TARGET_MB})")
    sys.stdout.flush()
    fast = options.database != "postgresql" or result["ran"] < TARGET_SECONDS
    return fast and result["memory"] < TARGET_MB and is_whole(options, result)


def report_again(options, result):
    doubles = result["contacts"] - result["numbers"]
    print(
        f"\nstopped at row {result['stopped_at']:,}, gone on with: {result['contacts']:,} ", end=""
    )
    print(f"contacts, {result['numbers']:,} numbers, {doubles} twice; {result['memory']:.0f} MB")
    return is_whole(options, result) and result["memory"] < TARGET_MB


def is_whole(options, result):
    return result["contacts"] == result["numbers"] == options.rows


if __name__ == "__main__":
    sys.exit(main())
