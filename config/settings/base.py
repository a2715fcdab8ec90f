"""Settings that every way of running shares."""

import re
from pathlib import Path

from celery.schedules import crontab
from csp.constants import NONE, SELF
from django.utils.translation import gettext_lazy as _

from config import env
from config.settings.oscar import *  # noqa: F403
from config.settings.oscar import OSCAR_APPS

BASE_DIR: Path = env.ROOT
DATA_DIR: Path = env.data_dir()

DEBUG = False
ALLOWED_HOSTS = env.items("ALLOWED_HOSTS", ["localhost", "127.0.0.1", "[::1]"])
CSRF_TRUSTED_ORIGINS = env.items("CSRF_TRUSTED_ORIGINS")
SITE_ID = 1
SITE_URL = env.text("SITE_URL", "http://localhost:8000").rstrip("/")
ROOT_URLCONF = "config.urls"
URL_POLICIES = "config.policies.RULES"
WSGI_APPLICATION = "config.wsgi.application"

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.contrib.sites",
    "django.forms",
    "django_htmx",
    "csp",
    "rules",
    "core.apps.CoreConfig",
    "villages.apps.VillagesConfig",
    "logistics.apps.LogisticsConfig",
    "marketplace.users.apps.UsersConfig",
    "marketplace.settlement.apps.SettlementConfig",
    "marketplace.statistics.apps.StatisticsConfig",
    "marketplace.storefront.apps.StorefrontConfig",
    "marketplace.selling.apps.SellingConfig",
    "marketplace.counter.apps.CounterConfig",
    "marketplace.samples.apps.SamplesConfig",
    "marketplace.applying.apps.ApplyingConfig",
    "marketplace.evidence.apps.EvidenceConfig",
    "marketplace.claims.apps.ClaimsConfig",
    "marketplace.network.apps.NetworkConfig",
    "marketplace.pavilions.apps.PavilionsConfig",
    *OSCAR_APPS,
]

MIDDLEWARE = [
    # Pages and plain files weigh a quarter on a thin line; what is compressed already is left alone.
    "django.middleware.gzip.GZipMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "core.middleware.ChosenLanguageMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "marketplace.access.PolicyMiddleware",
    "marketplace.counter.middleware.DeviceMiddleware",
    "marketplace.basket.middleware.BasketMiddleware",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "marketplace" / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "libraries": {"look": "marketplace.templatetags.look"},  # it stands above the installed apps
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "oscar.core.context_processors.metadata",
                "marketplace.context.shop",
            ],
        },
    }
]

AUTH_USER_MODEL = "users.User"
AUTHENTICATION_BACKENDS = [
    "marketplace.users.backends.PhoneOrEmailBackend",
    "rules.permissions.ObjectPermissionBackend",
]
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator",
        "OPTIONS": {"user_attributes": ("phone", "email", "first_name", "last_name")},
    },
    {"NAME": "marketplace.users.passwords.MinimumLength"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "customer:login"
LOGIN_REDIRECT_URL = "customer:summary"
LOGOUT_REDIRECT_URL = "home"

LANGUAGE_CODE = "zh-hans"
LANGUAGES = [("zh-hans", _("Simplified Chinese")), ("en", _("English"))]
# Ours all stand here, because Django reads these last: an app's own would yield to those of Django and of Oscar, which
# stand above it in INSTALLED_APPS. `messages --check` finds a string of ours that yields.
LOCALE_PATHS = [
    BASE_DIR / "locale",
    *(BASE_DIR / name / "locale" for name in ("core", "villages", "logistics", "catalogue", "marketplace")),
    *sorted((BASE_DIR / "marketplace").glob("*/locale")),
]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "Asia/Shanghai"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

STATIC_URL = "/static/"
STATIC_ROOT = env.text("STATIC_ROOT", str(DATA_DIR / "static"))
STATICFILES_DIRS = [BASE_DIR / "marketplace" / "static"]
STATICFILES_FINDERS = [
    "django.contrib.staticfiles.finders.FileSystemFinder",
    "marketplace.npm.NpmFinder",
]
MEDIA_URL = env.text("MEDIA_URL_BASE", "/media/")
MEDIA_ROOT = DATA_DIR / "media"
PRIVATE_ROOT = DATA_DIR / "private"  # photos that no address leads to by itself
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"  # our widgets show our icons
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    "private": {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": {"location": PRIVATE_ROOT}},
}
NODE_MODULES = BASE_DIR / "node_modules"

SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SAMESITE = "Lax"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF],
        "font-src": [SELF],
        "connect-src": [SELF],
        "object-src": [NONE],
        "base-uri": [NONE],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    }
}

