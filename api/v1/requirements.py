"""Requirements: what a buyer needs, kept for its own organisation. Each change of the content is a revision of it.

POST walks: this view -> procurement/actions/requirements.py -> event, in one transaction; to have it answered,
POST it to matches.
"""

from __future__ import annotations

from typing import Any, ClassVar

from django.db.models import QuerySet
from django.urls import reverse
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from api.auth import signed_in
from api.changing import answered, done_once, malformed_told, object_of, text_of
from api.conditional import revision_meant
from api.formats import MergePatchParser, StrictJSONParser, is_merge_patch
from api.parameters import choice, values
from api.schema import operation
from api.v1.requirement_shapes import (
    NewRequirementSerializer,
    RequirementContentSerializer,
    RequirementRevisionSerializer,
    RequirementSerializer,
)
from api.views import DetailView, ListView, one_of
from procurement.actions.buyers import require_somewhere
from procurement.actions.requirements import create_requirement, revise_requirement, withdraw_requirement
from procurement.models import Requirement, RequirementRevision
from procurement.permissions import Action
from procurement.profiles import NOTE_LENGTH
from procurement.querysets import RequirementQuerySet
from search.parameters import Parameter


class ReasonGivenSerializer(serializers.Serializer[Any]):
    """Why."""

    reason = serializers.CharField(max_length=NOTE_LENGTH, allow_blank=True, required=False)


class RequirementRead(DetailView):
    """One requirement, as every address below it reads it."""

    serializer_class = RequirementSerializer
    varies = True

    def rows(self, request: Request) -> QuerySet[Requirement]:
        return RequirementQuerySet(Requirement).seen_by(signed_in(request)).told()

    def revision_read(self, request: Request, reference: str) -> int:
        """The revision that the change is meant for, by If-Match; 404 for what may not be seen."""
        self.found(request, reference)
        return revision_meant(request)


class RequirementList(ListView):
    """The own organisation's requirements, newest first."""

    serializer_class = RequirementSerializer
    varies = True
    filters: ClassVar[tuple[Parameter, ...]] = (
        choice("status", "Only with this status.", Requirement.Status.values, "open"),
    )

    def rows(self, request: Request) -> QuerySet[Requirement]:
        actor = signed_in(request)
        require_somewhere(actor, Action.SEE_REQUIREMENTS)
        return RequirementQuerySet(Requirement).seen_by(actor).told().order_by("-pk")

    def narrowed(self, rows: QuerySet[Requirement], asked: dict[str, Any]) -> QuerySet[Requirement]:
        return rows.filter(**asked)

    @operation(
        summary="The own requirements",
        answer=RequirementSerializer,
        listed=True,
        scope="requirements:read",
        headers=("validator",),
        problems=(403,),
        example="curl 'http://127.0.0.1:8000/api/v1/requirements/' -H \"Authorization: Bearer $TOKEN\"",
    )
    def get(self, request: Request) -> Response:
        return self.listed(request)

    @operation(
        summary="Keep a requirement",
        answer=RequirementSerializer,
        status=201,
        body={"application/json": NewRequirementSerializer},
        scope="requirements:write",
        headers=("Idempotency-Key",),
        problems=(422,),
        example="curl -X POST 'http://127.0.0.1:8000/api/v1/requirements/' "
        '-H "Authorization: Bearer $TOKEN" -H "Idempotency-Key: $KEY" -H \'Content-Type: application/json\' '
        '-d \'{"text": "Evaluate a vision rehabilitation service.", "framework": "rm6309", "lot": "rm6309~7", '
        '"regions": ["UKC"], "team": [{"grade": "G3", "days": "12.5"}]}\'',
    )
    def post(self, request: Request) -> Response:
        """Keeps what is needed, as its first revision, for the own buyer organisation."""
        actor = signed_in(request)
        values(request.GET, ())
        content = object_of(request)
        organisation = text_of(content, "organisation")
        content.pop("organisation", None)

        def act() -> Response:
            made = create_requirement(actor, content, organisation)
            return _answered(made, 201)

        return done_once(request, actor.reference, act)


