"""Every environment variable that the project reads, in one place.

``VARIABLES`` is the table behind the README's list; nothing else in the project reads ``os.environ``.
"""

import base64
import json
import os
import secrets
from dataclasses import dataclass
from pathlib import Path

import environ
from cryptography.fernet import Fernet
from django.core.exceptions import ImproperlyConfigured

ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Variable:
    """One environment variable: its name, the default of the embedded system, and what it is for."""

    name: str
    default: str
    purpose: str


VARIABLES = (
    Variable("DATA_DIR", "var", "folder of the embedded database, media, search index, broker and logs"),
    Variable("DATABASE_URL", "SQLite in DATA_DIR", "database; production needs postgres://…"),
    Variable("CELERY_BROKER_URL", "folders in DATA_DIR", "Celery's broker: redis://… or amqp://…"),
    Variable("CACHE_URL", "folder in DATA_DIR", "Django's cache: redis://…"),
    Variable("ELASTICSEARCH_URL", "embedded engine", "search cluster; unset means the embedded engine"),
    Variable("STRIPE_API_BASE", "Stripe itself", "where Stripe's API answers; tests point it at a mock"),
    Variable("STRIPE_SECRET_KEY", "", "Stripe's secret key; unset means payment at the point only"),
    Variable("STRIPE_WEBHOOK_SECRET", "", "signs what Stripe tells /payments/stripe/; unset: nothing is heard"),
    Variable("SECRET_KEY", "kept in DATA_DIR", "Django's signing key"),
    Variable("FIELD_KEYS", "kept in DATA_DIR", "Fernet keys, newest first, comma-separated, for phones and names"),
    Variable("HASH_KEY", "kept in DATA_DIR", "key of the hashes by which a phone number is found"),
    Variable("PICKUP_KEYS", "kept in DATA_DIR", "keys that sign pickup QRs, newest first: id:base64 of 32 bytes, …"),
    Variable("ALLOWED_HOSTS", "localhost", "host names that the site answers to, comma-separated"),
    Variable("CSRF_TRUSTED_ORIGINS", "", "origins (https://…) that may post behind a proxy, comma-separated"),
    Variable("SITE_URL", "http://localhost:8000", "address of the site, as links in messages begin"),
    Variable("MEDIA_URL_BASE", "/media/", "where media are served from; must be the site itself"),
    Variable("STATIC_ROOT", "DATA_DIR/static", "where collectstatic gathers files"),
    Variable("SMS_GATEWAY_URL", "", "HTTP gateway for text messages; production sends through it"),
    Variable("SMS_GATEWAY_KEY", "", "bearer key of that gateway"),
    Variable("EMAIL_URL", "", "mail server: smtp+tls://user:password@host:587; unset means that no e-mail is sent"),
    Variable("EMAIL_FROM", "xiangpin@localhost", "sender of e-mail"),
    Variable("MAP_REVIEW_NUMBER", "", "审图号, shown under each map when set"),
    Variable("TRUST_PROXY", "false", "true behind a proxy that sets X-Forwarded-Proto and X-Forwarded-For"),
    Variable("LOG_LEVEL", "INFO", "level of the project's log"),
)

env = environ.Env()


def names() -> tuple[str, ...]:
    """Return the names of all variables that the project reads."""
    return tuple(variable.name for variable in VARIABLES)


def text(name: str, default: str = "") -> str:
    """Return the variable as text; an unset or empty one is the default."""
    _known(name)
    return os.environ.get(name) or default


def flag(name: str, default: bool = False) -> bool:
    """Return the variable as a truth value."""
    _known(name)
    return env.bool(name, default=default)


def items(name: str, default: list[str] | None = None) -> list[str]:
    """Return the variable's comma-separated items."""
    return [item.strip() for item in text(name).split(",") if item.strip()] or list(default or [])


def required(name: str) -> str:
    """Return the variable; raise ``ImproperlyConfigured`` when it is unset or empty."""
    _known(name)
    if not (value := env.str(name)):
        raise ImproperlyConfigured(f"{name} is empty")
    return value


def database(default: str = "") -> dict:
    """Return ``DATABASE_URL`` as Django's database settings."""
    return env.db_url_config(text("DATABASE_URL", default))


def cache() -> dict:
    """Return ``CACHE_URL`` as Django's cache settings; unset means the memory of each process.

    Only tests stay with that: the embedded settings take a folder instead, and production requires the variable.
    """
    url = text("CACHE_URL")
    return env.cache_url_config(url) if url else {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}


def email(url: str) -> dict:
    """Return a mail server's address as Django's e-mail settings."""
    return env.email_url_config(url)


def data_dir() -> Path:
    """Return the data folder, made if missing."""
    folder = Path(text("DATA_DIR", "var"))
    folder = folder if folder.is_absolute() else ROOT / folder
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def embedded_secret(name: str) -> str:
    """Return the variable, or the secret made once and kept (mode 0600) in the data folder."""
    given = text(name)
    if given:
        return given
    path = data_dir() / "secrets.json"
    kept = json.loads(path.read_text()) if path.exists() else {}
    if name not in kept:
        kept[name] = _new_secret(name)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w") as file:
            json.dump(kept, file, indent=1)
    return kept[name]


def _new_secret(name: str) -> str:
    if name == "FIELD_KEYS":
        return Fernet.generate_key().decode()
    if name == "PICKUP_KEYS":
        return f"K1:{base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()}"
    return secrets.token_urlsafe(48)


def _known(name: str) -> None:
    if name not in names():
        raise LookupError(f"{name} is not listed in config/env.py")
