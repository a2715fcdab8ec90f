"""Many machines: PostgreSQL, Redis or RabbitMQ, Elasticsearch, behind a proxy that ends TLS."""

from config import env
from config.settings.base import *  # noqa: F403

SECRET_KEY = env.required("SECRET_KEY")
FIELD_KEYS = env.required("FIELD_KEYS").split(",")
HASH_KEY = env.required("HASH_KEY")
PICKUP_KEYS = env.required("PICKUP_KEYS").split(",")

DATABASES = {"default": env.database(env.required("DATABASE_URL"))}
DATABASES["default"]["OPTIONS"] = {"pool": {"min_size": 1, "max_size": 8, "timeout": 10}}
# Wrong passwords are counted in the cache: one that is each process's own would let an intruder try in all of them.
env.required("CACHE_URL")
CELERY_BROKER_URL = env.required("CELERY_BROKER_URL")
# A silent broker must not hold a request: one short try, the sweep does the rest.
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "socket_connect_timeout": 1,
    "socket_timeout": 2,
    "max_retries": 0,
}

STORAGES = {
    **STORAGES,  # noqa: F405
    "staticfiles": {"BACKEND": "marketplace.hashed_files.HashedFiles"},
}

SECURE_SSL_REDIRECT = True
SECURE_HSTS_SECONDS = 31_536_000
SECURE_HSTS_INCLUDE_SUBDOMAINS = True
SECURE_HSTS_PRELOAD = True
SESSION_COOKIE_SECURE = True
CSRF_COOKIE_SECURE = True
LANGUAGE_COOKIE_SECURE = True
OSCAR_BASKET_COOKIE_SECURE = True
if env.flag("TRUST_PROXY"):
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    USE_X_FORWARDED_HOST = False
TRUST_PROXY = env.flag("TRUST_PROXY")

MOVABLE_CLOCK = False
DEMO_MESSAGES_PAGE = False
DEMO_PAYMENTS = False
DEMO_ACCOUNTS = False
