"""What a match looks like in the API: how to ask for one, and every field of its answer.

For the schema, and for reading how to rank; search/answers.py makes the answer.
"""

from __future__ import annotations

from typing import Any, Final

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from api.bodies import Body
from api.v1.requirement_shapes import RequirementContentSerializer
from api.v1.shapes import FICTIONAL, Named, NamedFramework, NamedLot
from api.v1.team_shapes import PricedLineShape
from procurement.models import RateCard
from procurement.models.base import REFERENCE_LENGTH
from search.matching import LARGEST_PAGE
from search.ranks import BOUNDS, MODES, WEIGHTS
from search.ties import SEEDS

AMOUNT: Final = r"^\d+\.\d{2}$"
FICTIONAL_MATCHED: Final = f"{FICTIONAL} Answers that were kept before this was told lack it."


class WeightsBody(Body):
    """What each part of the score weighs; one that is not sent weighs what it usually does."""

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        return {
            part: serializers.IntegerField(
                min_value=least, max_value=most, required=False, help_text=f"{WEIGHTS[part]} unless sent."
            )
            for part, (least, most) in BOUNDS.items()
        }


@extend_schema_field(RequirementContentSerializer)
class NeedField(serializers.DictField):
    """A need as it is sent: procurement/requirements.py reads it, fault by fault."""


class MatchBody(Body):
    """A need to match: a kept requirement, or the need itself."""

    requirement = serializers.CharField(
        max_length=REFERENCE_LENGTH, required=False, help_text="A kept requirement, such as REQ-2026-0001."
    )
    need = NeedField(required=False)
    mode = serializers.ChoiceField(choices=list(MODES.items()), required=False)
    weights = WeightsBody(required=False, help_text="Of the mode `balanced`, and what breaks ties in others.")
    seed = serializers.IntegerField(
        min_value=0, max_value=SEEDS - 1, required=False, help_text="Which fair order equals stand in."
    )
    size = serializers.IntegerField(
        min_value=1,
        max_value=LARGEST_PAGE,
        required=False,
        help_text="How many results are told; 20 unless sent.",
    )
    keep = serializers.BooleanField(
        required=False,
        help_text="Whether it is kept as run. Yes for whoever is signed in, unless sent; nobody else can.",
    )
    organisation = serializers.CharField(
        max_length=REFERENCE_LENGTH, required=False, help_text="Needed by who acts for several buyers."
    )


class NeededShape(serializers.Serializer[Any]):
    """A specialism in a region; null means any."""

    specialism = Named(allow_null=True)
    region = Named(allow_null=True, help_text="`reference` is the region's code.")


class RulePair(NeededShape):
    """A must-have that a listing certainly lacks."""

    rule = serializers.ChoiceField(choices=["must_have"])


class CountedRule(RulePair):
    count = serializers.IntegerField(min_value=0, help_text="How many listings it rules out.")


class FittingShape(serializers.Serializer[Any]):
    """A specialism whose name fits the need, with the need's words that stand in it."""

    reference = serializers.CharField()
    name = serializers.CharField()
    words = serializers.ListField(child=serializers.CharField())


class SuggestedShape(FittingShape):
    score = serializers.FloatField(min_value=0)


class RecommendedLotShape(serializers.Serializer[Any]):
    """A lot that fits, and the specialisms for which it does."""

    reference = serializers.CharField()
    number = serializers.CharField()
    name = serializers.CharField()
    framework = serializers.CharField()
    score = serializers.FloatField(min_value=0)
    because = FittingShape(many=True)


class CoverageShape(serializers.Serializer[Any]):
    """What is asked for and met. Who does not state its specialisms on a lot is neither met nor missing."""

    asked = serializers.IntegerField(min_value=1)
    met = serializers.IntegerField(min_value=0)
    told = serializers.CharField(help_text="In words: `4 of 5, missing …`.")
    missing = NeededShape(many=True)
    not_stated = NeededShape(many=True)


class RegionFitShape(serializers.Serializer[Any]):
    """How a region that is asked for is served: of all that is asked for there so much is met, so much not stated."""

    region = Named(help_text="`reference` is the region's code.")
    asked = serializers.IntegerField(min_value=1)
    met = serializers.IntegerField(min_value=0)
    not_stated = serializers.IntegerField(min_value=0)


class TermShape(serializers.Serializer[Any]):
    """A word of the need that the listing holds; `adds` is what its text's score would lack without it."""

    word = serializers.CharField()
    adds = serializers.FloatField()


class TextShape(serializers.Serializer[Any]):
    """How well its texts answer: by words, by meaning (both from 0, unbounded), and by which words."""

    words = serializers.FloatField(min_value=0)
    meaning = serializers.FloatField(min_value=0)
    terms = TermShape(many=True)


