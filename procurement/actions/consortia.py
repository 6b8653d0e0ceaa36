"""A supplier is appointed to lots by whoever runs them, and who belongs to it changes over time: members join and their
time ends, another firm leads. What a member does by itself is in joining.py and leaving.py.

Journey: POST /api/v1/suppliers/ or /administration/frameworks/<framework>/appoint -> here -> supplier and places by the
same actions as an import's (suppliers.py, appointments.py) -> events -> the index. A time that has ended stays, so that
history says who belonged when.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Final

from django.db import transaction
from django.utils import timezone

from procurement.actions.appointments import AppointmentDraft, save_appointments
from procurement.actions.buyers import require_somewhere
from procurement.actions.events import Happening, record_many
from procurement.actions.leaving import told_of_lead, told_of_leaving
from procurement.actions.offerings import ended_offerings
from procurement.actions.suppliers import MemberDraft, SupplierDraft, save_suppliers
from procurement.errors import Conflict, Fault, Invalid, NotFound, Stale
from procurement.models import Appointment, Lot, Partner, Supplier, SupplierMember
from procurement.permissions import Action, Actor, require
from procurement.profiles import Reader
from procurement.references import as_they_stand, rows_named, slug, taken_references
from procurement.revisions import changed_since

NAME: Final = 250
MOST: Final = 100
"""Members of a supplier, and lots that one form appoints it to."""
NOT_APPOINTED: Final = "Nobody was appointed."
UNCHANGED: Final = "The supplier stays as it is."

Role = SupplierMember.Role
Form = Supplier.Form


@dataclass(frozen=True, slots=True)
class PlacesToGive:
    """Lots for a supplier, by reference, as they were sent, with the days of the places: YYYY-MM-DD, `ends_on` may be
    empty.
    """

    lots: object
    starts_on: object
    ends_on: object = ""


@dataclass(frozen=True, slots=True)
class SupplierToAppoint:
    """What somebody says of a new supplier, as it was sent: `lead` and `members` are references. Members, the lead
    among them, belong from the first day of its places, or today where that is to come.
    """

    name: object
    form: object
    lead: object
    members: object
    places: PlacesToGive


def appoint_supplier(actor: Actor, said: SupplierToAppoint) -> Supplier:
    """Makes a supplier with its lead and members, and gives it places on lots that the actor runs.

    Raises NotPermitted, Invalid with a fault for each field.
    """
    faults: list[Fault] = []
    with transaction.atomic():
        name = Reader("/name", faults).text(said.name, NAME, required=True)
        form = Reader("/form", faults).choice(said.form, Form.values)
        drafts = _places(actor, said.places, None, faults)
        lead = _firm(Reader("/lead", faults), said.lead)
        firms = _firms(Reader("/members", faults), said.members, lead)
        if form == Form.ALONE and firms:
            Reader("/members", faults).wrong("alone", "A firm alone has no members beside its lead.")
        _refuse(faults, NOT_APPOINTED)
        assert lead is not None
        since = min(drafts[0].starts_on, timezone.localdate())
        # A firm alone may be called by its own number, a consortium by that of none of its firms.
        alone = form == Form.ALONE
        number = (lead.organisation.scheme, lead.organisation.identifier) if alone else ("", "")
        reference = slug(name, taken_references(Supplier), "firm" if alone else "consortium", number)
        members = [MemberDraft(lead.reference, Role.LEAD, since)]
        members += [MemberDraft(one.reference, Role.MEMBER, since) for one in firms]
        save_suppliers(_allowed(actor), [SupplierDraft(reference, name, form, tuple(members))])
        _give(actor, reference, drafts)
    return Supplier.objects.get(reference=reference)


def give_places(actor: Actor, reference: str, revision: int, said: PlacesToGive) -> Supplier:
    """Gives a supplier places on further lots that the actor runs; one that was withdrawn or has ended is given anew,
    with what its members offered there.

    Raises NotFound, NotPermitted, Stale, Invalid with a fault for each field.
    """
    faults: list[Fault] = []
    with transaction.atomic():
        supplier = _found(reference)
        drafts = _places(actor, said, supplier, faults)
        if changed_since(supplier.revision, revision):
            raise Stale("The supplier has changed since you read it.")
        _refuse(faults, NOT_APPOINTED)
        _give(actor, reference, drafts)
        _count(supplier)
    return supplier


def add_member(actor: Actor, reference: str, revision: int, firm: object, joined_on: object = "") -> Supplier:
    """A firm belongs to a consortium from a day on that is not to come (today unless given).

    Raises NotFound, NotPermitted, Stale; Conflict for a firm alone; Invalid for a firm that belongs already, is
    suspended or excluded, and for a day on which the supplier holds no place.
    """
    faults: list[Fault] = []
    with transaction.atomic():
        supplier = _changing(actor, reference, revision)
        if supplier.form == Form.ALONE:
            raise Conflict("A firm alone has no members: appoint a consortium instead.")
        partner = _firm(Reader("/partner", faults), firm)
        since = _day(Reader("/joined_on", faults), joined_on) or timezone.localdate()
        if partner is not None and supplier.members.filter(partner=partner, left_on=None).exists():
            Reader("/partner", faults).wrong("duplicate", f"{partner.shown_name} belongs already.")
        _within(Reader("/joined_on", faults), since, supplier)
        _refuse(faults, UNCHANGED)
        assert partner is not None
        member = MemberDraft(partner.reference, Role.MEMBER, since)
        draft = SupplierDraft(reference, supplier.name, supplier.form, (member,))
        save_suppliers(_allowed(actor), [draft], lambda _: "")
    supplier.refresh_from_db()
    return supplier


def end_member(actor: Actor, reference: str, revision: int, firm: str, left_on: object = "") -> Supplier:
    """Ends a firm's time in a consortium; `left_on`, today unless given and not to come, is the first day on which it
    does not belong. Buyers that want it, and leads whose tenders name it, are told as when it leaves by itself.

    Raises NotFound, NotPermitted, Stale; Conflict for the lead (another leads first), Invalid at `/left_on`.
    """
    faults: list[Fault] = []
    with transaction.atomic():
        supplier = _changing(actor, reference, revision)
        member = _member(supplier, firm)
        if member.role == Role.LEAD:
            raise Conflict("The lead does not leave before another firm leads.")
        reader = Reader("/left_on", faults)
        last = _day(reader, left_on) or timezone.localdate()
        if last < member.joined_on:
            reader.wrong("order", f"It belongs since {member.joined_on}: its time ends on that day or later.")
        _refuse(faults, UNCHANGED)
        gone = MemberDraft(member.partner.reference, member.role, member.joined_on, last)
        draft = SupplierDraft(reference, supplier.name, supplier.form, (gone,))
        save_suppliers(_allowed(actor), [draft])
        record_many(actor, list(told_of_leaving(member, last)))
    supplier.refresh_from_db()
    return supplier


def name_lead(actor: Actor, reference: str, revision: int, firm: object, *, stays: bool = True) -> Supplier:
    """Another firm leads the consortium from today on: it answers what buyers ask, submits and signs, live tenders,
    offers and contracts among it. The one that led becomes a member, or where it does not stay leaves.

    What was submitted and signed stays as it is. Raises NotFound, NotPermitted, Stale; Conflict for a firm alone;
    Invalid for a firm that leads already, is suspended or excluded.
    """
    faults: list[Fault] = []
    today = timezone.localdate()
    with transaction.atomic():
        supplier = _changing(actor, reference, revision)
        if supplier.form == Form.ALONE:
            raise Conflict("A firm alone is led by itself.")
        reader = Reader("/partner", faults)
        partner = _firm(reader, firm)
        current = {one.partner_id: one for one in _members(supplier)}
        former = next(one for one in current.values() if one.role == Role.LEAD)
        if partner is not None and former.partner_id == partner.pk:
            reader.wrong("duplicate", f"{partner.shown_name} leads already.")
        _refuse(faults, UNCHANGED)
        assert partner is not None
        ended = [former] + ([current[partner.pk]] if partner.pk in current else [])
        if any(one.joined_on > today for one in ended):
            raise Conflict("A firm that belongs from a day to come hands over on that day or later.")
        for one in ended:
            one.left_on = today
            one.save(update_fields=["left_on"])
        begun = [SupplierMember(supplier=supplier, partner=partner, role=Role.LEAD, joined_on=today)]
        if stays:
            begun.append(
                SupplierMember(supplier=supplier, partner=former.partner, role=Role.MEMBER, joined_on=today)
            )
        SupplierMember.objects.bulk_create(begun)
        _count(supplier)
        # A firm that had left offers nothing of what it did before; one that stays keeps what it offers.
        anew = set() if partner.pk in current else {partner.reference}
        gone = ended_offerings(reference, anew)
        record_many(actor, [*_of_lead(supplier, former, partner, today, stays=stays), *gone])
    return supplier


def _of_lead(
    supplier: Supplier, former: SupplierMember, partner: Partner, today: date, *, stays: bool
) -> list[Happening]:
    told = {"former": former.partner.reference, "since": today.isoformat(), "stays": stays}
    beside = {"partner": partner.reference}
    found = [Happening("supplier.lead_changed", "supplier", supplier.reference, beside, told)]
    found += told_of_lead(supplier, partner, today)
    if not stays:
        left = {"left_on": today.isoformat()}
        gone = {"partner": former.partner.reference}
        found.append(Happening("supplier.member_left", "supplier", supplier.reference, gone, left))
        found += told_of_leaving(former, today)
    return found


def _allowed(actor: Actor) -> Actor:
    """The same person, who was asked for this supplier: the set-wise actions ask whether somebody runs them all."""
    return Actor(actor.reference, system=True)


def _found(reference: str) -> Supplier:
    supplier = Supplier.objects.select_for_update().filter(reference=reference).first()
    if supplier is None:
        raise NotFound(f"There is no supplier {reference}.")
    return supplier


def _changing(actor: Actor, reference: str, revision: int) -> Supplier:
    """The supplier, locked, for whoever runs every framework on which it stands: who belongs to it counts on them all.
    Raises NotFound, NotPermitted, Stale.
    """
    supplier = _found(reference)
    for owner in owners_of(supplier):
        require(actor, Action.MANAGE_SUPPLIERS, owner)
    if changed_since(supplier.revision, revision):
        raise Stale("The supplier has changed since you read it.")
    return supplier


def owners_of(supplier: Supplier) -> set[int | None]:
    """Whose word the supplier's members need: the owners (by key) of the frameworks that have not ended on which it
    holds a place, None where there is none of them.
    """
    places = Appointment.objects.filter(supplier=supplier, lot__framework__ends_on__gte=timezone.localdate())
    held = places.exclude(status=Appointment.Status.WITHDRAWN)
    return set(held.values_list("lot__framework__owner_id", flat=True)) or {None}


def _members(supplier: Supplier) -> Sequence[SupplierMember]:
    return list(
        SupplierMember.objects.select_for_update(of=("self",))
        .select_related("partner__organisation", "partner__published", "supplier")
        .filter(supplier=supplier, left_on=None)
    )


def _member(supplier: Supplier, firm: str) -> SupplierMember:
    named = as_they_stand(Partner, [firm]).get(firm)
    for one in _members(supplier):
        if one.partner.reference == named:
            return one
    raise NotFound(f"{firm} does not belong to {supplier.reference}.")


def _firm(reader: Reader, value: object) -> Partner | None:
    """A firm by its reference that may become part of a supplier now."""
    named = reader.text(value, NAME, required=True)
    if not named:
        return None
    rows = Partner.objects.select_related("organisation", "published")
    partner = rows_named(rows, [named]).get(named)
    if partner is None:
        reader.wrong("unknown", f"There is no firm {named}.")
        return None
    since = partner.organisation.excluded_since
    if partner.suspended:
        reader.wrong("suspended", f"{partner.own_name} is suspended.")
    elif since is not None and since <= timezone.localdate():
        reader.wrong("excluded", f"{partner.own_name} has been excluded since {since}.")
    return partner


def _firms(reader: Reader, value: object, lead: Partner | None) -> list[Partner]:
    """The members beside the lead, each once."""
    named = {lead.pk} if lead else set()
    found = []
    for step, one in enumerate(reader.items(value, MOST)):
        inner = reader.at(step)
        partner = _firm(inner, one)
        if partner is not None and partner.pk in named:
            inner.wrong("duplicate", f"{partner.own_name} stands here twice.")
        elif partner is not None:
            named.add(partner.pk)
            found.append(partner)
    return found


def _day(reader: Reader, value: object) -> date | None:
    """A day that is not to come; None for none."""
    day = reader.day(reader.text(value, 10))
    if day is not None and day > timezone.localdate():
        reader.wrong("range", "Who belongs changes today or changed before, never on a day to come.")
    return day


def _within(reader: Reader, day: date, supplier: Supplier) -> None:
    """Notes a day on which none of the supplier's frameworks runs, unless the day is wrong already."""
    if any(one.pointer == reader.pointer for one in reader.faults):
        return
    runs = Appointment.objects.filter(
        supplier=supplier, lot__framework__starts_on__lte=day, lot__framework__ends_on__gte=day
    )
    if not runs.exists():
        reader.wrong("range", f"No framework on which the supplier stands runs on {day}.")


