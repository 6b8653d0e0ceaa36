"""What call-offs pay for outcomes: said by the buyer beside the call-off, approved by every body that is to pay.

A paying body does not see the call-off, so a plan also has an address of its own. Every change walks: the view (visible
to the actor, else 404) -> Idempotency-Key, on a POST -> If-Match -> procurement/actions/outcome_plans.py -> the plan.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar, Final

from django.db.models import QuerySet
from django.urls import reverse
from rest_framework.request import Request
from rest_framework.response import Response

from api.auth import signed_in
from api.changing import answered, done_once, malformed_told, object_of, text_of
from api.conditional import revision_meant
from api.errors import Problem
from api.parameters import choice, reference, values
from api.schema import operation
from api.v1 import call_offs
from api.v1.offers import SENDS
from api.v1.outcome_shapes import (
    InvestorNoteSerializer,
    OutcomePlanSerializer,
    OutcomePlanSummarySerializer,
    OutcomeTermsSerializer,
)
from api.v1.shortlist_shapes import NOTHING
from api.views import ApiView, DetailView, ListView, one_of
from procurement.actions.buyers import require_somewhere
from procurement.actions.outcome_plans import (
    approve_investor,
    approve_share,
    propose_plan,
    remove_plan,
    save_plan,
)
from procurement.models import OutcomePlan
from procurement.outcome_terms import FIELDS
from procurement.permissions import Action, Actor
from procurement.querysets_outcomes import OutcomePlanQuerySet
from search.parameters import Parameter

MOVED: Final = (404, 409, 412, 422, 428)


def seen_by(request: Request) -> OutcomePlanQuerySet:
    """The plans that whoever asks may see; 401 for nobody."""
    return OutcomePlanQuerySet(OutcomePlan).seen_by(signed_in(request))


def plan_of(request: Request, call_off: str) -> OutcomePlan:
    """The plan of a call-off; 404 where the call-off may not be seen, or has none."""
    row = one_of(call_offs.seen_by(request), call_off)
    plan = seen_by(request).whole().filter(call_off=row).first()
    if plan is None:
        raise Problem(404, f"{row.reference} pays for no outcomes.")
    return plan


def shown_plan(request: Request, key: int, status: int = 200) -> Response:
    """The whole plan as it is after a change."""
    row = OutcomePlanQuerySet(OutcomePlan).whole().get(pk=key)
    data = OutcomePlanSerializer(row, context={"actor": signed_in(request)}).data
    return answered(data, row.revision, reverse("api:outcome-plan", args=[row.reference]), status)


def moved(
    request: Request,
    found: Callable[[], OutcomePlan],
    act: Callable[[Actor, str, int], OutcomePlan],
    *,
    said: bool = False,
) -> Response:
    """Moves a plan by an action that takes actor, reference and revision; the body says nothing, unless it was read
    (`said`).
    """
    actor = signed_in(request)
    if not said:
        object_of(request, (), empty=True)

    def once() -> Response:
        values(request.GET, ())
        row = found()
        revision = revision_meant(request)
        return shown_plan(request, act(actor, row.reference, revision).pk)

    return done_once(request, actor.reference, once)


class CallOffOutcomes(ApiView):
    """What a call-off pays for outcomes."""

    varies = True

    @operation(
        summary="What a call-off pays for outcomes",
        answer=OutcomePlanSerializer,
        scope="call_offs:read",
        headers=("validator",),
        example='curl "http://127.0.0.1:8000/api/v1/call-offs/$OUTCOMES/outcomes/" '
        '-H "Authorization: Bearer $TOKEN"',
    )
    def get(self, request: Request, reference: str) -> Response:
        """The ETag is the plan's, for what moves it; to say it anew takes the call-off's."""
        self.asked(request)
        row = plan_of(request, reference)
        self.revision = row.revision
        return Response(OutcomePlanSerializer(row, context={"actor": signed_in(request)}).data)

    @operation(
        summary="Say what a call-off pays for outcomes",
        answer=OutcomePlanSerializer,
        verb="set",
        body={"application/json": OutcomeTermsSerializer},
        scope="call_offs:write",
        headers=("If-Match",),
        problems=MOVED,
        other={201: OutcomePlanSerializer},
        example='curl -X PUT "http://127.0.0.1:8000/api/v1/call-offs/$OUTCOMES/outcomes/" '
        '-H "Authorization: Bearer $TOKEN" -H "If-Match: *" -H \'Content-Type: application/json\' '
        '-d \'{"cap": "2500.00", "long_stop_on": "2029-03-31"}\'',
    )
    def put(self, request: Request, reference: str) -> Response:
        """All of it, until the call-off has gone out: 201 for the first, 200 for another. What payers have approved
        falls, and an approval of the call-off too. `If-Match` takes the call-off's ETag.
        """
        actor = signed_in(request)
        revision = call_offs.revision_read(request, reference)
        row = one_of(call_offs.seen_by(request), reference)
        known = OutcomePlan.objects.filter(call_off=row).exists()
        with malformed_told():
            plan = save_plan(actor, row.reference, revision, object_of(request, FIELDS))
        return shown_plan(request, plan.pk, 200 if known else 201)


class CallOffProposal(ApiView):
    """That a call-off's plan goes to the bodies that are to pay."""

    varies = True

    @operation(
        summary="Propose a call-off's plan to its payers",
        answer=OutcomePlanSerializer,
        body={"application/json": NOTHING},
        scope="call_offs:write",
        headers=("If-Match", "Idempotency-Key"),
        problems=MOVED,
        example='curl -X POST "http://127.0.0.1:8000/api/v1/call-offs/$OUTCOMES/outcomes/propose/" '
        f"{SENDS}'{{}}'",
    )
    def post(self, request: Request, reference: str) -> Response:
        """422 with everything that is missing, as `blocking` tells it. `If-Match` takes the plan's ETag."""
        return moved(request, lambda: plan_of(request, reference), propose_plan)