class EvidenceShape(serializers.Serializer[Any]):
    """A sentence that answers the need. `part` is a case study's key or a specialism's reference."""

    field = serializers.ChoiceField(choices=["summary", "specialisms", "evidence"])
    part = serializers.CharField(allow_blank=True)
    title = serializers.CharField(allow_blank=True)
    sentence = serializers.CharField()
    alike = serializers.FloatField(allow_null=True, help_text="Its likeness to the need, 0 to 1.")
    adds = serializers.FloatField(help_text="What the text's score would lack without it.")


class MatchPriceShape(serializers.Serializer[Any]):
    """What the team costs on the supplier's card, VAT excluded, and where that stands among all suppliers' cards of
    the same currency, unit and basis. `because` says why there is no price.
    """

    total = serializers.RegexField(AMOUNT, allow_null=True)
    currency = serializers.CharField(allow_null=True)
    vat = serializers.ChoiceField(choices=["excluded"])
    card = serializers.CharField(allow_null=True)
    version = serializers.IntegerField(allow_null=True)
    basis = serializers.ChoiceField(choices=RateCard.Basis.choices, allow_null=True)
    percentile = serializers.FloatField(
        allow_null=True, help_text="The share of suppliers, in per cent, whose team costs as much or less."
    )
    among = serializers.IntegerField(min_value=0)
    budget = serializers.ChoiceField(choices=["within", "above"], allow_null=True)
    because = serializers.CharField(allow_blank=True)
    lines = PricedLineShape(
        many=True,
        required=False,
        help_text="Of a team that names roles: which lines of the card it was priced by.",
    )


class MatchResultShape(serializers.Serializer[Any]):
    """A listing in its place. `parts` are from 0 to 1 and make `score` by their weights."""

    rank = serializers.IntegerField(min_value=1)
    reference = serializers.CharField()
    partner = Named()
    supplier = serializers.DictField()
    lead = Named()
    fictional = serializers.BooleanField(required=False, help_text=FICTIONAL_MATCHED)
    framework = NamedFramework()
    lots = NamedLot(many=True)
    score = serializers.FloatField(min_value=0, max_value=1)
    parts = serializers.DictField(child=serializers.FloatField())
    coverage = CoverageShape(allow_null=True)
    regions = RegionFitShape(many=True)
    text = TextShape()
    evidence = EvidenceShape(many=True)
    price = MatchPriceShape(allow_null=True)
    preferences = serializers.DictField(child=serializers.BooleanField())
    confirmed_on = serializers.DateField(allow_null=True)


class RuledOutShape(serializers.Serializer[Any]):
    """A listing that lacks a must-have, with each one that it lacks."""

    reference = serializers.CharField()
    partner = Named()
    supplier = serializers.DictField()
    fictional = serializers.BooleanField(required=False, help_text=FICTIONAL_MATCHED)
    rules = RulePair(many=True)


class ModelShape(serializers.Serializer[Any]):
    """The model of meaning."""

    name = serializers.CharField()
    digest = serializers.CharField()


class ReadIndexShape(serializers.Serializer[Any]):
    """The state of the index that was read."""

    generation = serializers.IntegerField(min_value=0)
    caught_up_at = serializers.DateTimeField(allow_null=True)


class AnswerShape(serializers.Serializer[Any]):
    """A need answered. `eligible` is how many listings could be ranked, `count` how many the need brought up and
    were; `ruled_out` names at most 1,000 of `ruled_out_count`, with at most 5,000 rules together.
    """

    on = serializers.DateField()
    mode = serializers.ChoiceField(choices=list(MODES.items()))
    weights = serializers.DictField(child=serializers.IntegerField())
    seed = serializers.IntegerField(min_value=0)
    ranking = serializers.CharField()
    model = ModelShape(allow_null=True)
    scored_by = serializers.ListField(
        child=serializers.ChoiceField(choices=["text", "coverage", "price", "preferences"]),
        help_text="What the need says that listings are scored by. Where that is nothing nobody scores, and all stand "
        "in the seed's fair order.",
    )
    notes = serializers.ListField(child=serializers.CharField())
    words = serializers.ListField(child=serializers.CharField(), help_text="Those that tell most.")
    asked = NeededShape(many=True)
    suggested_specialisms = SuggestedShape(many=True)
    recommended_lots = RecommendedLotShape(many=True)
    eligible = serializers.IntegerField(min_value=0)
    count = serializers.IntegerField(min_value=0)
    results = MatchResultShape(many=True)
    ruled_out_count = serializers.IntegerField(min_value=0)
    ruled_out_by = CountedRule(many=True)
    ruled_out = RuledOutShape(many=True)
    index = ReadIndexShape()
