"""Offers: what the own firm was asked for as a supplier, and for buyers what they asked; answered here by the lead.

A supplier's lead and its partners that are wanted see what their supplier was sent, and nothing of who else was; only
the lead answers. The order itself is downloaded as the stored bytes or on paper.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any, ClassVar, Final

from django.db.models import QuerySet
from django.http import HttpResponse
from django.urls import reverse
from rest_framework.request import Request
from rest_framework.response import Response

from api.auth import signed_in
from api.changing import answered, done_once, object_of, text_of
from api.conditional import revision_meant, unchanged
from api.parameters import choice, reference, values
from api.schema import JSON, operation
from api.v1.call_off_shapes import ReasonSerializer
from api.v1.offer_shapes import FORMS, LongerSerializer, OfferSerializer, OfferSummarySerializer
from api.v1.shortlist_shapes import NOTHING
from api.views import ApiView, DetailView, ListView, one_of
from procurement.actions.awards import offer_not_signed
from procurement.actions.offers import accept_offer, decline_offer, extend_offer, view_offer, withdraw_offer
from procurement.evidence.order import order_pack
from procurement.evidence.paper import paper
from procurement.models import Offer
from procurement.permissions import Actor
from procurement.querysets_call_offs import OfferQuerySet, require_either_side
from search.parameters import Parameter

ANSWERED: Final = (404, 409, 412, 422, 428)
SENDS: Final = (
    '-H "Authorization: Bearer $TOKEN" -H "If-Match: *" -H "Idempotency-Key: $KEY" '
    "-H 'Content-Type: application/json' -d "
)
"""Headers of an example that moves something."""
PDF: Final = "application/pdf"


def seen_by(request: Request) -> OfferQuerySet:
    """The offers that whoever asks may see; 401 for nobody."""
    return OfferQuerySet(Offer).seen_by(signed_in(request))


def shown_offer(request: Request, key: int, status: int = 200) -> Response:
    """The whole offer as it is after a change."""
    row = OfferQuerySet(Offer).told().get(pk=key)
    place = reverse("api:offer", args=[row.reference])
    data = OfferSerializer(row, context={"actor": signed_in(request)}).data
    return answered(data, row.revision, place, status)


def answer(
    request: Request, reference: str, field: str | None, act: Callable[[Actor, str, int, Any], Offer]
) -> Response:
    """Moves an offer by an action that takes actor, reference, revision and the one `field` of the body."""
    actor = signed_in(request)
    body = object_of(request, (field,) if field else (), empty=True)

    def once() -> Response:
        values(request.GET, ())
        row = one_of(seen_by(request), reference)
        revision = revision_meant(request)
        return shown_offer(request, act(actor, row.reference, revision, text_of(body, field or "") or "").pk)

    return done_once(request, actor.reference, once)


class OfferList(ListView):
    """Offers that the own firm was sent, or the own buyer organisation sent, newest first, without their orders."""

    serializer_class = OfferSummarySerializer
    varies = True
    filters: ClassVar[tuple[Parameter, ...]] = (
        choice("status", "Only with this status.", Offer.Status.values, "sent"),
        reference("call_off", "Only those of this call-off.", "CO-2026-0001"),
    )

    def rows(self, request: Request) -> QuerySet[Offer]:
        require_either_side(signed_in(request))
        return seen_by(request).told().defer("document").order_by("-pk")

    def narrowed(self, rows: QuerySet[Offer], asked: dict[str, Any]) -> QuerySet[Offer]:
        paths = {"status": "status", "call_off": "call_off__reference"}
        return rows.filter(**{paths[name]: value for name, value in asked.items()})

    @operation(
        summary="What was asked of the own firm, or by the own buyer",
        answer=OfferSummarySerializer,
        listed=True,
        scope="offers:read",
        either="call_offs:read",
        headers=("validator",),
        problems=(403,),
        example="curl 'http://127.0.0.1:8000/api/v1/offers/?status=sent' -H \"Authorization: Bearer $TOKEN\"",
    )
    def get(self, request: Request) -> Response:
        """An integration of a buyer reads them with `call_offs:read`."""
        return self.listed(request)


class OfferDetail(DetailView):
    """One offer."""

    serializer_class = OfferSerializer
    varies = True

    def rows(self, request: Request) -> QuerySet[Offer]:
        return seen_by(request).told()

    def context(self, request: Request) -> dict[str, Any]:
        return {"actor": signed_in(request)}

    @operation(
        summary="An offer with its order",
        answer=OfferSerializer,
        scope="offers:read",
        either="call_offs:read",
        headers=("validator",),
        example='curl "http://127.0.0.1:8000/api/v1/offers/$SENT/" -H "Authorization: Bearer $TOKEN"',
    )
    def get(self, request: Request, reference: str) -> Response:
        """Reading it here is not noted; `view/` notes it."""
        return self.shown(request, self.found(request, reference))


class Viewing(ApiView):
    """That the lead supplier has read an offer."""

    varies = True

    @operation(
        summary="Note that the offer was read",
        answer=OfferSerializer,
        body={"application/json": NOTHING},
        scope="offers:write",
        headers=("Idempotency-Key",),
        problems=(404, 422),
        example='curl -X POST "http://127.0.0.1:8000/api/v1/offers/$SENT/view/" '
        '-H "Authorization: Bearer $TOKEN" -H "Idempotency-Key: $KEY" '
        "-H 'Content-Type: application/json' -d '{}'",
    )
    def post(self, request: Request, reference: str) -> Response:
        """By the lead supplier, once; by anybody else who sees the offer, or again, nothing changes. It needs no
        `If-Match`: to have read is in nobody's way.
        """
        actor = signed_in(request)
        object_of(request, (), empty=True)

        def act() -> Response:
            values(request.GET, ())
            row = one_of(seen_by(request), reference)
            return shown_offer(request, view_offer(actor, row.reference).pk)

        return done_once(request, actor.reference, act)


class Acceptance(ApiView):
    """The supplier's yes."""

    varies = True

    @operation(
        summary="Accept an offer",
        answer=OfferSerializer,
        body={"application/json": NOTHING},
        scope="offers:write",
        headers=("If-Match", "Idempotency-Key"),
        problems=ANSWERED,
        example=f"curl -X POST \"http://127.0.0.1:8000/api/v1/offers/$SENT/accept/\" {SENDS}'{{}}'",
    )
    def post(self, request: Request, reference: str) -> Response:
        """The lead supplier takes the order as it stands, within the window; the award is the buyer's."""
        return answer(
            request,
            reference,
            None,
            lambda actor, known, revision, _: accept_offer(actor, known, revision),
        )


