"""Operators' view of the domain in Django's admin: everything is read here, and changed through actions alone."""

from __future__ import annotations

from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest

from procurement import models


class ReadOnly(admin.ModelAdmin):  # type: ignore[type-arg]  # not subscriptable when run
    """Shows rows without offering to change them, so that no change escapes its action and its event."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


class Searchable(ReadOnly):
    """Rows that are looked up by their reference."""

    search_fields = ("reference",)


class EventAdmin(ReadOnly):
    list_display = ("position", "type", "subject", "actor", "at")
    list_filter = ("type",)
    search_fields = ("subject",)
    ordering = ("-position",)


for model in (
    models.Organisation,
    models.Framework,
    models.Lot,
    models.Specialism,
    models.Partner,
    models.Supplier,
    models.Appointment,
    models.RateCard,
    models.Operation,
):
    admin.site.register(model, Searchable)
admin.site.register(models.Event, EventAdmin)
