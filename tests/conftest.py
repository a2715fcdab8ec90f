"""How the suite runs: what is deselected where, the browser, and what no test may do."""

import hashlib
import os
import shutil
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from types import ModuleType

import hypothesis
import pytest
from django.conf import settings
from django.core.cache import cache
from django.db import connection
from django.db.backends.sqlite3.base import DatabaseOperations
from django.db.migrations.loader import MigrationLoader
from django.test.utils import setup_databases, teardown_databases
from playwright.sync_api import Browser, BrowserContext, BrowserType, Page, sync_playwright
from pytest_django import DjangoDbBlocker
from pytest_django.live_server_helper import LiveServer

from logistics import snapshots
from villages import known_names

# Playwright keeps an event loop in the test's thread; Django would then refuse the database to every later test.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "1")

# A machine that is busy with other things is no failure of ours.
hypothesis.settings.register_profile("ours", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow])
hypothesis.settings.load_profile("ours")

CHROMIUM_ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]

deselected: dict[str, int] = {}


def _missing() -> dict[str, str]:
    """Marker to the reason for which its tests cannot run here."""
    on_postgresql = settings.DATABASES["default"]["ENGINE"].endswith("postgresql")
    conditions = {
        "elasticsearch": (os.environ.get("ELASTICSEARCH_URL"), "ELASTICSEARCH_URL is not set"),
        "stripe": (os.environ.get("STRIPE_API_BASE"), "STRIPE_API_BASE is not set"),
        "browser": (os.environ.get("CHROMIUM_EXECUTABLE"), "CHROMIUM_EXECUTABLE is not set"),
        "redis": (os.environ.get("TEST_REDIS_URL"), "TEST_REDIS_URL is not set"),
        "postgres": (on_postgresql, "this run is on SQLite"),
        "sqlite": (not on_postgresql, "this run is on PostgreSQL"),
        "embedded": (settings.MOVABLE_CLOCK, "production settings refuse the demonstration's adaptors"),
    }
    return {marker: reason for marker, (present, reason) in conditions.items() if not present}


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    missing = _missing()
    kept, dropped = [], []
    for item in items:
        reasons = [f"{marker}: {reason}" for marker, reason in missing.items() if item.get_closest_marker(marker)]
        (dropped if reasons else kept).append(item)
        for reason in reasons:
            deselected[reason] = deselected.get(reason, 0) + 1
    if dropped:
        config.hook.pytest_deselected(items=dropped)
        items[:] = kept
    if hasattr(config, "workeroutput"):
        config.workeroutput["deselected"] = deselected


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: object, error: object) -> None:
    """With xdist only the workers collect; each sees every test, so one worker's word is enough."""
    deselected.update(getattr(node, "workeroutput", {}).get("deselected", {}))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    for reason, count in sorted(deselected.items()):
        terminalreporter.write_line(f"deselected {count} tests marked {reason}")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo) -> Iterator[None]:
    """Nothing is skipped: what cannot run here is deselected by its marker, and anything else is a failure."""
    report = yield
    if report.skipped:
        report.outcome = "failed"
        report.longrepr = f"{item.nodeid} skipped itself: {report.longrepr}"
    return report


@pytest.fixture(autouse=True)
def _empty_cache() -> Iterator[None]:
    yield
    cache.clear()


@pytest.fixture(autouse=True)
def _forget_timetable() -> Iterator[None]:
    """A process keeps the timetable that it read; the next test's departures are others with the same keys."""
    snapshots.forget()
    yield


