"""Registers the domain with Django."""

from importlib import import_module

from django.apps import AppConfig


class ProcurementConfig(AppConfig):
    name = "procurement"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        # Connects the receiver that hands queued operations to a worker.
        import_module("procurement.tasks")