def _places(
    actor: Actor, said: PlacesToGive, supplier: Supplier | None, faults: list[Fault]
) -> list[AppointmentDraft]:
    """The places as they would be, each within the run of its framework. Raises NotPermitted for another's lot."""
    reader = Reader("/lots", faults)
    wanted = reader.items(said.lots, MOST)
    if isinstance(said.lots, list) and not wanted:
        reader.wrong("required", "Name at least one lot.")
    names = [reader.at(step).text(one, NAME, required=True).lower() for step, one in enumerate(wanted)]
    lots = {lot.reference: lot for lot in Lot.objects.select_related("framework").filter(reference__in=names)}
    for owner in {lot.framework.owner_id for lot in lots.values()}:
        require(actor, Action.MANAGE_SUPPLIERS, owner)
    if not lots:
        # Whoever runs nothing is told so before anything of what there is.
        require_somewhere(actor, Action.MANAGE_SUPPLIERS)
    starts, ends = Reader("/starts_on", faults), Reader("/ends_on", faults)
    first = starts.day(starts.text(said.starts_on, 10, required=True))
    last = ends.day(ends.text(said.ends_on, 10))
    held, today = _held(supplier, lots), timezone.localdate()
    drafts = []
    for step, name in enumerate(names):
        inner = reader.at(step)
        if name and name not in lots:
            inner.wrong("unknown", f"There is no lot {name}.")
        elif name in names[:step]:
            inner.wrong("duplicate", f"{name} stands here twice.")
        elif name in held and not held[name].over(today):
            inner.wrong("appointed", f"It holds a place on {name} already.")
        elif name and first is not None:
            _in_time(lots[name], (starts, first), (ends, last))
            marks = held[name].quality_marks if name in held else ()
            drafts.append(AppointmentDraft("", name, first, last, quality_marks=tuple(marks)))
    if first is not None and last is not None and last < first:
        ends.wrong("order", "A place ends on or after its first day.")
    return drafts


