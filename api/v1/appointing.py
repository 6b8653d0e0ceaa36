"""Suppliers as whoever runs a framework appoints them and changes who belongs to them.

Every change walks: the view -> Idempotency-Key -> If-Match, but for a new supplier -> procurement/actions/consortia.py
-> events -> the index; it answers the supplier as it then is, with the ETag for the next change.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

from django.urls import reverse
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from api.auth import signed_in
from api.changing import answered, done_once, object_of, wrong_type
from api.conditional import revision_meant
from api.parameters import values
from api.schema import operation
from api.v1.offers import SENDS
from api.v1.suppliers import SupplierList, SupplierSerializer
from api.views import ApiView, one_of
from procurement.actions.consortia import (
    NAME,
    PlacesToGive,
    SupplierToAppoint,
    add_member,
    appoint_supplier,
    end_member,
    give_places,
    name_lead,
)
from procurement.models import Supplier
from procurement.models.base import REFERENCE_LENGTH
from procurement.permissions import Actor
from procurement.querysets import SupplierQuerySet

CHANGED: Final = (404, 409, 412, 422, 428)
Act = Callable[[Actor, str, int, dict[str, Any]], Supplier]


class PlacesSerializer(serializers.Serializer[Any]):
    """Places on lots of one's own frameworks."""

    lots = serializers.ListField(child=serializers.CharField(max_length=REFERENCE_LENGTH), min_length=1)
    starts_on = serializers.DateField(help_text="While each lot's framework runs.")
    ends_on = serializers.DateField(required=False, allow_null=True, help_text="None: with its framework.")


class NewSupplierSerializer(PlacesSerializer):
    """A supplier to appoint: a consortium with its lead and members, or a firm alone."""

    name = serializers.CharField(max_length=NAME)
    form = serializers.ChoiceField(choices=Supplier.Form.choices)
    lead = serializers.CharField(max_length=REFERENCE_LENGTH, help_text="The firm that leads, by reference.")
    members = serializers.ListField(
        child=serializers.CharField(max_length=REFERENCE_LENGTH),
        required=False,
        help_text="The other firms; none for a firm alone.",
    )


class NewMemberSerializer(serializers.Serializer[Any]):
    """A firm that joins."""

    partner = serializers.CharField(max_length=REFERENCE_LENGTH)
    joined_on = serializers.DateField(required=False, help_text="Today or before; today unless given.")


class EndSerializer(serializers.Serializer[Any]):
    """The end of a firm's time."""

    left_on = serializers.DateField(
        required=False,
        help_text="The first day on which it does not belong: today or before, today unless given.",
    )


class NewLeadSerializer(serializers.Serializer[Any]):
    """The firm that leads from today on."""

    partner = serializers.CharField(max_length=REFERENCE_LENGTH)
    stays = serializers.BooleanField(
        required=False, default=True, help_text="Whether the firm that led becomes a member; else it leaves."
    )


def shown(reference: str, status: int = 200) -> Response:
    """The supplier as it is after a change."""
    row = SupplierQuerySet(Supplier).told().get(reference=reference)
    place = reverse("api:supplier", args=[reference])
    return answered(SupplierSerializer(row).data, row.revision, place, status)


def changed(
    request: Request,
    reference: str,
    known: Sequence[str],
    act: Act,
    *,
    status: int = 200,
    empty: bool = False,
) -> Response:
    """Changes a supplier by an action, once, by the revision of If-Match; the body has these fields."""
    actor = signed_in(request)
    values(request.GET, ())
    body = object_of(request, known, empty=empty)

    def once() -> Response:
        row = one_of(Supplier.objects.all(), reference)
        act(actor, row.reference, revision_meant(request), body)
        return shown(row.reference, status)

    return done_once(request, actor.reference, once)


def said_of(body: dict[str, Any], name: str) -> Any:
    """A field that may be left out: null is as nothing."""
    return "" if body.get(name) is None else body[name]


def places_of(body: dict[str, Any]) -> PlacesToGive:
    """The places that a body asks for."""
    return PlacesToGive(body.get("lots", []), said_of(body, "starts_on"), said_of(body, "ends_on"))


