"""What a search of listings answers, for the schema: the answer itself is put together from bytes in
listings.py.
"""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from api.v1.shapes import FICTIONAL, Named, NamedLot
from procurement.models import Framework, RateCard, Region, Supplier
from procurement.vocabulary import ACCREDITATIONS, OWNERSHIP, SECTORS, SIZES, WORK_TYPES
from search.fields import FILTERS, TEXT_FIELDS
from search.notes import CODES

CORRECTED = (
    "The question with each word that stands nowhere replaced by the nearest one, which was looked for too. "
    "Null: there is nothing to correct."
)
AMOUNT = r"^\d+\.\d{2}$"


class ListingFramework(Named):
    """The framework of a listing; `status` is as of today."""

    number = serializers.CharField()
    status = serializers.ChoiceField(choices=Framework.Status.choices)
    starts_on = serializers.DateField()
    ends_on = serializers.DateField()
    region_scheme = serializers.ChoiceField(choices=Region.Scheme.choices)
    fictional = serializers.BooleanField()


class ListingSupplier(Named):
    """The supplier through which the partner is reached."""

    form = serializers.ChoiceField(choices=Supplier.Form.choices)


class ListingLot(NamedLot):
    """A lot of a listing."""

    quality_marks = serializers.ListField(child=serializers.CharField())
    specialisms_stated = serializers.BooleanField(
        help_text="False: which specialisms it offers on this lot is not stated; it may be any or none of them."
    )


class ListingSpecialism(Named):
    """A specialism of a listing."""

    number = serializers.CharField()


class ListingCaseStudy(serializers.Serializer[Any]):
    """A case study, named; its text stands with the partner."""

    key = serializers.CharField()
    title = serializers.CharField()


class ListingRateLine(serializers.Serializer[Any]):
    """The ceiling for one grade. A null lot means every lot."""

    lot = serializers.CharField(allow_null=True)
    grade = serializers.CharField()
    name = serializers.CharField()
    rank = serializers.IntegerField(min_value=1)
    work_type = serializers.ChoiceField(choices=list(WORK_TYPES.items()), allow_null=True)
    amount = serializers.RegexField(AMOUNT)


class ListingRates(serializers.Serializer[Any]):
    """The supplier's shared rate card for this listing's lots: ceilings, VAT excluded. `lines` are those in force."""

    card = serializers.CharField()
    version = serializers.IntegerField(min_value=1)
    currency = serializers.CharField()
    unit = serializers.ChoiceField(choices=RateCard.Unit.choices)
    basis = serializers.ChoiceField(
        choices=RateCard.Basis.choices, help_text="Illustrative: not the real rates."
    )
    vat = serializers.ChoiceField(choices=["excluded"])
    valid_from = serializers.DateField(allow_null=True)
    valid_to = serializers.DateField(allow_null=True)
    lines = ListingRateLine(many=True)


class RatesNotInForce(serializers.Serializer[Any]):
    """The supplier's card where it holds on no day around the listing's own: today, or the framework's last day once it
    is over.
    """

    card = serializers.CharField()
    ended_on = serializers.DateField(
        allow_null=True, help_text="The last day on which it has held; null: none."
    )
    begins_on = serializers.DateField(
        allow_null=True, help_text="The first day on which it will; null: not known."
    )


class Listing(serializers.Serializer[Any]):
    """One partner within one supplier on one framework."""

    reference = serializers.CharField()
    partner = Named()
    supplier = ListingSupplier()
    lead = Named()
    framework = ListingFramework()
    lots = ListingLot(many=True)
    specialisms = ListingSpecialism(many=True)
    specialisms_stated = serializers.BooleanField(
        help_text="True: every lot of the listing states its specialisms. False: at least one does not; "
        "`specialisms` are those of the other lots, if any."
    )
    regions = serializers.ListField(child=serializers.CharField())
    fictional = serializers.BooleanField(help_text=FICTIONAL)
    summary = serializers.CharField(allow_blank=True)
    ownership = serializers.ChoiceField(choices=list(OWNERSHIP.items()))
    size = serializers.ChoiceField(choices=list(SIZES.items()))
    sectors = serializers.ListField(child=serializers.ChoiceField(choices=list(SECTORS.items())))
    accreditations = serializers.ListField(
        child=serializers.ChoiceField(choices=list(ACCREDITATIONS.items()))
    )
    case_studies = ListingCaseStudy(many=True)
    profile_version = serializers.IntegerField(min_value=1)
    confirmed_on = serializers.DateField(
        allow_null=True,
        help_text="When the firm itself last stood by its profile. Null: it has not, others entered what stands here.",
    )
    rates = ListingRates(allow_null=True)
    rates_not_in_force = RatesNotInForce(
        allow_null=True, help_text="Why `rates` are null although there is a card; null where there is none."
    )


