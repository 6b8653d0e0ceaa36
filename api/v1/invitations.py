"""Invitations: what suppliers are asked to tender for; interest, questions and declining are answered here.

A lead, the partners that are wanted and the members that it lets write see their own supplier's, and nothing of who
else is asked. The tender itself is in tenders.py.
"""

from __future__ import annotations

from typing import Any, ClassVar

from django.db.models import QuerySet
from django.urls import reverse
from rest_framework.request import Request
from rest_framework.response import Response

from api.auth import signed_in
from api.changing import done_once, object_of, text_of, wrong_type
from api.conditional import revision_meant
from api.errors import Problem
from api.parameters import choice, reference, values
from api.schema import operation
from api.v1.call_off_shapes import ReasonSerializer
from api.v1.competition_people import POSTS
from api.v1.offers import SENDS
from api.v1.tender_shapes import (
    InterestSerializer,
    InvitationSerializer,
    InvitationSummarySerializer,
    TenderSerializer,
)
from api.v1.tenders import MOVED, seen_tenders, shown_tender
from api.views import ApiView, DetailView, ListView, one_of
from procurement.actions.interest import express_interest
from procurement.actions.steps import not_theirs
from procurement.actions.tenders import decline_tender
from procurement.models import CallOff, Invitation
from procurement.parts import supplier_parts
from procurement.permissions import Actor
from procurement.querysets_call_offs import require_either_side
from procurement.querysets_competitions import InvitationQuerySet
from procurement.states import Part
from search.parameters import Parameter


def seen_by(request: Request) -> InvitationQuerySet:
    """The invitations that whoever asks may see; 401 for nobody."""
    return InvitationQuerySet(Invitation).seen_by(signed_in(request))


def context_of(request: Request, rows: QuerySet[Invitation]) -> dict[str, Any]:
    """The tenders of these invitations that whoever asks may see, by the key of the invitation (one query)."""
    tenders = seen_tenders(request).filter(invitation__in=rows.values("pk"))
    return {
        "actor": signed_in(request),
        "tenders": dict(tenders.values_list("invitation", "reference")),
    }


def shown_invitation(request: Request, key: int) -> dict[str, Any]:
    """The whole invitation."""
    rows = seen_by(request).told().filter(pk=key)
    data: dict[str, Any] = InvitationSerializer(rows.get(), context=context_of(request, rows)).data
    return data


class InvitationList(ListView):
    """Invitations of the own firm, or those that the own buyer organisation sent, newest first."""

    serializer_class = InvitationSummarySerializer
    varies = True
    filters: ClassVar[tuple[Parameter, ...]] = (
        choice("status", "Only where the call-off has this status.", CallOff.Status.values, "out"),
        reference("call_off", "Only those of this call-off.", "CO-2026-0001"),
    )

    def rows(self, request: Request) -> QuerySet[Invitation]:
        require_either_side(signed_in(request))
        return seen_by(request).told().defer("competition__document").order_by("-pk")

    def context(self, request: Request) -> dict[str, Any]:
        return context_of(request, seen_by(request))

    def narrowed(self, rows: QuerySet[Invitation], asked: dict[str, Any]) -> QuerySet[Invitation]:
        paths = {"status": "competition__call_off__status", "call_off": "competition__call_off__reference"}
        return rows.filter(**{paths[name]: value for name, value in asked.items()})

    @operation(
        summary="What the own firm is invited to, or the own buyer invited to",
        answer=InvitationSummarySerializer,
        listed=True,
        scope="offers:read",
        either="call_offs:read",
        headers=("validator",),
        problems=(403,),
        example="curl 'http://127.0.0.1:8000/api/v1/invitations/?status=out' -H \"Authorization: Bearer $TOKEN\"",
    )
    def get(self, request: Request) -> Response:
        """An integration of a buyer reads them with `call_offs:read`."""
        return self.listed(request)


