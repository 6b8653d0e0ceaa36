"""The queue: finds every app's tasks.py and takes the settings that begin with CELERY_."""

import os

from celery import Celery
from celery.signals import setup_logging
from django.conf import settings
from django_structlog.celery.steps import DjangoStructLogInitStep

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

app = Celery("calloff")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
app.steps["worker"].add(DjangoStructLogInitStep)


@setup_logging.connect
def keep_our_logging(**_: object) -> None:
    """Listening to this signal tells Celery to leave the logging of settings.py alone."""
    assert settings.LOGGING
