"""A firm leaves a consortium, or another leads it: what that means for those who have asked for it or bought from it.

From that day on no offer or invitation names it (rules.py asks for membership, departed.py takes it out of what goes
out); buyers with an open offer or a live contract that wanted it are told by an event each, and the lead of each live
tender: its buyer reads it with the tender, once that is opened, and is told of nothing before. What comes back, a
contract that goes on or a tender that takes part again, tells what happened meanwhile. History keeps that it belonged.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from datetime import date

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from procurement.actions.events import Happening, record_many
from procurement.actions.suppliers import MemberDraft, SupplierDraft, save_suppliers
from procurement.actions.tenders import happening
from procurement.errors import Conflict, NotFound
from procurement.models import (
    Appointment,
    CallOff,
    CallOffSupplier,
    Contract,
    Event,
    Offer,
    Partner,
    Supplier,
    SupplierMember,
    Tender,
)
from procurement.models.call_offs import LIVE_OFFER
from procurement.permissions import SYSTEM, Action, Actor, can, require
from procurement.references import as_they_stand
from procurement.states import CALL_OFFS

LIVE_TENDER = (
    Tender.Status.INVITED,
    Tender.Status.VIEWED,
    Tender.Status.DRAFT,
    Tender.Status.SUBMITTED,
    Tender.Status.SUCCESSFUL,
)
DECIDED = (*CALL_OFFS.last, CallOff.Status.AWARDED)
AWARDED = Q(competition__call_off__status=CallOff.Status.AWARDED)
"""Tenders whose contract waits to be signed, and tells who leads and which of the firms that it wants have left."""
OUT_OF_IT = ("tender.unsuccessful", "tender.disqualified", "tender.not_signed")
"""By what a tender that was submitted is none of LIVE_TENDER any more, and may come back."""
LIVE_CONTRACT = (Contract.Status.UNSIGNED, Contract.Status.ACTIVE, Contract.Status.EXTENDED)


def leave_supplier(actor: Actor, supplier: str, partner: str) -> SupplierMember:
    """The actor's firm belongs to the consortium no longer, from today on.

    Raises NotFound where it does not belong, NotPermitted; Conflict for the lead, which another must become first, and
    for a firm alone.
    """
    with transaction.atomic():
        partner = as_they_stand(Partner, [partner]).get(partner, partner)
        member = (
            SupplierMember.objects.select_for_update(of=("self",))
            .select_related("partner", "supplier")
            .filter(supplier__reference=supplier, partner__reference=partner, left_on=None)
            .first()
        )
        if member is None or not can(actor, Action.SEE_JOININGS, member.partner.organisation_id):
            raise NotFound(f"You act for no member {partner} of {supplier}.")
        require(actor, Action.LEAVE_SUPPLIER, member.partner.organisation_id)
        if member.supplier.form == Supplier.Form.ALONE:
            raise Conflict("This supplier is the firm by itself: whoever runs the framework ends its places.")
        if member.role == SupplierMember.Role.LEAD:
            raise Conflict("The lead does not leave: the framework owner names another lead first.")
        today = timezone.localdate()
        left = MemberDraft(partner, member.role, member.joined_on, max(today, member.joined_on))
        save_suppliers(SYSTEM, [SupplierDraft(supplier, member.supplier.name, member.supplier.form, (left,))])
        record_many(actor, list(told_of_leaving(member, today)))
        member.refresh_from_db()
    return member


def told_of_leaving(member: SupplierMember, today: date) -> Iterator[Happening]:
    """One event for each open offer, live contract and undecided tender in which the firm is wanted, or that it was let
    write, of an award that waits to be signed, too; `today` is the first day on which it does not belong.
    """
    wanted = CallOffSupplier.objects.filter(
        partners=member.partner_id, appointment__supplier=member.supplier_id
    )
    changes = {"left_on": today.isoformat()}
    names = Q(invitation__asked__partners=member.partner_id) | Q(drafters=member.partner_id)
    dealings = _Dealings(member.supplier, member.partner.reference, "partner_left", changes)
    yield from dealings.of_offers(Offer.objects.filter(asked__in=wanted))
    # A contract knows nothing of a firm that was only let write.
    by_contract = AWARDED & Q(invitation__asked__in=wanted)
    yield from dealings.of_tenders(Tender.objects.filter(names).exclude(by_contract))
    yield from dealings.of_contracts(Contract.objects.filter(call_off__suppliers__in=wanted))


def told_of_lead(supplier: Supplier, partner: Partner, today: date) -> Iterator[Happening]:
    """One event for each open offer, live contract and undecided tender of a supplier that the firm leads from today
    on: the buyer hears of it, of a tender once it is opened.
    """
    dealings = _Dealings(supplier, partner.reference, "lead_changed", {"since": today.isoformat()})
    yield from dealings.of_offers(Offer.objects.all())
    yield from dealings.of_tenders(Tender.objects.exclude(AWARDED))
    yield from dealings.of_contracts(Contract.objects.all())


def told_of_reopened(contract: Contract) -> Iterator[Happening]:
    """What was told of nothing while a contract was complete, as it goes on: firms that it wants have left, another
    leads.
    """
    asked = CallOffSupplier.objects.filter(call_off=contract.call_off_id, appointment=contract.appointment_id)
    names = Partner.objects.filter(pk__in=asked.values("partners"))
    for one in _meanwhile(contract.reference, ("contract.completed",), contract.appointment, names):
        yield one.of("contract", contract.reference, contract.call_off)


def told_of_return(tender: Tender) -> Iterator[Happening]:
    """The same of a tender that takes part again, or whose outcome is open again."""
    asked = tender.invitation.asked
    wanted, writing = asked.partners.values("pk"), tender.drafters.values("pk")
    names = Partner.objects.filter(Q(pk__in=wanted) | Q(pk__in=writing))
    for one in _meanwhile(tender.reference, OUT_OF_IT, asked.appointment, names):
        yield one.of_tender(tender)


def _meanwhile(
    subject: str, over: Collection[str], place: Appointment, names: QuerySet[Partner]
) -> Iterator[_Dealings]:
    """What happened to a supplier since the last event by which something of its was over: who of the firms that it
    names has left and does not belong again, and who leads now.
    """
    supplier = place.supplier
    about = Event.objects.filter(subject_type="supplier", subject=supplier.reference)
    ended = Event.objects.filter(subject=subject, type__in=over).order_by("-position").first()
    since = about.filter(position__gt=ended.position) if ended else about.none()
    gone = {one.references["partner"]: one.changes for one in since.filter(type="supplier.member_left")}
    staying = SupplierMember.objects.filter(supplier=supplier, left_on=None).values("partner")
    for partner in names.filter(reference__in=gone).exclude(pk__in=staying).order_by("pk"):
        told = {"left_on": gone[partner.reference]["left_on"]}
        # A type of its own: a firm that has left hears nothing newer of its former supplier.
        yield _Dealings(supplier, partner.reference, "partner_left_meanwhile", told)
    led = since.filter(type="supplier.lead_changed").order_by("-position").first()
    if led is not None:
        told = {"since": led.changes["since"]}
        yield _Dealings(supplier, led.references["partner"], "lead_changed", told)


@dataclass(frozen=True, slots=True)
class _Dealings:
    """What a supplier has open with buyers, told of a firm by events that end in `what`."""

    supplier: Supplier
    partner: str
    what: str
    changes: dict[str, str]

    def of_offers(self, rows: QuerySet[Offer]) -> Iterator[Happening]:
        live = rows.filter(status__in=LIVE_OFFER, asked__appointment__supplier=self.supplier)
        # Of one that was awarded the contract tells.
        open_ones = live.exclude(call_off__status__in=DECIDED)
        for offer in open_ones.select_related("call_off__organisation").order_by("pk"):
            yield self.of("offer", offer.reference, offer.call_off)

    def of_contracts(self, rows: QuerySet[Contract]) -> Iterator[Happening]:
        live = rows.filter(status__in=LIVE_CONTRACT, appointment__supplier=self.supplier)
        for contract in live.select_related("call_off__organisation").distinct().order_by("pk"):
            yield self.of("contract", contract.reference, contract.call_off)

    def of_tenders(self, rows: QuerySet[Tender]) -> Iterator[Happening]:
        tenders = (
            rows.filter(status__in=LIVE_TENDER, invitation__asked__appointment__supplier=self.supplier)
            .exclude(competition__call_off__status__in=CALL_OFFS.last)
            .select_related("competition__call_off__organisation", "invitation__asked__appointment__supplier")
            .prefetch_related("drafters")
        )
        for tender in tenders.distinct().order_by("pk"):
            yield self.of_tender(tender)

    def of_tender(self, tender: Tender) -> Happening:
        told = happening(tender, f"tender.{self.what}", self.changes)
        references = told.references | {"partner": self.partner}
        if tender.competition.opened_at is None:
            # Until the tenders are opened the buyer reads nothing of whom one names.
            references.pop("organisation", None)
        return replace(told, references=references)

    def of(self, kind: str, reference: str, call_off: CallOff) -> Happening:
        references = {
            "call_off": call_off.reference,
            "organisation": call_off.organisation.reference,
            "supplier": self.supplier.reference,
            "partner": self.partner,
        }
        return Happening(f"{kind}.{self.what}", kind, reference, references, self.changes)