@pytest.fixture(autouse=True)
def _forget_names() -> Iterator[None]:
    """A process keeps the names of divisions for a minute; the next test's register is another."""
    known_names.forget()
    yield


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One Chromium for all tests; each has contexts of its own."""
    with sync_playwright() as playwright:
        browser = launched(playwright.chromium)
        yield browser
        browser.close()


def launched(kind: BrowserType, *arguments: str) -> Browser:
    """Start the Chromium that bin/test found, with the libraries that it brought where the machine had none."""
    libraries = os.environ.get("CHROMIUM_LD_LIBRARY_PATH")
    env = {**os.environ, "LD_LIBRARY_PATH": libraries} if libraries else dict(os.environ)
    return kind.launch(
        executable_path=os.environ["CHROMIUM_EXECUTABLE"], args=[*CHROMIUM_ARGUMENTS, *arguments], env=env
    )


@pytest.fixture
def browser_context(browser: Browser) -> Iterator[BrowserContext]:
    """A fresh visitor with a phone: 360 px wide, Chinese, in Hunan's time."""
    context = browser.new_context(
        locale="zh-CN", timezone_id="Asia/Shanghai", viewport={"width": 360, "height": 740}, has_touch=True
    )
    yield context
    context.close()


@pytest.fixture
def page(browser_context: BrowserContext) -> Page:
    return browser_context.new_page()


@pytest.fixture(scope="session")
def live_server() -> Iterator[LiveServer]:
    """The site over HTTP, its static files served as they are where it is deployed, not by a test's shortcut."""
    server = LiveServer("localhost", start=False)
    server.thread.static_handler = lambda application: application
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="session", autouse=True)
def _append_only_tables_can_be_emptied() -> Iterator[None]:
    """SQLite empties a table by DELETE, which the triggers refuse: between tests they stand aside."""
    flush = DatabaseOperations.execute_sql_flush

    def flush_without_triggers(self: DatabaseOperations, statements: list[str]) -> None:
        with self.connection.cursor() as cursor:
            cursor.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND name LIKE '%_no_delete'")
            triggers = cursor.fetchall()
            for name, _ in triggers:
                cursor.execute(f"DROP TRIGGER {name}")
            try:
                flush(self, statements)
            finally:
                for _, definition in triggers:
                    cursor.execute(definition)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(DatabaseOperations, "execute_sql_flush", flush_without_triggers)
        yield


@pytest.fixture(scope="session")
def django_db_keepdb(request: pytest.FixtureRequest) -> bool:
    """On SQLite a run begins with a copy of a migrated file, and Django brings that up to date."""
    return settings.DATABASES["default"]["ENGINE"].endswith("sqlite3") or bool(request.config.getoption("reuse_db"))


@pytest.fixture(scope="session")
def django_db_setup(request: pytest.FixtureRequest, django_db_modify_db_settings: None) -> None:
    """Migrating takes half a minute: the outcome is kept by a hash of the migrations, and copied."""
    database = settings.DATABASES["default"]
    if not database["ENGINE"].endswith("sqlite3"):
        request.getfixturevalue("django_db_setup_anew")
        return
    migrated = request.config.cache.mkdir("migrated") / f"{_migrations_digest()}.sqlite3"
    name = Path(database["TEST"]["NAME"])
    if migrated.exists():
        shutil.copyfile(migrated, name)
    request.getfixturevalue("django_db_setup_anew")
    if not migrated.exists():
        made = migrated.with_suffix(f".{os.getpid()}")
        with closing(sqlite3.connect(name)) as source, closing(sqlite3.connect(made)) as target:
            source.backup(target)
        made.replace(migrated)


@pytest.fixture(scope="session")
def django_db_setup_anew(
    django_test_environment: None,
    django_db_blocker: DjangoDbBlocker,
    django_db_use_migrations: bool,
    django_db_keepdb: bool,
    django_db_createdb: bool,
) -> Iterator[None]:
    with django_db_blocker.unblock():
        databases = setup_databases(verbosity=0, interactive=False, keepdb=django_db_keepdb)
    yield
    with django_db_blocker.unblock():
        _end_other_sessions()
        teardown_databases(databases, verbosity=0, keepdb=django_db_keepdb)


def _end_other_sessions() -> None:
    """A thread of the live server may still hold a connection of the pool; PostgreSQL would not drop the database."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )


def _migrations_digest() -> str:
    files = [Path(module.__file__) for module in _migration_modules()]
    total = hashlib.sha256()
    for file in sorted(files):
        total.update(file.read_bytes())
    return total.hexdigest()[:24]


def _migration_modules() -> Iterator[ModuleType]:
    for migration in MigrationLoader(None).disk_migrations.values():
        yield sys.modules[type(migration).__module__]
