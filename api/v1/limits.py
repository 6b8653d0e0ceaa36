"""A buyer's limit: from which total on its call-offs are approved before they go out. The own organisation's alone."""

from __future__ import annotations

from rest_framework.request import Request
from rest_framework.response import Response

from api.auth import signed_in
from api.changing import object_of, text_of
from api.errors import Problem
from api.schema import operation
from api.v1.offer_shapes import LimitSerializer, NewLimitSerializer
from api.v1.shapes import money
from api.views import ApiView, one_of
from procurement.actions.limits import set_limit
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


def shown(row: Organisation) -> Response:
    """The limit as it is."""
    told = {"organisation": row.reference, "approval_from": money(limit_of(row.pk))}
    return Response(LimitSerializer(told).data)


class Limit(ApiView):
    """The limit of a buyer."""

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
        return shown(buyer_seen(request, reference))

    @operation(
        summary="Set from which total call-offs are approved",
        answer=LimitSerializer,
        verb="set",
        body={"application/json": NewLimitSerializer},
        scope="call_offs:approve",
        problems=(404, 422),
        example='curl -X PUT "http://127.0.0.1:8000/api/v1/organisations/$BODY/limit/" '
        "-H \"Authorization: Bearer $TOKEN\" -H 'Content-Type: application/json' "
        '-d \'{"approval_from": "50000.00"}\'',
    )
    def put(self, request: Request, reference: str) -> Response:
        """By an administrator; an integration also needs `call_offs:read`. It holds for what goes out from now on."""
        self.asked(request)
        row = buyer_seen(request, reference)
        set_limit(
            signed_in(request),
            row.reference,
            text_of(object_of(request, ("approval_from",)), "approval_from") or "",
        )
        return shown(row)

    @operation(
        summary="Take the limit away",
        answer=LimitSerializer,
        scope="call_offs:approve",
        problems=(404,),
        example='curl -X DELETE "http://127.0.0.1:8000/api/v1/organisations/$BODY/limit/" '
        '-H "Authorization: Bearer $TOKEN"',
    )
    def delete(self, request: Request, reference: str) -> Response:
        """By an administrator: no call-off is approved before it goes out."""
        self.asked(request)
        row = buyer_seen(request, reference)
        set_limit(signed_in(request), row.reference, None)
        return shown(row)
