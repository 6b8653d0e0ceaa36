"""Reads that more than one page or address makes: what everybody may see, with what is shown fetched along.

Each is a QuerySet of one model; the number of queries does not grow with the number of rows.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from datetime import date
from typing import Any, Self

from django.db.models import Case, Count, Exists, Max, OuterRef, Prefetch, Q, QuerySet, Subquery, When
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Coalesce

from procurement.event_types import PUBLIC
from procurement.models.audit import Event
from procurement.models.frameworks import Framework, Lot
from procurement.models.organisations import Capability, Organisation
from procurement.models.outbox import Delivery, EventAudience, InboxMessage, WebhookEndpoint
from procurement.models.rates import RateCard, RateCardVersion, RateLine
from procurement.models.requirements import Match, Requirement
from procurement.models.searches import SavedSearch
from procurement.models.shortlists import Shortlist, Snapshot
from procurement.models.suppliers import Appointment, Partner, Supplier, SupplierMember
from procurement.on_day import shown_on, standing
from procurement.permissions import Action, Actor, can
from procurement.team_lines import folded


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


def own_places(firms: Collection[str]) -> QuerySet[Appointment]:
    """The places, whatever became of them, that these firms (by reference) have as suppliers by themselves."""
    return Appointment.objects.filter(
        supplier__form=Supplier.Form.ALONE,
        supplier__members__partner__reference__in=firms,
        supplier__members__left_on=None,
    )


class LotQuerySet(QuerySet[Lot]):
    """Lots, by framework and position."""

    def told(self) -> Self:
        """With framework and the number of specialisms."""
        counted = self.select_related("framework").annotate(specialism_count=Count("specialisms"))
        return counted.order_by("framework__number", "position")

    def with_suppliers(self, on: date) -> Self:
        """With how many suppliers hold a place that is shown on that day, as `supplier_count`."""
        places = Appointment.objects.filter(shown_on(on), lot=OuterRef("pk")).order_by().values("lot")
        counted = Subquery(places.annotate(many=Count("pk")).values("many"))
        return self.annotate(supplier_count=Coalesce(counted, 0))

    def taking_firms(self, on: date, firms: Collection[str] = ()) -> Self:
        """Those that a firm may apply to join on that day, with their framework: by itself, or where the framework is
        closed to that (Framework.closed_to_firms) a consortium that holds a place and has a lead who may agree; and
        those on which one of these firms (by reference) has a place of its own, of which it may offer more.
        """
        status = Framework.Status
        framework = Q(framework__status__in=(status.OPEN, status.LIVE), framework__ends_on__gte=on)
        led = Appointment.objects.filter(
            standing(on),
            lot=OuterRef("pk"),
            supplier__members__role=SupplierMember.Role.LEAD,
            supplier__members__left_on=None,
            supplier__members__partner__suspended=False,
        ).exclude(supplier__form=Supplier.Form.ALONE)
        closed = Q(framework__regime=Framework.Regime.PCR2015, framework__status=status.LIVE)
        way_in = ~closed | Q(Exists(led))
        if firms:
            way_in |= Q(Exists(own_places(firms).filter(standing(on), lot=OuterRef("pk"))))
        found = self.filter(framework, way_in, Q(closes_on=None) | Q(closes_on__gte=on))
        return found.select_related("framework").order_by("framework__number", "position")


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


def _suspended_alone(supplier: str) -> Exists:
    """Whether the supplier, the field `supplier` of a row, is one firm alone that is suspended: nobody buys from it."""
    alone = SupplierMember.objects.filter(supplier__form=Supplier.Form.ALONE, left_on=None)
    return Exists(alone.filter(supplier=OuterRef(supplier), partner__suspended=True))


def _has_member_of(supplier: str, actor: Actor) -> Exists:
    """Whether a firm of the actor's own organisations belongs to the supplier, the field `supplier` of a row."""
    current = SupplierMember.objects.filter(supplier=OuterRef(supplier), left_on=None)
    return Exists(current.filter(partner__organisation__in=list(actor.organisations())))


