"""What key performance indicators and their ratings look like in the API; for the schema and for answers."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from procurement.actions.indicators import NAME_LENGTH
from procurement.indicators import MOST
from procurement.models import Indicator, IndicatorRating
from procurement.profiles import NOTE_LENGTH


class RatingSerializer(serializers.Serializer[Any]):
    """How a contract performed by an indicator, for the period that the notice of that key is about."""

    notice = serializers.CharField(help_text="The key of the notice within its contract, such as `uk9-1`.")
    first_day = serializers.DateField()
    last_day = serializers.DateField()
    rating = serializers.ChoiceField(choices=IndicatorRating.Rating.choices)
    note = serializers.CharField(allow_blank=True)
    assessed_at = serializers.DateTimeField()

    def to_representation(self, row: IndicatorRating) -> dict[str, Any]:
        return {
            "notice": row.key,
            "first_day": row.first_day,
            "last_day": row.last_day,
            "rating": row.rating,
            "note": row.note,
            "assessed_at": row.assessed_at,
        }


class IndicatorSerializer(serializers.Serializer[Any]):
    """A key performance indicator: its place from 1, what counts as met, and its ratings, the oldest first."""

    position = serializers.IntegerField(min_value=1)
    name = serializers.CharField()
    target = serializers.CharField()
    ratings = RatingSerializer(many=True)

    def to_representation(self, row: Indicator) -> dict[str, Any]:
        return {
            "position": row.position,
            "name": row.name,
            "target": row.target,
            "ratings": RatingSerializer(row.ratings.all(), many=True).data,
        }


class NewIndicatorSerializer(serializers.Serializer[Any]):
    """An indicator as it is set."""

    name = serializers.CharField(max_length=NAME_LENGTH)
    target = serializers.CharField(max_length=NOTE_LENGTH, help_text="What counts as met.")


class IndicatorsSerializer(serializers.Serializer[Any]):
    """All of a contract's indicators, in their order, or why it has none."""

    indicators = serializers.ListField(child=NewIndicatorSerializer(), max_length=MOST, required=False)
    no_indicators = serializers.CharField(
        max_length=NOTE_LENGTH,
        required=False,
        allow_blank=True,
        allow_null=True,
        help_text="Why performance could not be assessed by any.",
    )


class NewRatingSerializer(serializers.Serializer[Any]):
    """The rating of one indicator, by its place."""

    position = serializers.IntegerField(min_value=1)
    rating = serializers.ChoiceField(choices=IndicatorRating.Rating.choices)
    note = serializers.CharField(
        max_length=NOTE_LENGTH,
        required=False,
        allow_blank=True,
        help_text="Needed with `requires_improvement`, `inadequate` and `other`.",
    )


class AssessmentOfContractSerializer(serializers.Serializer[Any]):
    """The ratings of every indicator for the period that a notice is about."""

    notice = serializers.CharField(help_text="The key of a notice of performance, such as `uk9-1`.")
    ratings = serializers.ListField(child=NewRatingSerializer(), max_length=MOST)