class CallOffShare(ApiView):
    """The word of the buyer's own approver on its share."""

    varies = True

    @operation(
        summary="Approve the own share of a call-off's plan",
        answer=OutcomePlanSerializer,
        body={"application/json": NOTHING},
        scope="call_offs:approve",
        headers=("If-Match", "Idempotency-Key"),
        problems=MOVED,
        example='curl -X POST "http://127.0.0.1:8000/api/v1/call-offs/$PROPOSED/outcomes/approve-share/" '
        f"{SENDS}'{{}}'",
    )
    def post(self, request: Request, reference: str) -> Response:
        """Where the buyer pays a share itself; others find the plan at its own address. `If-Match` takes the plan's
        ETag.
        """
        return moved(request, lambda: plan_of(request, reference), approve_share)


class OutcomePlanList(ListView):
    """Plans of the own call-offs, and those that the own organisation is asked to pay a share of or to invest in, the
    newest first.
    """

    serializer_class = OutcomePlanSummarySerializer
    varies = True
    filters: ClassVar[tuple[Parameter, ...]] = (
        choice("status", "Only with this status.", OutcomePlan.Status.values, "proposed"),
        reference("organisation", "Only those of this buyer.", "leeds-city-council"),
        reference("call_off", "Only that of this call-off.", "CO-2026-0001"),
    )

    def rows(self, request: Request) -> QuerySet[OutcomePlan]:
        require_somewhere(signed_in(request), Action.SEE_PLANS)
        return seen_by(request).told().order_by("-pk")

    def narrowed(self, rows: QuerySet[OutcomePlan], asked: dict[str, Any]) -> QuerySet[OutcomePlan]:
        paths = {
            "status": "status",
            "organisation": "call_off__organisation__reference",
            "call_off": "call_off__reference",
        }
        return rows.filter(**{paths[name]: value for name, value in asked.items()})

    @operation(
        summary="Plans that you pay by, or are asked to",
        answer=OutcomePlanSummarySerializer,
        listed=True,
        scope="call_offs:read",
        headers=("validator",),
        problems=(403,),
        example="curl 'http://127.0.0.1:8000/api/v1/outcome-plans/?status=proposed' "
        '-H "Authorization: Bearer $TOKEN"',
    )
    def get(self, request: Request) -> Response:
        """A draft is shown to its own buyer alone."""
        return self.listed(request)