def _seen(supplier: str, actor: Actor) -> Q:
    """Whether the actor sees the supplier, the field `supplier` of a row: a firm alone that is suspended is seen by
    itself, by owners of the frameworks that it has or had a place on, and by operators, who look after its places.
    """
    if not actor.roles:
        return ~Q(_suspended_alone(supplier))
    if any(Capability.Kind.OPERATOR in kinds for kinds in actor.capabilities.values()):
        return Q()
    places = Appointment.objects.filter(supplier=OuterRef(supplier))
    own = Exists(places.filter(lot__framework__owner__in=list(actor.organisations())))
    return ~Q(_suspended_alone(supplier)) | Q(_has_member_of(supplier, actor)) | Q(own)


class SupplierQuerySet(QuerySet[Supplier]):
    """Suppliers, with their members over time: buyers see no firm alone that is suspended."""

    def shown(self) -> Self:
        return self.exclude(_suspended_alone("pk"))

    def seen_by(self, actor: Actor) -> Self:
        """Those shown, those that the actor's own firms belong to, and those whose places the actor looks after."""
        return self.filter(_seen("pk", actor))

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

    def seen_by(self, actor: Actor) -> Self:
        """The public ones of suppliers that the actor sees."""
        return self.public().filter(_seen("supplier", actor))

    def told(self, lines: bool = False) -> Self:
        """With supplier, framework and every version that was or is public, the newest first. The one that is
        published alone tells its number of lines, and has the lines themselves where they are asked for.
        """
        published = Q(status=RateCardVersion.Status.PUBLISHED)
        its_lines = RateLine.objects.filter(version=OuterRef("pk")).order_by().values("version")
        counted = Coalesce(Subquery(its_lines.annotate(many=Count("pk")).values("many")), 0)
        versions: QuerySet[RateCardVersion, Any] = (
            RateCardVersionQuerySet(RateCardVersion)
            .ever_public()
            .annotate(line_count=Case(When(published, then=counted)))
            .order_by("-number")
        )
        if lines:
            shown = RateLine.objects.filter(version__status=RateCardVersion.Status.PUBLISHED)
            shown = shown.select_related("lot", "grade").order_by("ordinal")
            versions = versions.prefetch_related(Prefetch("lines", queryset=shown))
        return self.select_related("supplier", "framework").prefetch_related(
            Prefetch("versions", queryset=versions, to_attr="public_versions")
        )


def _including(day: date) -> tuple[Q, Q]:
    """Of what names a first and a last day, that it includes this one; follows `in_force`."""
    return Q(valid_from=None) | Q(valid_from__lte=day), Q(valid_to=None) | Q(valid_to__gte=day)


class RateCardVersionQuerySet(QuerySet[RateCardVersion]):
    """Versions of rate cards."""

    def ever_public(self) -> Self:
        """Those that are published, and those that were until a later one was or hold before it."""
        states = [RateCardVersion.Status.PUBLISHED, RateCardVersion.Status.SUPERSEDED]
        return self.filter(status__in=states)

    def on(self, day: date) -> Self:
        """Those whose own days include this one; which of a card's is in force card_versions.py says."""
        return self.filter(*_including(day))

    def under(self, framework: Framework, suppliers: Collection[int] | None) -> Self:
        """Of these suppliers (primary keys; None for all) under the framework, with the card; the newest of a card
        first.
        """
        ours = self.filter(card__framework=framework)
        if suppliers is not None:
            ours = ours.filter(card__supplier__in=suppliers)
        return ours.select_related("card").order_by("card_id", "-number")