CACHES = {"default": env.cache()}
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024
FILE_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024
PHOTO_MAX_BYTES = 10 * 1024 * 1024
PHOTO_MAX_PIXELS = 40_000_000

CELERY_TASK_IGNORE_RESULT = True
CELERY_RESULT_BACKEND = None
CELERY_TASK_ACKS_LATE = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TASK_PUBLISH_RETRY = False
CELERY_TIMEZONE = TIME_ZONE
CELERY_BEAT_SCHEDULE = {
    "publish-events": {"task": "core.tasks.publish_events", "schedule": 2.0},
    "route-waiting": {"task": "logistics.tasks.route_waiting", "schedule": 5.0},
    "open-departures": {"task": "logistics.tasks.open_departures", "schedule": 600.0},
    "read-sales": {"task": "marketplace.statistics.tasks.read_sales", "schedule": 3.0},
    "read-messages": {"task": "marketplace.communication.tasks.read_messages", "schedule": 3.0},
    **{
        f"send-messages-{channel.lower()}": {
            "task": "marketplace.communication.tasks.send_messages",
            "schedule": 3.0,
            "kwargs": {"channel": channel},
        }
        for channel in ("SMS", "EMAIL", "PAGE")
    },
    "forget-unbound-photos": {"task": "marketplace.evidence.tasks.forget_unbound", "schedule": 3600.0},
    "release-overdue": {"task": "marketplace.order.tasks.release_overdue", "schedule": 30.0},
    "settle-payments": {"task": "marketplace.payment.tasks.settle_payments", "schedule": 10.0},
    "end-leases": {"task": "marketplace.counter.tasks.end_leases", "schedule": 30.0},
    "index-listings": {"task": "marketplace.storefront.tasks.index_listings", "schedule": 10.0},
    "check-invariants": {
        "task": "marketplace.settlement.tasks.check_invariants",
        "schedule": crontab(hour=3, minute=20),
    },
    "clear-sheets": {"task": "logistics.tasks.clear_sheets", "schedule": crontab(hour=3, minute=50)},
}

# A sweep that waited longer than its own interval is dropped: the next one does the same work.
for _entry in CELERY_BEAT_SCHEDULE.values():
    if isinstance(_entry["schedule"], float):
        _entry["options"] = {"expires": max(_entry["schedule"], 10.0)}

