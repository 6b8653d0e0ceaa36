"""The moves of a call-off: approved or sent back, sent to the next supplier, awarded, undone, cancelled, given up.

Each walks: the view (visible to the actor, else 404) -> Idempotency-Key -> If-Match -> one action -> the whole call-off
(a sending: the offer) with the ETag for the next change.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from django.db.models import QuerySet
from rest_framework.request import Request
from rest_framework.response import Response

from api.auth import signed_in
from api.changing import done_once, object_of, text_of
from api.schema import operation
from api.v1.call_off_shapes import AwardSerializer, CallOffSerializer, ReasonSerializer, SendingSerializer
from api.v1.call_offs import revision_read, seen_by, shown_anew
from api.v1.offer_shapes import OfferSerializer, OfferSummarySerializer
from api.v1.offers import SENDS, shown_offer
from api.v1.shortlist_shapes import NOTHING
from api.views import ApiView, ListView, one_of
from procurement.actions.awards import award_not_signed, cancel_call_off, fail_call_off, undo_award
from procurement.actions.call_offs import approve_call_off, ask_approval, send_back
from procurement.actions.competition_awards import award_call_off
from procurement.actions.offers import send_offer
from procurement.models import CallOff, Offer
from procurement.permissions import Actor
from procurement.querysets_call_offs import OfferQuerySet

MOVED: Final = (404, 409, 412, 422, 428)


def moved(
    request: Request, reference: str, field: str | None, act: Callable[[Actor, str, int, Any], CallOff]
) -> Response:
    """Moves a call-off by an action that takes actor, reference, revision and the one `field` of the body."""
    actor = signed_in(request)
    body = object_of(request, (field,) if field else (), empty=True)

    def once() -> Response:
        revision = revision_read(request, reference)
        return shown_anew(request, act(actor, reference, revision, text_of(body, field or "") or "").pk)

    return done_once(request, actor.reference, once)


class Approval(ApiView):
    """The approval of a call-off."""

    varies = True

    @operation(
        summary="Approve a call-off",
        answer=CallOffSerializer,
        body={"application/json": NOTHING},
        scope="call_offs:approve",
        headers=("If-Match", "Idempotency-Key"),
        problems=MOVED,
        example=f"curl -X POST \"http://127.0.0.1:8000/api/v1/call-offs/$TO_APPROVE/approve/\" {SENDS}'{{}}'",
    )
    def post(self, request: Request, reference: str) -> Response:
        """By an approver of the buyer who wrote none of it, up to its greatest total; where the next order form comes
        to more, up to the greatest that is left; once a competition is ranked, up to what the tender that ranks first
        comes to. An integration also needs `call_offs:read`. 409 where the limit asks for none and where scores
        count no longer or a low price is not settled, 422 with all that `blocking` names beside the approval: what
        still keeps it from going out, or from being awarded.
        """
        return moved(
            request,
            reference,
            None,
            lambda actor, known, revision, _: approve_call_off(actor, known, revision),
        )


class SentBack(ApiView):
    """The word of an approver that a call-off is not approved as it stands."""

    varies = True

    @operation(
        summary="Send a call-off back instead of approving it",
        answer=CallOffSerializer,
        body={"application/json": ReasonSerializer},
        scope="call_offs:approve",
        headers=("If-Match", "Idempotency-Key"),
        problems=MOVED,
        example='curl -X POST "http://127.0.0.1:8000/api/v1/call-offs/$TO_APPROVE/send-back/" '
        f'{SENDS}\'{{"reason": "Say why no competition is held."}}\'',
    )
    def post(self, request: Request, reference: str) -> Response:
        """By an approver of the buyer who wrote none of it, wherever one may approve, and before it goes out also where
        it is approved: the approval falls. It need not be ready. The buyer is told the reason, and `approval` holds it
        until the call-off is edited, asked for again, approved or otherwise gone on with. 409 as for an approval.
        """
        return moved(request, reference, "reason", send_back)


class ApprovalAsked(ApiView):
    """The word to the approvers of a call-off."""

    varies = True

    @operation(
        summary="Ask for the approval of a call-off",
        answer=CallOffSerializer,
        body={"application/json": NOTHING},
        scope="call_offs:write",
        headers=("If-Match", "Idempotency-Key"),
        problems=MOVED,
        example=f"curl -X POST \"http://127.0.0.1:8000/api/v1/call-offs/$TO_APPROVE/ask-approval/\" {SENDS}'{{}}'",
    )
    def post(self, request: Request, reference: str) -> Response:
        """Tells the buyer's approvers, by e-mail and in the inbox. 409 and 422 as an approval itself: none is asked for
        of what the next step would refuse.
        """
        return moved(
            request, reference, None, lambda actor, known, revision, _: ask_approval(actor, known, revision)
        )


class Cancellation(ApiView):
    """The end of a call-off before contract."""

    varies = True

    @operation(
        summary="Cancel a call-off",
        answer=CallOffSerializer,
        body={"application/json": ReasonSerializer},
        scope="call_offs:write",
        headers=("If-Match", "Idempotency-Key"),
        problems=MOVED,
        example='curl -X POST "http://127.0.0.1:8000/api/v1/call-offs/$CALL_OFF/cancel/" '
        f'{SENDS}\'{{"reason": "The need has gone."}}\'',
    )
    def post(self, request: Request, reference: str) -> Response:
        """Nothing is bought; an open offer is withdrawn and an unsigned contract falls with it."""
        return moved(request, reference, "reason", cancel_call_off)


class Failure(ApiView):
    """The end of a call-off that no supplier took."""

    varies = True

    @operation(
        summary="Say that no supplier would or could",
        answer=CallOffSerializer,
        body={"application/json": ReasonSerializer},
        scope="call_offs:write",
        headers=("If-Match", "Idempotency-Key"),
        problems=MOVED,
        example='curl -X POST "http://127.0.0.1:8000/api/v1/call-offs/$DECLINED/fail/" '
        f'{SENDS}\'{{"reason": "The only supplier declined."}}\'',
    )
    def post(self, request: Request, reference: str) -> Response:
        """409 while an offer is open."""
        return moved(request, reference, "reason", fail_call_off)


class Award(ApiView):
    """The award of a call-off."""

    varies = True

    @operation(
        summary="Award to the supplier that accepted, or whose tender ranks first",
        answer=CallOffSerializer,
        body={"application/json": AwardSerializer},
        scope="call_offs:write",
        headers=("If-Match", "Idempotency-Key"),
        problems=MOVED,
        example='curl -X POST "http://127.0.0.1:8000/api/v1/call-offs/$ACCEPTED/award/" '
        f'{SENDS}\'{{"conflicts": "None known."}}\'',
    )
    def post(self, request: Request, reference: str) -> Response:
        """Every rule is asked again; an unsigned contract stands afterwards. In a competition every tenderer that was
        not told of an intention is told now; 409 while a standstill that was promised runs, or has not begun
        as the contract award notice is not published.
        """

        def award(actor: Actor, known: str, revision: int, said: Any) -> CallOff:
            return award_call_off(actor, known, revision, said).call_off

        return moved(request, reference, "conflicts", award)


class Undoing(ApiView):
    """The way back from an award."""

    varies = True

    @operation(
        summary="Take an award back before contract",
        answer=CallOffSerializer,
        body={"application/json": ReasonSerializer},
        scope="call_offs:approve",
        headers=("If-Match", "Idempotency-Key"),
        problems=MOVED,
        example='curl -X POST "http://127.0.0.1:8000/api/v1/call-offs/$AWARDED/undo/" '
        f'{SENDS}\'{{"reason": "A conflict of interest came to light."}}\'',
    )
    def post(self, request: Request, reference: str) -> Response:
        """By an approver; the unsigned contract falls and the acceptance stands: the owner awards again, or withdraws
        the offer for the next supplier to be asked. In a competition the outcome of every tender is open again, the
        ranking stands and all tenderers are told; an intention is taken back alike.
        """
        return moved(request, reference, "reason", undo_award)


class AwardNotSigned(ApiView):
    """That the supplier of a competition's award did not sign."""

    varies = True

    @operation(
        summary="Say that the successful tenderer did not sign",
        answer=CallOffSerializer,
        body={"application/json": ReasonSerializer},
        scope="call_offs:write",
        headers=("If-Match", "Idempotency-Key"),
        problems=MOVED,
        example='curl -X POST "http://127.0.0.1:8000/api/v1/call-offs/$UNSIGNED_AWARD/not-sign/" '
        f'{SENDS}\'{{"reason": "It has told us that it will not sign."}}\'',
    )
    def post(self, request: Request, reference: str) -> Response:
        """By the owner, before the supplier has signed: the award falls, its tender stands as not signed, and the
        others are ranked anew without it, so that the next may be awarded. It is told the reason, the others that it
        did not sign. Of a direct award its offer says so.
        """
        return moved(request, reference, "reason", award_not_signed)


