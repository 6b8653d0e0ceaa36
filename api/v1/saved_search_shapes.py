"""What a saved search looks like in the API; procurement/actions/saved_searches.py reads what is sent."""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from rest_framework import serializers

from api.v1.shapes import Named
from procurement.models import SavedSearch
from procurement.models.base import REFERENCE_LENGTH
from procurement.profiles import NAME_LENGTH
from search.saved_query import QUERY_LENGTH


class SavedSearchChangesSerializer(serializers.Serializer[Any]):
    """What may be changed of a saved search; what is not sent stays."""

    title = serializers.CharField(max_length=NAME_LENGTH, required=False)
    query = serializers.CharField(
        max_length=QUERY_LENGTH,
        allow_blank=True,
        required=False,
        help_text="The query string of `/api/v1/listings/`; `page`, `page_size`, `after` and `seed` are left out.",
    )
    alerts = serializers.ChoiceField(choices=SavedSearch.Alerts.choices, required=False)
    frequency = serializers.ChoiceField(
        choices=SavedSearch.Frequency.choices,
        required=False,
        help_text="At once, or daily at 07:00 in London on working days.",
    )


class NewSavedSearchSerializer(SavedSearchChangesSerializer):
    """A search to keep. `organisation` is needed by who acts for several buyers."""

    title = serializers.CharField(max_length=NAME_LENGTH)
    query = serializers.CharField(
        max_length=QUERY_LENGTH, allow_blank=True, help_text="The query string of `/api/v1/listings/`."
    )
    organisation = serializers.CharField(max_length=REFERENCE_LENGTH, required=False)


class SavedSearchSerializer(serializers.Serializer[Any]):
    """A saved search. `query` is in canonical form: equal for all that asks the same."""

    reference = serializers.CharField()
    organisation = Named()
    owner = serializers.CharField(
        allow_null=True,
        help_text="Who gets the e-mails, by an opaque reference; null: nobody, events alone tell.",
    )
    title = serializers.CharField()
    query = serializers.CharField()
    alerts = serializers.ChoiceField(choices=SavedSearch.Alerts.choices)
    frequency = serializers.ChoiceField(choices=SavedSearch.Frequency.choices)
    status = serializers.ChoiceField(choices=SavedSearch.Status.choices)
    found = serializers.IntegerField(min_value=0, help_text="How many listings it found when last looked at.")
    results = serializers.CharField(help_text="The address that runs it.")
    created_at = serializers.DateTimeField()
    last_told_at = serializers.DateTimeField(allow_null=True)

    def to_representation(self, row: Any) -> dict[str, Any]:
        return {
            "reference": row.reference,
            "organisation": {"reference": row.organisation.reference, "name": row.organisation.name},
            "owner": row.owner.reference if row.owner else None,
            "title": row.title,
            "query": row.query,
            "alerts": row.alerts,
            "frequency": row.frequency,
            "status": row.status,
            "found": row.found,
            "results": reverse("api:saved-search-results", args=[row.reference]),
            "created_at": row.created_at,
            "last_told_at": row.last_told_at,
        }
