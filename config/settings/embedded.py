"""One machine, nothing to install: SQLite, the embedded search engine, Celery on folders, the demo's adaptors."""

from pathlib import Path

from config import env
from config.settings.base import *  # noqa: F403
from config.settings.base import DATA_DIR, STATIC_ROOT

SECRET_KEY = env.embedded_secret("SECRET_KEY")
FIELD_KEYS = env.embedded_secret("FIELD_KEYS").split(",")
HASH_KEY = env.embedded_secret("HASH_KEY")
PICKUP_KEYS = env.embedded_secret("PICKUP_KEYS").split(",")

DATABASES = {"default": env.database(f"sqlite:///{DATA_DIR / 'db.sqlite3'}")}
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    DATABASES["default"]["OPTIONS"] = {
        # The write lock is taken when a transaction begins, so that a read in it cannot go stale before its write.
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA recursive_triggers=ON; PRAGMA synchronous=NORMAL; "
        "PRAGMA cache_size=-32000;",
    }

WHITENOISE_USE_FINDERS = True  # static files straight from their sources: nothing to collect
Path(STATIC_ROOT).mkdir(parents=True, exist_ok=True)

_broker = DATA_DIR / "broker"
CELERY_BROKER_URL = env.text("CELERY_BROKER_URL", "filesystem://")
if CELERY_BROKER_URL == "filesystem://":
    for _folder in ("messages", "control"):
        (_broker / _folder).mkdir(parents=True, exist_ok=True)
    CELERY_BROKER_TRANSPORT_OPTIONS = {
        "data_folder_in": str(_broker / "messages"),
        "data_folder_out": str(_broker / "messages"),
        "control_folder": str(_broker / "control"),
        "polling_interval": 0.1,  # seconds; kombu's own, one, would let the schedule outrun the worker
    }
if not env.text("CACHE_URL"):
    # One cache for all processes: what counts tries must not count in each of them apart.
    CACHES = {
        "default": {
            "BACKEND": "django.core.cache.backends.filebased.FileBasedCache",
            "LOCATION": str(DATA_DIR / "cache"),
        }
    }
CELERY_BEAT_SCHEDULE_FILENAME = str(DATA_DIR / "celerybeat-schedule")

MOVABLE_CLOCK = True
DEMO_MESSAGES_PAGE = True
DEMO_PAYMENTS = True
DEMO_ACCOUNTS = True

# Static files come straight from their folders: nothing is to be collected on one machine.
WHITENOISE_USE_FINDERS = True
WHITENOISE_MAX_AGE = 3600
