"""Claims for outcomes: made by a contract's lead supplier, verified or rejected by the buyer, paid by its approver.

Both sides of the contract see them, and the bodies that pay. Every change walks: the view (visible to the actor, else
404) -> Idempotency-Key -> If-Match -> procurement/actions/claims.py -> the whole claim with the ETag for the next
change.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar, Final

from django.db.models import QuerySet
from django.urls import reverse
from rest_framework.request import Request
from rest_framework.response import Response

from api.auth import signed_in
from api.changing import answered, done_once, object_of, text_of
from api.conditional import revision_meant
from api.parameters import choice, reference, values
from api.schema import operation
from api.v1 import contracts
from api.v1.call_off_shapes import ReasonSerializer
from api.v1.claim_shapes import ClaimSerializer, ClaimSummarySerializer, CountedSerializer, NewClaimSerializer
from api.v1.offers import SENDS
from api.v1.shortlist_shapes import NOTHING
from api.views import ApiView, DetailView, ListView, one_of
from procurement.actions.claims import (
    ClaimDraft,
    pay_claim,
    reject_claim,
    submit_claim,
    unverify_claim,
    verify_claim,
)
from procurement.models import Claim, OutcomePlan
from procurement.permissions import Actor
from procurement.querysets_outcomes import ClaimQuerySet, OutcomePlanQuerySet
from search.parameters import Parameter

MOVED: Final = (404, 409, 412, 422, 428)
SAID: Final = ("measure", "count", "first_day", "last_day", "evidence")


def seen_by(request: Request) -> ClaimQuerySet:
    """The claims that whoever asks may see; 401 for nobody."""
    return ClaimQuerySet(Claim).seen_by(signed_in(request))


def shown_claim(request: Request, key: int, status: int = 200) -> Response:
    """The whole claim as it is after a change."""
    row = ClaimQuerySet(Claim).whole().get(pk=key)
    data = ClaimSerializer(row, context={"actor": signed_in(request)}).data
    return answered(data, row.revision, reverse("api:claim", args=[row.reference]), status)


def moved(request: Request, known: str, act: Callable[[Actor, str, int], Claim]) -> Response:
    """Moves a claim by an action that takes actor, reference and revision."""
    actor = signed_in(request)

    def once() -> Response:
        values(request.GET, ())
        row = one_of(seen_by(request), known)
        revision = revision_meant(request)
        return shown_claim(request, act(actor, row.reference, revision).pk)

    return done_once(request, actor.reference, once)


class ContractClaims(ListView):
    """The claims on a contract, newest first."""

    serializer_class = ClaimSummarySerializer
    varies = True
    filters: ClassVar[tuple[Parameter, ...]] = (
        choice("status", "Only with this status.", Claim.Status.values, "submitted"),
        reference("measure", "Only those for this outcome.", "in-work"),
    )

    def rows(self, request: Request) -> QuerySet[Claim]:
        contract = one_of(contracts.seen_by(request), self.kwargs["reference"])
        return ClaimQuerySet(Claim).told().filter(contract=contract).order_by("-pk")

    def narrowed(self, rows: QuerySet[Claim], asked: dict[str, Any]) -> QuerySet[Claim]:
        paths = {"status": "status", "measure": "measure__measure__reference"}
        return rows.filter(**{paths[name]: value for name, value in asked.items()})

    @operation(
        summary="Claims for outcomes on a contract",
        answer=ClaimSummarySerializer,
        listed=True,
        scope="call_offs:read",
        either="offers:read",
        headers=("validator",),
        example='curl "http://127.0.0.1:8000/api/v1/contracts/$CLAIMED/claims/" '
        '-H "Authorization: Bearer $TOKEN"',
    )
    def get(self, request: Request, reference: str) -> Response:
        """An integration of a supplier reads them with `offers:read`."""
        return self.listed(request)

    @operation(
        summary="Claim outcomes",
        answer=ClaimSerializer,
        status=201,
        body={"application/json": NewClaimSerializer},
        scope="offers:write",
        headers=("If-Match", "Idempotency-Key"),
        problems=MOVED,
        example='curl -X POST "http://127.0.0.1:8000/api/v1/contracts/$PAYS/claims/" '
        '-H "Authorization: Bearer $TOKEN" -H "If-Match: *" -H "Idempotency-Key: $KEY" '
        "-H 'Content-Type: application/json' "
        '-d "{\\"measure\\": \\"$OUTCOME\\", \\"count\\": 12, \\"first_day\\": \\"$FIRST_DAY\\", '
        '\\"last_day\\": \\"$LAST_DAY\\", \\"evidence\\": \\"Payroll returns for March.\\"}"',
    )
    def post(self, request: Request, reference: str) -> Response:
        """By the lead supplier, of what has been reached, up to the long stop, also once the work is complete. 409
        where the contract pays for no outcomes, is not signed or was terminated. `If-Match` takes the contract's ETag.
        """
        actor = signed_in(request)
        body = object_of(request, SAID)
        text_of(body, "measure")
        text_of(body, "evidence")
        draft = ClaimDraft(
            **{name: body.get(name) for name in SAID} | {"evidence": body.get("evidence") or ""}
        )

        def act() -> Response:
            values(request.GET, ())
            row = one_of(contracts.seen_by(request), reference)
            revision = revision_meant(request)
            return shown_claim(request, submit_claim(actor, row.reference, revision, draft).pk, 201)

        return done_once(request, actor.reference, act)


class PlanClaims(ListView):
    """The claims that a plan of outcomes pays for, newest first."""

    serializer_class = ClaimSummarySerializer
    varies = True
    filters: ClassVar[tuple[Parameter, ...]] = (
        choice("status", "Only with this status.", Claim.Status.values, "verified"),
    )

    def rows(self, request: Request) -> QuerySet[Claim]:
        plan = one_of(OutcomePlanQuerySet(OutcomePlan).seen_by(signed_in(request)), self.kwargs["reference"])
        return seen_by(request).told().filter(measure__plan=plan).order_by("-pk")

    def narrowed(self, rows: QuerySet[Claim], asked: dict[str, Any]) -> QuerySet[Claim]:
        return rows.filter(**asked)

    @operation(
        summary="Claims that a plan of outcomes pays for",
        answer=ClaimSummarySerializer,
        listed=True,
        scope="call_offs:read",
        headers=("validator",),
        example='curl "http://127.0.0.1:8000/api/v1/outcome-plans/$CLAIMED_PLAN/claims/" '
        '-H "Authorization: Bearer $TOKEN"',
    )
    def get(self, request: Request, reference: str) -> Response:
        """For the buyer and the bodies that pay, who do not see the contract."""
        return self.listed(request)


class ClaimDetail(DetailView):
    """One claim."""

    serializer_class = ClaimSerializer
    varies = True

    def rows(self, request: Request) -> QuerySet[Claim]:
        return seen_by(request).whole()

    def context(self, request: Request) -> dict[str, Any]:
        return {"actor": signed_in(request)}

    @operation(
        summary="A claim with what each body has paid of it",
        answer=ClaimSerializer,
        scope="call_offs:read",
        either="offers:read",
        headers=("validator",),
        example='curl "http://127.0.0.1:8000/api/v1/claims/$CLAIM/" -H "Authorization: Bearer $TOKEN"',
    )
    def get(self, request: Request, reference: str) -> Response:
        """An integration of a supplier reads it with `offers:read`."""
        return self.shown(request, self.found(request, reference))


class ClaimVerification(ApiView):
    """That a claim is borne out."""

    varies = True

    @operation(
        summary="Verify a claim",
        answer=ClaimSerializer,
        body={"application/json": CountedSerializer},
        scope="call_offs:write",
        headers=("If-Match", "Idempotency-Key"),
        problems=MOVED,
        example='curl -X POST "http://127.0.0.1:8000/api/v1/claims/$CLAIM/verify/" '
        f"{SENDS}'{{\"counted\": 10}}'",
    )
    def post(self, request: Request, reference: str) -> Response:
        """By the buyer, never by who claimed: how many of the outcomes are borne out, at most those claimed. What is to
        be paid stays within the measure's and the plan's caps.
        """
        counted = object_of(request, ("counted",)).get("counted")
        return moved(
            request, reference, lambda actor, known, revision: verify_claim(actor, known, revision, counted)
        )


class ClaimRejection(ApiView):
    """That a claim is not borne out."""

    varies = True

    @operation(
        summary="Reject a claim",
        answer=ClaimSerializer,
        body={"application/json": ReasonSerializer},
        scope="call_offs:write",
        headers=("If-Match", "Idempotency-Key"),
        problems=MOVED,
        example='curl -X POST "http://127.0.0.1:8000/api/v1/claims/$CLAIM/reject/" '
        f'{SENDS}\'{{"reason": "No returns for March."}}\'',
    )
    def post(self, request: Request, reference: str) -> Response:
        """By the buyer, with the reason, which the supplier is told."""
        why = text_of(object_of(request, ("reason",), empty=True), "reason") or ""
        return moved(
            request, reference, lambda actor, known, revision: reject_claim(actor, known, revision, why)
        )


class ClaimUnverified(ApiView):
    """A verification taken back."""

    varies = True

    @operation(
        summary="Take the verification of a claim back",
        answer=ClaimSerializer,
        verb="unverify",
        body={"application/json": ReasonSerializer},
        scope="call_offs:write",
        headers=("If-Match", "Idempotency-Key"),
        problems=MOVED,
        example='curl -X POST "http://127.0.0.1:8000/api/v1/claims/$VERIFIED/unverify/" '
        f'{SENDS}\'{{"reason": "Ten are borne out, not one."}}\'',
    )
    def post(self, request: Request, reference: str) -> Response:
        """Before it is paid, by whoever verified it or somebody else of the buyer who verifies, never by who pays; with
        the reason, which supplier, buyer and the bodies that pay are told. The claim stands as submitted again.
        """
        why = text_of(object_of(request, ("reason",), empty=True), "reason") or ""
        return moved(
            request, reference, lambda actor, known, revision: unverify_claim(actor, known, revision, why)
        )


class ClaimPayment(ApiView):
    """That a claim is paid."""

    varies = True

    @operation(
        summary="Record that a claim is paid",
        answer=ClaimSerializer,
        body={"application/json": NOTHING},
        scope="call_offs:approve",
        headers=("If-Match", "Idempotency-Key"),
        problems=MOVED,
        example=f"curl -X POST \"http://127.0.0.1:8000/api/v1/claims/$VERIFIED/pay/\" {SENDS}'{{}}'",
    )
    def post(self, request: Request, reference: str) -> Response:
        """By the buyer's approver, never before it is verified: each body its share to the penny, a fund no more than
        its pot holds and only between its days; what it lacks falls to those without a pot.
        """
        object_of(request, (), empty=True)
        return moved(request, reference, pay_claim)
