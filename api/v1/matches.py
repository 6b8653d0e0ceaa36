"""Matches: requirements answered and kept as they were run, for the organisation that asked."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db.models import QuerySet
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from api.auth import signed_in
from api.parameters import reference
from api.schema import operation
from api.v1.requirement_shapes import RequirementContentSerializer
from api.v1.shapes import Named
from api.views import DetailView, ListView
from procurement.actions.buyers import require_somewhere
from procurement.models import Match
from procurement.permissions import Action
from procurement.querysets import MatchQuerySet
from search.parameters import Parameter


class AskedWithSerializer(serializers.Serializer[Any]):
    """The kept requirement that was asked with: its reference, and which revision of it."""

    reference = serializers.CharField()
    number = serializers.IntegerField(min_value=1)


class MatchSummarySerializer(serializers.Serializer[Any]):
    """A match without its answer. `digest` is the SHA-256 of the canonical JSON of content and answer."""

    reference = serializers.CharField()
    organisation = Named()
    requirement = AskedWithSerializer(allow_null=True)
    content = RequirementContentSerializer()
    ranking = serializers.CharField(help_text="The version of the rules by which it was ranked.")
    model_digest = serializers.CharField(
        allow_blank=True, help_text="Names the model of meaning; empty where words alone counted."
    )
    engine = serializers.CharField()
    index_generation = serializers.IntegerField(min_value=0)
    seed = serializers.IntegerField(help_text="Which order equals stand in.")
    on = serializers.DateField(help_text="The day whose facts counted.")
    digest = serializers.CharField()
    actor = serializers.CharField(help_text="Who asked, by an opaque reference.")
    created_at = serializers.DateTimeField()

    def to_representation(self, row: Match) -> dict[str, Any]:
        said = row.requirement
        plain = (
            "reference", "content", "ranking", "model_digest", "engine", "index_generation", "seed", "on", "digest",
            "actor", "created_at",
        )  # fmt: skip
        return {name: getattr(row, name) for name in plain} | {
            "organisation": {"reference": row.organisation.reference, "name": row.organisation.name},
            "requirement": {"reference": said.requirement.reference, "number": said.number} if said else None,
        }


class MatchSerializer(MatchSummarySerializer):
    """A match: what was asked, and the answer as it was given."""

    answer = serializers.DictField()

    def to_representation(self, row: Match) -> dict[str, Any]:
        return super().to_representation(row) | {"answer": row.answer}


class MatchList(ListView):
    """The own organisation's matches, newest first, without their answers."""

    serializer_class = MatchSummarySerializer
    varies = True
    filters: ClassVar[tuple[Parameter, ...]] = (
        reference("requirement", "Only those of this requirement, whatever it said.", "REQ-2026-0001"),
    )

    def rows(self, request: Request) -> QuerySet[Match]:
        actor = signed_in(request)
        require_somewhere(actor, Action.SEE_MATCHES)
        return MatchQuerySet(Match).seen_by(actor).told().order_by("-pk")

    def narrowed(self, rows: QuerySet[Match], asked: dict[str, Any]) -> QuerySet[Match]:
        if "requirement" in asked:
            rows = rows.filter(requirement__requirement__reference=asked["requirement"])
        return rows

    @operation(
        summary="The own matches",
        answer=MatchSummarySerializer,
        listed=True,
        scope="matches:read",
        headers=("validator",),
        problems=(403,),
        example="curl 'http://127.0.0.1:8000/api/v1/matches/' -H \"Authorization: Bearer $TOKEN\"",
    )
    def get(self, request: Request) -> Response:
        return self.listed(request)


class MatchDetail(DetailView):
    """One match."""

    serializer_class = MatchSerializer
    varies = True

    def rows(self, request: Request) -> QuerySet[Match]:
        return MatchQuerySet(Match).seen_by(signed_in(request)).told(answer=True)

    @operation(
        summary="A match as it was run",
        answer=MatchSerializer,
        scope="matches:read",
        headers=("validator",),
        example='curl "http://127.0.0.1:8000/api/v1/matches/$MATCH/" -H "Authorization: Bearer $TOKEN"',
    )
    def get(self, request: Request, reference: str) -> Response:
        return self.shown(request, self.found(request, reference))
