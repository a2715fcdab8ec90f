"""The Celery application: tasks are nudges, sweeps are the promise."""

import os

from celery import Celery
from kombu.transport import TRANSPORT_ALIASES

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.embedded")

# "filesystem://" is our transport: kombu's own lets a worker read a message before it is written.
TRANSPORT_ALIASES["filesystem"] = "core.broker:Transport"

app = Celery("xiangpin")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
