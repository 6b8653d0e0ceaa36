"""Registers the search with Django and lets it hear of events."""

from importlib import import_module

from django.apps import AppConfig


class SearchConfig(AppConfig):
    name = "search"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        import_module("search.receivers")