class SupplierAppointing(SupplierList):
    """Suppliers, and a new one."""

    @operation(
        summary="Appoint a supplier",
        answer=SupplierSerializer,
        status=201,
        body={"application/json": NewSupplierSerializer},
        scope="frameworks:write",
        headers=("Idempotency-Key",),
        problems=(403, 422),
        example="curl -X POST 'http://127.0.0.1:8000/api/v1/suppliers/' "
        '-H "Authorization: Bearer $TOKEN" -H "Idempotency-Key: $KEY" -H \'Content-Type: application/json\' '
        '-d \'{"name": "Grove", "form": "prime", "lead": "brightwater", "members": ["larch"], '
        '"lots": ["rm6309~7"], "starts_on": "2026-01-05"}\'',
    )
    def post(self, request: Request) -> Response:
        """By whoever runs the lots' frameworks. Its members belong from the first day, or today where that is to
        come; they are told.
        """
        actor = signed_in(request)
        values(request.GET, ())
        body = object_of(request, ("name", "form", "lead", "members", "lots", "starts_on", "ends_on"))

        def once() -> Response:
            wanted = SupplierToAppoint(
                said_of(body, "name"),
                said_of(body, "form"),
                said_of(body, "lead"),
                body.get("members", []),
                places_of(body),
            )
            return shown(appoint_supplier(actor, wanted).reference, 201)

        return done_once(request, actor.reference, once)


class SupplierPlaces(ApiView):
    """Places of a supplier."""

    @operation(
        summary="Give a supplier further places",
        answer=SupplierSerializer,
        status=201,
        verb="give",
        body={"application/json": PlacesSerializer},
        scope="frameworks:write",
        headers=("If-Match", "Idempotency-Key"),
        problems=CHANGED,
        example='curl -X POST "http://127.0.0.1:8000/api/v1/suppliers/brightwater/places/" '
        f'{SENDS}\'{{"lots": ["rm6309~1"], "starts_on": "2026-01-05"}}\'',
    )
    def post(self, request: Request, reference: str) -> Response:
        """On lots of one's own frameworks. 422 where it holds one of them already, suspended or not; a place that was
        withdrawn or has ended is given anew, with what its members offered there.
        """
        self.asked(request)

        def act(actor: Actor, known: str, revision: int, body: dict[str, Any]) -> Supplier:
            return give_places(actor, known, revision, places_of(body))

        return changed(request, reference, ("lots", "starts_on", "ends_on"), act, status=201)


class SupplierMembers(ApiView):
    """Members of a supplier."""

    @operation(
        summary="Add a member",
        answer=SupplierSerializer,
        status=201,
        verb="add",
        body={"application/json": NewMemberSerializer},
        scope="frameworks:write",
        headers=("If-Match", "Idempotency-Key"),
        problems=CHANGED,
        example='curl -X POST "http://127.0.0.1:8000/api/v1/suppliers/larch/members/" '
        f'{SENDS}\'{{"partner": "brightwater"}}\'',
    )
    def post(self, request: Request, reference: str) -> Response:
        """By whoever runs every framework on which the supplier stands. 409 for a firm alone, 422 for a firm that
        belongs already, is suspended or excluded.
        """
        self.asked(request)

        def act(actor: Actor, known: str, revision: int, body: dict[str, Any]) -> Supplier:
            return add_member(actor, known, revision, said_of(body, "partner"), said_of(body, "joined_on"))

        return changed(request, reference, ("partner", "joined_on"), act, status=201)


class MemberEnd(ApiView):
    """The end of a member's time."""

    @operation(
        summary="End a member's time",
        answer=SupplierSerializer,
        verb="end",
        body={"application/json": EndSerializer},
        scope="frameworks:write",
        headers=("If-Match", "Idempotency-Key"),
        problems=CHANGED,
        example='curl -X POST "http://127.0.0.1:8000/api/v1/suppliers/larch/members/alder/end/" '
        f"{SENDS}'{{}}'",
    )
    def post(self, request: Request, reference: str, partner: str) -> Response:
        """It stays in the supplier's history. Buyers with an open offer or a live contract that want it are told. 409
        for the lead: another leads first.
        """
        self.asked(request)

        def act(actor: Actor, known: str, revision: int, body: dict[str, Any]) -> Supplier:
            return end_member(actor, known, revision, partner, said_of(body, "left_on"))

        return changed(request, reference, ("left_on",), act, empty=True)


class SupplierLead(ApiView):
    """Who leads a supplier."""

    @operation(
        summary="Name another lead",
        answer=SupplierSerializer,
        verb="name",
        body={"application/json": NewLeadSerializer},
        scope="frameworks:write",
        headers=("If-Match", "Idempotency-Key"),
        problems=CHANGED,
        example='curl -X POST "http://127.0.0.1:8000/api/v1/suppliers/larch/lead/" '
        f'{SENDS}\'{{"partner": "alder", "stays": true}}\'',
    )
    def post(self, request: Request, reference: str) -> Response:
        """From today on it answers, submits and signs, in what is open already too; what was submitted and signed
        stands. Members are told, and buyers with something open; of a tender once it is opened.
        """
        self.asked(request)

        def act(actor: Actor, known: str, revision: int, body: dict[str, Any]) -> Supplier:
            stays = body.get("stays", True)
            if not isinstance(stays, bool):
                raise wrong_type("stays", "This must be true or false.")
            return name_lead(actor, known, revision, said_of(body, "partner"), stays=stays)

        return changed(request, reference, ("partner", "stays"), act)
