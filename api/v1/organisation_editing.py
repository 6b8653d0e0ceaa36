"""Organisations as an operator lets them in and changes them.

POST and PATCH walk: this view -> Idempotency-Key, or If-Match -> procurement/actions/organisation_edits.py -> one
event; the answer is the organisation with the ETag for the next change.
"""

from __future__ import annotations

from typing import Any, Final

from django.urls import reverse
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from api.auth import signed_in
from api.changing import answered, done_once, malformed_told, object_of
from api.conditional import revision_meant
from api.parameters import values
from api.schema import operation
from api.v1.organisations import OrganisationDetail, OrganisationList, OrganisationSerializer
from procurement.actions.organisation_edits import create_organisation, edit_organisation
from procurement.identifiers import SCHEMES
from procurement.models import Capability, Organisation
from procurement.models.base import REFERENCE_LENGTH
from procurement.organisation_fields import IDENTIFIER_LENGTH
from procurement.profiles import NAME_LENGTH
from procurement.vocabulary import BUYER_CLASSES

SAID: Final[dict[str, Any]] = {"required": False, "allow_blank": True}
HERE: Final = "http://127.0.0.1:8000/api/v1/organisations/"
AS_OPERATOR: Final = "-H \"Authorization: Bearer $TOKEN\" -H 'Content-Type: application/json'"


class OrganisationChangesSerializer(serializers.Serializer[Any]):
    """What is said anew; a field that is not sent stays."""

    name = serializers.CharField(max_length=NAME_LENGTH, required=False)
    scheme = serializers.CharField(
        max_length=20, help_text=f"One of {', '.join(SCHEMES)}, or empty; it comes with `identifier`.", **SAID
    )
    identifier = serializers.CharField(
        max_length=IDENTIFIER_LENGTH, help_text="Its number in that register.", **SAID
    )
    capabilities = serializers.ListField(
        child=serializers.ChoiceField(choices=Capability.Kind.choices),
        required=False,
        help_text="Those that it is to have; others that it has stay. `partner` and `operator` are given to none here.",
    )
    buyer_class = serializers.ChoiceField(
        choices=list(BUYER_CLASSES.items()), help_text="Where it buys.", **SAID
    )
    nation = serializers.ChoiceField(choices=Organisation.Nation.choices, help_text="Where it buys.", **SAID)


class NewOrganisationSerializer(OrganisationChangesSerializer):
    """An organisation to make."""

    name = serializers.CharField(max_length=NAME_LENGTH)
    reference = serializers.CharField(
        max_length=REFERENCE_LENGTH,
        help_text="Without capitals, for ever; made from the name where it is left out.",
        **SAID,
    )


class OrganisationKeeping(OrganisationList):
    """Organisations by name, and a new one."""

    @operation(
        summary="Make an organisation",
        answer=OrganisationSerializer,
        status=201,
        body={"application/json": NewOrganisationSerializer},
        scope="admin:write",
        headers=("Idempotency-Key",),
        problems=(422,),
        example=f"curl -X POST '{HERE}' {AS_OPERATOR} -H \"Idempotency-Key: $KEY\" "
        '-d \'{"name": "Borsetshire County Council", "scheme": "XX-DEMO", "identifier": "40090001", '
        '"capabilities": ["buyer"], "buyer_class": "local-government", "nation": "england"}\'',
    )
    def post(self, request: Request) -> Response:
        """By an administrator of an operator: a buyer, an owner of frameworks, or whoever pays with them. An import of
        partners makes firms. Who is to administer it is invited next. 422 for a reference or a register number that is
        taken.
        """
        actor = signed_in(request)
        values(request.GET, ())
        body = object_of(request)

        def once() -> Response:
            row = self.rows(request).get(pk=create_organisation(actor, body).pk)
            place = reverse("api:organisation", args=[row.reference])
            return answered(OrganisationSerializer(row).data, row.revision, place, 201)

        return done_once(request, actor.reference, once)


class OrganisationKept(OrganisationDetail):
    """One organisation."""

    @operation(
        summary="Change an organisation",
        answer=OrganisationSerializer,
        body={"application/json": OrganisationChangesSerializer},
        scope="admin:write",
        headers=("If-Match",),
        problems=(404, 412, 422, 428),
        example=f'curl -X PATCH "{HERE}leeds-city-council/" {AS_OPERATOR} -H "If-Match: *" '
        '-d \'{"capabilities": ["framework_owner"]}\'',
    )
    def patch(self, request: Request, reference: str) -> Response:
        """By an administrator of an operator. `capabilities` are added, and none is taken away; its reference stays."""
        actor = signed_in(request)
        row: Any = self.found(request, reference)
        revision = revision_meant(request)
        body = object_of(request)
        with malformed_told():
            edit_organisation(actor, row.reference, revision, body)
        return self.shown(request, self.found(request, reference))
