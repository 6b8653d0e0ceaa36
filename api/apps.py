"""The REST API as a Django app: it keeps one table of its own, the idempotency store."""

from __future__ import annotations

from importlib import import_module

from django.apps import AppConfig


class ApiConfig(AppConfig):
    name = "api"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        # The schema's extension registers itself on import.
        import_module("api.schema")
