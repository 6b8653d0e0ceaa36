"""Who stands on a framework: suppliers' places on its lots, and whether a firm is shown at all; each rested, taken up
again or ended for a reason, by whoever runs the framework or the service.

Every move walks: the view (visible to the actor, else 404) -> If-Match, Idempotency-Key ->
procurement/actions/standing.py -> one event -> the index, within seconds.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar, Final

from django.urls import reverse
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from api.auth import signed_in
from api.changing import answered, done_once, object_of, text_of
from api.conditional import revision_meant
from api.parameters import choice, reference
from api.schema import operation
from api.v1.call_off_shapes import ReasonSerializer
from api.v1.offers import SENDS
from api.v1.partners import PartnerSerializer
from api.v1.shapes import Named, NamedFramework, NamedLot
from api.views import ApiView, DetailView, ListView, one_of
from procurement.actions.buyers import require_somewhere
from procurement.actions.standing import STEPS, move_appointment, reinstate_partner, suspend_partner
from procurement.models import Appointment, Partner
from procurement.permissions import Action, Actor, can
from procurement.querysets import PartnerQuerySet
from procurement.querysets_administering import AppointmentQuerySet
from search.parameters import Parameter

MOVED: Final = (404, 409, 412, 422, 428)
Move = Callable[[Actor, str, int, str], Partner]


class PlaceSerializer(serializers.Serializer[Any]):
    """A supplier's place on a lot, as whoever runs the framework sees it, and what may be done with it now."""

    reference = serializers.CharField()
    supplier = Named()
    framework = NamedFramework(source="lot.framework")
    lot = NamedLot()
    status = serializers.ChoiceField(choices=Appointment.Status.choices)
    starts_on = serializers.DateField()
    ends_on = serializers.DateField(allow_null=True)
    quality_marks = serializers.ListField(child=serializers.CharField())
    available_actions = serializers.SerializerMethodField()

    def get_available_actions(self, row: Appointment) -> list[str]:
        return [step for step, (sources, *_) in STEPS.items() if row.status in sources]


def managed(request: Request) -> AppointmentQuerySet:
    """The places on frameworks that whoever asks runs; 401 for nobody."""
    return AppointmentQuerySet(Appointment).managed_by(signed_in(request)).told()


class AppointmentList(ListView):
    """Places on the own frameworks, by supplier and lot."""

    serializer_class = PlaceSerializer
    varies = True
    filters: ClassVar[tuple[Parameter, ...]] = (
        reference("framework", "Only on this framework.", "rm6309"),
        reference("lot", "Only on this lot.", "rm6309~7"),
        reference("supplier", "Only of this supplier.", "brightwater"),
        choice("status", "Only with this status.", Appointment.Status.values, "active"),
    )

    def rows(self, request: Request) -> AppointmentQuerySet:
        require_somewhere(signed_in(request), Action.MANAGE_SUPPLIERS)
        return managed(request)

    def narrowed(self, rows: Any, asked: dict[str, Any]) -> Any:
        ways = {
            "framework": "lot__framework__reference",
            "lot": "lot__reference",
            "supplier": "supplier__reference",
        }
        return rows.filter(**{ways.get(name, name): value for name, value in asked.items()})

    @operation(
        summary="Places on the own frameworks' lots",
        answer=PlaceSerializer,
        listed=True,
        scope="frameworks:write",
        headers=("validator",),
        problems=(403,),
        example="curl 'http://127.0.0.1:8000/api/v1/appointments/?framework=rm3745' "
        '-H "Authorization: Bearer $TOKEN"',
    )
    def get(self, request: Request) -> Response:
        """Of a framework's owner those on its own frameworks, of an operator all."""
        return self.listed(request)


class AppointmentDetail(DetailView):
    """One place on a lot."""

    serializer_class = PlaceSerializer
    varies = True

    def rows(self, request: Request) -> AppointmentQuerySet:
        return managed(request)

    @operation(
        summary="A place on a lot",
        answer=PlaceSerializer,
        scope="frameworks:write",
        headers=("validator",),
        example='curl "http://127.0.0.1:8000/api/v1/appointments/rm3745~5~ppl/" -H "Authorization: Bearer $TOKEN"',
    )
    def get(self, request: Request, reference: str) -> Response:
        return self.shown(request, self.found(request, reference))


def moved(request: Request, known: str, step: str) -> Response:
    """Takes a step of a place by the revision of If-Match, for the reason in the body; the place as it then is."""
    actor = signed_in(request)
    why = text_of(object_of(request, ("reason",)), "reason") or ""

    def act() -> Response:
        place = one_of(managed(request), known)
        move_appointment(actor, place.reference, revision_meant(request), step, why)
        now = managed(request).get(pk=place.pk)
        shown = reverse("api:appointment", args=[now.reference])
        return answered(PlaceSerializer(now).data, now.revision, shown)

    return done_once(request, actor.reference, act)


