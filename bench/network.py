"""How fast the network answers: promises, and consignments routed a second, beside a plain Dijkstra for each.

The network is made from the register by a seed: a point in every village, 136 hubs, rounds of at most 25 stops. The
queue is as long as told; routing claims from it and writes legs, consignments and events, in one process.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from bench.placing import ROOT, database


def main() -> int:
    parser = argparse.ArgumentParser(prog="bin/bench network", description=__doc__.partition("\n")[0])
    parser.add_argument("--waiting", type=int, nargs="+", default=[100, 10_000, 100_000], help="lengths of the queue")
    parser.add_argument("--sqlite", action="store_true", help="on SQLite, also where there is a PostgreSQL")
    options = parser.parse_args()
    server = None if options.sqlite else os.environ.get("TEST_DATABASE_URL")
    with tempfile.TemporaryDirectory(prefix="xiangpin-bench-") as folder:
        told = _run(server, Path(folder), sorted(options.waiting))
    network, promise = told["network"], told["promise_ms"]
    print(f"on {'PostgreSQL' if server else 'SQLite'}; " + ", ".join(f"{n:,} {what}" for what, n in network.items()))
    print(f"{'search alone, plain Dijkstra':36}{told['dijkstra_per_second']:>12,.0f} a second")
    print(f"{'search alone, ours':36}{told['search_per_second']:>12,.0f} a second")
    print(f"{'promise, with its queries':36}{promise['median']:>12.2f} ms median, {promise['p95']:.2f} p95")
    for row in told["routing"]:
        words = f"routed and written, {row['waiting']:,} waiting"
        print(f"{words:36}{row['routed'] / row['seconds']:>12,.0f} a second ({row['routed']:,} of them)")
    return 0


def _run(server: str | None, folder: Path, sizes: list[int]) -> dict:
    env = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "config.settings.embedded",
        "DATA_DIR": str(folder),
        "LOG_LEVEL": "ERROR",
        "CELERY_BROKER_URL": "filesystem://",
    }
    with database("network", server, folder) as url:
        child = subprocess.run(
            [sys.executable, "-W", "ignore", "-m", "bench.sides.network", *map(str, sizes)],
            env=env | {"DATABASE_URL": url},
            cwd=ROOT,
            stdout=subprocess.PIPE,
            check=True,
        )
    return json.loads(child.stdout.splitlines()[-1])


if __name__ == "__main__":
    sys.exit(main())
