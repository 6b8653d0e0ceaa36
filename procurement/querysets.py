"""Reads that more than one page or address makes: what everybody may see, with what is shown fetched along.

Each is a QuerySet of one model; the number of queries does not grow with the number of rows.
"""

from __future__ import annotations

from datetime import date
from typing import Any, Self

from django.db.models import Count, Prefetch, Q, QuerySet

from procurement.models.frameworks import Framework, Lot
from procurement.models.organisations import Organisation
from procurement.models.rates import RateCard, RateCardVersion, RateLine
from procurement.models.suppliers import Appointment, Partner, Supplier, SupplierMember
from procurement.permissions import Actor


class FrameworkQuerySet(QuerySet[Framework]):
    """Frameworks are public whatever their status."""

    def told(self) -> Self:
        """With owner and lots."""
        return self.select_related("owner").prefetch_related("lots")

    def with_status(self, status: str, on: date) -> Self:
        """Those whose status on that day is `status`; follows Framework.status_on."""
        live = Q(status=Framework.Status.LIVE)
        early, late = live & Q(starts_on__gt=on), live & Q(ends_on__lt=on)
        if status == Framework.Status.LIVE:
            return self.filter(live, starts_on__lte=on, ends_on__gte=on)
        if status == Framework.Status.EXPIRED:
            return self.filter(Q(status=status) | late)
        if status == Framework.Status.COMING:
            return self.filter(Q(status=status) | (early & ~late))
        return self.filter(status=status)


class LotQuerySet(QuerySet[Lot]):
    """Lots, by framework and position."""

    def told(self) -> Self:
        """With framework and the number of specialisms."""
        counted = self.select_related("framework").annotate(specialism_count=Count("specialisms"))
        return counted.order_by("framework__number", "position")


class OrganisationQuerySet(QuerySet[Organisation]):
    """Organisations are public."""

    def told(self) -> Self:
        """With parent and capabilities."""
        return self.select_related("parent").prefetch_related("capabilities")


class PartnerQuerySet(QuerySet[Partner]):
    """Partners: buyers see those with a published profile that are not suspended."""

    def public(self) -> Self:
        return self.filter(published__isnull=False, suspended=False)

    def seen_by(self, actor: Actor) -> Self:
        """The public ones, and the actor's own whatever their state."""
        public = Q(published__isnull=False, suspended=False)
        return (
            self.filter(public | Q(organisation__in=list(actor.organisations())))
            if actor.roles
            else self.public()
        )

    def told(self) -> Self:
        """With organisation, published profile and current suppliers."""
        current = (
            SupplierMember.objects.filter(left_on=None)
            .select_related("supplier")
            .order_by("supplier__reference")
        )
        return self.select_related("organisation", "published").prefetch_related(
            Prefetch("supplier_memberships", queryset=current, to_attr="current_memberships")
        )


class SupplierQuerySet(QuerySet[Supplier]):
    """Suppliers, with their members over time."""

    def told(self) -> Self:
        """With members (and their published names), appointments and rate cards."""
        members = SupplierMember.objects.select_related("partner__published", "partner__organisation")
        appointments = Appointment.objects.select_related("lot__framework").order_by(
            "lot__framework__number", "lot__position"
        )
        return self.prefetch_related(
            Prefetch("members", queryset=members.order_by("role", "joined_on", "partner__reference")),
            Prefetch("appointments", queryset=appointments),
            Prefetch("rate_cards", queryset=RateCard.objects.order_by("reference")),
        )


class RateCardQuerySet(QuerySet[RateCard]):
    """Rate cards: buyers see those with a published version, and of them that version alone."""

    def public(self) -> Self:
        return self.filter(versions__status=RateCardVersion.Status.PUBLISHED)

    def told(self, lines: bool = False) -> Self:
        """With supplier, framework and the published version: its number of lines, or the lines themselves."""
        versions: QuerySet[RateCardVersion, Any] = RateCardVersion.objects.filter(
            status=RateCardVersion.Status.PUBLISHED
        ).annotate(line_count=Count("lines"))
        if lines:
            shown = RateLine.objects.select_related("lot", "grade").order_by("ordinal")
            versions = versions.prefetch_related(Prefetch("lines", queryset=shown))
        return self.select_related("supplier", "framework").prefetch_related(
            Prefetch("versions", queryset=versions, to_attr="published_versions")
        )
