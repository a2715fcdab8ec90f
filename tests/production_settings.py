"""The production settings as bin/test runs the suite on them, changed only as far as a client over plain HTTP needs."""

import os
import re

# Each xdist worker empties its own cache, so each has its own Redis database (0 is the broker's).
_worker = int(re.sub(r"\D", "", os.environ.get("PYTEST_XDIST_WORKER", "")) or 0)
os.environ["CACHE_URL"] = f"{os.environ['CACHE_URL'].rpartition('/')[0]}/{_worker + 1}"

from config.settings.production import *  # noqa: E402, F403

SECURE_SSL_REDIRECT = False
SESSION_COOKIE_SECURE = False
CSRF_COOKIE_SECURE = False
LANGUAGE_COOKIE_SECURE = False
OSCAR_BASKET_COOKIE_SECURE = False
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]

# What the workers would fight over, had they it in common.
MEDIA_ROOT = DATA_DIR / f"worker-{_worker}" / "media"  # noqa: F405
SEARCH_INDEX_DIR = DATA_DIR / f"worker-{_worker}" / "search"  # noqa: F405
SEARCH_INDEX = f"listings-test-{_worker}"

# Tests that commit are cleaned up after by TRUNCATE, which the append-only tables refuse.
DATABASES["default"]["OPTIONS"]["options"] = "-c xiangpin.may_truncate=on"  # noqa: F405