class RateLineQuerySet(QuerySet[RateLine]):
    """Lines of rate cards."""

    def on(self, day: date) -> Self:
        """Those whose own days include this one."""
        return self.filter(*_including(day))

    def by_grade(self, versions: Collection[int], lot: Lot | None) -> Iterable[tuple[Any, ...]]:
        """The lines by grade of these versions (primary keys), of one lot and of those for every lot, or of all.

        Each as (version, grade's code and name, lot's reference or None, work type, price in minor units, first
        day, last day, role title): there are thousands, and a model costs more than all of it.
        """
        lines = self.filter(version__in=versions, grade__isnull=False)._holding(lot)
        return lines.order_by("version_id", "ordinal").values_list(
            "version_id", "grade__code", "grade__name", "lot__reference", "work_type", "price_minor",
            "valid_from", "valid_to", "role_title",
        )  # fmt: skip

    def lots_by_grade(self, versions: Collection[int], day: date) -> dict[int, list[str]]:
        """Numbers of the lots, in their order, that each of these versions (primary keys) has lines by grade for on a
        day; those for every lot are left out (one query).
        """
        lines = self.on(day).filter(version__in=versions, grade__isnull=False, lot__isnull=False)
        found: dict[int, list[str]] = defaultdict(list)
        rows = lines.order_by("version_id", "lot__position", "lot__number")
        for version, number, _ in rows.values_list("version_id", "lot__number", "lot__position").distinct():
            found[version].append(number)
        return dict(found)

    def by_role(
        self, versions: Collection[int], lot: Lot | None, roles: Collection[str]
    ) -> Iterable[tuple[Any, ...]]:
        """The lines under any of these role titles (as `folded` has them), likewise: two queries, none for no role.

        Each as (version, key, role title, lot's reference or None, work type, price in minor units, least years of
        experience, qualification, site, first day, last day). No database folds titles as we do, so they are read
        first.
        """
        if not roles:
            return ()
        bearing = [title for title in self.titles(versions, lot) if folded(title) in roles]
        lines = self.filter(version__in=versions, role_title__in=bearing)._holding(lot)
        return lines.order_by("version_id", "ordinal").values_list(
            "version_id", "key", "role_title", "lot__reference", "work_type", "price_minor", "min_experience",
            "qualification", "site", "valid_from", "valid_to",
        )  # fmt: skip

    def titles(self, versions: Collection[int], lot: Lot | None) -> Iterable[str]:
        """Each role title on these versions (primary keys), of one lot and of those for every lot, or of all."""
        return self.filter(version__in=versions)._holding(lot)._titles()

    def named(self, framework: str, lot: Lot | None) -> QuerySet[RateLine, str]:
        """The same on the published cards under a framework (reference), whoever's they are."""
        published = RateCardVersion.Status.PUBLISHED
        cards = self.filter(version__card__framework__reference=framework, version__status=published)
        return cards._holding(lot)._titles()

    def _titles(self) -> QuerySet[RateLine, str]:
        lines = self.exclude(role_title="").order_by("role_title")
        return lines.values_list("role_title", flat=True).distinct()

    def _holding(self, lot: Lot | None) -> Self:
        return self if lot is None else self.filter(Q(lot=lot) | Q(lot=None))


class RequirementQuerySet(QuerySet[Requirement]):
    """Requirements are their own organisation's alone."""

    def seen_by(self, actor: Actor) -> Self:
        return self.filter(_of_own(actor, Action.SEE_REQUIREMENTS))

    def told(self) -> Self:
        """With organisation and current content."""
        return self.select_related("organisation", "current")


class MatchQuerySet(QuerySet[Match]):
    """Matches are their own organisation's alone."""

    def seen_by(self, actor: Actor) -> Self:
        return self.filter(_of_own(actor, Action.SEE_MATCHES))

    def told(self, answer: bool = False) -> Self:
        """With organisation and requirement; the answer, which may be large, only where it is shown."""
        rows = self.select_related("organisation", "requirement__requirement")
        return rows if answer else rows.defer("answer", "requirement__content")


