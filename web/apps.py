"""Registers web, the pages, with Django."""

from importlib import import_module

from django.apps import AppConfig


class WebConfig(AppConfig):
    name = "web"

    def ready(self) -> None:
        import_module("web.receivers")
