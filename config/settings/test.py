"""Tests on the embedded parts: SQLite on disk (threads and processes share it), fast passwords, quiet queues."""

import atexit
import shutil
import tempfile
from pathlib import Path

from config.settings.base import *  # noqa: F403

_folder = Path(tempfile.mkdtemp(prefix="xiangpin-test-"))
atexit.register(shutil.rmtree, _folder, ignore_errors=True)

SECRET_KEY = "test-only-secret-key-0123456789-0123456789-0123456789"  # noqa: S105 - of the tests only
FIELD_KEYS = ["MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="]
HASH_KEY = "test-only-hash-key"
PICKUP_KEYS = ["T1:" + "dGVzdC1vbmx5LXBpY2t1cC1xci1zaWduaW5nLWtleSE="]
ALLOWED_HOSTS = ["testserver", "localhost", "127.0.0.1"]
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": _folder / "db.sqlite3",
        "OPTIONS": {
            "transaction_mode": "IMMEDIATE",
            "timeout": 20,
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA recursive_triggers=ON; PRAGMA synchronous=OFF;",
        },
        "TEST": {"NAME": _folder / "test.sqlite3"},
    }
}
MEDIA_ROOT = _folder / "media"
STORAGES["private"]["OPTIONS"]["location"] = _folder / "private"  # noqa: F405
WHITENOISE_USE_FINDERS = True
STATIC_ROOT = _folder / "static"
STATIC_ROOT.mkdir()
SEARCH_ENGINE = "catalogue.search.embedded.Engine"  # also where ELASTICSEARCH_URL is set for the tests that ask for it
SEARCH_INDEX_DIR = _folder / "search"
CELERY_BROKER_URL = "memory://"
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
MOVABLE_CLOCK = True
DEMO_MESSAGES_PAGE = True
DEMO_PAYMENTS = True
DEMO_ACCOUNTS = True
