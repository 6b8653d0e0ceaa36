"""Puts the packages together: settings, addresses, the web entry point and the queue."""

from config.celery import app as celery_app

__all__ = ["celery_app"]
