"""Contracts: what awards end in, seen by the buyer, the lead supplier and the partners that were wanted."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar, Final

from django.db.models import QuerySet
from django.urls import reverse
from rest_framework.request import Request
from rest_framework.response import Response

from api.auth import signed_in
from api.changing import answered, done_once, malformed_told, object_of, text_of, wrong_type
from api.conditional import revision_meant
from api.parameters import choice, reference, values
from api.schema import operation
from api.v1.call_off_shapes import ReasonSerializer
from api.v1.offer_shapes import ContractChangesSerializer, ContractSerializer, ContractSummarySerializer
from api.v1.offers import SENDS
from api.v1.shortlist_shapes import NOTHING
from api.views import ApiView, DetailView, ListView, one_of
from procurement.actions.contracts import (
    complete_contract,
    extend_contract,
    identify_contract,
    reopen_contract,
    sign_contract,
    terminate_contract,
)
from procurement.models import Contract
from procurement.permissions import Actor
from procurement.querysets_call_offs import ContractQuerySet, require_either_side
from search.parameters import Parameter

MOVED: Final = (404, 409, 412, 422, 428)


def seen_by(request: Request) -> ContractQuerySet:
    """The contracts that whoever asks may see; 401 for nobody."""
    return ContractQuerySet(Contract).seen_by(signed_in(request))


def moved(
    request: Request, reference: str, field: str | None, act: Callable[[Actor, str, int, Any], Contract]
) -> Response:
    """Moves a contract by an action that takes actor, reference, revision and the one `field` of the body."""
    actor = signed_in(request)
    body = object_of(request, (field,) if field else (), empty=True)

    def once() -> Response:
        values(request.GET, ())
        row = one_of(seen_by(request), reference)
        made = act(actor, row.reference, revision_meant(request), text_of(body, field or "") or "")
        return contract_answered(actor, made)

    return done_once(request, actor.reference, once)


def contract_answered(actor: Actor, made: Contract) -> Response:
    """The contract as it is after a change."""
    shown = ContractQuerySet(Contract).told().get(pk=made.pk)
    place = reverse("api:contract", args=[shown.reference])
    return answered(ContractSerializer(shown, context={"actor": actor}).data, shown.revision, place)


class ContractList(ListView):
    """Contracts of the own buyer organisation or the own firm, newest first."""

    serializer_class = ContractSummarySerializer
    varies = True
    filters: ClassVar[tuple[Parameter, ...]] = (
        choice("status", "Only with this status.", Contract.Status.values, "active"),
        reference("call_off", "Only those of this call-off.", "CO-2026-0001"),
    )

    def rows(self, request: Request) -> QuerySet[Contract]:
        require_either_side(signed_in(request))
        return seen_by(request).told().order_by("-pk")

    def narrowed(self, rows: QuerySet[Contract], asked: dict[str, Any]) -> QuerySet[Contract]:
        paths = {"status": "status", "call_off": "call_off__reference"}
        return rows.filter(**{paths[name]: value for name, value in asked.items()})

    @operation(
        summary="The own contracts",
        answer=ContractSummarySerializer,
        listed=True,
        scope="call_offs:read",
        either="offers:read",
        headers=("validator",),
        problems=(403,),
        example="curl 'http://127.0.0.1:8000/api/v1/contracts/' -H \"Authorization: Bearer $TOKEN\"",
    )
    def get(self, request: Request) -> Response:
        """An integration of a supplier reads them with `offers:read`."""
        return self.listed(request)


class ContractDetail(DetailView):
    """One contract."""

    serializer_class = ContractSerializer
    varies = True

    def rows(self, request: Request) -> QuerySet[Contract]:
        return seen_by(request).told()

    def context(self, request: Request) -> dict[str, Any]:
        return {"actor": signed_in(request)}

    @operation(
        summary="A contract",
        answer=ContractSerializer,
        scope="call_offs:read",
        either="offers:read",
        headers=("validator",),
        example='curl "http://127.0.0.1:8000/api/v1/contracts/$CONTRACT/" -H "Authorization: Bearer $TOKEN"',
    )
    def get(self, request: Request, reference: str) -> Response:
        """An integration of a supplier reads it with `offers:read`."""
        return self.shown(request, self.found(request, reference))

    @operation(
        summary="Say what others call a contract",
        answer=ContractSerializer,
        body={"application/json": ContractChangesSerializer},
        scope="call_offs:write",
        headers=("If-Match",),
        problems=(404, 409, 412, 422, 428),
        example='curl -X PATCH "http://127.0.0.1:8000/api/v1/contracts/$CONTRACT/" '
        '-H "Authorization: Bearer $TOKEN" -H "If-Match: *" '
        '-H \'Content-Type: application/json\' -d \'{"identifiers": {"purchase_order": "PO-1"}}\'',
    )
    def patch(self, request: Request, reference: str) -> Response:
        """The notice, the purchase order, the buyer's own reference; null takes one away."""
        actor = signed_in(request)
        row = self.found(request, reference)
        assert isinstance(row, Contract)
        revision = revision_meant(request)
        names = object_of(request, ("identifiers",))["identifiers"]
        if not isinstance(names, dict):
            raise wrong_type("identifiers", "This must be an object.")
        with malformed_told():
            identify_contract(actor, row.reference, revision, names)
        return self.shown(request, self.found(request, reference))


