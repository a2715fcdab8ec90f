"""Orders placed a second, and placed and routed a second, beside stock Oscar placing the same.

Both sides run one after the other in a process of their own: one connection, the same kind of database, baskets made
beforehand, one unit a line, each line of another seller, stock that is tracked. Stock Oscar does what its checkout does
on the last submit (offers, totals, address, ``OrderCreator``), without HTTP, payment and mail. Ours does what the
checkout's view calls, with promise, crates of the point's day, limits, consignments, ledger and events in the same
transaction; routing is what the worker then does, on the demonstration's 600 points and 136 hubs.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg

ROOT = Path(__file__).resolve().parents[1]
SIDES = {
    "stock": "bench.sides.stock_settings",
    "ours": "config.settings.embedded",
}
ROWS = (("stock", "placed", "stock Oscar, placed"), ("ours", "placed", "ours, placed"))
ROUTED = ("ours", "placed and routed", "ours, placed and routed")


def main() -> int:
    parser = argparse.ArgumentParser(prog="bin/bench placing", description=__doc__.partition("\n")[0])
    parser.add_argument("--seconds", type=float, default=10, help="at most, for each shape of order on each side")
    parser.add_argument("--sqlite", action="store_true", help="on SQLite, also where there is a PostgreSQL")
    options = parser.parse_args()
    server = None if options.sqlite else os.environ.get("TEST_DATABASE_URL")
    with tempfile.TemporaryDirectory(prefix="xiangpin-bench-") as folder:
        told = {side: _run(side, server, Path(folder) / side, options.seconds) for side in SIDES}
    shapes = sorted(told["ours"], key=int)
    print(f"orders a second, one process, on {'PostgreSQL' if server else 'SQLite'}")
    print(f"{'':26}" + "".join(f"{_shape(lines):>24}" for lines in shapes))
    for side, verb, words in (*ROWS, ROUTED):
        figures = [told[side][lines][verb] for lines in shapes]
        print(f"{words:26}" + "".join(f"{each['orders'] / each['seconds']:>24.1f}" for each in figures))
    return 0


def _shape(lines: str) -> str:
    return "1 line" if lines == "1" else f"{lines} lines of {lines} sellers"


def _run(side: str, server: str | None, folder: Path, seconds: float) -> dict:
    folder.mkdir()
    env = {**os.environ, "DJANGO_SETTINGS_MODULE": SIDES[side], "DATA_DIR": str(folder), "LOG_LEVEL": "WARNING"}
    env["CELERY_BROKER_URL"] = os.environ.get("TEST_REDIS_URL") or "filesystem://"
    with database(side, server, folder) as url:
        child = subprocess.run(
            [sys.executable, "-W", "ignore", "-m", f"bench.sides.{side}", str(seconds)],
            env=env | {"DATABASE_URL": url},
            cwd=ROOT,
            stdout=subprocess.PIPE,
            check=True,
        )
    return json.loads(child.stdout.splitlines()[-1])


@contextmanager
def database(side: str, server: str | None, folder: Path):
    """An empty database, dropped afterwards; a file where there is no server."""
    if server is None:
        yield f"sqlite:///{folder / 'db.sqlite3'}"
        return
    name = f"bench_{side}_{os.getpid()}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
        try:
            yield urlunsplit(urlsplit(server)._replace(path=f"/{name}"))
        finally:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


if __name__ == "__main__":
    sys.exit(main())