class ShortlistQuerySet(QuerySet[Shortlist]):
    """Shortlists are their own organisation's alone."""

    def seen_by(self, actor: Actor) -> Self:
        return self.filter(_of_own(actor, Action.SEE_SHORTLISTS))

    def told(self) -> Self:
        """With organisation, requirement and match by reference, the lot that was matched on, how many entries, and the
        last snapshot's number.
        """
        last = Snapshot.objects.filter(shortlist=OuterRef("pk")).order_by("-number")
        return (
            self.select_related("organisation", "requirement", "match")
            .defer("match__content", "match__answer")
            .annotate(
                match_lot=KeyTextTransform("lot", "match__content"),
                entry_count=Count("entries"),
                last_snapshot=Subquery(last.values("number")[:1]),
            )
        )


class SavedSearchQuerySet(QuerySet[SavedSearch]):
    """Saved searches are their own organisation's alone; deleted ones are nobody's."""

    def seen_by(self, actor: Actor) -> Self:
        return self.filter(_of_own(actor, Action.SEE_SAVED_SEARCHES), status=SavedSearch.Status.OPEN)

    def gone_from(self, actor: Actor) -> Self:
        """Those of the own organisations that were deleted: whose form is still open somewhere is told so, no more."""
        return self.filter(_of_own(actor, Action.SEE_SAVED_SEARCHES), status=SavedSearch.Status.DELETED)

    def told(self) -> Self:
        """With organisation, owner, how many listings it finds as last looked at, and when it last told of any."""
        return self.select_related("organisation", "owner").annotate(
            found=Count("matches", filter=Q(matches__matching=True)), last_told_at=Max("matches__told_at")
        )


class EventQuerySet(QuerySet[Event]):
    """The log as each may read it: what is public, what concerns the own organisations, to operators all."""

    def seen_by(self, actor: Actor) -> Self:
        if can(actor, Action.SEE_EVERY_EVENT):
            return self
        keys = [key for key in actor.organisations() if can(actor, Action.SEE_EVENTS, key)]
        own = EventAudience.objects.filter(event=OuterRef("position"), organisation__in=keys)
        return self.filter(Q(type__in=PUBLIC) | Exists(own)) if keys else self.none()

    def following(self, position: int, end: int) -> Self:
        """Those after a position up to another, in order."""
        return self.filter(position__gt=position, position__lte=end).order_by("position")


class WebhookQuerySet(QuerySet[WebhookEndpoint]):
    """Webhooks are their own organisation's alone; deleted ones are nobody's."""

    def seen_by(self, actor: Actor) -> Self:
        return self.filter(_of_own(actor, Action.SEE_WEBHOOKS)).exclude(status=WebhookEndpoint.Status.DELETED)

    def told(self) -> Self:
        """With organisation; the sealed secrets stay where they are."""
        return self.select_related("organisation").defer("secret", "previous_secret")


class DeliveryQuerySet(QuerySet[Delivery]):
    """Rows of the outbox: an endpoint's are its organisation's, the dead ones operators'."""

    def dead(self) -> Self:
        return self.filter(status=Delivery.Status.DEAD)

    def told(self) -> Self:
        """With event, organisation and endpoint."""
        return self.select_related("event", "organisation", "endpoint")


class InboxQuerySet(QuerySet[InboxMessage]):
    """Messages to the own organisations, and to the person who asks."""

    def seen_by(self, actor: Actor) -> Self:
        own = _of_own(actor, Action.SEE_INBOX)
        person = (
            Q(user=None) if actor.scopes is not None else Q(user=None) | Q(user__reference=actor.reference)
        )
        return self.filter(own & person)

    def told(self) -> Self:
        """With organisation and event."""
        return self.select_related("organisation", "delivery__event")

    def newest_first(self, *before: str) -> Self:
        """In the order of what happened, whichever worker delivered first; by the fields `before` first."""
        return self.order_by(*before, "-delivery__event_id", "-pk")


def _of_own(actor: Actor, action: Action) -> Q:
    """Rows with an `organisation`: of those for which the actor may do `action`; the system sees all."""
    if actor.system:
        return Q()
    return Q(organisation__in=[key for key in actor.organisations() if can(actor, action, key)])
