"""A buyer's limit: from which total on its call-offs are approved before they go out. The own organisation's alone."""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from rest_framework.request import Request
from rest_framework.response import Response

from api.auth import signed_in
from api.changing import answered, object_of, text_of
from api.conditional import revision_meant
from api.errors import Problem
from api.schema import operation
from api.v1.offer_shapes import LimitSerializer, NewLimitSerializer
from api.v1.shapes import money
from api.views import ApiView, one_of
from procurement.actions.limits import limit_revision, set_limit
from procurement.call_off_checks import limit_of
from procurement.models import Organisation
from procurement.permissions import Action, can


def buyer_seen(request: Request, reference: str) -> Organisation:
    """The organisation, 404 where whoever asks may not see its call-offs; 401 for nobody."""
    actor = signed_in(request)
    row = one_of(Organisation.objects.all(), reference)
    if not can(actor, Action.SEE_CALL_OFFS, row):
        raise Problem(404, f"There is nothing called {reference} here, or nothing that you may see.")
    return row


def told(row: Organisation) -> dict[str, Any]:
    """The limit as it is."""
    stands = {"organisation": row.reference, "approval_from": money(limit_of(row.pk))}
    return dict(LimitSerializer(stands).data)


def changed(row: Organisation) -> Response:
    """The limit as it now is, with the ETag for the next change."""
    place = reverse("api:limit", args=[row.reference])
    return answered(told(row), limit_revision(row.reference), place)


class Limit(ApiView):
    """The limit of a buyer. It counts its own changes, so that its ETag is not the organisation's."""

    varies = True

    @operation(
        summary="From which total call-offs are approved",
        answer=LimitSerializer,
        scope="call_offs:read",
        headers=("validator",),
        example='curl "http://127.0.0.1:8000/api/v1/organisations/$BODY/limit/" -H "Authorization: Bearer $TOKEN"',
    )
    def get(self, request: Request, reference: str) -> Response:
        self.asked(request)
        row = buyer_seen(request, reference)
        self.revision = limit_revision(row.reference)
        return Response(told(row))

    @operation(
        summary="Set from which total call-offs are approved",
        answer=LimitSerializer,
        verb="set",
        body={"application/json": NewLimitSerializer},
        scope="call_offs:approve",
        headers=("If-Match",),
        problems=(404, 412, 422, 428),
        example='curl -X PUT "http://127.0.0.1:8000/api/v1/organisations/$BODY/limit/" '
        '-H "Authorization: Bearer $TOKEN" -H "If-Match: *" -H \'Content-Type: application/json\' '
        '-d \'{"approval_from": "50000.00"}\'',
    )
    def put(self, request: Request, reference: str) -> Response:
        """By an administrator; an integration also needs `call_offs:read`. It holds for what goes out from now on."""
        self.asked(request)
        row = buyer_seen(request, reference)
        revision = revision_meant(request)
        amount = text_of(object_of(request, ("approval_from",)), "approval_from") or ""
        set_limit(signed_in(request), row.reference, amount, revision)
        return changed(row)

    @operation(
        summary="Take the limit away",
        answer=LimitSerializer,
        scope="call_offs:approve",
        headers=("If-Match",),
        problems=(404, 412, 428),
        example='curl -X DELETE "http://127.0.0.1:8000/api/v1/organisations/$BODY/limit/" '
        '-H "Authorization: Bearer $TOKEN" -H "If-Match: *"',
    )
    def delete(self, request: Request, reference: str) -> Response:
        """By an administrator: no call-off is approved before it goes out."""
        self.asked(request)
        row = buyer_seen(request, reference)
        set_limit(signed_in(request), row.reference, None, revision_meant(request))
        return changed(row)
