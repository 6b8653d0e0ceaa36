"""Suppliers and who belongs to them: a consortium with its lead, or a firm alone. Set-wise, for imports
and the demo.

Journey: a supplier is made here, appointed to lots in appointments.py, and its partners offer
specialisms in offerings.py.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from django.db import transaction
from django.db.models import F

from procurement.actions.events import Happening, record_many
from procurement.actions.offerings import ended_offerings
from procurement.actions.outcome import Outcome
from procurement.bulk import insert
from procurement.errors import Fault, Invalid
from procurement.models import Partner, Supplier, SupplierMember
from procurement.permissions import Action, Actor, require
from procurement.profiles import NAME_LENGTH
from procurement.references import differing_in_capitals, wrong_with_reference
from procurement.visible import wrong_with_name

Pointer = Callable[[int], str]
Role = SupplierMember.Role


@dataclass(frozen=True, slots=True)
class MemberDraft:
    """A partner's time in a supplier, by the partner's reference; `left_on` is the first day it no
    longer belongs.
    """

    partner: str
    role: str
    joined_on: date
    left_on: date | None = None


@dataclass(frozen=True, slots=True)
class SupplierDraft:
    """A supplier as it should be. Members that it does not name stay as they are."""

    reference: str
    name: str
    form: str
    members: tuple[MemberDraft, ...] = ()


@dataclass(slots=True)
class _Change:
    """What a draft comes to for one supplier."""

    draft: SupplierDraft
    supplier: Supplier | None
    differing: dict[str, str]
    joining: list[MemberDraft]
    leaving: list[tuple[SupplierMember, date]]


def save_suppliers(actor: Actor, drafts: Sequence[SupplierDraft], pointer: Pointer = "/{}".format) -> Outcome:
    """Make or change each supplier and its members by reference, all or none.

    Raises NotPermitted, Invalid.
    """
    require(actor, Action.MANAGE_SUPPLIERS)
    with transaction.atomic():
        wanted = [draft.reference for draft in drafts]
        suppliers = {
            one.reference: one for one in Supplier.objects.select_for_update().filter(reference__in=wanted)
        }
        members: dict[str, list[SupplierMember]] = {}
        past: dict[str, list[SupplierMember]] = {}
        for member in SupplierMember.objects.filter(supplier__reference__in=wanted).select_related(
            "partner", "supplier"
        ):
            held = members if member.left_on is None else past
            held.setdefault(member.supplier.reference, []).append(member)
        partners = dict(
            Partner.objects.filter(
                reference__in={member.partner for draft in drafts for member in draft.members}
            ).values_list("reference", "pk")
        )
        faults = list(_faults(drafts, suppliers, partners, members, past, pointer))
        if faults:
            raise Invalid("No supplier was changed.", tuple(faults))
        changes = [
            _change(draft, suppliers.get(draft.reference), members.get(draft.reference, []))
            for draft in drafts
        ]
        _write(changes, partners)
        # What a firm offered before it left does not come back with it: nobody was asked about that.
        ended = [
            happening
            for change in changes
            for happening in ended_offerings(
                change.draft.reference,
                {one.partner for one in change.joining}
                & {one.partner.reference for one in past.get(change.draft.reference, ())},
            )
        ]
        told = [happening for change in changes for happening in _happenings(change)]
        record_many(actor, [*told, *ended])
    created = [change.draft.reference for change in changes if change.supplier is None]
    changed = [
        change.draft.reference
        for change in changes
        if change.supplier is not None and (change.differing or change.joining or change.leaving)
    ]
    return Outcome(created, changed, len(drafts) - len(created) - len(changed))


def follow_names(actor: Actor, renamed: Mapping[int, tuple[str, str]]) -> None:
    """Gives each firm's supplier that is that firm alone the firm's new name, where it bore the former one:
    `renamed` has both by the partner's primary key. Within the caller's transaction, who has asked whether the actor
    may rename the firm.
    """
    # One that was appointed under another name than its firm's keeps it: somebody said so.
    led = SupplierMember.objects.filter(partner__in=renamed, role=Role.LEAD, left_on=None)
    suppliers = {
        one.pk: one
        for one in Supplier.objects.select_for_update().filter(
            form=Supplier.Form.ALONE, pk__in=led.values("supplier")
        )
    }
    happenings = []
    for supplier, partner in led.filter(supplier__in=suppliers).values_list("supplier", "partner"):
        former, name = renamed[partner]
        one = suppliers[supplier]
        if one.name == former:
            one.name = name
            one.revision += 1
            one.save(update_fields=["name", "revision"])
            happenings.append(Happening("supplier.changed", "supplier", one.reference, {}, {"name": name}))
    record_many(actor, happenings)


def _change(draft: SupplierDraft, supplier: Supplier | None, members: Sequence[SupplierMember]) -> _Change:
    current = {member.partner.reference: member for member in members}
    differing = (
        {}
        if supplier is None
        else {
            name: value
            for name in ("name", "form")
            if getattr(supplier, name) != (value := getattr(draft, name))
        }
    )
    joining = [one for one in draft.members if one.left_on is None and one.partner not in current]
    leaving = [
        (current[one.partner], one.left_on)
        for one in draft.members
        if one.left_on is not None and one.partner in current
    ]
    return _Change(draft, supplier, differing, joining, leaving)


def _write(changes: Sequence[_Change], partners: dict[str, int]) -> None:
    insert(
        [
            Supplier(reference=change.draft.reference, name=change.draft.name, form=change.draft.form)
            for change in changes
            if change.supplier is None
        ]
    )
    keys = dict(
        Supplier.objects.filter(reference__in=[change.draft.reference for change in changes]).values_list(
            "reference", "pk"
        )
    )
    leavers = []
    for change in changes:
        for member, left_on in change.leaving:
            member.left_on = left_on
            leavers.append(member)
    SupplierMember.objects.bulk_update(leavers, ["left_on"])
    # Between those who leave and those who join: at no moment does a firm alone have members.
    renamed = []
    for change in changes:
        if change.supplier is not None and change.differing:
            change.supplier.name, change.supplier.form = change.draft.name, change.draft.form
            renamed.append(change.supplier)
    Supplier.objects.bulk_update(renamed, ["name", "form"])
    insert(
        [
            SupplierMember(
                supplier_id=keys[change.draft.reference],
                partner_id=partners[one.partner],
                role=one.role,
                joined_on=one.joined_on,
            )
            for change in changes
            for one in change.joining
        ]
    )
    touched = [
        change.supplier.pk
        for change in changes
        if change.supplier is not None and (change.differing or change.joining or change.leaving)
    ]
    Supplier.objects.filter(pk__in=touched).update(revision=F("revision") + 1)


def _happenings(change: _Change) -> Iterator[Happening]:
    reference = change.draft.reference
    if change.supplier is None:
        yield Happening(
            "supplier.created",
            "supplier",
            reference,
            {},
            {"name": change.draft.name, "form": change.draft.form},
        )
    elif change.differing:
        yield Happening("supplier.changed", "supplier", reference, {}, change.differing)
    for one in change.joining:
        yield Happening(
            "supplier.member_joined",
            "supplier",
            reference,
            {"partner": one.partner},
            {"role": one.role, "joined_on": one.joined_on.isoformat()},
        )
    for member, left_on in change.leaving:
        yield Happening(
            "supplier.member_left",
            "supplier",
            reference,
            {"partner": member.partner.reference},
            {"left_on": left_on.isoformat()},
        )


def _faults(
    drafts: Sequence[SupplierDraft],
    existing: Collection[str],
    partners: dict[str, int],
    members: dict[str, list[SupplierMember]],
    past: dict[str, list[SupplierMember]],
    pointer: Pointer,
) -> Iterator[Fault]:
    references = Counter(draft.reference for draft in drafts)
    alike = differing_in_capitals(Supplier, references.keys() - set(existing))
    for number, draft in enumerate(drafts):
        at = pointer(number)
        if wrong := wrong_with_reference(draft.reference, kept=draft.reference in existing):
            yield Fault(f"{at}/reference", "shape", wrong)
        elif draft.reference in alike:
            yield Fault(f"{at}/reference", "taken", alike[draft.reference])
        if references[draft.reference] > 1:
            yield Fault(f"{at}/reference", "duplicate", f"{draft.reference} comes more than once.")
        if wrong := wrong_with_name(draft.name, NAME_LENGTH):
            yield Fault(f"{at}/name", "length", wrong)
        if draft.form not in Supplier.Form.values:
            yield Fault(
                f"{at}/form", "unknown", f"{draft.form} is none of {', '.join(Supplier.Form.values)}."
            )
        yield from _member_faults(draft, partners, members.get(draft.reference, []), at)
        yield from _time_faults(draft, members.get(draft.reference, []), past.get(draft.reference, []), at)


def _member_faults(
    draft: SupplierDraft, partners: dict[str, int], current: Sequence[SupplierMember], at: str
) -> Iterator[Fault]:
    roles = {member.partner.reference: member.role for member in current}
    named: set[str] = set()
    for number, member in enumerate(draft.members):
        where = f"{at}/members/{number}"
        if member.partner not in partners:
            yield Fault(f"{where}/partner", "unknown", f"There is no partner {member.partner}.")
        if member.partner in named:
            yield Fault(f"{where}/partner", "duplicate", f"{member.partner} comes more than once.")
        named.add(member.partner)
        if member.role not in Role.values:
            yield Fault(f"{where}/role", "unknown", f"{member.role} is none of {', '.join(Role.values)}.")
        if member.left_on is not None and member.left_on < member.joined_on:
            yield Fault(f"{where}/left_on", "order", "A member leaves on or after the day it joined.")
        if member.left_on is not None:
            roles.pop(member.partner, None)
        elif roles.setdefault(member.partner, member.role) != member.role:
            yield Fault(
                f"{where}/role",
                "change",
                f"{member.partner} is {roles[member.partner]}: end that time before another.",
            )
    if list(roles.values()).count(Role.LEAD) != 1:
        yield Fault(f"{at}/members", "lead", "A supplier has exactly one lead.")
    if draft.form == Supplier.Form.ALONE and len(roles) > 1:
        yield Fault(f"{at}/members", "alone", "A firm alone has one member, its lead.")


def _time_faults(
    draft: SupplierDraft, current: Sequence[SupplierMember], past: Sequence[SupplierMember], at: str
) -> Iterator[Fault]:
    """Nobody belongs twice at one time, and one lead follows another on the day the other leaves."""
    standing = {member.partner.reference: member for member in current}
    leaves = {one.partner: one.left_on for one in draft.members if one.left_on is not None}
    ended = [(member.partner.reference, member.role, member.left_on) for member in past]
    ended += [
        (partner, standing[partner].role, left_on)
        for partner, left_on in leaves.items()
        if partner in standing
    ]
    led_until = max((day for _, role, day in ended if role == Role.LEAD and day is not None), default=None)
    for number, one in enumerate(draft.members):
        if one.left_on is not None or one.partner in standing:
            continue
        where = f"{at}/members/{number}/joined_on"
        belonged = max((day for partner, _, day in ended if partner == one.partner and day), default=None)
        if belonged is not None and one.joined_on < belonged:
            yield Fault(
                where, "overlap", f"{one.partner} belonged until {belonged}: it joins again from then."
            )
        if one.role == Role.LEAD and led_until is not None and one.joined_on != led_until:
            yield Fault(where, "lead", f"Another led until {led_until}: the next leads from that day.")