# Rules of the marketplace that a deployment may set.
UNITS_PER_CRATE = 4  # of a new listing; a crate holds so many of its packs
FREIGHT_FEN = 600  # flat freight of one consignment, in fen
MAX_UNPAID_ORDERS_PER_PHONE = 3  # open orders to be paid at the point
MAX_UNPAID_FEN_PER_PHONE = 200_000  # their value together, in fen
MAX_UNPAID_ORDERS_PER_ADDRESS = 20  # the same by network address, per UNPAID_ADDRESS_HOURS
UNPAID_ADDRESS_HOURS = 24
PHONE_CODE_MINUTES = 10
PHONE_CODE_TRIES = 5
PHONE_CODES_PER_PHONE_HOUR = 5
PHONE_CODES_PER_PHONE_DAY = 15
PHONE_CODES_PER_DEVICE_HOUR = 10  # a browser's, or a paired phone's at a counter
PHONE_CODES_PER_ADDRESS_HOUR = 30
PACKING_HOURS = 4  # a seller has this long before goods can be dropped at the stop
SIGN_IN_TRIES = 10  # wrong passwords of one account from one address within SIGN_IN_WAIT_SECONDS
SIGN_IN_TRIES_EVERYWHERE = 100
SIGN_IN_TRIES_PER_ADDRESS = 100
SIGN_IN_WAIT_SECONDS = 900
PAYMENT_HOLD_MINUTES = 30
PAYMENT_QR_MINUTES = 10  # the platform's QR waits so long at a counter; then it is cancelled
PAYMENT_UNSPENT_MINUTES = 30  # what was paid by it is refunded when nothing was handed over for it until then
COMMISSION_PERMILLE = 20  # platform's share of what is collected, in thousandths
COLLECT_WITHIN_HOURS = {"AMBIENT": 168, "CHILLED": 24, "FROZEN": 48}
POINT_FEN_PER_PARCEL = 30  # what a point earns, paid by the commission: for a parcel handed over,
POINT_SAMPLE_PERMILLE = 5  # in thousandths of what its samples sold,
POINT_FEN_PER_PROXY_ORDER = 50  # and for an order placed for somebody and collected
SAMPLES_PER_POINT = 20  # on display at once
SAMPLE_COUNTS_DAYS = 3  # a browser that came by a sample's QR counts for it so long
MAX_PROXY_ORDERS_PER_DAY = 30  # of one operator, for others
OPERATOR_CASH_CAP_FEN = 500_000  # that an operator holds before it has to be counted and signed off
REMIND_HOURS_BEFORE = {"AMBIENT": (96, 24), "CHILLED": (8,), "FROZEN": (24,)}  # it is due, the first one first
REMIND_BETWEEN_HOURS = (8, 21)  # of the day in Beijing
EXTEND_BY_HOURS = {"AMBIENT": 72, "FROZEN": 24}  # once, when the buyer asks; chilled goods do not keep
WRITE_OFF_WITHIN_HOURS = 48  # an operator confirms it; after that the sweep writes off by itself
OFFLINE_GRACE_HOURS = 24  # what a phone had offline and did not give back expires so long after, if it says nothing
RETURN_WITHIN_DAYS = 14  # goods are back at the seller's; after that they count as lost
# Who bears goods that are written off at a point, and those that are lost on the way back: SELLER or PLATFORM.
WRITE_OFF_BEARER = {"WRITTEN_OFF": "SELLER", "LOST": "PLATFORM"}
CLAIM_DURABLE_HOURS = 168  # to claim goods that keep, without a reason too (消费者权益保护法 article 25)
CLAIM_FRESH_HOURS = 48  # to claim fresh goods, with a photo
FRESH_STORAGE_CLASSES = ("CHILLED", "FROZEN")
FRESH_CATEGORIES = ("水果", "蔬菜")  # whatever their storage class
CLAIM_ANSWER_HOURS = 24  # the seller's; then staff decide
CLAIM_BUYER_HOURS = 72  # to say yes or no to the answer; then it stands
CLAIM_STAFF_HOURS = 168  # then the buyer is right
CLAIM_BRING_DAYS = 7  # the goods, to the counter
# Goods measured beyond these (°C, least and most) are flagged. GB/T 24616-2019 calls chilled what is kept below 8 °C
# and above freezing, frozen what is kept at −18 °C or below; three degrees are left for doors that open on the way.
TEMPERATURE_LIMITS_C = {"CHILLED": (0, 8), "FROZEN": (None, -15)}
PROMISE_RESERVE_CRATES = 2  # of each departure, that are not promised: several ask before the first is routed
DEPARTURE_HORIZON_DAYS = 10
ROUTING_LEASE_SECONDS = 8  # with the sweep every 5 s, what a killed worker held is taken up again within 15 s
ROUTING_BATCH = 200
READER_LAG_ALLOWED = 10_000  # events that a reader may be behind before O2 speaks
MAP_REVIEW_NUMBER = env.text("MAP_REVIEW_NUMBER")

ELASTICSEARCH_URL = env.text("ELASTICSEARCH_URL")
SEARCH_ENGINE = "catalogue.search.elasticsearch.Engine" if ELASTICSEARCH_URL else "catalogue.search.embedded.Engine"
SEARCH_INDEX = "listings"  # its name in Elasticsearch
SEARCH_INDEX_DIR = DATA_DIR / "search"
STRIPE_API_BASE = env.text("STRIPE_API_BASE")
STRIPE_SECRET_KEY = env.text("STRIPE_SECRET_KEY")
STRIPE_WEBHOOK_SECRET = env.text("STRIPE_WEBHOOK_SECRET")
SMS_GATEWAY_URL = env.text("SMS_GATEWAY_URL")
SMS_GATEWAY_KEY = env.text("SMS_GATEWAY_KEY")
EMAIL_URL = env.text("EMAIL_URL")
EMAIL_FROM = env.text("EMAIL_FROM", "xiangpin@localhost")
if EMAIL_URL:
    vars().update(env.email(EMAIL_URL))

# Adaptors of the demonstration; production settings refuse each of them.
MOVABLE_CLOCK = False
DEMO_MESSAGES_PAGE = False
DEMO_PAYMENTS = False
DEMO_ACCOUNTS = False

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "loggers": {"stripe": {"level": "WARNING"}},  # it tells of every call
    "root": {"handlers": ["console"], "level": env.text("LOG_LEVEL", "INFO")},
}

IGNORABLE_404_URLS = [re.compile(r"^/favicon\.ico$")]
