"""Evidence packs of locked shortlists: asked for (202), made by the worker, downloaded by those who may see the
shortlist.
"""

from __future__ import annotations

from typing import Any, Final

from django.http import HttpResponse
from django.urls import reverse
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from api.auth import signed_in
from api.changing import done_once, object_of, text_of
from api.conditional import unchanged
from api.parameters import values
from api.schema import JSON, operation
from api.v1.imports import OperationSerializer
from api.v1.shortlists import seen_by
from api.views import ApiView, one_of
from procurement.actions.evidence import evidence_file, start_evidence
from procurement.evidence.content import FORMATS

MEDIA_TYPES: Final = {
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "pdf": "application/pdf",
    "json": JSON,
}


class NewEvidenceSerializer(serializers.Serializer[Any]):
    """Which pack is to be made."""

    format = serializers.ChoiceField(choices=list(FORMATS))


class EvidencePacks(ApiView):
    """Where evidence packs of a shortlist are asked for."""

    varies = True

    @operation(
        summary="Make an evidence pack",
        answer=OperationSerializer,
        status=202,
        body={"application/json": NewEvidenceSerializer},
        scope="shortlists:write",
        headers=("Idempotency-Key",),
        problems=(404, 409, 422),
        example='curl -X POST "http://127.0.0.1:8000/api/v1/shortlists/$LOCKED/evidence-packs/" '
        '-H "Authorization: Bearer $TOKEN" -H "Idempotency-Key: $KEY" -H \'Content-Type: application/json\' '
        '-d \'{"format": "pdf"}\'',
    )
    def post(self, request: Request, reference: str) -> Response:
        """Of the newest snapshot of a locked shortlist, and of that alone: as a workbook with an audit sheet, a tagged
        PDF (PDF/UA-1), or JSON. Answers the operation to follow; when it has succeeded, the pack lies below this
        address under the operation's reference.
        """
        actor = signed_in(request)
        form = text_of(object_of(request, ("format",)), "format")

        def act() -> Response:
            values(request.GET, ())
            shortlist = one_of(seen_by(request), reference)
            begun = start_evidence(actor, shortlist.reference, form)
            place = reverse("api:operation", args=[begun.reference])
            headers = {"Location": place, "Retry-After": "1"}
            return Response(OperationSerializer(begun).data, status=202, headers=headers)

        return done_once(request, actor.reference, act)


class EvidencePack(ApiView):
    """One evidence pack."""

    varies = True

    @operation(
        summary="Download an evidence pack",
        answer={"type": "object"},
        files=(MEDIA_TYPES["xlsx"], MEDIA_TYPES["pdf"]),
        scope="shortlists:read",
        headers=("validator",),
        problems=(409,),
        example='curl "http://127.0.0.1:8000/api/v1/shortlists/$LOCKED/evidence-packs/$PACK/" '
        '-H "Authorization: Bearer $TOKEN"',
    )
    def get(self, request: Request, reference: str, operation: str) -> HttpResponse:
        """The file, in the format that was asked for; its ETag is its SHA-256. 409 while it is being made."""
        self.asked(request)
        actor = signed_in(request)
        shortlist = one_of(seen_by(request), reference)
        file = evidence_file(actor, shortlist.reference, operation)
        headers = {
            "ETag": f'"{file.digest}"',
            "Cache-Control": "private, no-cache",
            "Vary": "Authorization, Cookie",
        }
        if unchanged(request, headers["ETag"]):
            return HttpResponse(status=304, headers=headers)
        headers["Content-Disposition"] = f'attachment; filename="{file.name}"'
        return HttpResponse(file.path.read_bytes(), content_type=MEDIA_TYPES[file.format], headers=headers)
