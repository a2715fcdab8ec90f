"""What bin/test does: the environment, real servers, then the suite on SQLite and again on PostgreSQL with Redis."""

import argparse
import base64
import os
import secrets
import tempfile
import time
import xml.etree.ElementTree as ElementTree
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from support import environment, processes, services
from support.screen import complain, say

NOTHING_COLLECTED = 5  # pytest's exit code
FERNET_KEY = "dGVzdC1vbmx5LWZlcm5ldC1rZXktMzItYnl0ZXMtbG8="  # of tests only


@dataclass(frozen=True)
class Pass:
    name: str
    title: str
    settings: str


PASSES = (
    Pass("sqlite", "SQLite", "config.settings.test"),
    Pass("postgresql", "PostgreSQL + Redis", "tests.production_settings"),
)


def main(words: Sequence[str]) -> int:
    options, pytest_words = _options(words)
    processes.stop_on_signals()
    try:
        environment.set_up("requirements-dev.txt")
        with services.running() as found, tempfile.TemporaryDirectory(prefix="xiangpin-tests-") as folder:
            return _run_passes(options.only, pytest_words, found, Path(folder))
    except processes.Stopped:
        return 130
    except (environment.UnableToSetUp, processes.UnableToRun, services.UnableToServe) as error:
        complain(f"✗ {error}")
        return 1


def _options(words: Sequence[str]) -> tuple[argparse.Namespace, list[str]]:
    parser = argparse.ArgumentParser(
        prog="bin/test",
        description="跑全部测试：先在 SQLite 上，再用生产设置在 PostgreSQL 和 Redis 上。其余参数交给 pytest。",
    )
    parser.add_argument("--only", choices=[each.name for each in PASSES], help="只跑一遍")
    return parser.parse_known_args(words)


def _run_passes(only: str | None, words: Sequence[str], found: Mapping[str, str], folder: Path) -> int:
    totals: Counter[str] = Counter()
    failed = False
    for each in PASSES:
        if only not in (None, each.name):
            continue
        began = time.monotonic()
        say(f"\n▸ 测试：{each.title} ({each.settings})")
        report = folder / f"{each.name}.xml"
        code = _pytest(each, words, found, folder, report)
        counts = count(report)
        totals.update(counts)
        failed = failed or code not in (0, NOTHING_COLLECTED)
        say(f"▸ {each.title}: {counts['passed']} passed, {counts['failed']} failed, {time.monotonic() - began:.0f} s")
    failed = failed or bool(totals["failed"] or totals["skipped"]) or not totals["passed"]
    skipped = f", {totals['skipped']} skipped" if totals["skipped"] else ""
    say(f"\n{totals['passed']} passed, {totals['failed']} failed{skipped}")
    return int(failed)


def _pytest(each: Pass, words: Sequence[str], found: Mapping[str, str], folder: Path, report: Path) -> int:
    data, temporary = folder / each.name / "data", folder / each.name / "tmp"
    temporary.mkdir(parents=True)
    env = environment.variables(
        **found, DATA_DIR=str(data), TMPDIR=str(temporary), DJANGO_SETTINGS_MODULE=each.settings
    )
    if each.name == "postgresql":
        env.update(_production_variables(found))
        processes.run(
            environment.manage("collectstatic", "--noinput", "--verbosity", "0"), env=env, cwd=environment.ROOT
        )
    parallel = [] if _says_how_many(words) else ["-n", str(min(4, os.cpu_count() or 1)), "--dist", "worksteal"]
    command = [environment.python(), "-m", "pytest", "--junit-xml", report, *parallel, *words]
    process = processes.start(command, env=env, cwd=environment.ROOT)
    try:
        return process.wait()
    except BaseException:
        processes.stop(process)
        raise


def _says_how_many(words: Sequence[str]) -> bool:
    return any(word.startswith("-n") or word in {"-p", "--pdb"} for word in words)


def _production_variables(found: Mapping[str, str]) -> dict[str, str]:
    """All that production settings ask for; keys are made anew for each run."""
    return {
        "DATABASE_URL": found["TEST_DATABASE_URL"],
        "CELERY_BROKER_URL": f"{found['TEST_REDIS_URL']}/0",
        "CACHE_URL": f"{found['TEST_REDIS_URL']}/1",
        "SECRET_KEY": secrets.token_urlsafe(64),
        "FIELD_KEYS": FERNET_KEY,
        "HASH_KEY": secrets.token_urlsafe(32),
        "PICKUP_KEYS": f"T1:{base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()}",
        "ALLOWED_HOSTS": "testserver,localhost,127.0.0.1",
    }


def count(report: Path) -> Counter[str]:
    """Tests passed, failed and skipped by pytest's own JUnit report; empty where there is none."""
    counts: Counter[str] = Counter()
    if not report.exists():
        return counts
    for case in ElementTree.parse(report).iter("testcase"):
        outcomes = {child.tag for child in case}
        if outcomes & {"failure", "error"}:
            counts["failed"] += 1
        elif "skipped" in outcomes:
            counts["skipped"] += 1
        else:
            counts["passed"] += 1
    return counts
