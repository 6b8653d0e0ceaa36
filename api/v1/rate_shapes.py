"""What the rate explorer answers, for the schema: the answer itself is put together from bytes in
rates.py.
"""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from api.v1.listing_shapes import AMOUNT, CORRECTED, Freshness, NoteSerializer
from api.v1.shapes import FICTIONAL_SUPPLIER, Named, NamedLot
from procurement.models import RateCard
from procurement.pricing import PERCENTILES
from procurement.vocabulary import QUALIFICATIONS, RATE_SIZES, SITES, WORK_TYPES
from search.rate_query import SORTS


class RateGrade(serializers.Serializer[Any]):
    """The grade that a line is for; rank 1 is the lowest."""

    code = serializers.CharField()
    name = serializers.CharField()
    rank = serializers.IntegerField(min_value=1)


class RateFramework(serializers.Serializer[Any]):
    """The framework that a line is under."""

    reference = serializers.CharField()
    number = serializers.CharField()


class StatedOfRate(serializers.Serializer[Any]):
    """What the card says itself of a line; null where it says nothing."""

    key = serializers.CharField(help_text="Names the line within its card, also in an import.")
    lot = serializers.CharField(allow_null=True, help_text="The line's one lot; null: all of its supplier's.")
    qualification = serializers.CharField(
        allow_null=True, help_text="The card's own words, where they say more than the level."
    )
    size = serializers.CharField(allow_null=True)
    valid_from = serializers.DateField(allow_null=True)
    valid_to = serializers.DateField(
        allow_null=True, help_text="Also the day before the card's next version begins."
    )


class Rate(serializers.Serializer[Any]):
    """One line of a rate card: a ceiling, VAT excluded. Null means unknown, never none; no lots mean that
    they are not stated.
    """

    reference = serializers.CharField(help_text="Takes the line out of the question with `exclude`.")
    role_title = serializers.CharField(allow_null=True)
    grade = RateGrade(allow_null=True)
    amount = serializers.RegexField(AMOUNT)
    currency = serializers.CharField()
    unit = serializers.ChoiceField(choices=RateCard.Unit.choices)
    vat = serializers.ChoiceField(choices=["excluded"])
    basis = serializers.ChoiceField(
        choices=RateCard.Basis.choices, help_text="Illustrative: not a real rate."
    )
    fictional = serializers.BooleanField(help_text=FICTIONAL_SUPPLIER)
    supplier = Named()
    framework = RateFramework()
    lots = NamedLot(many=True)
    work_type = serializers.ChoiceField(choices=list(WORK_TYPES.items()), allow_null=True)
    min_experience = serializers.IntegerField(allow_null=True, help_text="Years.")
    max_experience = serializers.IntegerField(allow_null=True, help_text="Years.")
    qualification = serializers.ChoiceField(choices=list(QUALIFICATIONS.items()), allow_null=True)
    qualification_label = serializers.CharField(allow_null=True)
    site = serializers.ChoiceField(choices=list(SITES.items()), allow_null=True)
    site_label = serializers.CharField(allow_null=True)
    size = serializers.ChoiceField(
        choices=list(RATE_SIZES.items()),
        help_text="As the card states it, else as the lead's profile does. `not-stated`: neither does.",
    )
    card = serializers.CharField()
    version = serializers.IntegerField(min_value=1)
    valid_from = serializers.DateField(allow_null=True)
    valid_to = serializers.DateField(allow_null=True)
    stated = StatedOfRate()


class BinSerializer(serializers.Serializer[Any]):
    """`from` <= price < `to`; the last bin holds `to` too."""

    to = serializers.RegexField(AMOUNT)
    count = serializers.IntegerField(min_value=0)

    def get_fields(self) -> dict[str, Any]:
        return {"from": serializers.RegexField(AMOUNT), **super().get_fields()}


class Percentiles(serializers.Serializer[Any]):
    """Prices that occur, by nearest rank."""

    def get_fields(self) -> dict[str, Any]:
        return {str(percentile): serializers.RegexField(AMOUNT) for percentile in PERCENTILES}


class Statistics(serializers.Serializer[Any]):
    """Over every line found that counts; mean and deviation (of the population) are rounded to pence."""

    count = serializers.IntegerField(min_value=1)
    minimum = serializers.RegexField(AMOUNT)
    maximum = serializers.RegexField(AMOUNT)
    mean = serializers.RegexField(AMOUNT)
    standard_deviation = serializers.RegexField(AMOUNT)
    percentiles = Percentiles()
    histogram = BinSerializer(many=True)
    exact = serializers.BooleanField(help_text="False: percentiles are within one per cent.")


class Proposed(serializers.Serializer[Any]):
    """Where the proposed price stands among those that count."""

    amount = serializers.RegexField(AMOUNT)
    below = serializers.IntegerField(min_value=0)
    equal = serializers.IntegerField(min_value=0)
    above = serializers.IntegerField(min_value=0)
    percentile = serializers.FloatField(min_value=0, max_value=100)
    deviations = serializers.FloatField(
        allow_null=True, help_text="From the mean; null where prices are equal."
    )


class RatePage(serializers.Serializer[Any]):
    """A page of rate lines with statistics over everything found. `after` is the cursor of the next page."""

    count = serializers.IntegerField(min_value=0)
    next = serializers.URLField(allow_null=True)
    previous = serializers.URLField(allow_null=True)
    after = serializers.CharField(allow_null=True)
    currency = serializers.CharField()
    unit = serializers.ChoiceField(choices=RateCard.Unit.choices)
    vat = serializers.ChoiceField(choices=["excluded"])
    as_of = serializers.DateField(help_text="The day on which the cards are in force.")
    include_expired = serializers.BooleanField()
    sort = serializers.ChoiceField(choices=list(SORTS))
    seed = serializers.IntegerField(min_value=0)
    statistics = Statistics(allow_null=True)
    proposed = Proposed(allow_null=True)
    illustrative_left_out = serializers.IntegerField(
        min_value=0, help_text="Lines found that the statistics leave out: their cards are not real."
    )
    unknown_experience_left_out = serializers.IntegerField(
        min_value=0, help_text="Lines left out because they state no experience."
    )
    did_you_mean = serializers.CharField(allow_null=True, help_text=CORRECTED)
    notes = NoteSerializer(many=True)
    caveat = serializers.CharField()
    index = Freshness()
    results = Rate(many=True)


class RoleSerializer(serializers.Serializer[Any]):
    """A role title or grade, and how many lines in force bear it."""

    title = serializers.CharField()
    count = serializers.IntegerField(min_value=1)


class Roles(serializers.Serializer[Any]):
    """Titles that begin as typed, the most frequent first."""

    results = RoleSerializer(many=True)