class Decline(ApiView):
    """The supplier's no."""

    varies = True

    @operation(
        summary="Decline an offer",
        answer=OfferSerializer,
        body={"application/json": ReasonSerializer},
        scope="offers:write",
        headers=("If-Match", "Idempotency-Key"),
        problems=ANSWERED,
        example='curl -X POST "http://127.0.0.1:8000/api/v1/offers/$SENT/decline/" '
        f'{SENDS}\'{{"reason": "The team is bound elsewhere."}}\'',
    )
    def post(self, request: Request, reference: str) -> Response:
        """With the reason, which the buyer is told; within the window."""
        return answer(request, reference, "reason", decline_offer)


class Prolongation(ApiView):
    """More time for the supplier's answer."""

    varies = True

    @operation(
        summary="Give the supplier longer to answer",
        answer=OfferSerializer,
        body={"application/json": LongerSerializer},
        scope="call_offs:write",
        headers=("If-Match", "Idempotency-Key"),
        problems=ANSWERED,
        example='curl -X POST "http://127.0.0.1:8000/api/v1/offers/$SENT/extend/" '
        rf'{SENDS}"{{\"reply_by\": \"$LONGER\"}}"',
    )
    def post(self, request: Request, reference: str) -> Response:
        """By the buyer, before the window has passed; the supplier is told, and is reminded half-way through the longer
        window. The order form keeps the moment that it was sent with; the offer's `reply_by` is what counts.
        """
        return answer(request, reference, "reply_by", extend_offer)


class Withdrawal(ApiView):
    """The buyer's way back from an offer."""

    varies = True

    @operation(
        summary="Withdraw an offer",
        answer=OfferSerializer,
        body={"application/json": ReasonSerializer},
        scope="call_offs:write",
        headers=("If-Match", "Idempotency-Key"),
        problems=ANSWERED,
        example='curl -X POST "http://127.0.0.1:8000/api/v1/offers/$SENT/withdraw/" '
        f'{SENDS}\'{{"reason": "The need has changed."}}\'',
    )
    def post(self, request: Request, reference: str) -> Response:
        """By the buyer, before the award, with the reason, which the supplier is told."""
        return answer(request, reference, "reason", withdraw_offer)


class NotSigned(ApiView):
    """What follows where a supplier accepted and does not sign."""

    varies = True

    @operation(
        summary="Say that the supplier did not sign",
        answer=OfferSerializer,
        body={"application/json": ReasonSerializer},
        scope="call_offs:write",
        headers=("If-Match", "Idempotency-Key"),
        problems=ANSWERED,
        example='curl -X POST "http://127.0.0.1:8000/api/v1/offers/$UNSIGNED_OFFER/not-sign/" '
        f'{SENDS}\'{{"reason": "No signature in two weeks."}}\'',
    )
    def post(self, request: Request, reference: str) -> Response:
        """By the buyer, once awarded: the award falls and the next supplier may be asked."""
        return answer(request, reference, "reason", offer_not_signed)


class OrderForm(ApiView):
    """The order of an offer, as a file."""

    varies = True
    tagged = False
    parameters: ClassVar[tuple[Parameter, ...]] = (
        choice("form", "The stored bytes, or on paper; json unless it is said.", FORMS, "pdf"),
    )

    @operation(
        summary="Download the order form",
        answer={"type": "object"},
        files=(PDF,),
        scope="offers:read",
        either="call_offs:read",
        headers=("validator",),
        example='curl "http://127.0.0.1:8000/api/v1/offers/$SENT/order-form/?form=json" '
        '-H "Authorization: Bearer $TOKEN"',
    )
    def get(self, request: Request, reference: str) -> HttpResponse:
        """`json` gives the stored bytes, whose SHA-256 is the offer's digest; `pdf` the same order as a tagged PDF
        (PDF/UA-1). The ETag is the SHA-256 of the file.
        """
        form = self.asked(request).get("form", "json")
        row = one_of(seen_by(request), reference)
        content = row.document.encode() if form == "json" else paper(order_pack(row.document, row.digest))
        headers = {
            "ETag": f'"{hashlib.sha256(content).hexdigest()}"',
            "Cache-Control": "private, no-cache",
            "Vary": "Authorization, Cookie",
        }
        if unchanged(request, headers["ETag"]):
            return HttpResponse(status=304, headers=headers)
        headers["Content-Disposition"] = f'attachment; filename="{row.reference}.{form}"'
        return HttpResponse(content, content_type=PDF if form == "pdf" else JSON, headers=headers)