def _in_time(lot: Lot, starts: tuple[Reader, date], ends: tuple[Reader, date | None]) -> None:
    """Notes days on which the lot's framework does not run, once each."""
    framework = lot.framework
    for reader, day in (starts, ends):
        if day is not None and not framework.starts_on <= day <= framework.ends_on:
            told = f"{framework.number} runs from {framework.starts_on} to {framework.ends_on}."
            if not any(one.pointer == reader.pointer for one in reader.faults):
                reader.wrong("range", told)


def _held(supplier: Supplier | None, lots: Mapping[str, Any]) -> dict[str, Appointment]:
    """The supplier's places on these lots, whatever became of them, by the lot's reference."""
    if supplier is None:
        return {}
    places = Appointment.objects.filter(supplier=supplier, lot__reference__in=lots).select_related("lot")
    return {one.lot.reference: one for one in places}


def _give(actor: Actor, reference: str, drafts: Sequence[AppointmentDraft]) -> None:
    save_appointments(
        _allowed(actor),
        [replace(one, supplier=reference) for one in drafts],
        lambda step: f"/lots/{step}",
    )


def _count(supplier: Supplier) -> None:
    supplier.revision += 1
    supplier.save(update_fields=["revision"])


def _refuse(faults: Sequence[Fault], told: str) -> None:
    if faults:
        raise Invalid(told, tuple(faults))
