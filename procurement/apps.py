"""Registers the domain with Django."""

from importlib import import_module

from django.apps import AppConfig
from django.db import connections
from django.db.models.signals import post_migrate, pre_migrate

MIGRATION_LOCK_SECONDS = 5
"""A migration that cannot have a table within this gives up, to be run again: whoever queues for a table
holds up everybody behind it.
"""


class ProcurementConfig(AppConfig):
    name = "procurement"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        # Connect the receivers that hand queued operations to a worker and fill the outbox.
        import_module("procurement.tasks")
        import_module("procurement.receivers")
        pre_migrate.connect(limit_waiting, dispatch_uid="procurement.limit_waiting")
        post_migrate.connect(wait_as_before, dispatch_uid="procurement.wait_as_before")


def limit_waiting(using: str, **_: object) -> None:
    """Before a migration; SQLite has one lock and a limit of its own."""
    _set(using, f"SET lock_timeout = '{MIGRATION_LOCK_SECONDS}s'")


def wait_as_before(using: str, **_: object) -> None:
    """After it."""
    _set(using, "RESET lock_timeout")


def _set(using: str, statement: str) -> None:
    if connections[using].vendor == "postgresql":
        with connections[using].cursor() as cursor:
            cursor.execute(statement)
