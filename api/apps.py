"""The REST API as a Django app: it keeps one table of its own, the idempotency store.

Nothing of it is loaded at the start but its models: a worker, the clock and a command have no use for the rest. The
schema's extension registers itself when the addresses are loaded, whose views bear what the schema says of them.
"""

from __future__ import annotations

from django.apps import AppConfig


class ApiConfig(AppConfig):
    name = "api"
    default_auto_field = "django.db.models.BigAutoField"