class InvitationDetail(DetailView):
    """One invitation."""

    serializer_class = InvitationSerializer
    varies = True

    def rows(self, request: Request) -> QuerySet[Invitation]:
        return seen_by(request).told()

    def context(self, request: Request) -> dict[str, Any]:
        return context_of(request, seen_by(request).filter(reference=self.kwargs["reference"]))

    @operation(
        summary="An invitation with what was published",
        answer=InvitationSerializer,
        scope="offers:read",
        either="call_offs:read",
        headers=("validator",),
        example='curl "http://127.0.0.1:8000/api/v1/invitations/$INVITATION/" -H "Authorization: Bearer $TOKEN"',
    )
    def get(self, request: Request, reference: str) -> Response:
        """The document, its amendments and its files are the same for every supplier that is asked."""
        return self.shown(request, self.found(request, reference))


class Interest(ApiView):
    """The expression of interest."""

    varies = True

    @operation(
        summary="Say whether the supplier is interested",
        answer=InvitationSerializer,
        body={"application/json": InterestSerializer},
        scope="offers:write",
        headers=("Idempotency-Key",),
        problems=(404, 409, 422),
        example='curl -X POST "http://127.0.0.1:8000/api/v1/invitations/$ASKED_FIRST/interest/" '
        f"{POSTS}'{{\"interested\": true}}'",
    )
    def post(self, request: Request, reference: str) -> Response:
        """By the lead, where interest is asked for before tenders and until its time has passed; the last word counts,
        so that no `If-Match` is asked for. Those that say yes are invited afterwards.
        """
        actor = signed_in(request)
        interested = object_of(request, ("interested",))["interested"]
        if not isinstance(interested, bool):
            raise wrong_type("interested", "This must be true or false.")

        def act() -> Response:
            values(request.GET, ())
            row = one_of(seen_by(request), reference)
            made = express_interest(actor, row.reference, interested)
            data = shown_invitation(request, made.pk)
            return Response(data, headers={"Location": reverse("api:invitation", args=[row.reference])})

        return done_once(request, actor.reference, act)


class Declining(ApiView):
    """The supplier's no to an invitation."""

    varies = True

    @operation(
        summary="Decline an invitation",
        answer=TenderSerializer,
        body={"application/json": ReasonSerializer},
        scope="offers:write",
        headers=("If-Match", "Idempotency-Key"),
        problems=MOVED,
        example='curl -X POST "http://127.0.0.1:8000/api/v1/invitations/$INVITATION/decline/" '
        f'{SENDS}\'{{"reason": "The team is bound elsewhere."}}\'',
    )
    def post(self, request: Request, reference: str) -> Response:
        """By the lead, with a reason that the buyer reads after the deadline; until then it may think again and write.
        `If-Match` takes the ETag of its tender, which is answered; 409 where interest is asked for first.
        """
        actor = signed_in(request)
        reason = text_of(object_of(request, ("reason",), empty=True), "reason") or ""

        def tender_of() -> Any:
            values(request.GET, ())
            row = one_of(seen_by(request), reference)
            if Part.LEAD not in supplier_parts(actor, row.asked.appointment):
                raise not_theirs("decline", {Part.LEAD})
            tender = seen_tenders(request).filter(invitation=row).first()
            if tender is None:
                raise Problem(409, "There is no tender to decline: interest is asked for first.")
            return tender

        def act() -> Response:
            tender = tender_of()
            made = decline_tender(actor, tender.reference, revision_meant(request), reason)
            return shown_tender(request, made.pk)

        return done_once(request, actor.reference, act, lambda: shown_tender(request, tender_of().pk))


def asked_as(actor: Actor, row: Invitation) -> dict[str, Any]:
    """Whose eyes a question is shown to: those of the invitation's own side."""
    own = InvitationQuerySet(Invitation).of_supplier(actor).filter(pk=row.pk).exists()
    return {"invitation": row.pk if own else None, "buyer": not own}
