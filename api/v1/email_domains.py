"""Domains of an organisation's addresses: whoever makes an account with an address there is shown the organisation, and
may ask to act for it. Its administrators look after them, each for the domain of their own address, and operators.
"""

from __future__ import annotations

from typing import Any, Final

from django.db.models import QuerySet
from django.urls import reverse
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from api.auth import signed_in
from api.changing import done_once, object_of, text_of
from api.parameters import values
from api.schema import operation
from api.views import ApiView, ListView, one_of
from procurement.actions.belonging import add_domain, own_domains, remove_domain
from procurement.email_domains import LONGEST, normal
from procurement.errors import NotFound
from procurement.models import EmailDomain, Organisation
from procurement.querysets import OrganisationQuerySet

HERE: Final = "http://127.0.0.1:8000/api/v1/organisations/leeds-city-council/domains/"
BEARER: Final = '-H "Authorization: Bearer $TOKEN"'


class DomainSerializer(serializers.ModelSerializer[EmailDomain]):
    """A domain of an organisation's addresses."""

    class Meta:
        model = EmailDomain
        fields = ("domain",)


class NewDomainSerializer(serializers.Serializer[Any]):
    """A domain to add."""

    domain = serializers.CharField(max_length=LONGEST, help_text="What stands after the @.")


def organisation_of(request: Request, reference: str) -> str:
    """The organisation's reference as it stands; 401 for nobody, 404 where there is none."""
    signed_in(request)
    body: Organisation = one_of(OrganisationQuerySet(Organisation), reference)
    return str(body.reference)


class Domains(ListView):
    """Domains of an organisation's addresses."""

    serializer_class = DomainSerializer
    varies = True

    def rows(self, request: Request) -> QuerySet[EmailDomain]:
        own = organisation_of(request, self.kwargs["reference"])
        return own_domains(signed_in(request), own).order_by("domain")

    @operation(
        summary="Domains of an organisation's addresses",
        answer=DomainSerializer,
        listed=True,
        scope="admin:write",
        headers=("validator",),
        problems=(403,),
        example=f"curl '{HERE}' {BEARER}",
    )
    def get(self, request: Request, reference: str) -> Response:
        """For its administrators, and those of an operator."""
        return self.listed(request)

    @operation(
        summary="Add a domain",
        answer=DomainSerializer,
        status=201,
        body={"application/json": NewDomainSerializer},
        scope="admin:write",
        headers=("Idempotency-Key",),
        problems=(404, 409, 422),
        example=f"curl -X POST '{HERE}' {BEARER} -H \"Idempotency-Key: $KEY\" -H 'Content-Type: application/json' "
        '-d \'{"domain": "council.example"}\'',
    )
    def post(self, request: Request, reference: str) -> Response:
        """An administrator adds the domain of their own address, an operator any that is the organisation's own: nobody
        acts for it before it says so. 422 for one that is everybody's, 409 for one that it has.
        """
        actor = signed_in(request)
        domain = text_of(object_of(request, ("domain",)), "domain") or ""

        def act() -> Response:
            values(request.GET, ())
            own = organisation_of(request, reference)
            made = add_domain(actor, own, domain)
            place = reverse("api:domain", args=[own, made.domain])
            return Response(DomainSerializer(made).data, status=201, headers={"Location": place})

        return done_once(request, actor.reference, act)


class OneDomain(ApiView):
    """A domain of an organisation's addresses."""

    varies = True

    @operation(
        summary="A domain of an organisation's addresses",
        answer=DomainSerializer,
        scope="admin:write",
        headers=("validator",),
        problems=(403,),
        example=f'curl "{HERE}$DOMAIN/" {BEARER}',
    )
    def get(self, request: Request, reference: str, domain: str) -> Response:
        """For its administrators, and those of an operator."""
        self.asked(request)
        own = organisation_of(request, reference)
        found = own_domains(signed_in(request), own).filter(domain=normal(domain)).first()
        if found is None:
            raise NotFound(f"{domain} is no domain of {own}.")
        return Response(DomainSerializer(found).data)

    @operation(
        summary="Remove a domain",
        answer=None,
        status=204,
        scope="admin:write",
        problems=(404,),
        example=f'curl -X DELETE "{HERE}$DOMAIN/" {BEARER}',
    )
    def delete(self, request: Request, reference: str, domain: str) -> Response:
        """By whoever may add one; whoever acts for the organisation already goes on."""
        self.asked(request)
        remove_domain(signed_in(request), organisation_of(request, reference), domain)
        return Response(status=204)