class Signature(ApiView):
    """The signatures of a contract."""

    varies = True

    @operation(
        summary="Sign a contract",
        answer=ContractSerializer,
        body={"application/json": NOTHING},
        scope="call_offs:write",
        either="offers:write",
        headers=("If-Match", "Idempotency-Key"),
        problems=MOVED,
        example=f"curl -X POST \"http://127.0.0.1:8000/api/v1/contracts/$CONTRACT/sign/\" {SENDS}'{{}}'",
    )
    def post(self, request: Request, reference: str) -> Response:
        """For the side that you stand on (a supplier's integration with `offers:write`). With the second signature the
        contract stands. Appointment and exclusion are asked about again.
        """
        return moved(
            request,
            reference,
            None,
            lambda actor, known, revision, _: sign_contract(actor, known, revision),
        )


class Extension(ApiView):
    """The options of a contract."""

    varies = True

    @operation(
        summary="Take the next priced option",
        answer=ContractSerializer,
        body={"application/json": NOTHING},
        scope="call_offs:write",
        headers=("If-Match", "Idempotency-Key"),
        problems=MOVED,
        example=f"curl -X POST \"http://127.0.0.1:8000/api/v1/contracts/$ACTIVE/extend/\" {SENDS}'{{}}'",
    )
    def post(self, request: Request, reference: str) -> Response:
        """409 where none is left or the last day has passed."""
        return moved(
            request,
            reference,
            None,
            lambda actor, known, revision, _: extend_contract(actor, known, revision),
        )


class Completion(ApiView):
    """The end of a contract's work."""

    varies = True

    @operation(
        summary="Say that the work is done",
        answer=ContractSerializer,
        body={"application/json": NOTHING},
        scope="call_offs:write",
        headers=("If-Match", "Idempotency-Key"),
        problems=MOVED,
        example=f"curl -X POST \"http://127.0.0.1:8000/api/v1/contracts/$ACTIVE/complete/\" {SENDS}'{{}}'",
    )
    def post(self, request: Request, reference: str) -> Response:
        """By the buyer."""
        return moved(
            request,
            reference,
            None,
            lambda actor, known, revision, _: complete_contract(actor, known, revision),
        )


class Reopening(ApiView):
    """The way back from a contract's end."""

    varies = True

    @operation(
        summary="Take back that the work is done",
        answer=ContractSerializer,
        body={"application/json": ReasonSerializer},
        scope="call_offs:write",
        headers=("If-Match", "Idempotency-Key"),
        problems=MOVED,
        example='curl -X POST "http://127.0.0.1:8000/api/v1/contracts/$COMPLETE/reopen/" '
        f'{SENDS}\'{{"reason": "The last report is still to come."}}\'',
    )
    def post(self, request: Request, reference: str) -> Response:
        """By the buyer, with the reason, which the supplier and whoever pays for its outcomes are told. 409 once its
        last day has passed, or a public notice of its end was published.
        """
        return moved(request, reference, "reason", reopen_contract)


class Termination(ApiView):
    """The end of a contract before its time."""

    varies = True

    @operation(
        summary="End a contract before its time",
        answer=ContractSerializer,
        body={"application/json": ReasonSerializer},
        scope="call_offs:write",
        headers=("If-Match", "Idempotency-Key"),
        problems=MOVED,
        example='curl -X POST "http://127.0.0.1:8000/api/v1/contracts/$ACTIVE/terminate/" '
        f'{SENDS}\'{{"reason": "The service was closed."}}\'',
    )
    def post(self, request: Request, reference: str) -> Response:
        """By the buyer, with the reason, which the supplier is told."""
        return moved(request, reference, "reason", terminate_contract)