class AppointmentSuspension(ApiView):
    """A place on a lot, resting."""

    @operation(
        summary="Suspend a place",
        answer=PlaceSerializer,
        verb="suspend",
        body={"application/json": ReasonSerializer},
        scope="frameworks:write",
        headers=("If-Match", "Idempotency-Key"),
        problems=MOVED,
        example='curl -X POST "http://127.0.0.1:8000/api/v1/appointments/rm3745~5~ppl/suspend/" '
        f'{SENDS}\'{{"reason": "Its insurance has lapsed."}}\'',
    )
    def post(self, request: Request, reference: str) -> Response:
        """Searches leave the supplier's listings on that lot out within seconds, and no invitation names it. 409 where
        it does not hold.
        """
        self.asked(request)
        return moved(request, reference, "suspend")


class AppointmentReinstatement(ApiView):
    """A place on a lot, taken up again."""

    @operation(
        summary="Reinstate a place",
        answer=PlaceSerializer,
        verb="reinstate",
        body={"application/json": ReasonSerializer},
        scope="frameworks:write",
        headers=("If-Match", "Idempotency-Key"),
        problems=MOVED,
        example='curl -X POST "http://127.0.0.1:8000/api/v1/appointments/$RESTING/reinstate/" '
        f'{SENDS}\'{{"reason": "It is insured again."}}\'',
    )
    def post(self, request: Request, reference: str) -> Response:
        """One that rests holds again. 409 for any other."""
        self.asked(request)
        return moved(request, reference, "reinstate")


class AppointmentWithdrawal(ApiView):
    """A place on a lot, given up."""

    @operation(
        summary="Withdraw a place",
        answer=PlaceSerializer,
        verb="withdraw",
        body={"application/json": ReasonSerializer},
        scope="frameworks:write",
        headers=("If-Match", "Idempotency-Key"),
        problems=MOVED,
        example='curl -X POST "http://127.0.0.1:8000/api/v1/appointments/rm3745~5~ppl/withdraw/" '
        f'{SENDS}\'{{"reason": "It left the lot."}}\'',
    )
    def post(self, request: Request, reference: str) -> Response:
        """It ends for good."""
        self.asked(request)
        return moved(request, reference, "withdraw")


def firm_shown(actor: Actor, row: Partner) -> Response:
    """A firm, read with all that is told of it, as it is after a change."""
    contacts = {"contacts": can(actor, Action.VIEW_CONTACTS)}
    place = reverse("api:partner", args=[row.reference])
    return answered(PartnerSerializer(row, context=contacts).data, row.revision, place)


def shown_or_hidden(request: Request, known: str, move: Move) -> Response:
    """Suspends or reinstates a firm by the revision of If-Match, for the reason in the body; the firm as it then is."""
    actor = signed_in(request)
    why = text_of(object_of(request, ("reason",)), "reason") or ""
    may = can(actor, Action.SUSPEND_PARTNER)
    seen = PartnerQuerySet(Partner).told() if may else PartnerQuerySet(Partner).seen_by(actor).told()

    def act() -> Response:
        row = one_of(seen, known)
        move(actor, row.reference, revision_meant(request), why)
        return firm_shown(actor, seen.get(pk=row.pk))

    return done_once(request, actor.reference, act)


class PartnerSuspension(ApiView):
    """A firm, shown to nobody."""

    @operation(
        summary="Suspend a firm",
        answer=PartnerSerializer,
        verb="suspend",
        body={"application/json": ReasonSerializer},
        scope="frameworks:write",
        headers=("If-Match", "Idempotency-Key"),
        problems=MOVED,
        example='curl -X POST "http://127.0.0.1:8000/api/v1/partners/opm-group/suspend/" '
        f'{SENDS}\'{{"reason": "It is being wound up."}}\'',
    )
    def post(self, request: Request, reference: str) -> Response:
        """Searches leave it out within seconds, whatever supplier it belongs to, until it is reinstated."""
        self.asked(request)
        return shown_or_hidden(request, reference, suspend_partner)


class PartnerReinstatement(ApiView):
    """A firm, shown again."""

    @operation(
        summary="Reinstate a firm",
        answer=PartnerSerializer,
        verb="reinstate",
        body={"application/json": ReasonSerializer},
        scope="frameworks:write",
        headers=("If-Match", "Idempotency-Key"),
        problems=MOVED,
        example='curl -X POST "http://127.0.0.1:8000/api/v1/partners/$SUSPENDED/reinstate/" '
        f'{SENDS}\'{{"reason": "It goes on."}}\'',
    )
    def post(self, request: Request, reference: str) -> Response:
        """A suspended firm is found again within seconds."""
        self.asked(request)
        return shown_or_hidden(request, reference, reinstate_partner)
