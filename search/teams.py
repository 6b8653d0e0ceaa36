"""Which partners of each supplier together bring the specialisms a buyer needs, in the regions where they are needed.

Third step of a team (api/v1/teams.py, procurement/named.py, here, procurement/covering.py). Regions are met as searches
meet them: by the region itself, one above it, one of the other scheme that shares its ground, or a national offering.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from procurement.covering import Cover, Pair, cover
from procurement.errors import Fault, Invalid
from procurement.ground import Ground, ground
from procurement.models import Appointment, Framework, Lot, Offering, Specialism, Supplier, SupplierMember
from procurement.named import day_faults
from procurement.on_day import appointed, belongs
from procurement.querysets import SupplierQuerySet

ANYWHERE = ""


@dataclass(frozen=True, slots=True)
class TeamQuestion:
    """What is needed on a lot, on a day: every specialism in every region; no region is anywhere."""

    framework: Framework
    lot: Lot
    specialisms: tuple[Specialism, ...]
    regions: tuple[str, ...]
    on: date

    @property
    def pairs(self) -> list[Pair]:
        """(specialism's reference, region's code) of each."""
        return [(one.reference, region) for one in self.specialisms for region in self.regions or (ANYWHERE,)]


@dataclass(frozen=True, slots=True)
class NotStated:
    """A partner of whom it is not known whether it covers: its `what` (specialisms or regions) is not stated."""

    partner: str
    what: str


@dataclass(frozen=True, slots=True)
class SupplierTeam:
    """One supplier's smallest team. `names` and `roles` are of its partners by reference, `made_up` the references of
    those that are.

    A supplier that holds no place on the lot that day is not `appointed` and covers nothing.
    """

    supplier: Supplier
    appointed: bool
    cover: Cover
    not_stated: tuple[NotStated, ...]
    names: Mapping[str, str]
    roles: Mapping[str, str]
    made_up: frozenset[str] = frozenset()


def team_question(
    framework: Framework, lot: Lot, specialisms: Sequence[str], regions: Sequence[str], on: date
) -> tuple[TeamQuestion, Ground]:
    """The question, and the regions as they stand (three queries).

    Specialisms are references, or numbers of the lot. Raises Invalid naming each specialism that the lot lacks, each
    region that there is not, each that stands there twice, and a day beyond any framework.
    """
    known = {one.reference: one for one in Specialism.objects.filter(lot=lot)}
    wanted = [name.lower() if "~" in name else f"{lot.reference}~{name.lower()}" for name in specialisms]
    codes, places = [code.upper() for code in regions], ground()
    faults = [
        *day_faults("/starts_on", on),
        *_faults("/specialisms", wanted, known, f"{lot.reference} has no specialism"),
        *_faults("/regions", codes, places.every, "There is no region"),
    ]
    if faults:
        raise Invalid("The question breaks a rule; `errors` names each.", tuple(faults))
    return TeamQuestion(framework, lot, tuple(known[name] for name in wanted), tuple(codes), on), places


def teams(question: TeamQuestion, places: Ground, suppliers: Sequence[Supplier] | None) -> list[SupplierTeam]:
    """A team for each of these suppliers in their order, or for each on the lot: what is missing decides, then the size
    of the team, then the reference. Three queries however many there are.
    """
    placed = {
        one.supplier_id: one
        for one in Appointment.objects.filter(
            lot=question.lot, supplier__in=SupplierQuerySet(Supplier).shown()
        ).select_related("supplier")
        if appointed(one, question.framework, question.on)
    }
    asked = [one.supplier for one in placed.values()] if suppliers is None else suppliers
    members: dict[int, list[SupplierMember]] = defaultdict(list)
    rows = SupplierMember.objects.filter(
        supplier__in=[one.pk for one in asked if one.pk in placed],
        partner__published__isnull=False,
        partner__suspended=False,
    )
    for member in rows.select_related("partner__published", "partner__organisation").order_by(
        "partner__reference"
    ):
        if belongs(member, question.framework, question.on):
            members[member.supplier_id].append(member)
    offerings: dict[tuple[int, int], list[Offering]] = defaultdict(list)
    for offering in Offering.objects.filter(
        appointment__in=[placed[one.pk].pk for one in asked if one.pk in placed]
    ).select_related("specialism"):
        offerings[offering.appointment_id, offering.partner_id].append(offering)
    found = [
        _team(question, places, one, placed.get(one.pk), members.get(one.pk, []), offerings) for one in asked
    ]
    if suppliers is None:
        found.sort(key=lambda one: (len(one.cover.missing), len(one.cover.team), one.supplier.reference))
    return found


def _team(
    question: TeamQuestion,
    places: Ground,
    supplier: Supplier,
    place: Appointment | None,
    members: Iterable[SupplierMember],
    offerings: Mapping[tuple[int, int], list[Offering]],
) -> SupplierTeam:
    offers: dict[str, set[Pair]] = {}
    not_stated: list[NotStated] = []
    names, roles, made_up = dict[str, str](), dict[str, str](), set[str]()
    wanted = {one.reference for one in question.specialisms}
    for member in members:
        partner = member.partner
        names[partner.reference] = partner.published.name if partner.published else partner.reference
        roles[partner.reference] = member.role
        if partner.organisation.fictional:
            made_up.add(partner.reference)
        own = offerings.get((place.pk, partner.pk), []) if place else []
        pairs, unknown = _covered(own, wanted, question.regions, places)
        offers[partner.reference] = pairs
        not_stated += [NotStated(partner.reference, what) for what in unknown]
    lead = next((partner for partner, role in roles.items() if role == SupplierMember.Role.LEAD), None)
    smallest = cover(offers, question.pairs, lead)
    return SupplierTeam(
        supplier, place is not None, smallest, tuple(not_stated), names, roles, frozenset(made_up)
    )


def _covered(
    own: Iterable[Offering], wanted: Collection[str], regions: Sequence[str], places: Ground
) -> tuple[set[Pair], list[str]]:
    """The pairs that a partner's offerings cover, and what of them is not stated."""
    pairs: set[Pair] = set()
    unknown: dict[str, None] = {}
    for offering in own:
        if offering.specialism is None:
            unknown["specialisms"] = None
        elif offering.specialism.reference in wanted:
            if regions and not offering.regions:
                unknown["regions"] = None
            met = set(places.satisfied(offering.regions)).intersection(regions) if regions else {ANYWHERE}
            pairs.update((offering.specialism.reference, region) for region in met)
    return pairs, list(unknown)


def _faults(pointer: str, asked: Sequence[str], known: Collection[str], unknown: str) -> Iterable[Fault]:
    for place, name in enumerate(asked):
        if name not in known:
            yield Fault(f"{pointer}/{place}", "unknown", f"{unknown} {name}.")
        elif asked.index(name) < place:
            yield Fault(f"{pointer}/{place}", "twice", f"{name} stands there already.")
