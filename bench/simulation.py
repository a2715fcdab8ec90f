"""A month of the network with mishaps: does every parcel end, and how many come when they were promised?

Orders are placed over the days on the demonstration's 600 points, packed, scanned, carried and received through the
services, while vehicles are late, cancelled or broken down, parcels are left behind or overlooked, points are suspended
or exchanged for others and divisions closed. The sweep runs every quarter of an hour; the books are looked at daily.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from bench.placing import ROOT, database

LEAST_UNDISTURBED = 0.95


def main() -> int:
    parser = argparse.ArgumentParser(prog="bin/bench simulation", description=__doc__.partition("\n")[0])
    parser.add_argument("--orders", type=int, default=10_000)
    parser.add_argument("--days", type=int, default=30, help="over which orders are placed")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--sqlite", action="store_true", help="on SQLite, also where there is a PostgreSQL")
    options = parser.parse_args()
    server = None if options.sqlite else os.environ.get("TEST_DATABASE_URL")
    with tempfile.TemporaryDirectory(prefix="xiangpin-bench-") as folder:
        told = _run(server, Path(folder), [options.orders, options.days, options.seed])
    print(
        f"on {'PostgreSQL' if server else 'SQLite'}; {told['points']} points, seed {options.seed}, "
        f"{told['days']} days in {told['seconds']:,.0f} s"
    )
    print(f"{'orders placed':36}{told['placed']:>8,} ({told['refused']:,} questions had no promise)")
    print(f"{'consignments':36}{_listed(told['states'])}")
    print(f"{'parcels':36}{_listed(told['parcel_states'])}")
    for what, number in sorted(told["mishaps"].items(), key=lambda pair: -pair[1]):
        print(f"  {what:34}{number:>8,}")
    print(f"{'on time, of all':36}{told['rate']:>8.1%} of {told['arrived']:,}")
    print(f"{'on time, where nothing was disturbed':36}{told['undisturbed_rate']:>8.1%} of {told['undisturbed']:,}")
    print(f"{'not ended':36}{len(told['left']):>8,}")
    print(f"{'findings in the books':36}{len(told['unsound']):>8,}")
    for line in [*told["left"][:20], *told["unsound"][:20]]:
        print(f"  {line}")
    sound = not told["left"] and not told["unsound"] and told["undisturbed_rate"] >= LEAST_UNDISTURBED
    return 0 if sound else 1


def _listed(states: dict[str, int]) -> str:
    return ", ".join(f"{number:,} {state}" for state, number in sorted(states.items()))


def _run(server: str | None, folder: Path, figures: list[int]) -> dict:
    env = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "config.settings.embedded",
        "DATA_DIR": str(folder),
        "LOG_LEVEL": "ERROR",
        "CELERY_BROKER_URL": "filesystem://",
    }
    with database("simulation", server, folder) as url:
        child = subprocess.run(
            [sys.executable, "-W", "ignore", "-m", "bench.sides.simulation", *map(str, figures)],
            env=env | {"DATABASE_URL": url},
            cwd=ROOT,
            stdout=subprocess.PIPE,
            check=True,
        )
    return json.loads(child.stdout.splitlines()[-1])


if __name__ == "__main__":
    sys.exit(main())