class CallOffOffers(ListView):
    """The offers of a call-off in the order in which they were sent."""

    serializer_class = OfferSummarySerializer
    varies = True

    def rows(self, request: Request) -> QuerySet[Offer]:
        call_off = one_of(seen_by(request), self.kwargs["reference"])
        return OfferQuerySet(Offer).told().filter(call_off=call_off).defer("document").order_by("pk")

    @operation(
        summary="Offers of a call-off",
        answer=OfferSummarySerializer,
        listed=True,
        scope="call_offs:read",
        headers=("validator",),
        example='curl "http://127.0.0.1:8000/api/v1/call-offs/$ACCEPTED/offers/" '
        '-H "Authorization: Bearer $TOKEN"',
    )
    def get(self, request: Request, reference: str) -> Response:
        return self.listed(request)

    @operation(
        summary="Send the order to the next supplier",
        answer=OfferSerializer,
        status=201,
        body={"application/json": SendingSerializer},
        scope="call_offs:write",
        headers=("If-Match", "Idempotency-Key"),
        problems=MOVED,
        example=f"curl -X POST \"http://127.0.0.1:8000/api/v1/call-offs/$CALL_OFF/offers/\" {SENDS}'{{}}'",
    )
    def post(self, request: Request, reference: str) -> Response:
        """In the locked order, at the rates of its card in force today, frozen with a digest. One supplier is asked
        at a time: 409 while another offer is open, where every supplier was asked, where an approval is missing or
        the shortlist was unlocked, and where another than `supplier` is next, with its name; 422 with every rule that
        is broken. `If-Match` takes the call-off's ETag.
        """
        actor = signed_in(request)
        meant = text_of(object_of(request, ("supplier",), empty=True), "supplier")

        def act() -> Response:
            offer = send_offer(actor, reference, revision_read(request, reference), meant)
            return shown_offer(request, offer.pk, 201)

        return done_once(request, actor.reference, act)
