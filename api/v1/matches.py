"""Matches: requirements answered and kept as they were run, for the organisation that asked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Final

from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from api.auth import actor_of, signed_in
from api.bodies import read_body
from api.changing import found_then_done_once, malformed_told
from api.errors import Problem, fault
from api.parameters import reference, values
from api.schema import operation
from api.searching import count_shown
from api.v1.match_shapes import AnswerShape, MatchBody
from api.v1.requirement_shapes import RequirementContentSerializer
from api.v1.shapes import Named
from api.views import DetailView, ListView
from procurement.actions.buyers import require_somewhere
from procurement.actions.matches import Run, keep_match
from procurement.actions.requirement_checks import missing_from
from procurement.errors import Invalid
from procurement.models import Match, Requirement
from procurement.permissions import Action
from procurement.querysets import MatchQuerySet, RequirementQuerySet
from procurement.requirements import RequirementContent, too_much
from search.index import engine
from search.matching import Matched, MatchOptions, match
from search.parameters import Parameter
from search.ranks import WEIGHTS

SHOWN: Final = 20
"""Results that an answer tells unless asked otherwise."""


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

    answer = AnswerShape()

    def to_representation(self, row: Match) -> dict[str, Any]:
        return super().to_representation(row) | {"answer": row.answer}


class UnkeptMatchSerializer(serializers.Serializer[Any]):
    """A match that was not kept: what was asked, and the answer."""

    content = RequirementContentSerializer()
    answer = AnswerShape()


class MatchList(ListView):
    """The own organisation's matches, newest first, without their answers."""

    serializer_class = MatchSummarySerializer
    kind = "search"
    posts_read = True
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

    @operation(
        summary="Match a need",
        answer=MatchSerializer,
        status=201,
        other={200: UnkeptMatchSerializer},
        body={"application/json": MatchBody},
        scope="matches:write",
        headers=("Idempotency-Key",),
        problems=(404, 409, 422, 503),
        example="curl -X POST 'http://127.0.0.1:8000/api/v1/matches/' -H \"Authorization: Bearer $TOKEN\" "
        "-H \"Idempotency-Key: $KEY\" -H 'Content-Type: application/json' "
        '-d \'{"need": {"text": "Evaluate a vision rehabilitation service.", "framework": "rm6309", '
        '"lot": "rm6309~7", "regions": ["UKC"], "team": [{"grade": "G3", "days": "12.5"}]}}\'',
    )
    def post(self, request: Request) -> Response:
        """Ranks the listings that answer a need, each with its reasons, and says who is ruled out by what.

        Anybody may ask; the answer of a buyer who is signed in is kept as it was run (201), unless `keep` is false.
        What is not kept (200) needs no Idempotency-Key.
        """
        values(request.GET, ())
        sent = read_body(request, MatchBody)
        actor = actor_of(request)
        if not sent.get("keep", actor.signed_in):
            content, _ = _content(request, sent)
            found = match(content, _options(sent), engine())
            _shown(request, found)
            return Response({"content": content.to_json(), "answer": found.answer})
        signed_in(request)
        options = _options(sent)

        def find() -> tuple[RequirementContent, str | None, Matched]:
            content, requirement = _content(request, sent)
            found = match(content, options, engine())
            _shown(request, found)
            return content, requirement, found

        def act(asked: tuple[RequirementContent, str | None, Matched]) -> Response:
            content, requirement, found = asked
            run = Run(found.ranking, found.model, engine().name, found.generation, found.seed, options.on)
            kept = keep_match(actor, sent.get("organisation"), content, found.answer, run, requirement)
            row = MatchQuerySet(Match).told(answer=True).get(pk=kept.pk)
            place = reverse("api:match", args=[kept.reference])
            return Response(MatchSerializer(row).data, status=201, headers={"Location": place})

        return found_then_done_once(request, actor.reference, find, act)


def _shown(request: Request, found: Matched) -> None:
    count_shown(request, (one["reference"] for one in found.answer["results"]), "matches")


def _content(request: Request, sent: Mapping[str, Any]) -> tuple[RequirementContent, str | None]:
    """The need that is to be matched, and the kept requirement that it is of. Raises Problem, Invalid."""
    if ("requirement" in sent) == ("need" in sent):
        told = "Name a kept requirement or say the need: one of the two."
        raise Problem(400, told, errors=[fault("conflict", told, pointer="/need")])
    if "requirement" in sent:
        kept = RequirementQuerySet(Requirement).seen_by(signed_in(request)).told()
        row = kept.filter(reference=sent["requirement"].upper()).first()
        if row is None or row.current is None:
            raise Problem(404, f"There is no requirement {sent['requirement']} that you may see.")
        content = RequirementContent.from_json(row.current.content)
        # It may have been said before there was a bound.
        if faults := too_much(content, "/requirement"):
            raise Invalid("The requirement asks for too much at once.", tuple(faults))
        return content, row.reference
    with malformed_told():
        content = RequirementContent.from_json(sent["need"], "/need")
        if faults := missing_from(content, "/need"):
            raise Invalid("The need names what is not there.", tuple(faults))
    return content, None


def _options(sent: Mapping[str, Any]) -> MatchOptions:
    weights = {**WEIGHTS, **sent.get("weights", {})}
    if not any(weights.values()):
        told = "At least one part must weigh something."
        raise Problem(400, told, errors=[fault("range", told, pointer="/weights")])
    return MatchOptions(
        timezone.localdate(),
        mode=sent.get("mode", "balanced"),
        weights=weights,
        seed=sent.get("seed"),
        size=sent.get("size", SHOWN),
    )


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
