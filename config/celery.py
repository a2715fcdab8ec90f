"""The Celery application: tasks are nudges, sweeps are the promise."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.embedded")

app = Celery("xiangpin")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
