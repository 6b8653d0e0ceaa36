"""Partners: firms and their published profiles. Reading is public but for contacts; a firm updates its own
profile.

PATCH walks: this view (visible to the actor, else 404) -> procurement/actions/profiles.py -> event -> the
search's outbox, in one transaction; then this view answers the new profile with its new ETag.
"""

from __future__ import annotations

from typing import Any, ClassVar

from django.db.models import QuerySet
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from api.auth import actor_of, signed_in
from api.changing import malformed_told, object_of
from api.conditional import revision_meant
from api.formats import MergePatchParser, StrictJSONParser, is_merge_patch
from api.parameters import choice, reference
from api.schema import operation
from api.v1.shapes import FICTIONAL, Named
from api.views import DetailView, ListView
from procurement.actions.profiles import update_profile
from procurement.models import Partner, ProfileVersion, SupplierMember
from procurement.permissions import Action, can
from procurement.profiles import (
    CASE_STUDIES,
    EARLIEST_YEAR,
    FIELDS,
    LATEST_YEAR,
    NAME_LENGTH,
    NOTE_LENGTH,
    TEXT_LENGTH,
)
from procurement.querysets import PartnerQuerySet
from procurement.vocabulary import ACCREDITATIONS, OWNERSHIP, SECTORS, SIZES
from search.parameters import Parameter


class Nullable(serializers.Serializer[Any]):
    """One whose fields may be null, but for those that `stays` names: a merge patch takes them away."""

    stays: ClassVar[tuple[str, ...]] = ()

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        fields = super().get_fields()
        for name, field in fields.items():
            field.allow_null = name not in self.stays
        return fields


class CaseStudySerializer(serializers.Serializer[Any]):
    """Evidence: what a partner did, for whom and with what result."""

    key = serializers.CharField(
        required=False,
        max_length=90,
        help_text="Names it within the profile; made from the title where it is absent.",
    )
    title = serializers.CharField(max_length=NAME_LENGTH)
    text = serializers.CharField(max_length=TEXT_LENGTH)
    sector = serializers.ChoiceField(choices=list(SECTORS.items()), required=False)
    year = serializers.IntegerField(required=False, min_value=EARLIEST_YEAR, max_value=LATEST_YEAR)


class EvidenceSerializer(serializers.Serializer[Any]):
    """Where the form of ownership can be looked up."""

    register = serializers.CharField(required=False, allow_blank=True, max_length=NOTE_LENGTH)
    number = serializers.CharField(required=False, allow_blank=True, max_length=NOTE_LENGTH)
    note = serializers.CharField(required=False, allow_blank=True, max_length=NOTE_LENGTH)


class ContactsSerializer(serializers.Serializer[Any]):
    """How to reach a partner; told only to people and integrations that are signed in."""

    email = serializers.EmailField(required=False, allow_blank=True)
    phone = serializers.CharField(required=False, allow_blank=True, max_length=NAME_LENGTH)
    website = serializers.URLField(required=False, allow_blank=True)


class ProfileSerializer(serializers.Serializer[Any]):
    """The part of a partner that the firm itself writes. What is sent replaces; what is not sent stays."""

    name = serializers.CharField(max_length=NAME_LENGTH)
    summary = serializers.CharField(allow_blank=True, max_length=TEXT_LENGTH)
    ownership = serializers.ChoiceField(choices=list(OWNERSHIP.items()))
    ownership_evidence = EvidenceSerializer()
    size = serializers.ChoiceField(choices=list(SIZES.items()))
    sectors = serializers.ListField(
        child=serializers.ChoiceField(choices=list(SECTORS.items())), max_length=50
    )
    regions = serializers.ListField(child=serializers.CharField(max_length=8), max_length=200)
    accreditations = serializers.ListField(
        child=serializers.ChoiceField(choices=list(ACCREDITATIONS.items())), max_length=50
    )
    case_studies = serializers.ListField(child=CaseStudySerializer(), max_length=CASE_STUDIES)
    contacts = ContactsSerializer(required=False)


class EvidenceMergeSerializer(Nullable, EvidenceSerializer):
    """Parts of where the form of ownership can be looked up; null takes one away."""


class ContactsMergeSerializer(Nullable, ContactsSerializer):
    """Some of the ways to reach a partner; null takes one away."""


class ProfileMergeSerializer(Nullable, ProfileSerializer):
    """A merge patch of the part of a partner that the firm itself writes. Null takes away all but the name."""

    stays = ("name",)
    ownership_evidence = EvidenceMergeSerializer()
    contacts = ContactsMergeSerializer()


class PartnerSupplierSerializer(Named):
    """A supplier that the partner belongs to now."""

    role = serializers.ChoiceField(choices=SupplierMember.Role.choices)


