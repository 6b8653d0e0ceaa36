"""The REST API as a Django app. It keeps nothing itself: the table that its first migration made (answers to requests
that may come twice) is the domain's now.

Nothing of it is loaded at the start: a worker, the clock and a command have no use for it. The schema's extension
registers itself when the addresses are loaded, whose views bear what the schema says of them.
"""

from __future__ import annotations

from django.apps import AppConfig


class ApiConfig(AppConfig):
    name = "api"
    default_auto_field = "django.db.models.BigAutoField"