class OutcomePlanDetail(DetailView):
    """One plan."""

    serializer_class = OutcomePlanSerializer
    varies = True

    def rows(self, request: Request) -> QuerySet[OutcomePlan]:
        return seen_by(request).whole()

    def context(self, request: Request) -> dict[str, Any]:
        return {"actor": signed_in(request)}

    @operation(
        summary="A plan of outcomes with its payers and totals",
        answer=OutcomePlanSerializer,
        scope="call_offs:read",
        headers=("validator",),
        example='curl "http://127.0.0.1:8000/api/v1/outcome-plans/$PLAN/" -H "Authorization: Bearer $TOKEN"',
    )
    def get(self, request: Request, reference: str) -> Response:
        """As its buyer and, once it is proposed, the bodies that are to pay and the social investor see it."""
        return self.shown(request, self.found(request, reference))

    @operation(
        summary="Remove a plan of outcomes",
        answer=None,
        status=204,
        scope="call_offs:write",
        headers=("If-Match",),
        problems=(404, 409, 412, 428),
        example='curl -X DELETE "http://127.0.0.1:8000/api/v1/outcome-plans/$PLAN/" '
        '-H "Authorization: Bearer $TOKEN" -H "If-Match: *"',
    )
    def delete(self, request: Request, reference: str) -> Response:
        """By the buyer, as a draft or proposed; the call-off pays for no outcomes then. 409 once it is agreed: say it
        anew first. `If-Match` takes the plan's ETag.
        """
        actor = signed_in(request)
        values(request.GET, ())
        row = one_of(seen_by(request), reference)
        remove_plan(actor, row.reference, revision_meant(request))
        return Response(status=204)


class Proposal(ApiView):
    """That a plan goes to the bodies that are to pay."""

    varies = True

    @operation(
        summary="Propose a plan to its payers",
        answer=OutcomePlanSerializer,
        body={"application/json": NOTHING},
        scope="call_offs:write",
        headers=("If-Match", "Idempotency-Key"),
        problems=MOVED,
        example=f"curl -X POST \"http://127.0.0.1:8000/api/v1/outcome-plans/$PLAN/propose/\" {SENDS}'{{}}'",
    )
    def post(self, request: Request, reference: str) -> Response:
        """By the buyer; 422 with everything that is missing."""
        return moved(request, lambda: one_of(seen_by(request), reference), propose_plan)


class Share(ApiView):
    """The word of a body on the share that it is to pay."""

    varies = True

    @operation(
        summary="Approve the own share of a plan",
        answer=OutcomePlanSerializer,
        body={"application/json": NOTHING},
        scope="call_offs:approve",
        headers=("If-Match", "Idempotency-Key"),
        problems=MOVED,
        example='curl -X POST "http://127.0.0.1:8000/api/v1/outcome-plans/$ASKED/approve-share/" '
        f"{SENDS}'{{}}'",
    )
    def post(self, request: Request, reference: str) -> Response:
        """By an approver of a body that is to pay; an integration also needs `call_offs:read`. With the last the plan
        is agreed, and the call-off may go out.
        """
        return moved(request, lambda: one_of(seen_by(request), reference), approve_share)


class Investor(ApiView):
    """The word of the social investor on its part."""

    varies = True

    @operation(
        summary="Approve, or record the approval of, the social investor's part",
        answer=OutcomePlanSerializer,
        body={"application/json": InvestorNoteSerializer},
        scope="call_offs:approve",
        headers=("If-Match", "Idempotency-Key"),
        problems=MOVED,
        example='curl -X POST "http://127.0.0.1:8000/api/v1/outcome-plans/$INVESTED/approve-investor/" '
        f'{SENDS}\'{{"note": "Letter of 3 March 2026."}}\'',
    )
    def post(self, request: Request, reference: str) -> Response:
        """By an approver of the investor where it is known here, else by the buyer's approver with a `note` of where
        its word is written. The plan is agreed once this and every share are approved.
        """
        note = text_of(object_of(request, ("note",), empty=True), "note") or ""
        return moved(
            request,
            lambda: one_of(seen_by(request), reference),
            lambda actor, known, revision: approve_investor(actor, known, revision, note),
            said=True,
        )