class PartnerSerializer(ProfileSerializer):
    """A partner with its published profile. `contacts` are absent unless whoever asks may read them."""

    reference = serializers.CharField()
    organisation = Named()
    fictional = serializers.BooleanField(help_text=FICTIONAL)
    suppliers = PartnerSupplierSerializer(many=True)
    profile_version = serializers.IntegerField(allow_null=True, help_text="Null while nothing is published.")
    published_at = serializers.DateTimeField(allow_null=True)
    confirmed_on = serializers.DateField(
        allow_null=True,
        help_text="When the firm itself last stood by its profile. Null: it has not, others entered what stands here.",
    )
    suspended = serializers.BooleanField()

    def to_representation(self, partner: Partner) -> dict[str, Any]:
        profile = partner.published or ProfileVersion(name=partner.organisation.name)
        told = {name: getattr(profile, name) for name in FIELDS if name != "contacts"}
        if self.context["contacts"]:
            told["contacts"] = profile.contacts
        memberships: list[SupplierMember] = partner.current_memberships  # type: ignore[attr-defined]
        return {
            "reference": partner.reference,
            **told,
            "organisation": _named(partner.organisation),
            "fictional": partner.organisation.fictional,
            "suppliers": [_named(one.supplier) | {"role": one.role} for one in memberships],
            "profile_version": partner.published.number if partner.published else None,
            "published_at": partner.published.published_at if partner.published else None,
            "confirmed_on": partner.confirmed_on,
            "suspended": partner.suspended,
        }


def _named(what: Any) -> dict[str, str]:
    return {"reference": what.reference, "name": what.name}


def _contacts_too(request: Request) -> dict[str, bool]:
    return {"contacts": can(actor_of(request), Action.VIEW_CONTACTS)}


class PartnerList(ListView):
    """Partners with a published profile, by reference. To search them, use listings."""

    serializer_class = PartnerSerializer
    varies = True
    filters: ClassVar[tuple[Parameter, ...]] = (
        reference("supplier", "Only members of this supplier.", "ppl"),
        choice("ownership", "Only with this form of ownership.", OWNERSHIP, "employee-owned"),
        choice("size", "Only of this size.", SIZES),
    )

    def rows(self, request: Request) -> QuerySet[Partner]:
        return PartnerQuerySet(Partner).seen_by(actor_of(request)).told().order_by("reference")

    def narrowed(self, rows: QuerySet[Partner], asked: dict[str, Any]) -> QuerySet[Partner]:
        found = {f"published__{name}": value for name, value in asked.items() if name != "supplier"}
        if "supplier" in asked:
            member = SupplierMember.objects.filter(supplier__reference=asked["supplier"], left_on=None)
            rows = rows.filter(pk__in=member.values("partner"))
        return rows.filter(**found)

    def context(self, request: Request) -> dict[str, Any]:
        return _contacts_too(request)

    @operation(
        summary="Partners",
        answer=PartnerSerializer,
        listed=True,
        headers=("validator",),
        example="/api/v1/partners/?supplier=ppl",
    )
    def get(self, request: Request) -> Response:
        return self.listed(request)


class PartnerDetail(DetailView):
    """One partner."""

    serializer_class = PartnerSerializer
    parser_classes = (StrictJSONParser, MergePatchParser)
    varies = True

    def rows(self, request: Request) -> QuerySet[Partner]:
        return PartnerQuerySet(Partner).seen_by(actor_of(request)).told()

    def context(self, request: Request) -> dict[str, Any]:
        return _contacts_too(request)

    @operation(
        summary="A partner's published profile",
        answer=PartnerSerializer,
        headers=("validator",),
        example="/api/v1/partners/opm-group/",
    )
    def get(self, request: Request, reference: str) -> Response:
        return self.shown(request, self.found(request, reference))

    @operation(
        summary="Update the own profile",
        answer=PartnerSerializer,
        body={
            "application/json": ProfileSerializer(partial=True),
            "application/merge-patch+json": ProfileMergeSerializer(partial=True),
        },
        scope="partners:write",
        headers=("If-Match",),
        problems=(404, 412, 422, 428),
        example="curl -X PATCH 'http://127.0.0.1:8000/api/v1/partners/opm-group/' "
        '-H "Authorization: Bearer $TOKEN" -H "If-Match: $ETAG" -H \'Content-Type: application/json\' '
        '-d \'{"summary": "Research, engagement and evaluation for public bodies."}\'',
    )
    def patch(self, request: Request, reference: str) -> Response:
        """Publishes a new version of the profile. What is sent replaces, what is not sent stays. Of a merge patch
        (RFC 7396) that holds within `ownership_evidence` and `contacts` too, and null takes away what is stated.

        A firm updates its own profile and nobody else's. Searches find the new text within two seconds.
        """
        actor = signed_in(request)
        self.found(request, reference)
        revision = revision_meant(request)
        changes = object_of(request)
        with malformed_told():
            update_profile(actor, reference, revision, changes, merge=is_merge_patch(request))
        return self.shown(request, self.found(request, reference))