def _answered(made: Requirement, status: int) -> Response:
    row = RequirementQuerySet(Requirement).told().get(pk=made.pk)
    place = reverse("api:requirement", args=[made.reference])
    return answered(RequirementSerializer(row).data, row.revision, place, status)


class RequirementDetail(RequirementRead):
    """One requirement."""

    parser_classes = (StrictJSONParser, MergePatchParser)

    @operation(
        summary="A requirement",
        answer=RequirementSerializer,
        scope="requirements:read",
        headers=("validator",),
        example='curl "http://127.0.0.1:8000/api/v1/requirements/$REQUIREMENT/" '
        '-H "Authorization: Bearer $TOKEN"',
    )
    def get(self, request: Request, reference: str) -> Response:
        return self.shown(request, self.found(request, reference))

    @operation(
        summary="Say a requirement anew",
        answer=RequirementSerializer,
        body={
            "application/json": RequirementContentSerializer,
            "application/merge-patch+json": RequirementContentSerializer,
        },
        scope="requirements:write",
        headers=("If-Match",),
        problems=(404, 409, 412, 422, 428),
        example='curl -X PATCH "http://127.0.0.1:8000/api/v1/requirements/$REQUIREMENT/" '
        '-H "Authorization: Bearer $TOKEN" -H "If-Match: $REQUIREMENT_ETAG" '
        "-H 'Content-Type: application/json' -d '{\"months\": 9}'",
    )
    def patch(self, request: Request, reference: str) -> Response:
        """Makes a new revision. What is sent replaces, what is not sent stays; null states nothing. Of a merge patch
        (RFC 7396) that holds within `must_have`, `preferences` and `budget` too.
        """
        actor = signed_in(request)
        revision = self.revision_read(request, reference)
        changes = object_of(request)
        with malformed_told():
            revise_requirement(actor, reference, revision, changes, merge=is_merge_patch(request))
        return self.shown(request, self.found(request, reference))


class RequirementRevisions(ListView):
    """What a requirement has said, newest first."""

    serializer_class = RequirementRevisionSerializer
    varies = True

    def rows(self, request: Request) -> QuerySet[RequirementRevision]:
        seen = RequirementQuerySet(Requirement).seen_by(signed_in(request))
        requirement = one_of(seen, self.kwargs["reference"])
        return RequirementRevision.objects.filter(requirement=requirement).order_by("-number")

    @operation(
        summary="What a requirement has said",
        answer=RequirementRevisionSerializer,
        listed=True,
        scope="requirements:read",
        headers=("validator",),
        example='curl "http://127.0.0.1:8000/api/v1/requirements/$REQUIREMENT/revisions/" '
        '-H "Authorization: Bearer $TOKEN"',
    )
    def get(self, request: Request, reference: str) -> Response:
        return self.listed(request)


class RequirementWithdrawal(RequirementRead):
    """The end of a requirement."""

    @operation(
        summary="Withdraw a requirement",
        answer=RequirementSerializer,
        verb="create",
        body={"application/json": ReasonGivenSerializer},
        scope="requirements:write",
        headers=("If-Match", "Idempotency-Key"),
        problems=(404, 409, 412, 422, 428),
        example='curl -X POST "http://127.0.0.1:8000/api/v1/requirements/$REQUIREMENT/withdraw/" '
        '-H "Authorization: Bearer $TOKEN" -H "If-Match: $REQUIREMENT_ETAG" -H "Idempotency-Key: $KEY" '
        "-H 'Content-Type: application/json' -d '{\"reason\": \"The money went elsewhere.\"}'",
    )
    def post(self, request: Request, reference: str) -> Response:
        """It is needed no longer. What was said and matched stays."""
        actor = signed_in(request)
        reason = text_of(object_of(request, ("reason",), empty=True), "reason") or ""

        def act() -> Response:
            revision = self.revision_read(request, reference)
            return _answered(withdraw_requirement(actor, reference, revision, reason), 200)

        return done_once(request, actor.reference, act)