class HitRateSerializer(serializers.Serializer[Any]):
    """The lowest rate of the grade asked for, and the line that it stands on. A card in another unit than the
    framework's, or in another currency than pounds, has none: it stands in `rates`.
    """

    grade = serializers.CharField(help_text="Its code in capitals, however the card writes it.")
    amount = serializers.RegexField(AMOUNT)
    currency = serializers.CharField()
    unit = serializers.ChoiceField(choices=RateCard.Unit.choices)
    basis = serializers.ChoiceField(choices=RateCard.Basis.choices)
    vat = serializers.ChoiceField(choices=["excluded"])
    lot = serializers.CharField(allow_null=True)
    work_type = serializers.ChoiceField(choices=list(WORK_TYPES.items()), allow_null=True)


class HighlightSerializer(serializers.Serializer[Any]):
    """A passage that matched: escaped HTML with `<mark>`. `part` tells several texts of one field apart."""

    field = serializers.ChoiceField(choices=[field.name for field in TEXT_FIELDS])
    part = serializers.CharField(allow_blank=True)
    html = serializers.CharField()


class ReasonSerializer(serializers.Serializer[Any]):
    """One part of the score: what these words, found in this field, added."""

    field = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]
    words = serializers.ListField(child=serializers.CharField())
    score = serializers.FloatField()


class ListingHit(Listing):
    """A listing that was found, and why. The parts in `why` sum to the score."""

    matched_specialisms = serializers.ListField(child=serializers.CharField())
    rate = HitRateSerializer(allow_null=True)
    highlights = HighlightSerializer(many=True)
    score = serializers.FloatField()
    why = ReasonSerializer(many=True)


class FacetValueSerializer(serializers.Serializer[Any]):
    """One value and how many listings it would leave."""

    value = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]
    count = serializers.IntegerField(min_value=0)
    selected = serializers.BooleanField()


class FacetSerializer(serializers.Serializer[Any]):
    """Counts that ignore the facet's own filter. `other` is how many values are not shown."""

    label = serializers.CharField()  # type: ignore[assignment]
    values = FacetValueSerializer(many=True)
    other = serializers.IntegerField(min_value=0)


Facets = type(
    "Facets",
    (serializers.Serializer,),
    {field.name: FacetSerializer(label=field.label, required=False) for field in FILTERS}
    | {"__doc__": "Each facet by name.", "__module__": __name__},
)


class Freshness(serializers.Serializer[Any]):
    """How current the index is: the last event applied, and when no event was waiting."""

    generation = serializers.IntegerField(min_value=0)
    position = serializers.IntegerField(allow_null=True)
    applied_at = serializers.DateTimeField(allow_null=True)
    caught_up_at = serializers.DateTimeField(allow_null=True)


class NoteSerializer(serializers.Serializer[Any]):
    """Why the question could find nothing: its words are too common to search by, it holds no word, or one of its
    beginnings (`v*`) is too short; nobody is listed, or no rate held, under a framework, lot or specialism that there
    is; a lot does not have the grade; or what would be found is not in force.
    """

    code = serializers.ChoiceField(choices=CODES)
    detail = serializers.CharField()


class ListingPage(serializers.Serializer[Any]):
    """A page of what was found. `after` is the cursor of the next page, null on the last."""

    count = serializers.IntegerField(min_value=0)
    next = serializers.URLField(allow_null=True)
    previous = serializers.URLField(allow_null=True)
    after = serializers.CharField(allow_null=True)
    seed = serializers.IntegerField(min_value=0)
    did_you_mean = serializers.CharField(allow_null=True, help_text=CORRECTED)
    notes = NoteSerializer(many=True)
    index = Freshness()
    facets = Facets()
    results = ListingHit(many=True)


class SuggestionSerializer(serializers.Serializer[Any]):
    """A partner, specialism or lot whose name begins as typed."""

    kind = serializers.ChoiceField(choices=["partner", "specialism", "lot"])
    reference = serializers.CharField()
    name = serializers.CharField()
    framework = serializers.CharField(allow_null=True)
    framework_number = serializers.CharField(allow_null=True)


class Suggestions(serializers.Serializer[Any]):
    """What may be meant, the likeliest first."""

    results = SuggestionSerializer(many=True)
